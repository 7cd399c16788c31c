/* live_metrics.c - a live run for Prometheus: its text format, names by its conventions. */
#include "sim/cli/live.h"
#include "version.h"

enum { SECOND = 1000000000 };

static void family(struct text *out, const char *name, const char *type, const char *help)
{
    text_printf(out, "# HELP gpuswap_%s %s\n# TYPE gpuswap_%s %s\n", name, help, name, type);
}

static void label(struct text *out, const char *name, const char *value)
{
    text_printf(out, "%s=\"", name);
    for (const char *c = value; *c != '\0'; c++)
        text_printf(out, *c == '\n' ? "\\n" : *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    text_add(out, "\"");
}

/* `gpuswap_name{key="value"} number` */
static void sample(struct text *out, const char *name, const char *key, const char *value, double number)
{
    text_printf(out, "gpuswap_%s{", name);
    label(out, key, value);
    text_add(out, "} ");
    text_number(out, number);
    text_add(out, "\n");
}

static void about(struct text *out, const struct live_snapshot *s)
{
    family(out, "info", "gauge", "What runs: 1. Provenance 'double' is the driver double: no GPU, no measurement.");
    text_add(out, "gpuswap_info{");
    label(out, "provenance", s->device->is_double ? "double" : "cuda");
    text_add(out, ",");
    label(out, "scenario", s->scenario->name);
    text_add(out, ",");
    label(out, "device", s->device->text);
    text_add(out, ",");
    label(out, "version", GPUSWAP_VERSION);
    text_add(out, "} 1\n");
    family(out, "scenario_seconds_total", "counter", "Time of the scenario that has passed.");
    text_printf(out, "gpuswap_scenario_seconds_total ");
    text_number(out, (double)s->now_ns / SECOND);
    text_add(out, "\n");
}

static double capacity(const struct live_gpu *g)
{
    return (double)g->capacity_bytes;
}
static double resident(const struct live_gpu *g)
{
    return (double)g->resident_bytes;
}
static double useful(const struct live_gpu *g)
{
    return (double)g->usage.useful_ns / SECOND;
}
static double switching(const struct live_gpu *g)
{
    return (double)g->usage.switching_ns / SECOND;
}
static double swapped_in(const struct live_gpu *g)
{
    return (double)g->in_bytes;
}
static double swapped_out(const struct live_gpu *g)
{
    return (double)g->out_bytes;
}
static double swaps(const struct live_gpu *g)
{
    return (double)g->swaps;
}

static void gpus(struct text *out, const struct live_snapshot *s)
{
    static const struct {
        const char *name, *type, *help;
        double (*value)(const struct live_gpu *gpu);
    } row[] = {
        {"gpu_memory_capacity_bytes", "gauge", "GPU memory that workloads may use.", capacity},
        {"gpu_memory_resident_bytes", "gauge", "GPU memory that workloads hold or are promised.", resident},
        {"gpu_useful_seconds_total", "counter", "Scenario time with a burst on the GPU.", useful},
        {"gpu_switching_seconds_total", "counter", "Scenario time with a swap under way and no burst.", switching},
        {"gpu_swap_in_bytes_total", "counter", "Bytes swapped in, after the warm-up.", swapped_in},
        {"gpu_swap_out_bytes_total", "counter", "Bytes swapped out, after the warm-up.", swapped_out},
        {"gpu_swaps_total", "counter", "Swaps, both directions, after the warm-up.", swaps},
    };

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        family(out, row[i].name, row[i].type, row[i].help);
        for (uint32_t g = 0; g < s->gpus; g++)
            sample(out, row[i].name, "gpu", s->gpu[g].id, row[i].value(&s->gpu[g]));
    }
}

static void groups(struct text *out, const struct live_snapshot *s)
{
    family(out, "workloads", "gauge", "Workloads by what they do.");
    for (uint32_t i = 0; i < s->groups; i++)
        for (int k = 0; k < LIVE_STATES; k++) {
            text_add(out, "gpuswap_workloads{");
            label(out, "group", s->group[i].name);
            text_add(out, ",");
            label(out, "state", live_state_name[k]);
            text_printf(out, "} %u\n", s->group[i].in[k]);
        }
    family(out, "burst_response_seconds", "summary",
           "Scenario time from the wish for a GPU to the end of the burst, after the warm-up.");
    for (uint32_t i = 0; i < s->groups; i++) {
        sample(out, "burst_response_seconds_sum", "group", s->group[i].name, s->group[i].response_ns / SECOND);
        sample(out, "burst_response_seconds_count", "group", s->group[i].name, (double)s->group[i].completed);
    }
    family(out, "bursts_lost_total", "counter", "Bursts that were refused or lost, after the warm-up.");
    for (uint32_t i = 0; i < s->groups; i++)
        sample(out, "bursts_lost_total", "group", s->group[i].name, (double)s->group[i].lost);
}

void live_metrics(struct text *out, const struct live_snapshot *s)
{
    about(out, s);
    gpus(out, s);
    family(out, "swap_file_capacity_bytes", "gauge", "Cap of the node's swap file.");
    for (uint32_t i = 0; i < s->nodes; i++)
        sample(out, "swap_file_capacity_bytes", "node", s->node[i].id, (double)s->node[i].cap_bytes);
    family(out, "swap_file_used_bytes", "gauge", "Bytes held and promised in the node's swap file.");
    for (uint32_t i = 0; i < s->nodes; i++)
        sample(out, "swap_file_used_bytes", "node", s->node[i].id, (double)s->node[i].used_bytes);
    groups(out, s);
}
