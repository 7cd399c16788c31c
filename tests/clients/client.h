/* client.h - what the programs in this folder share: programs as users write them, which know nothing of gpuswap.
 *
 *     client_NAME BURSTS MIB PAUSE_MS
 *
 * Each takes the driver that the loader finds as `libcuda.so.1`.  In each burst it turns its data into the next
 * generation, and checks every word of it on the GPU.  It writes a line for each burst, and ends with 0 when all data
 * were right; 1: some were not; 2: the driver refused something.
 */
#ifndef GS_CLIENT_H
#define GS_CLIENT_H

#include "backend/cuda/driver.h"
#include "backend/cuda/mix.h"

#include <stdint.h>

struct client {
    const char *name;
    struct driver cu;
    CUdevice device;
    CUcontext context;
    CUmodule module;
    CUfunction fill, touch, check, busy;
    unsigned bursts;
    size_t bytes;
    unsigned pause_ms;
    uint64_t seed;
};

/* What one stream works on. */
struct data {
    CUstream stream;
    CUdeviceptr at;
    size_t bytes;
    CUdeviceptr report;      /* where the kernel that checks writes */
    struct mix_found *found; /* where that is read */
    uint64_t seed, generation;
};

void client_begin(struct client *client, int argc, char **argv);
void client_end(struct client *client);

/* The driver's answer, or the end of the program. */
void client_ok(const struct client *client, CUresult result, const char *what);
#define CALL(client, function, ...) client_ok(client, (client)->cu.function(__VA_ARGS__), #function)

/* Work on `bytes` at `at`, in a stream of its own. */
void data_begin(struct client *client, struct data *data, CUdeviceptr at, size_t bytes, uint64_t seed);
void data_fill(struct client *client, struct data *data);
/* One burst: on to the next generation, and check it; how many words were wrong. */
uint64_t data_burst(struct client *client, struct data *data);
void data_end(struct client *client, struct data *data);

/* "burst 3: fine"; ends the program where words were wrong. */
void client_say(const struct client *client, unsigned burst, uint64_t wrong);
void client_pause(const struct client *client);

#endif
