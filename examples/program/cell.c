/* cell.c - a program to try the daemon with: a notebook, whose cells keep the GPU busy for a while.
 *
 *     cc -O2 -o cell cell.c
 *     ./cell MIB CELLS BUSY_S THINK_S
 *
 * It takes MIB of the GPU, and runs CELLS cells of BUSY_S seconds each with THINK_S seconds between them.  A line tells how
 * long each took, waiting included.  What lay on the GPU meanwhile must come back unchanged, swapped or not.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The calls of CUDA's driver that it makes, written down here so that it needs neither NVIDIA's headers nor a compiler of theirs. */
static int (*driver_init)(unsigned flags);
static int (*device_get)(int *device, int ordinal);
static int (*context_retain)(void **context, int device);
static int (*context_set)(void *context);
static int (*module_load)(void **module, const void *image, unsigned options, int *option, void **value);
static int (*module_function)(void **function, void *module, const char *name);
static int (*stream_create)(void **stream, unsigned flags, int priority);
static int (*launch)(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                     unsigned block_y, unsigned block_z, unsigned shared_bytes, void *stream, void **parameters,
                     void **extra);
static int (*stream_wait)(void *stream);
static int (*memory_alloc)(unsigned long long *at, size_t bytes);
static int (*copy_in)(unsigned long long to, const void *from, size_t bytes);
static int (*copy_out)(void *to, unsigned long long from, size_t bytes);

static const struct call {
    const char *name;
    void *to;
} calls[] = {
    {"cuInit", &driver_init},
    {"cuDeviceGet", &device_get},
    {"cuDevicePrimaryCtxRetain", &context_retain},
    {"cuCtxSetCurrent", &context_set},
    {"cuModuleLoadDataEx", &module_load},
    {"cuModuleGetFunction", &module_function},
    {"cuStreamCreateWithPriority", &stream_create},
    {"cuLaunchKernel", &launch},
    {"cuStreamSynchronize", &stream_wait},
    {"cuMemAlloc_v2", &memory_alloc},
    {"cuMemcpyHtoD_v2", &copy_in},
    {"cuMemcpyDtoH_v2", &copy_out},
};

/* A kernel that looks at the GPU's clock until as many ns have passed as it is told.  The driver double knows it by its name. */
static const char kernel_ptx[] = ".version 6.3\n"
                                 ".target sm_75\n"
                                 ".address_size 64\n"
                                 ".visible .entry kernel_busy(\n"
                                 ".param .u64 kernel_busy_param_0\n"
                                 ")\n"
                                 "{\n"
                                 ".reg .pred %p<2>;\n"
                                 ".reg .b64 %rd<5>;\n"
                                 "ld.param.u64 %rd1, [kernel_busy_param_0];\n"
                                 "mov.u64 %rd2, %globaltimer;\n"
                                 "$L__BB0_1:\n"
                                 "mov.u64 %rd3, %globaltimer;\n"
                                 "sub.s64 %rd4, %rd3, %rd2;\n"
                                 "setp.lt.u64 %p1, %rd4, %rd1;\n"
                                 "@%p1 bra $L__BB0_1;\n"
                                 "ret;\n"
                                 "}\n";

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "cell: %s: %s\n", what, why);
    exit(1);
}

static void must(int answer, const char *what)
{
    char why[64];

    if (answer == 0)
        return;
    snprintf(why, sizeof why, "the driver answers %d%s", answer, answer == 2 ? ", out of memory" : "");
    fail(what, why);
}

static void open_driver(void)
{
    void *library = dlopen("libcuda.so.1", RTLD_NOW);

    if (library == NULL)
        fail("no driver", dlerror());
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        void *call = dlsym(library, calls[i].name);

        if (call == NULL)
            fail(calls[i].name, "the driver has no such call");
        memcpy(calls[i].to, &call, sizeof call);
    }
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Kernels of 10 ms, one after the other, so that none is in the way of a turn that ends. */
static void work(void *function, void *stream, double busy_s)
{
    unsigned long long kernel_ns = 10000000;
    void *parameters[] = {&kernel_ns};

    for (int left = (int)(busy_s * 100); left > 0; left--) {
        must(launch(function, 1, 1, 1, 1, 1, 1, 0, stream, parameters, NULL), "cuLaunchKernel");
        must(stream_wait(stream), "cuStreamSynchronize");
    }
}

/* Whether all of it is as cell `i` left it. */
static bool is_of(const unsigned char *data, size_t bytes, int i)
{
    return data[0] == (unsigned char)i && memcmp(data, data + 1, bytes - 1) == 0;
}

int main(int argc, char **argv)
{
    unsigned long long at;
    unsigned char *data;
    void *context, *module, *function, *stream;
    int device;

    if (argc != 5) {
        fprintf(stderr, "usage: %s MIB CELLS BUSY_S THINK_S\n", argv[0]);
        return 64;
    }
    size_t bytes = strtoul(argv[1], NULL, 10) << 20;
    int cells = atoi(argv[2]);
    double busy_s = atof(argv[3]), think_s = atof(argv[4]);
    struct timespec think = {.tv_sec = (time_t)think_s, .tv_nsec = (long)((think_s - (double)(time_t)think_s) * 1e9)};

    data = bytes > 0 ? calloc(1, bytes) : NULL;
    if (data == NULL)
        fail(argv[1], "no room for so much, or none asked for");
    open_driver();
    must(driver_init(0), "cuInit");
    must(device_get(&device, 0), "cuDeviceGet");
    must(context_retain(&context, device), "cuDevicePrimaryCtxRetain");
    must(context_set(context), "cuCtxSetCurrent");
    must(module_load(&module, kernel_ptx, 0, NULL, NULL), "cuModuleLoadDataEx");
    must(module_function(&function, module, "kernel_busy"), "cuModuleGetFunction");
    must(stream_create(&stream, 1, 0), "cuStreamCreateWithPriority");
    must(memory_alloc(&at, bytes), "cuMemAlloc");
    must(copy_in(at, data, bytes), "cuMemcpyHtoD");
    for (int i = 1; i <= cells; i++) {
        double begin = now_s();

        work(function, stream, busy_s);
        must(copy_out(data, at, bytes), "cuMemcpyDtoH");
        if (!is_of(data, bytes, i - 1))
            fail("its data", "changed on the GPU");
        memset(data, i, bytes);
        must(copy_in(at, data, bytes), "cuMemcpyHtoD");
        printf("cell %d: %.1f s\n", i, now_s() - begin);
        fflush(stdout);
        nanosleep(&think, NULL);
    }
    return 0;
}
