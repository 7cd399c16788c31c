/* load.c - a workload of known bursts for what watches GPUs: load CHUNKS BURST_MS PAUSE_MS BURSTS [GROW_AT [LINGER_MS]].
 *
 * It takes so many chunks of 1 MiB on GPU 0, from burst GROW_AT on twice as many, runs the bursts, lingers, and prints what
 * it did: "pid PID busy_ms SUM bytes FIRST LAST". */
#include "backend/cuda/memory.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, ARGUMENTS = 6 };

static struct error err;
static struct driver driver;
static struct gpu gpu;
static struct slots slots;
static struct memory memory;

static void nap(int64_t ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static int64_t used(void)
{
    size_t free_bytes = 0, total_bytes = 0;

    driver.memory_info(&free_bytes, &total_bytes);
    return (int64_t)(total_bytes - free_bytes);
}

static int run(const int64_t *argument)
{
    struct gpu_options options = {.chunk_bytes = MIB};
    int64_t busy_ms = 0, first;
    int rc;

    if ((rc = driver_open(&driver, &err)) != GS_OK || (rc = gpu_open(&gpu, &driver, &options, &err)) != GS_OK ||
        (rc = slots_open(&slots, &gpu, &(struct slots_options){0}, &err)) != GS_OK ||
        (rc = memory_open(&memory, &gpu, &slots, 2 * argument[0] * MIB, 1, 1, &err)) != GS_OK ||
        (rc = memory_hold(&memory, argument[0] * MIB, &err)) != GS_OK)
        return rc;
    for (uint32_t i = 0; i < memory.count; i++) {
        memory_map(&memory, i, true);
        memory.chunk[i].state = CHUNK_RESIDENT;
    }
    first = used();
    nap(argument[2]);
    for (int64_t i = 0; i < argument[3] && rc == GS_OK; i++) {
        if (argument[4] > 0 && i + 1 == argument[4])
            rc = memory_hold(&memory, 2 * argument[0] * MIB, &err);
        if (rc == GS_OK)
            rc = memory_burst(&memory, (uint64_t)argument[1] * 1000000, 0, 0, &err);
        driver.stream_wait(memory.work);
        busy_ms += argument[1];
        nap(argument[2]);
    }
    printf("pid %d busy_ms %lld bytes %lld %lld\n", (int)getpid(), (long long)busy_ms, (long long)first,
           (long long)used());
    fflush(stdout);
    nap(argument[5]);
    memory_close(&memory);
    gpu_close(&gpu);
    driver_close(&driver);
    return rc;
}

int main(int argc, char **argv)
{
    int64_t argument[ARGUMENTS] = {0};
    char why[UNITS_WHY];

    for (int i = 1; i < argc && i <= ARGUMENTS; i++)
        if (units_integer(argv[i], &argument[i - 1], why) != 0)
            return GS_USAGE;
    if (argc < 5)
        return GS_USAGE;
    if (run(argument) != GS_OK) {
        fprintf(stderr, "%s\n", err.text);
        return err.code;
    }
    return 0;
}
