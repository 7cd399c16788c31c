/* live.c - what is asked before a live run begins. */
#include "sim/cli/live.h"
#include "backend/cuda/host.h"
#include "sim/base/units.h"
#include "sim/run/setup.h"

enum { WALL_SLICE_NS = 100000000, LARGEST_DIVISOR = 1 << 20 };

const char *live_provenance(const struct live *live)
{
    return live->device.is_double ? "double" : "cuda";
}

static int check_scenario(const struct scenario *scenario, struct error *err)
{
    const char *oracle = setup_needs_oracle(scenario);

    if (oracle != NULL)
        return error_set(err, GS_UNSATISFIABLE,
                         "the policy '%s' asks for the future, which a live run has not seen; take another", oracle);
    if (scenario->replications > 1 || scenario->precision > 0)
        return error_set(
            err, GS_UNSATISFIABLE,
            "a live run is one replication; add --replications 1%s, and another --seed for each further run",
            scenario->precision > 0 ? " --set scenario.precision=0" : "");
    if (scenario->warmup == WARMUP_AUTO)
        return error_set(err, GS_UNSATISFIABLE,
                         "'warmup = auto' runs everything twice, which a live run cannot; add --set "
                         "scenario.warmup=10m, say");
    return GS_OK;
}

/* One GPU of the device for each of the scenario's. */
static int check_gpus(struct live *live, const struct scenario *scenario, struct error *err)
{
    int64_t gpus = 0;

    for (size_t i = 0; i < scenario->nodes; i++)
        gpus += scenario->node[i].count * scenario->node[i].gpus;
    if (live->device.is_double && gpus > DEVICE_DOUBLE_GPUS)
        return error_set(err, GS_UNSATISFIABLE,
                         "the driver double has %d GPUs at most, and the scenario asks for %lld; lower 'gpus'",
                         DEVICE_DOUBLE_GPUS, (long long)gpus);
    if (gpus > DEVICE_GPUS)
        return error_set(err, GS_UNSATISFIABLE, "a live run has %d GPUs at most, and the scenario asks for %lld",
                         DEVICE_GPUS, (long long)gpus);
    if (live->device.is_double)
        for (live->device.ordinals = 0; live->device.ordinals < gpus; live->device.ordinals++)
            live->device.ordinal[live->device.ordinals] = live->device.ordinals;
    if (live->device.ordinals != gpus)
        return error_set(err, GS_UNSATISFIABLE, "the scenario has %lld GPU%s, and --device names %u", (long long)gpus,
                         gpus == 1 ? "" : "s", live->device.ordinals);
    return GS_OK;
}

static int check_host(const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads,
                      struct error *err)
{
    struct host_memory memory = host_memory("", 0);
    double left = (double)host_memory_left(&memory), wanted = live_double_bytes(scenario, spec, workloads);
    char need[UNITS_TEXT], have[UNITS_TEXT];
    int64_t divisor = 2;

    if (left < 0 || wanted <= 0.9 * left)
        return GS_OK;
    while (divisor < LARGEST_DIVISOR && wanted > 0.9 * left * (double)divisor)
        divisor *= 2;
    return error_set(err, GS_UNSATISFIABLE,
                     "the driver double keeps real bytes: this scenario needs %s of host memory, and %s are free; "
                     "divide gpu_memory, gpu_reserved, swap_file, chunk, memory, h2d and d2h by %lld or more",
                     units_show_size(need, wanted), units_show_size(have, left), (long long)divisor);
}

int live_begin(struct live *live, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct arena *arena, struct error *err)
{
    int rc = check_scenario(scenario, err);

    if (rc == GS_OK)
        rc = check_gpus(live, scenario, err);
    if (rc == GS_OK && live->device.is_double)
        rc = check_host(scenario, spec, workloads, err);
    if (rc != GS_OK)
        return rc;
    live->device.options = live->device.is_double ? live_double_options(live, scenario, workloads, arena) : "";
    if (live->device.options == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    live->port_is_told = live->port == 0;
    live->watch.slice_ns = (gs_ns)(WALL_SLICE_NS * live->device.time_scale);
    rc = device_open(&live->device, err);
    return rc == GS_OK && live->port >= 0 ? live_server_open(&live->server, live->port, &live->port, err) : rc;
}
