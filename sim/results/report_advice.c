/* report_advice.c - say what limits a run and which command is worth trying next. */
#include "sim/results/report_parts.h"

#include <math.h>
#include <string.h>

/* A burst is as good as alone while its stalls add less than this share. */
static const double FEW_STALLS = 0.05;
/* Where a larger share of the bursts has not ended, the stalls of those that did tell little. */
static const double MANY_UNENDED = 0.10;
enum { ENOUGH_REPLICATIONS = 10 };

static double total_stall(const struct report_group *g)
{
    double sum = 0;
    for (int s = 0; s < STALLS; s++)
        sum += g->stall[s].value;
    return sum * g->completed.value;
}

const struct report_sla *first_missed(const struct report *r)
{
    for (size_t i = 0; i < r->slas; i++)
        if (!r->sla[i].met)
            return &r->sla[i];
    return NULL;
}

/* Is the cap of the swap file, or the GPU, what keeps `g` from going on? */
static enum limit holds_up(const struct report_group *g)
{
    int cause = report_cause(g);
    if (cause == STALL_CAP)
        return LIMIT_FULL;
    if (cause == CAUSE_MEMORY)
        return LIMIT_NO_SWAP;
    if (g->stuck.value > 0)
        return LIMIT_STARVED;
    bool waits = cause == STALL_QUEUE || cause == STALL_PREEMPTED;
    return waits && strcmp(g->class, "inference") == 0 ? LIMIT_OVERLOAD : LIMIT_NOTHING;
}

/* The group with the largest share of stuck workloads or else of bursts that have not ended, if that is large, and what
 * holds it up; LIMIT_NOTHING: none. */
static enum limit stuck(const struct report *r, size_t *group)
{
    enum limit worst = LIMIT_NOTHING;
    double most = 0;
    for (size_t i = 0; i < r->groups; i++) {
        const struct report_group *g = &r->group[i];
        double share = g->censored.value / fmax(1, g->arrived.value);
        share = g->stuck.value > 0 ? 1 + g->stuck.value / g->workloads.value : share > MANY_UNENDED ? share : 0;
        if (share > most && holds_up(g) != LIMIT_NOTHING) {
            most = share;
            worst = holds_up(g);
            *group = i;
        }
    }
    return worst;
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

/* Somebody had no service at all: who was refused, who was stuck, whose bursts were lost; LIMIT_NOTHING: nobody. */
static enum limit without_service(const struct report *r, size_t *group)
{
    double lost = 0, refused_bytes = 0;
    size_t refused = most_refused(r);
    for (size_t i = 0; i < r->groups; i++)
        lost += report_refused_bursts(&r->group[i]) + r->group[i].lost.value;
    for (size_t i = 0; i < r->nodes; i++)
        refused_bytes += r->node[i].refused_bytes.value;
    enum limit held_up = stuck(r, group);
    if (refused != GS_NONE) {
        *group = refused;
        return LIMIT_TURNED_AWAY;
    }
    if (held_up != LIMIT_NOTHING && r->group[*group].stuck.value > 0)
        return held_up;
    if (lost > 0)
        return refused_bytes > 0 ? LIMIT_REFUSED : LIMIT_NO_ROOM;
    return held_up;
}

/* What limits `*group`; the group changes where another has no service. */
static enum limit limit_of(const struct report *r, size_t *group, double part[LIMIT_COLD + 1])
{
    const struct report_sla *missed = first_missed(r);
    if (missed && missed->alone > missed->target)
        return LIMIT_ALONE;
    enum limit without = without_service(r, group);
    if (without != LIMIT_NOTHING)
        return without;
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

static const char *out_of_reach(struct making *b, const struct report_sla *sla)
{
    char target[REPORT_CELL], alone[REPORT_CELL];
    return arena_printf(b->arena, "the speed of the GPU: %s of %s is %s alone, more than the %s promised",
                        strrchr(sla->metric, '_') + 1, sla->group ? sla->group : sla->class,
                        report_time(alone, sla->alone), report_time(target, sla->target));
}

/* What limits by itself, without a burst that ended. */
static const char *plain_sentence(struct making *b, enum limit limit, size_t group)
{
    const struct report_sla *missed = first_missed(b->report);
    switch (limit) {
    case LIMIT_ALONE:
        return out_of_reach(b, missed);
    case LIMIT_TURNED_AWAY:
        return refused_sentence(b, group);
    case LIMIT_REFUSED:
        return "the cap of the swap file: bursts were refused or killed";
    case LIMIT_NO_ROOM:
        return "the memory of the GPUs: bursts that do not fit were refused or killed";
    case LIMIT_QUEUES:
        return "full queues: requests came when 'max_waiting' others waited, and were refused";
    case LIMIT_NOT_ENDED:
        return !missed ? "the length of the run: nothing ended in it"
                       : arena_printf(b->arena, "the length of the run: nothing that the SLA '%s' is about ended in it",
                                      missed->name);
    default:
        return NULL;
    }
}

static const char *stuck_sentence(struct making *b, enum limit limit, const struct report_group *g)
{
    char who[REPORT_CELL * 2];
    report_who_text(who, sizeof who, b->report, g, g->stuck.value, "of");
    if (limit == LIMIT_FULL)
        return arena_printf(b->arena, "a full swap file: %s %s waiting for room in it", who, g->name);
    if (limit == LIMIT_STARVED)
        return arena_printf(b->arena, "the GPUs: %s %s waiting for one in vain", who, g->name);
    return arena_printf(b->arena, "the memory of the GPUs, as the node does not swap: %s %s waiting", who, g->name);
}

static const char *sentence(struct making *b, enum limit limit, size_t group, const double part[LIMIT_COLD + 1])
{
    char cells[2][REPORT_CELL];
    if (limit >= LIMIT_NOT_ENDED && limit <= LIMIT_QUEUES)
        return plain_sentence(b, limit, group);
    const struct report_group *g = &b->report->group[group];
    double unended = 100 * g->censored.value / g->arrived.value;
    if (g->stuck.value > 0 && limit >= LIMIT_FULL && limit <= LIMIT_STARVED)
        return stuck_sentence(b, limit, g);
    if (limit == LIMIT_FULL)
        return arena_printf(b->arena, "the cap of the swap file: %.0f %% of the bursts of %s have not ended", unended,
                            g->name);
    if (limit == LIMIT_OVERLOAD)
        return arena_printf(b->arena, "the GPUs: requests of %s come faster than they are served, %.0f %% never ended",
                            g->name, unended);
    const char *whole = report_time(cells[0], g->response[STAT_MEAN].value);
    const char *time = report_time(cells[1], part[limit]);
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
        if (g->slowdown[STAT_MEAN].value < 1.005)
            return arena_printf(b->arena, "nothing much: bursts of %s take no longer than alone", g->name);
        return arena_printf(b->arena, "nothing much: bursts of %s take %.3g times as long as alone", g->name,
                            g->slowdown[STAT_MEAN].value);
    }
}

/* Was nobody refused but by models whose queue may be full? */
static bool only_queues(const struct making *b)
{
    for (size_t i = 0; i < b->report->groups; i++) {
        const struct report_group *g = &b->report->group[i];
        bool may_be_full = b->scenario->workload[i].trace < 0 && b->scenario->workload[i].class == GS_INFERENCE &&
                           b->scenario->workload[i].max_waiting < GS_NEVER;
        if (g->lost.value > 0 || (report_refused_bursts(g) > 0 && !may_be_full))
            return false;
    }
    return true;
}

int make_advice(struct making *b)
{
    double part[LIMIT_COLD + 1] = {0};
    size_t group = subject(b->report);
    enum limit limit = limit_of(b->report, &group, part);
    if (limit == LIMIT_NO_ROOM && only_queues(b))
        limit = LIMIT_QUEUES;
    b->report->limits = sentence(b, limit, group, part);
    const char *setting = next_setting(b, limit, group);
    struct text next = {0};
    if (b->about->command) {
        text_add(&next, b->about->command);
    } else {
        text_add(&next, b->searches ? "gpuswap-sim capacity " : "gpuswap-sim run ");
        text_shell_word(&next, b->scenario->file);
    }
    if (!setting) {
        next.failed = true;
    } else if (*setting) {
        text_add(&next, b->searches ? " --vary " : " --set ");
        text_shell_word(&next, setting);
    } else if (b->report->is_random && !b->scenario->served && b->count < ENOUGH_REPLICATIONS) {
        text_printf(&next, " --replications %d", ENOUGH_REPLICATIONS);
        b->reason = "how sure is this?";
    } else {
        text_printf(&next, " --set scenario.record=%s", b->scenario->record == RECORD_SUMMARY ? "bursts" : "events");
        b->reason = "what became of each burst?";
    }
    if (b->reason)
        text_printf(&next, "  # %s", b->reason);
    b->report->next = next.failed ? NULL : arena_strdup(b->arena, next.data);
    text_fini(&next);
    return b->report->limits && b->report->next
               ? GS_OK
               : error_set(b->err, GS_SYSTEM, "no memory for the report of '%s'", b->scenario->name);
}
