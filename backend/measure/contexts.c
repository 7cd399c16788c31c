/* contexts.c - what a process pays before it can do anything: in children, as a process has its first context but once. */
#include "backend/cuda/kernels.h"
#include "backend/measure/guard.h"
#include "backend/measure/meter.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3, WAIT_MS = 120000 };

struct paid {
    bool whole;
    double init_ns, context_ns, kernels_ns;
    double bytes;
};

static bool load_kernels(const struct driver *cu)
{
    CUmodule module;
    CUresult result = CUDA_ERROR_NO_BINARY_FOR_GPU;

    if (kernels_fatbin[0] != 0)
        result = cu->module_load(&module, kernels_fatbin, 0, NULL, NULL);
    if (result != CUDA_SUCCESS)
        result = cu->module_load(&module, kernels_ptx, 0, NULL, NULL);
    return result == CUDA_SUCCESS;
}

/* What the GPU lacks with the context, less what it lacked before. */
static double footprint(const struct driver *cu, uint64_t before)
{
    size_t free_bytes = 0, total_bytes = 0;

    cu->memory_info(&free_bytes, &total_bytes);
    return (double)(total_bytes - free_bytes) - (double)before;
}

/* In the child: no error is told here, the parent will meet it itself. */
static void pay(int ordinal, struct paid *paid)
{
    static struct error unheard;
    static struct driver cu;
    struct live_clock clock;
    char pci[16] = "";
    uint64_t before = 0;
    CUcontext context;
    CUdevice device;
    int64_t at_ns;

    if (driver_load(&cu, &unheard) != GS_OK)
        return;
    live_clock_start(&clock, &cu, 1);
    if (cu.init(0) != CUDA_SUCCESS || cu.device_get(&device, ordinal) != CUDA_SUCCESS ||
        cu.device_pci(pci, sizeof pci, device) != CUDA_SUCCESS)
        return;
    paid->init_ns = (double)live_clock_now(&clock);
    if (guard_others(pci, &before) < 0)
        before = 0;
    at_ns = live_clock_now(&clock);
    if (cu.primary_retain(&context, device) != CUDA_SUCCESS || cu.context_set(context) != CUDA_SUCCESS)
        return;
    paid->context_ns = (double)(live_clock_now(&clock) - at_ns);
    paid->bytes = footprint(&cu, before);
    at_ns = live_clock_now(&clock);
    if (!load_kernels(&cu))
        return;
    paid->kernels_ns = (double)(live_clock_now(&clock) - at_ns);
    paid->whole = true;
}

static struct paid ask_child(int ordinal)
{
    struct paid paid = {0};
    struct pollfd end;
    int ends[2];
    pid_t child;

    if (pipe(ends) != 0)
        return paid;
    if ((child = fork()) == 0) {
        pay(ordinal, &paid);
        _exit(write(ends[1], &paid, sizeof paid) == (ssize_t)sizeof paid ? 0 : 1);
    }
    close(ends[1]);
    end = (struct pollfd){.fd = ends[0], .events = POLLIN};
    if (child > 0 && (poll(&end, 1, WAIT_MS) <= 0 || read(ends[0], &paid, sizeof paid) != (ssize_t)sizeof paid)) {
        paid = (struct paid){0};
        kill(child, SIGKILL);
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return paid;
}

int measure_contexts(const struct measure_options *options, struct measured *out, struct error *err)
{
    struct measure_row *init = rows_add(out, "init", 0, "ns"), *context = rows_add(out, "context", 0, "ns");
    struct measure_row *kernels = rows_add(out, "kernels", 0, "ns"),
                       *bytes = rows_add(out, "context_bytes", 0, "bytes");

    (void)err;
    meter_tell(options, "contexts", NULL);
    for (int i = 0; i < CHILDREN; i++) {
        struct paid paid;

        meter_tell(options, "contexts", init);
        paid = ask_child(options->ordinal);
        if (!paid.whole) { /* why, the steps that follow will tell */
            out->rows = 0;
            rows_note(out, "what a context costs is not known: a child process could not make one");
            return GS_OK;
        }
        rows_sample(init, paid.init_ns);
        rows_sample(context, paid.context_ns);
        rows_sample(kernels, paid.kernels_ns);
        rows_sample(bytes, paid.bytes);
    }
    rows_summarise(init);
    rows_summarise(context);
    rows_summarise(kernels);
    rows_summarise(bytes);
    return GS_OK;
}
