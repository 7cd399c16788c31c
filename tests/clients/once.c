/* once.c - a client that takes its memory once, by cuMemAlloc, as simple programs do. */
#include "client.h"

int main(int argc, char **argv)
{
    struct client client;
    struct data data;
    CUdeviceptr at;

    client_begin(&client, argc, argv);
    CALL(&client, memory_alloc, &at, client.bytes);
    data_begin(&client, &data, at, client.bytes, client.seed);
    data_fill(&client, &data);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        client_say(&client, burst, data_burst(&client, &data));
        client_pause(&client);
    }
    data_end(&client, &data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
