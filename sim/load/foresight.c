/* foresight.c - when a workload will want the GPU next, as far as it is settled: for policies that know the future. */
#include "sim/load/foresight.h"
#include "sim/load/sources.h"

struct line_up {         /* of a trace's recorded wishes */
    uint32_t *following; /* by record: the next record of the same workload */
    uint32_t *ahead;     /* by workload: a record of it that is not past, or was not when last asked for */
};

struct foresight {
    const struct load *load;
    struct line_up *line_up; /* one a cursor */
};

static bool line_up(struct line_up *l, const struct replay *replay, struct arena *arena)
{
    uint32_t members = (uint32_t)replay->trace.workloads, none = (uint32_t)replay->count;

    l->following = arena_array(arena, replay->count + 1, sizeof *l->following);
    l->ahead = arena_array(arena, members + 1u, sizeof *l->ahead);
    if (l->following == NULL || l->ahead == NULL)
        return false;
    for (uint32_t i = 0; i < members; i++)
        l->ahead[i] = none;
    for (uint32_t i = none; i-- > 0;) {
        l->following[i] = l->ahead[replay->recorded[i].member];
        l->ahead[replay->recorded[i].member] = i;
    }
    return true;
}

int foresight_open(struct foresight **out, const struct load *load, struct arena *arena, struct error *err)
{
    struct foresight *f = arena_alloc(arena, sizeof *f);

    *out = f;
    if (f == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the future");
    f->load = load;
    if (load->doors > 0)
        return error_set(
            err, GS_UNSATISFIABLE,
            "a policy that knows the future cannot know where a 'router' sends requests; choose another one");
    for (uint32_t i = 0; i < load->count; i++)
        if (load->source[i].kind == SOURCE_REQUESTS && load->source[i].group->arrival.kind == ARRIVAL_USERS)
            return error_set(err, GS_UNSATISFIABLE,
                             "a policy that knows the future cannot know when 'users' ask again; choose another one");
    f->line_up = arena_array(arena, load->cursors + 1, sizeof *f->line_up);
    for (size_t i = 0; i < load->cursors; i++) {
        const struct replay *replay = load->cursor[i].replay;
        if (replay->stored != NULL)
            return error_set(
                err, GS_UNSATISFIABLE,
                "a policy that knows the future needs the whole trace in memory; leave 'stream = yes' out");
        if (f->line_up == NULL || !line_up(&f->line_up[i], replay, arena))
            return error_set(err, GS_SYSTEM, "out of memory for the future of a trace; use 'from' and 'to'");
    }
    return GS_OK;
}

/* The next recorded wish of a workload in an open loop. */
static gs_ns recorded_ns(const struct foresight *f, uint32_t workload)
{
    const struct load *load = f->load;

    for (size_t i = 0; i < load->cursors; i++) {
        const struct cursor *c = &load->cursor[i];
        uint32_t member = workload - c->first_workload,
                 past = (uint32_t)(c->wish.at_ns == GS_NEVER ? c->next : c->next - 1);
        if (workload < c->first_workload || member >= c->replay->trace.workloads)
            continue;
        uint32_t *ahead = &f->line_up[i].ahead[member];
        while (*ahead < past)
            *ahead = f->line_up[i].following[*ahead];
        return *ahead < c->replay->count ? c->replay->recorded[*ahead].at_ns : GS_NEVER;
    }
    return GS_NEVER;
}

gs_ns foresight_wish_ns(const struct foresight *f, uint32_t workload)
{
    const struct source *s = &f->load->source[workload];
    gs_ns recorded = recorded_ns(f, workload);

    if (s->status == STATUS_GONE)
        return GS_NEVER;
    return s->next_ns < recorded ? s->next_ns : recorded;
}

gs_ns foresight_pending_ns(const struct foresight *f, uint32_t workload)
{
    return f->load->source[workload].pending_ns;
}
