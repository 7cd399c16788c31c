/* advice.c - tell what was found out, why, and how sure it is; and the patch that puts it into effect. */
#include "sim/cli/advice.h"
#include "sim/cli/advice_pools.h"
#include "sim/base/units.h"
#include "sim/results/json.h"
#include "sim/results/report_cells.h"

#include <math.h>

static const int64_t gib = INT64_C(1) << 30;
static const int64_t published_reserve = INT64_C(2) << 30;

static int64_t up_to_gib(double bytes)
{
    return (int64_t)ceil(bytes / (double)gib) * gib;
}

/* Bytes to reserve on a GPU with so many workloads: what their contexts take, and the published default at the least. */
static int64_t reserve_of(const struct advice_node *node)
{
    int64_t contexts = up_to_gib(ceil(node->a_gpu) * (double)node->context);
    return contexts > published_reserve ? contexts : published_reserve;
}

/* The same by the rule of the draft, 1 GiB a workload. */
static int64_t reserve_draft(const struct advice_node *node)
{
    return (int64_t)ceil(node->a_gpu) * gib;
}

static long long in_gib(int64_t bytes)
{
    return (long long)((bytes + gib - 1) / gib);
}

static void tell_file(struct text *out, const struct advice *a, const struct advice_node *n)
{
    char most[UNITS_TEXT], low[UNITS_TEXT], high[UNITS_TEXT], least[UNITS_TEXT];
    if (n->most == 0) {
        text_printf(out, "swap file, %s: nothing was swapped; leave swap off, or keep the file small\n", n->name);
        return;
    }
    text_printf(out, "swap file, %s: %lld GiB a node\n", n->name, in_gib(n->file));
    text_printf(out, "  why: with room for all it never held more than %s", units_show_size(most, (double)n->most));
    if (n->least > 0)
        text_printf(out, "; with %s nobody waited for room either, with less somebody did",
                    units_show_size(least, (double)n->least));
    text_add(out, ".\n");
    if (isnan(n->peak.low))
        text_add(out, "  how sure: one replication; another day may need more\n");
    else
        text_printf(out, "  how sure: peaks of %lld replications average %s to %s (95 %%)\n",
                    (long long)a->replications, units_show_size(low, n->peak.low), units_show_size(high, n->peak.high));
}

static void tell_reserve(struct text *out, const struct advice_node *n)
{
    char context[UNITS_TEXT];
    text_printf(out, "reserve, %s: %lld GiB a GPU; by the product's draft it would be %lld GiB, 1 GiB a workload\n",
                n->name, in_gib(reserve_of(n)), in_gib(reserve_draft(n)));
    if (n->context > 0)
        text_printf(out, "  why: contexts of up to %s, of %.1f workloads a GPU; 2 GiB is the published default\n",
                    units_show_size(context, (double)n->context), n->a_gpu);
    else
        text_printf(out,
                    "  why: the published default; the scenario says nothing of contexts, for %.1f workloads a GPU\n",
                    n->a_gpu);
    text_add(out,
             "  how sure: not simulated; measure what a swapped-out workload keeps (nvidia-smi), and set 'context'\n");
}

/* 0: not even one. */
static long long count_of(const struct advice *a)
{
    return a->found.answer == NULL ? 0 : (long long)a->found.answer->value;
}

/* All that was looked at is kept. */
static bool count_is_open(const struct advice *a)
{
    return a->found.answer != NULL && a->found.beyond == NULL;
}

static void tell_count(struct text *out, const struct advice *a)
{
    char sure[CELL];
    if (!a->counted) {
        text_add(
            out,
            "workloads a GPU: the scenario promises nothing; add a [sla.NAME], such as response_p95, and ask again\n");
        return;
    }
    show_whole_percent(sure, a->found.confidence);
    text_printf(out, "workloads a GPU: %.1f, with %lld in [workload.%s]%s\n", a->count_a_gpu, count_of(a), a->counted,
                count_is_open(a) ? ", and more might do" : "");
    text_printf(out, "  why: %s\n  how sure: %s; replications were added at each count until its promises were sure\n",
                a->found_says, sure);
}

static void tell_pools(struct text *out, const struct advice *a)
{
    bool any = false;
    for (size_t i = 0; i < a->groups; i++) {
        if (!a->group[i].why)
            continue;
        text_printf(out, "node pools: give [workload.%s] nodes without swap\n  why: %s\n", a->group[i].name,
                    a->group[i].why);
        any = true;
    }
    if (!any)
        text_add(out, "node pools: nobody needs one of his own\n");
    advice_split_text(out, a);
}

/* cpuRam is one for the cluster, so that it must do for the node that needs most. */
static void totals(const struct advice *a, int64_t *file, int64_t *reserve, bool *differ)
{
    *file = *reserve = 0;
    *differ = false;
    for (size_t i = 0; i < a->nodes; i++) {
        const struct advice_node *n = &a->node[i];
        *differ = *differ || n->file != a->node[0].file || reserve_of(n) != reserve_of(&a->node[0]);
        *file = n->file > *file ? n->file : *file;
        *reserve = reserve_of(n) > *reserve ? reserve_of(n) : *reserve;
    }
}

static void patch(struct text *out, const struct advice *a)
{
    int64_t file, reserve;
    bool differ;
    totals(a, &file, &reserve, &differ);
    text_printf(out,
                "{\"spec\":{\"global\":{\"core\":{\"dynamicFractions\":{\"enabled\":true},\"swap\":{\"enabled\":true,"
                "\"limits\":{\"cpuRam\":\"%lldGi\",\"reservedGpuRam\":\"%lldGi\"}}}}}}",
                in_gib(file), in_gib(reserve));
}

static void tell_patch(struct text *out, const struct advice *a)
{
    int64_t file, reserve;
    bool differ;
    totals(a, &file, &reserve, &differ);
    if (a->nodes == 0 || file == 0)
        return;
    text_add(out, "\nTo put it into effect (the size of the swap file can be raised later, but not lowered):\n"
                  "  kubectl patch -n runai runaiconfigs.run.ai/runai --type=merge --patch '");
    patch(out, a);
    text_add(out, "'\n  kubectl label node NODE run.ai/swap-enabled=true\n");
    if (!differ)
        return;
    text_add(out, "Node groups differ; for a node pool of each, gpuResourceOptimization of its API:\n");
    for (size_t i = 0; i < a->nodes; i++)
        text_printf(out,
                    "  %s: {\"swapEnabled\":true,\"cpuSwapMemorySize\":\"%lldGi\","
                    "\"reservedGpuMemoryForSwapOperations\":\"%lldGi\"}\n",
                    a->node[i].name, in_gib(a->node[i].file), in_gib(reserve_of(&a->node[i])));
}

void advice_text(struct text *out, const struct advice *a)
{
    text_printf(out, "%s: advice from %d runs\n\n", a->scenario->name, a->runs);
    if (a->nodes == 0)
        text_add(out, "swap file: no node of the scenario swaps\n");
    for (size_t i = 0; i < a->nodes; i++) {
        tell_file(out, a, &a->node[i]);
        tell_reserve(out, &a->node[i]);
    }
    tell_count(out, a);
    tell_pools(out, a);
    tell_patch(out, a);
}

static void json_node(struct text *out, const struct advice_node *n)
{
    json_text(out, "{", "name", n->name);
    json_number(out, ",", "swap_file_bytes", (double)n->file);
    json_number(out, ",", "peak_bytes", (double)n->most);
    json_number(out, ",", "peak_mean_bytes", n->peak.value);
    json_bounds(out, "peak_mean_ci95", &n->peak);
    json_number(out, ",", "least_bytes", n->least > 0 ? (double)n->least : (double)NAN);
    json_number(out, ",", "gpu_reserved_bytes", (double)reserve_of(n));
    json_number(out, ",", "gpu_reserved_draft_bytes", (double)reserve_draft(n));
    json_number(out, ",", "workloads_per_gpu", n->a_gpu);
    text_add(out, "}");
}

void advice_json(struct text *out, const struct advice *a)
{
    char binding[REPORT_CELL * 2];
    json_text(out, "{", "scenario", a->scenario->name);
    json_number(out, ",", "replications", (double)a->replications);
    json_number(out, ",", "runs", a->runs);
    text_add(out, ",\"nodes\":[");
    for (size_t i = 0; i < a->nodes; i++) {
        text_add(out, i > 0 ? "," : "");
        json_node(out, &a->node[i]);
    }
    text_add(out, "],\"workloads_per_gpu\":");
    if (a->counted) {
        json_text(out, "{", "group", a->counted);
        json_number(out, ",", "count", (double)count_of(a));
        json_number(out, ",", "answer", a->count_a_gpu);
        json_number(out, ",", "confidence", a->found.confidence);
        json_text(out, ",", "says", a->found_says);
        json_text(out, ",", "binding",
                  a->found.binding == NULL ? NULL : capacity_check_name(binding, a->found.binding));
        text_printf(out, ",\"open\":%s}", count_is_open(a) ? "true" : "false");
    } else {
        text_add(out, "null");
    }
    text_add(out, ",\"apart\":[");
    bool any = false;
    for (size_t i = 0; i < a->groups; i++) {
        if (!a->group[i].why)
            continue;
        json_text(out, any ? ",{" : "{", "group", a->group[i].name);
        json_text(out, ",", "why", a->group[i].why);
        text_add(out, "}");
        any = true;
    }
    text_add(out, "],\"split\":");
    advice_split_json(out, a);
    text_add(out, ",\"patch\":");
    int64_t file, reserve;
    bool differ;
    totals(a, &file, &reserve, &differ);
    if (file > 0)
        patch(out, a);
    else
        text_add(out, "null");
    text_add(out, "}\n");
}
