/* busy.c - a client that never leaves the GPU idle: eight kernels of 5 ms and a burst are queued before it looks. */
#include "client.h"

int main(int argc, char **argv)
{
    enum { KERNELS = 8 };
    mix_word duration_ns = 5000000;
    void *parameters[] = {&duration_ns};
    struct client client;
    struct data data;
    CUdeviceptr at;

    client_begin(&client, argc, argv);
    CALL(&client, memory_alloc, &at, client.bytes);
    data_begin(&client, &data, at, client.bytes, client.seed);
    data_fill(&client, &data);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        for (int i = 0; i < KERNELS; i++)
            CALL(&client, launch, client.busy, 1, 1, 1, 1, 1, 1, 0, data.stream, parameters, NULL);
        client_say(&client, burst, data_burst(&client, &data));
    }
    data_end(&client, &data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
