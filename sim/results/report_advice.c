/* report_advice.c - say what limits a run and which command is worth trying next. */
#include "sim/results/report_parts.h"

#include "sim/base/units.h"

#include <math.h>
#include <string.h>

enum limit {
    LIMIT_NOTHING,
    LIMIT_NOT_ENDED,
    LIMIT_REFUSED,
    LIMIT_NO_ROOM,
    LIMIT_FULL,
    LIMIT_OVERLOAD,
    LIMIT_WAIT,
    LIMIT_SWAP,
    LIMIT_CAP,
    LIMIT_COLD
};

/* A burst is as good as alone while its stalls add less than this share. */
static const double FEW_STALLS = 0.05;
/* Where a larger share of the bursts has not ended, the stalls of those that did tell little. */
static const double MANY_UNENDED = 0.10;
static const double FULL = 0.95;

static double total_stall(const struct report_group *g)
{
    double sum = 0;
    for (int s = 0; s < STALLS; s++)
        sum += g->stall[s].value;
    return sum * g->completed.value;
}

static const struct report_sla *first_missed(const struct report *r)
{
    for (size_t i = 0; i < r->slas; i++)
        if (!r->sla[i].met)
            return &r->sla[i];
    return NULL;
}

/* The group with the largest share of bursts that have not ended, if that is large; else GS_NONE. */
static size_t stuck(const struct report *r)
{
    size_t worst = GS_NONE;
    double most = MANY_UNENDED;
    for (size_t i = 0; i < r->groups; i++) {
        double share = r->group[i].censored.value / fmax(1, r->group[i].arrived.value);
        if (share > most) {
            most = share;
            worst = i;
        }
    }
    return worst;
}

static bool is_full(const struct report *r)
{
    for (size_t i = 0; i < r->nodes; i++)
        if (r->node[i].cap_bytes.value > 0 && r->node[i].peak_bytes.value >= FULL * r->node[i].cap_bytes.value)
            return true;
    return false;
}

/* The group that the advice is about: of a missed SLA, else the one that lost most time; GS_NONE if nothing ended. */
static size_t subject(const struct report *r)
{
    const struct report_sla *missed = first_missed(r);
    size_t worst = GS_NONE;
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        bool in_question = !missed || strcmp(missed->class, g->class) == 0;
        if (missed && missed->group)
            in_question = strcmp(missed->group, g->name) == 0;
        if (in_question && g->completed.value > 0 &&
            (worst == GS_NONE || total_stall(g) > total_stall(&r->group[worst])))
            worst = i;
    }
    return worst;
}

/* What limits `*group`; the group changes where bursts of another are stuck. */
static enum limit limit_of(const struct report *r, size_t *group, double part[LIMIT_COLD + 1])
{
    double lost = 0, refused_bytes = 0;
    for (size_t i = 0; i < r->groups; i++)
        lost += r->group[i].rejected.value + r->group[i].oom_kills.value;
    for (size_t i = 0; i < r->nodes; i++)
        refused_bytes += r->node[i].refused_bytes.value;
    if (lost > 0)
        return refused_bytes > 0 ? LIMIT_REFUSED : LIMIT_NO_ROOM;
    size_t waiting = stuck(r);
    if (waiting != GS_NONE && (is_full(r) || strcmp(r->group[waiting].class, "inference") == 0)) {
        *group = waiting;
        return is_full(r) ? LIMIT_FULL : LIMIT_OVERLOAD;
    }
    if (*group == GS_NONE)
        return LIMIT_NOT_ENDED;
    const struct interval *stall = r->group[*group].stall;
    part[LIMIT_WAIT] = stall[STALL_QUEUE].value + stall[STALL_PREEMPTED].value + stall[STALL_DETECT].value;
    part[LIMIT_SWAP] = stall[STALL_SWAP_OUT].value + stall[STALL_SWAP_IN].value;
    part[LIMIT_CAP] = stall[STALL_CAP].value;
    part[LIMIT_COLD] = stall[STALL_COLD].value;
    double sum = part[LIMIT_WAIT] + part[LIMIT_SWAP] + part[LIMIT_CAP] + part[LIMIT_COLD];
    if (sum <= FEW_STALLS * r->group[*group].response[STAT_MEAN].value)
        return LIMIT_NOTHING;
    enum limit most = LIMIT_WAIT;
    for (enum limit l = LIMIT_SWAP; l <= LIMIT_COLD; l++)
        if (part[l] > part[most])
            most = l;
    return most;
}

static const char *sentence(struct making *b, enum limit limit, size_t group, const double part[LIMIT_COLD + 1])
{
    char time[UNITS_TEXT], whole[UNITS_TEXT];
    if (limit == LIMIT_REFUSED)
        return "the cap of the swap file: bursts were refused or killed";
    if (limit == LIMIT_NO_ROOM)
        return "the memory of the GPUs: workloads or bursts that do not fit were refused";
    const struct report_sla *missed = first_missed(b->report);
    if (limit == LIMIT_NOT_ENDED && !missed)
        return "the length of the run: nothing ended in it";
    if (limit == LIMIT_NOT_ENDED)
        return arena_printf(b->arena, "the length of the run: nothing that the SLA '%s' is about ended in it",
                            missed->name);
    const struct report_group *g = &b->report->group[group];
    double unended = 100 * g->censored.value / g->arrived.value;
    if (limit == LIMIT_FULL)
        return arena_printf(b->arena,
                            "the cap of the swap file, which was full: %.0f %% of the bursts of %s never ended",
                            unended, g->name);
    if (limit == LIMIT_OVERLOAD)
        return arena_printf(b->arena, "the GPUs: requests of %s come faster than they are served, %.0f %% never ended",
                            g->name, unended);
    units_show_time(whole, g->response[STAT_MEAN].value * NS_PER_S);
    units_show_time(time, part[limit] * NS_PER_S);
    switch (limit) {
    case LIMIT_WAIT:
        return arena_printf(b->arena, "waiting for the GPU, not swapping: %s of the %s that a burst of %s takes", time,
                            whole, g->name);
    case LIMIT_SWAP:
        return arena_printf(b->arena, "swapping: %s of the %s that a burst of %s takes", time, whole, g->name);
    case LIMIT_CAP:
        return arena_printf(b->arena, "the cap of the swap file: %s of the %s that a burst of %s takes", time, whole,
                            g->name);
    case LIMIT_COLD:
        return arena_printf(b->arena, "loads from disk: %s of the %s that a burst of %s takes", time, whole, g->name);
    default:
        return arena_printf(b->arena, "nothing much: bursts of %s take %.3g times as long as alone", g->name,
                            g->slowdown[STAT_MEAN].value);
    }
}

/* "node" or "node.NAME": the section of the node whose swap file was fullest, or whose GPU switched most. */
static const char *section(struct making *b, const struct node_group *node)
{
    return strcmp(node->name, "node") == 0 ? "node" : arena_printf(b->arena, "node.%s", node->name);
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

static const char *more_swap_file(struct making *b)
{
    char size[UNITS_TEXT];
    const struct node_group *node = fullest(b);
    if (!node->swap)
        return arena_printf(b->arena, "%s.swap=yes", section(b, node));
    int64_t twice = node->swap_file > 0 ? node->swap_file * 2 : INT64_C(100) << 30;
    return arena_printf(b->arena, "%s.swap_file=%s", section(b, node), units_write_size(size, twice));
}

static const char *more_gpus(struct making *b)
{
    const struct node_group *node = busiest(b);
    return arena_printf(b->arena, "%s.gpus=%lld", section(b, node), (long long)(node->gpus + 1));
}

/* One workload more or less; for less a GPU more where there is but one, or a trace says how many. */
static const char *other_count(struct making *b, size_t group, int64_t by)
{
    const struct workload_group *w = &b->scenario->workload[group];
    if (w->trace < 0 && w->count + by >= 1)
        return arena_printf(b->arena, "workload.%s.count=%lld", w->name, (long long)(w->count + by));
    return by < 0 ? more_gpus(b) : NULL;
}

/* Less swapping: both directions at once, longer turns, or another choice of victims. */
static const char *less_swapping(struct making *b)
{
    const struct scenario *s = b->scenario;
    const struct node_group *node = busiest(b);
    const struct policy_choice *slicer = &s->policy[GS_SLOT_SLICER];
    if (node->transfer == TRANSFER_SERIAL)
        return arena_printf(b->arena, "%s.transfer=overlapped", section(b, node));
    for (size_t i = 0; slicer->policy->param && slicer->policy->param[i].key; i++) {
        char time[UNITS_TEXT];
        if (strcmp(slicer->policy->param[i].key, "quantum") == 0 && slicer->param[i].i < INT64_MAX / 2)
            return arena_printf(b->arena, "policy.slicer.quantum=%s", units_write_time(time, slicer->param[i].i * 2));
    }
    static const char *const better[] = {"cost", "gdsf", "mru", "lru"};
    for (size_t i = 0; i < sizeof better / sizeof better[0]; i++)
        if (gs_policy_find(GS_SLOT_VICTIM, better[i]) && strcmp(better[i], s->policy[GS_SLOT_VICTIM].policy->name) != 0)
            return arena_printf(b->arena, "policy.victim=%s", better[i]);
    return NULL;
}

static const char *what_if(struct making *b, enum limit limit, size_t group)
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
            return NULL;
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
    bool room = report_sla_met(b->report) && (b->report->slas ? limit != LIMIT_OVERLOAD : limit == LIMIT_NOTHING);
    return other_count(b, group, room ? 1 : -1);
}

/* As a shell takes it. */
static void quoted(struct text *out, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@%";
    if (*word && word[strspn(word, plain)] == 0) {
        text_add(out, word);
        return;
    }
    text_add(out, "'");
    for (const char *c = word; *c; c++)
        text_printf(out, *c == '\'' ? "'\\''" : "%c", *c);
    text_add(out, "'");
}

int make_advice(struct making *b)
{
    double part[LIMIT_COLD + 1] = {0};
    size_t group = subject(b->report);
    enum limit limit = limit_of(b->report, &group, part);
    b->report->limits = sentence(b, limit, group, part);
    const char *setting = what_if(b, limit, group);
    struct text next = {0};
    if (b->about->command) {
        text_add(&next, b->about->command);
    } else {
        text_add(&next, "gpuswap-sim run ");
        quoted(&next, b->scenario->file);
    }
    if (setting) {
        text_add(&next, " --set ");
        quoted(&next, setting);
    } else {
        text_add(&next, " --replications 10");
    }
    b->report->next = next.failed ? NULL : arena_strdup(b->arena, next.data);
    text_fini(&next);
    return b->report->limits && b->report->next
               ? GS_OK
               : error_set(b->err, GS_SYSTEM, "no memory for the report of '%s'", b->scenario->name);
}
