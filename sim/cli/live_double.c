/* live_double.c - a driver double after the GPUs of a scenario: memory, links, granularity. */
#include "sim/cli/live.h"
#include "sim/base/arena.h"

#include <stdlib.h>

enum { GRAIN_LEAST = 65536, GRAIN_MOST = 2 << 20, CONTEXT = 2 << 20, SPARE_GRAINS = 4 };

/* What it maps: as large as on a GPU, or as fits into the scenario's chunks. */
static int64_t grain(const struct scenario *scenario)
{
    int64_t bytes = GRAIN_MOST;

    while (bytes > GRAIN_LEAST && scenario->node[0].chunk % bytes != 0)
        bytes /= 2;
    return bytes;
}

static int64_t chunk_of(const struct scenario *scenario)
{
    int64_t step = grain(scenario);

    return (scenario->node[0].chunk + step - 1) / step * step;
}

static int64_t usable(const struct scenario *scenario)
{
    return scenario->node[0].gpu_memory - scenario->node[0].gpu_reserved;
}

const char *live_double_options(const struct live *live, const struct scenario *scenario, uint32_t workloads,
                                struct arena *arena)
{
    const struct node_group *node = &scenario->node[0];
    const char *more = getenv("GPUSWAP_DOUBLE");
    /* Workloads are made of whole chunks, the last of which may be larger than what is left of them; what the driver
     * itself takes comes on top. */
    int64_t bytes = usable(scenario) + CONTEXT + SPARE_GRAINS * grain(scenario) + workloads * chunk_of(scenario);

    bytes = bytes < node->gpu_memory ? node->gpu_memory : bytes;
    return arena_printf(arena,
                        "gpus=%u memory=%lldB context=%dB granularity=%lldB in=%.0fB/s out=%.0fB/s duplex=%.9g "
                        "real_clock=%s %s",
                        live->device.ordinals, (long long)bytes, (int)CONTEXT, (long long)grain(scenario), node->h2d,
                        node->d2h, node->duplex, live->device.real_clock ? "yes" : "no", more != NULL ? more : "");
}

double live_double_bytes(const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads)
{
    double all = 0, on_gpus = 0, swapped = 0;

    for (uint32_t i = 0; i < workloads; i++)
        all += (double)(spec[i].bytes + chunk_of(scenario));
    for (size_t i = 0; i < scenario->nodes; i++) {
        const struct node_group *node = &scenario->node[i];

        on_gpus += (double)(node->count * node->gpus) * (double)node->gpu_memory;
        swapped += node->swap ? (double)node->count * (double)node->swap_file : 0;
    }
    return (all < on_gpus ? all : on_gpus) + (all < swapped ? all : swapped);
}
