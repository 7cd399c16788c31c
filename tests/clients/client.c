/* client.c - what the clients share. */
#include "client.h"

#include "backend/cuda/kernels.h"
#include "sim/base/units.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, GRID = 8, BLOCK = 64 };

void client_ok(const struct client *client, CUresult result, const char *what)
{
    if (result == CUDA_SUCCESS)
        return;
    printf("%s: %s: %d\n", client->name, what, (int)result);
    exit(2);
}

/* As the runtime does: by name, and then each call by its symbol. */
static void open_driver(struct client *client)
{
    const struct driver_entry *entry;

    client->cu.library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (client->cu.library == NULL) {
        printf("%s: %s\n", client->name, dlerror());
        exit(2);
    }
    for (unsigned i = 0; (entry = driver_entry_at(i)) != NULL; i++) {
        void *address = dlsym(client->cu.library, entry->symbol);

        memcpy((char *)&client->cu + entry->offset, &address, sizeof address);
    }
}

static unsigned number(const char *text)
{
    char why[UNITS_WHY];
    int64_t value = 0;

    if (units_integer(text, &value, why) != 0 || value < 0 || value > 1 << 20) {
        printf("'%s' is no number\n", text);
        exit(64);
    }
    return (unsigned)value;
}

void client_begin(struct client *client, int argc, char **argv)
{
    if (argc != 4) {
        printf("usage: %s BURSTS MIB PAUSE_MS\n", argv[0]);
        exit(64);
    }
    *client = (struct client){.name = argv[0],
                              .bursts = number(argv[1]),
                              .bytes = (size_t)number(argv[2]) << 20,
                              .pause_ms = number(argv[3]),
                              .seed = (uint64_t)getpid()};
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_driver(client);
    CALL(client, init, 0);
    CALL(client, device_get, &client->device, 0);
    CALL(client, primary_retain, &client->context, client->device);
    CALL(client, context_set, client->context);
    if (client->cu.module_load(&client->module, kernels_fatbin, 0, NULL, NULL) != CUDA_SUCCESS)
        CALL(client, module_load, &client->module, kernels_ptx, 0, NULL, NULL);
    CALL(client, module_function, &client->fill, client->module, "kernel_fill");
    CALL(client, module_function, &client->touch, client->module, "kernel_touch");
    CALL(client, module_function, &client->check, client->module, "kernel_check");
    CALL(client, module_function, &client->busy, client->module, "kernel_busy");
}

void client_end(struct client *client)
{
    CALL(client, module_unload, client->module);
    CALL(client, primary_release, client->device);
}

void client_say(const struct client *client, unsigned burst, uint64_t wrong)
{
    if (wrong == 0) {
        printf("burst %u: fine\n", burst);
        return;
    }
    printf("%s: burst %u: %llu words are wrong\n", client->name, burst, (unsigned long long)wrong);
    exit(1);
}

void client_pause(const struct client *client)
{
    struct timespec pause = {.tv_sec = client->pause_ms / 1000, .tv_nsec = (long)(client->pause_ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

void data_begin(struct client *client, struct data *data, CUdeviceptr at, size_t bytes, uint64_t seed)
{
    *data = (struct data){.at = at, .bytes = bytes, .seed = seed};
    data->found = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data->found == MAP_FAILED)
        client_ok(client, CUDA_ERROR_OUT_OF_MEMORY, "mmap");
    CALL(client, stream_create, &data->stream, CU_STREAM_NON_BLOCKING, 0);
    CALL(client, host_register, data->found, PAGE, CU_MEMHOSTREGISTER_PORTABLE);
    CALL(client, memory_alloc, &data->report, sizeof *data->found);
}

void data_end(struct client *client, struct data *data)
{
    CALL(client, memory_free, data->report);
    CALL(client, host_unregister, data->found);
    CALL(client, stream_destroy, data->stream);
    munmap(data->found, PAGE);
}

void data_fill(struct client *client, struct data *data)
{
    mix_word words = data->bytes / sizeof(mix_word), position = 0;
    mix_word seed = mix_seed(data->seed, 0, data->generation);
    void *parameters[] = {&data->at, &words, &seed, &position};

    CALL(client, launch, client->fill, GRID, 1, 1, BLOCK, 1, 1, 0, data->stream, parameters, NULL);
}

static void check(struct client *client, struct data *data)
{
    mix_word words = data->bytes / sizeof(mix_word), position = 0;
    mix_word seed = mix_seed(data->seed, 0, data->generation);
    void *parameters[] = {&data->at, &words, &seed, &position, &data->report};

    *data->found = (struct mix_found){.first = ~(mix_word)0};
    CALL(client, copy_in, data->report, data->found, sizeof *data->found, data->stream);
    CALL(client, launch, client->check, GRID, 1, 1, BLOCK, 1, 1, 0, data->stream, parameters, NULL);
    CALL(client, copy_out, data->found, data->report, sizeof *data->found, data->stream);
    CALL(client, stream_wait, data->stream);
}

uint64_t data_burst(struct client *client, struct data *data)
{
    mix_word words = data->bytes / sizeof(mix_word), position = 0;
    mix_word seed = mix_seed(data->seed, 0, data->generation);
    mix_word next = mix_seed(data->seed, 0, data->generation + 1);
    void *parameters[] = {&data->at, &words, &seed, &next, &position};

    CALL(client, launch, client->touch, GRID, 1, 1, BLOCK, 1, 1, 0, data->stream, parameters, NULL);
    data->generation++;
    check(client, data);
    return data->found->bad;
}
