/* asked.c - a client that works when it is told to: for each line of its input, a number of milliseconds, one burst of so much
 * work.  It ends with its input, or after BURSTS. */
#include "client.h"

#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    enum { KERNEL_MS = 5 };
    mix_word duration_ns = KERNEL_MS * 1000000;
    void *parameters[] = {&duration_ns};
    struct client client;
    char line[64], why[UNITS_WHY];
    int64_t milliseconds;
    struct data data;
    CUdeviceptr at;

    client_begin(&client, argc, argv);
    CALL(&client, memory_alloc, &at, client.bytes);
    data_begin(&client, &data, at, client.bytes, client.seed);
    data_fill(&client, &data);
    for (unsigned burst = 1; burst <= client.bursts && fgets(line, sizeof line, stdin) != NULL; burst++) {
        line[strcspn(line, "\n")] = '\0';
        if (units_integer(line, &milliseconds, why) != 0)
            return 64;
        for (int64_t i = 0; i < milliseconds / KERNEL_MS; i++)
            CALL(&client, launch, client.busy, 1, 1, 1, 1, 1, 1, 0, data.stream, parameters, NULL);
        client_say(&client, burst, data_burst(&client, &data));
    }
    data_end(&client, &data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
