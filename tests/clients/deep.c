/* deep.c - a client that queues 2 s of work before it looks: 400 kernels of 5 ms, in odd bursts all in one stream, in even
 * ones by turns in sixteen. */
#include "client.h"

enum { KERNELS = 400, STREAMS = 16 };

static void queue(struct client *client, CUstream stream)
{
    mix_word duration_ns = 5000000;
    void *parameters[] = {&duration_ns};

    CALL(client, launch, client->busy, 1, 1, 1, 1, 1, 1, 0, stream, parameters, NULL);
}

int main(int argc, char **argv)
{
    CUstream stream[STREAMS];
    struct client client;
    struct data data;
    CUdeviceptr at;

    client_begin(&client, argc, argv);
    CALL(&client, memory_alloc, &at, client.bytes);
    data_begin(&client, &data, at, client.bytes, client.seed);
    data_fill(&client, &data);
    for (int i = 0; i < STREAMS; i++)
        CALL(&client, stream_create, &stream[i], CU_STREAM_NON_BLOCKING, 0);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        for (int i = 0; i < KERNELS; i++)
            queue(&client, stream[burst % 2 == 0 ? i % STREAMS : 0]);
        for (int i = 0; i < STREAMS; i++)
            CALL(&client, stream_wait, stream[i]);
        client_say(&client, burst, data_burst(&client, &data));
        client_pause(&client);
    }
    for (int i = 0; i < STREAMS; i++)
        CALL(&client, stream_destroy, stream[i]);
    data_end(&client, &data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
