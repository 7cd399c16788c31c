/* report_next.c - which key of the scenario to change next, and to what. */
#include "sim/results/report_parts.h"

#include "sim/base/units.h"

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

/* What would have been enough at the end of the run, in whole GiB, or twice as much. */
static const char *more_swap_file(struct making *b)
{
    char size[UNITS_TEXT];
    const struct node_group *node = fullest(b);
    int64_t want = node->swap_file > 0 ? node->swap_file * 2 : INT64_C(100) << 30, enough = 0, gib = INT64_C(1) << 30;
    if (!node->swap)
        return node_setting(b, node, "swap", "yes");
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
    return is_countable(w) && w->count > 1 ? count(b, w, -1) : more_gpus(b);
}

/* One more of `group`, or else of the first group of which there could be more; without any, a GPU less. */
static const char *more_load(struct making *b, size_t group)
{
    const struct scenario *s = b->scenario;
    const struct node_group *node = busiest(b);
    for (size_t i = 0; i < s->workloads && !is_countable(&s->workload[group]); i++)
        if (is_countable(&s->workload[i]))
            group = i;
    if (is_countable(&s->workload[group]))
        return count(b, &s->workload[group], 1);
    return node->gpus > 1 ? gpus_setting(b, node, -1) : "";
}

/* Less swapping: both directions at once, longer turns, or another choice of victims. */
static const char *less_swapping(struct making *b)
{
    const struct scenario *s = b->scenario;
    const struct node_group *node = busiest(b);
    const struct policy_choice *slicer = &s->policy[GS_SLOT_SLICER];
    if (node->transfer == TRANSFER_SERIAL)
        return node_setting(b, node, "transfer", "overlapped");
    for (size_t i = 0; slicer->policy->param && slicer->policy->param[i].key; i++) {
        char time[UNITS_TEXT];
        if (strcmp(slicer->policy->param[i].key, "quantum") == 0 && slicer->param[i].i < INT64_MAX / 2)
            return arena_printf(b->arena, "policy.slicer.quantum=%s", units_write_time(time, slicer->param[i].i * 2));
    }
    static const char *const better[] = {"cost", "gdsf", "mru", "lru"};
    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++)
        if (gs_policy_find(GS_SLOT_VICTIM, better[i]) && strcmp(better[i], s->policy[GS_SLOT_VICTIM].policy->name) != 0)
            return arena_printf(b->arena, "policy.victim=%s", better[i]);
    return "";
}

const char *next_setting(struct making *b, enum limit limit, size_t group)
{
    char time[UNITS_TEXT];
    switch (limit) {
    case LIMIT_REFUSED:
    case LIMIT_FULL:
    case LIMIT_CAP:
        return more_swap_file(b);
    case LIMIT_NO_ROOM:
        return more_gpus(b);
    case LIMIT_NOT_ENDED:
        if (b->scenario->duration >= GS_NEVER / 2)
            return "";
        return arena_printf(b->arena, "scenario.duration=%s", units_write_time(time, b->scenario->duration * 2));
    case LIMIT_SWAP:
        return less_swapping(b);
    case LIMIT_COLD:
        if (b->scenario->workload[group].class == GS_INFERENCE && b->scenario->workload[group].trace < 0)
            return arena_printf(b->arena, "workload.%s.state=host", b->report->group[group].name);
        return more_swap_file(b);
    default:
        break;
    }
    bool held_up = limit == LIMIT_STARVED || limit == LIMIT_OVERLOAD;
    bool room = !held_up && report_sla_met(b->report) && (b->report->slas > 0 || limit == LIMIT_NOTHING);
    return room ? more_load(b, group) : less_load(b, group);
}
