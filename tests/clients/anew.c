/* anew.c - a client that takes memory for each burst and gives it back after it. */
#include "client.h"

int main(int argc, char **argv)
{
    struct client client;

    client_begin(&client, argc, argv);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        struct data data;
        CUdeviceptr at;

        CALL(&client, memory_alloc, &at, client.bytes);
        data_begin(&client, &data, at, client.bytes, client.seed + burst);
        data_fill(&client, &data);
        client_say(&client, burst, data_burst(&client, &data));
        data_end(&client, &data);
        CALL(&client, memory_free, at);
        client_pause(&client);
    }
    client_end(&client);
    return 0;
}
