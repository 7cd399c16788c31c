/* report_next.c - which key of the scenario to change next, and to what. */
#include "sim/results/report_parts.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *node_setting(struct making *b, const struct node_group *node, const char *key, const char *value)
{
    bool plain = strcmp(node->name, "node") == 0; /* [node], not [node.NAME] */
    return arena_printf(b->arena, "node%s%s.%s=%s", plain ? "" : ".", plain ? "" : node->name, key, value);
}

static const char *gpus_setting(struct making *b, const struct node_group *node, int64_t by)
{
    char gpus[UNITS_TEXT];
    snprintf(gpus, sizeof gpus, "%lld", (long long)(node->gpus + by));
    return node_setting(b, node, "gpus", gpus);
}

/* What was refused counts first. */
static double fullness(const struct report_node *n)
{
    return n->refused_bytes.value > 0 ? 1 + n->refused_bytes.value : n->peak_bytes.value / (1 + n->cap_bytes.value);
}

static const struct node_group *fullest(const struct making *b)
{
    size_t most = 0;
    for (size_t i = 1; i < b->report->nodes; i++)
        if (fullness(&b->report->node[i]) > fullness(&b->report->node[most]))
            most = i;
    return node_group_of(b->scenario, most);
}

static const struct node_group *busiest(const struct making *b)
{
    size_t most = 0;
    for (size_t i = 1; i < b->report->gpus; i++)
        if (b->report->gpu[i].switching.value > b->report->gpu[most].switching.value)
            most = i;
    return gpu_group_of(b->scenario, most);
}

static const char *swapping(struct making *b, const struct node_group *node)
{
    b->reason = "and if the node swaps?";
    return node_setting(b, node, "swap", "yes");
}

/* The first node that may not swap. */
static const char *let_swap(struct making *b)
{
    size_t i = 0;
    while (i + 1 < b->scenario->nodes && b->scenario->node[i].swap)
        i++;
    return swapping(b, &b->scenario->node[i]);
}

/* What would have been enough at the end of the run, in whole GiB, or twice as much. */
static const char *more_swap_file(struct making *b)
{
    char size[UNITS_TEXT];
    const struct node_group *node = fullest(b);
    int64_t want = node->swap_file > 0 ? node->swap_file * 2 : INT64_C(100) << 30, enough = 0, gib = INT64_C(1) << 30;
    if (!node->swap)
        return swapping(b, node);
    b->reason = "is a larger swap file enough?";
    for (size_t r = 0; r < b->count; r++)
        for (size_t i = 0; i < b->report->nodes; i++)
            if (node_group_of(b->scenario, i) == node && b->tally[r]->node[i].enough_bytes > enough)
                enough = b->tally[r]->node[i].enough_bytes;
    if (enough > node->swap_file)
        want = (enough + gib - 1) / gib * gib;
    return node_setting(b, node, "swap_file", units_write_size(size, want));
}

static const char *more_gpus(struct making *b)
{
    b->reason = "would one GPU more do?";
    return gpus_setting(b, busiest(b), 1);
}

/* Users or servers, of whom there could be one more or less: jobs end, and a trace says itself how many there are. */
static bool is_countable(const struct workload_group *w)
{
    return w->trace < 0 && w->class != GS_TRAINING;
}

static const char *count(struct making *b, const struct workload_group *w, int64_t by)
{
    return arena_printf(b->arena, "workload.%s.count=%lld", w->name, (long long)(w->count + by));
}

static const char *less_load(struct making *b, size_t group)
{
    const struct workload_group *w = &b->scenario->workload[group];
    if (!is_countable(w) || w->count < 2)
        return more_gpus(b);
    b->searches = b->report->slas > 0 && !b->about->command && strcmp(b->scenario->file, "-") != 0;
    b->reason = b->searches ? "how many fit?" : "would one less do?";
    return b->searches ? arena_printf(b->arena, "workload.%s.count", w->name) : count(b, w, -1);
}

/* One more of `group`, or else of the first group of which there could be more; without any, a GPU less. */
static const char *more_load(struct making *b, size_t group)
{
    const struct scenario *s = b->scenario;
    const struct node_group *node = busiest(b);
    for (size_t i = 0; i < s->workloads && !is_countable(&s->workload[group]); i++)
        if (is_countable(&s->workload[i]))
            group = i;
    if (is_countable(&s->workload[group])) {
        b->reason = "does one more fit?";
        return count(b, &s->workload[group], 1);
    }
    if (node->gpus < 2)
        return "";
    b->reason = "would one GPU less do?";
    return gpus_setting(b, node, -1);
}

/* Less swapping: both directions at once, longer turns, or another choice of victims. */
static const char *less_swapping(struct making *b)
{
    const struct scenario *s = b->scenario;
    const struct node_group *node = busiest(b);
    const struct policy_choice *slicer = &s->policy[GS_SLOT_SLICER];
    b->reason = "do both directions at once help?";
    if (node->transfer == TRANSFER_SERIAL)
        return node_setting(b, node, "transfer", "overlapped");
    b->reason = "do longer turns help?";
    for (size_t i = 0; slicer->policy->param && slicer->policy->param[i].key; i++) {
        char time[UNITS_TEXT];
        if (strcmp(slicer->policy->param[i].key, "quantum") == 0 && slicer->param[i].i < INT64_MAX / 2)
            return arena_printf(b->arena, "policy.slicer.quantum=%s", units_write_time(time, slicer->param[i].i * 2));
    }
    b->reason = "is another victim cheaper?";
    static const char *const better[] = {"cost", "gdsf", "mru", "lru"};
    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++)
        if (gs_policy_find(GS_SLOT_VICTIM, better[i]) && strcmp(better[i], s->policy[GS_SLOT_VICTIM].policy->name) != 0)
            return arena_printf(b->arena, "policy.victim=%s", better[i]);
    b->reason = NULL;
    return "";
}

static const char *gpu_memory(struct making *b, const struct node_group *node, int64_t bytes)
{
    char size[UNITS_TEXT];
    int64_t gib = INT64_C(1) << 30;
    b->reason = "does a larger GPU take them?";
    return node_setting(b, node, "gpu_memory", units_write_size(size, (bytes + gib - 1) / gib * gib));
}

/* Places for all that there are, on the GPUs that there are. */
static const char *more_seats(struct making *b)
{
    char seats[UNITS_TEXT];
    int64_t workloads = 0, gpus = (int64_t)b->report->gpus;
    for (size_t i = 0; i < b->report->groups; i++)
        workloads += (int64_t)b->report->group[i].workloads.value;
    snprintf(seats, sizeof seats, "%lld", (long long)((workloads + gpus - 1) / gpus));
    b->reason = "and with all let in?";
    return node_setting(b, &b->scenario->node[0], "max_workloads_per_gpu", seats);
}

/* On the first of the nodes that the group may use. */
static const char *more_of_pool(struct making *b, size_t group)
{
    size_t i = 0;
    while (i + 1 < b->scenario->nodes && !scenario_may_use(&b->scenario->workload[group], i))
        i++;
    b->reason = "would one GPU more in their pool do?";
    return gpus_setting(b, &b->scenario->node[i], 1);
}

static const char *let_in(struct making *b, size_t group)
{
    int64_t needs = 0;
    for (size_t r = 0; r < b->count; r++)
        if (b->tally[r]->group[group].refused_needs_bytes > needs)
            needs = b->tally[r]->group[group].refused_needs_bytes;
    switch (report_refusal(&b->report->group[group])) {
    case REFUSED_POOL:
        return more_of_pool(b, group);
    case REFUSED_SEATS:
        return more_seats(b);
    case REFUSED_CAP:
        return more_swap_file(b);
    case REFUSED_LARGE:
        return gpu_memory(b, &b->scenario->node[0], needs);
    case REFUSED_APART:
        b->reason = "and if the node does not swap?";
        return node_setting(b, &b->scenario->node[0], "swap", "no");
    default:
        return more_gpus(b);
    }
}

/* What it would take alone, and a quarter for the others. */
static const char *faster_gpu(struct making *b)
{
    const struct report_sla *missed = first_missed(b->report);
    const struct node_group *node = busiest(b);
    char speed[UNITS_TEXT];
    snprintf(speed, sizeof speed, "%.1f", ceil(12.5 * node->gpu_speed * missed->alone / missed->target) / 10);
    b->reason = "would a faster GPU do?";
    return node_setting(b, node, "gpu_speed", speed);
}

/* A burst that outgrows its GPU does so on any other. */
static const char *more_memory(struct making *b)
{
    double killed = 0;
    for (size_t i = 0; i < b->report->groups; i++)
        killed += b->report->group[i].oom_kills.value;
    return killed > 0 ? gpu_memory(b, busiest(b), 2 * busiest(b)->gpu_memory) : more_gpus(b);
}

static const char *longer(struct making *b)
{
    char time[UNITS_TEXT];
    if (b->scenario->duration >= GS_NEVER / 2)
        return "";
    b->reason = "does a longer run tell more?";
    return arena_printf(b->arena, "scenario.duration=%s", units_write_time(time, b->scenario->duration * 2));
}

static const char *warm_start(struct making *b, size_t group)
{
    if (b->scenario->workload[group].class != GS_INFERENCE || b->scenario->workload[group].trace >= 0)
        return more_swap_file(b);
    b->reason = "and if they are warm at the start?";
    return arena_printf(b->arena, "workload.%s.state=host", b->report->group[group].name);
}

/* Of the first group whose requests found the queue full. */
static const char *longer_queue(struct making *b)
{
    size_t i = 0;
    while (i + 1 < b->report->groups && !(report_refused_bursts(&b->report->group[i]) > 0))
        i++;
    b->reason = "and if more may wait?";
    return arena_printf(b->arena, "workload.%s.max_waiting=%lld", b->report->group[i].name,
                        (long long)b->scenario->workload[i].max_waiting + 10);
}

const char *next_setting(struct making *b, enum limit limit, size_t group)
{
    switch (limit) {
    case LIMIT_ALONE:
        return faster_gpu(b);
    case LIMIT_TURNED_AWAY:
        return let_in(b, group);
    case LIMIT_REFUSED:
    case LIMIT_FULL:
    case LIMIT_CAP:
        return more_swap_file(b);
    case LIMIT_QUEUES:
        return longer_queue(b);
    case LIMIT_NO_SWAP:
        return let_swap(b);
    case LIMIT_NO_ROOM:
        return more_memory(b);
    case LIMIT_NOT_ENDED:
        return longer(b);
    case LIMIT_SWAP:
        return less_swapping(b);
    case LIMIT_COLD:
        return warm_start(b, group);
    default:
        break;
    }
    if (b->scenario->served) /* its places are no programs, and a daemon has the GPUs that there are */
        return "";
    bool held_up = limit == LIMIT_STARVED || limit == LIMIT_OVERLOAD;
    bool room = !held_up && report_sla_met(b->report) && (b->report->slas > 0 || limit == LIMIT_NOTHING);
    return room ? more_load(b, group) : less_load(b, group);
}
