/* threads.c - a client with four threads, each with a stream and a quarter of the memory.  Each says its own bursts. */
#include "client.h"

#include <pthread.h>
#include <stdint.h>

enum { THREADS = 4 };

struct worker {
    pthread_t thread;
    struct client *client;
    struct data data;
};

static struct worker worker[THREADS];

static void *work(void *own)
{
    struct worker *me = own;

    CALL(me->client, context_set, me->client->context);
    data_fill(me->client, &me->data);
    for (unsigned burst = 1; burst <= me->client->bursts; burst++) {
        client_say(me->client, burst, data_burst(me->client, &me->data));
        client_pause(me->client);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct client client;
    CUdeviceptr at;
    size_t share;

    client_begin(&client, argc, argv);
    share = client.bytes / THREADS;
    CALL(&client, memory_alloc, &at, client.bytes);
    for (unsigned i = 0; i < THREADS; i++) {
        worker[i].client = &client;
        data_begin(&client, &worker[i].data, at + i * share, share, client.seed + i);
        if (pthread_create(&worker[i].thread, NULL, work, &worker[i]) != 0)
            return 71;
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(worker[i].thread, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        data_end(&client, &worker[i].data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
