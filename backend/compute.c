/* compute.c - execution on a GPU: egalitarian processor sharing, exact in integers.
 *
 * All bursts that run attain service at the same rate, 1/n of the time.  So one number, the service attained since the GPU
 * was last empty, tells when each ends: the burst's own `finish`.  A start or an end costs O(n) for finding the next end.
 * A request has a stop on the way, at its first token: there its `finish` moves on to its end, and nothing else changes. */
#include "backend/sim_state.h"

__extension__ typedef unsigned __int128 uint128;

static const gs_ns LONGEST_NS = (gs_ns)1 << 54; /* 208 days */

/* Service still to be attained, in SERVICE_UNITs. */
static uint64_t left_of(const struct compute *c, const struct running *r)
{
    int64_t left = (int64_t)(r->finish - c->service);

    return left > 0 ? (uint64_t)left : 0;
}

static void advance(struct compute *c, gs_ns now_ns)
{
    gs_ns spent_ns = now_ns - c->at_ns;
    uint64_t units = (uint64_t)spent_ns * SERVICE_UNIT;

    c->at_ns = now_ns;
    if (c->count == 1) {
        c->service += units;
    } else if (c->count > 1 && spent_ns > LONGEST_NS) {
        uint128 all = (uint128)(uint64_t)spent_ns * SERVICE_UNIT + c->remainder;
        c->service += (uint64_t)(all / c->count);
        c->remainder = (uint64_t)(all % c->count);
    } else if (c->count > 1) {
        units += c->remainder;
        c->service += units / c->count;
        c->remainder = units % c->count;
    }
}

/* Set the next burst end. */
static void arm(struct backend *be, uint32_t gpu)
{
    struct compute *c = &be->device[gpu].compute;
    uint64_t left, units;

    if (c->count == 0) {
        tournament_set(&be->ends, gpu, GS_NEVER);
        return;
    }
    left = left_of(c, &c->item[c->count - 1]);
    gs_ns wait_ns;
    if (__builtin_mul_overflow(left, c->count, &units)) {
        uint128 ns = ((uint128)left * c->count - c->remainder + SERVICE_UNIT - 1) / SERVICE_UNIT;
        wait_ns = ns < (uint128)(GS_NEVER - be->clock.now_ns) ? (gs_ns)ns : GS_NEVER - be->clock.now_ns;
    } else {
        units -= units > c->remainder ? c->remainder : units;
        wait_ns = (gs_ns)(units / SERVICE_UNIT + (units % SERVICE_UNIT != 0));
    }
    gs_ns end_ns = be->clock.now_ns + wait_ns;
    tournament_set(&be->ends, gpu, end_ns);
    if (end_ns < be->clock.next_ns)
        be->clock.next_ns = end_ns;
}

static void set_count(struct compute *c, uint32_t count)
{
    c->count = count;
    c->remainder = 0;
    if (count == 0)
        c->service = 0;
}

/* How much of it is done at its `finish`. */
static gs_ns stop_of(const struct job *job)
{
    return job->token_ns > 0 ? job->token_ns : job->alone_ns;
}

static gs_ns done_of(const struct compute *c, const struct running *r)
{
    return stop_of(r->job) - (gs_ns)(left_of(c, r) / SERVICE_UNIT);
}

/* A GPU of speed v does the work in 1/v of the reference time. */
static gs_ns time_alone(struct backend *be, const struct device *device, gs_ns work_ns)
{
    if (device->scales) {
        double scaled = (double)work_ns / device->speed;
        work_ns = scaled < (double)GS_NEVER ? (gs_ns)(scaled + 0.5) : GS_NEVER;
    }
    be->too_long |= work_ns > LONGEST_NS;
    return work_ns < LONGEST_NS ? work_ns : LONGEST_NS;
}

gs_ns compute_left(struct backend *be, uint32_t gpu, const struct job *job)
{
    gs_ns alone_ns = job->started_ns < 0 ? time_alone(be, &be->device[gpu], job->work_ns) : job->alone_ns;

    return alone_ns - job->done_ns;
}

/* The same of its first token, which is never there before it has begun. */
static gs_ns token_alone(struct backend *be, const struct device *device, const struct job *job)
{
    gs_ns token_ns = time_alone(be, device, job->token_ns);

    return token_ns > job->alone_ns ? job->alone_ns : token_ns > 0 ? token_ns : 1;
}

/* Put it among the others, behind those that end at the same time. */
static void insert(struct compute *c, uint32_t at, struct running r)
{
    for (; at > 0 && (int64_t)(r.finish - c->item[at - 1].finish) >= 0; at--)
        c->item[at] = c->item[at - 1];
    c->item[at] = r;
}

void compute_start(struct backend *be, uint32_t gpu, struct job *job)
{
    struct device *device = &be->device[gpu];
    struct compute *c = &device->compute;

    if (c->count == c->capacity) {
        size_t capacity = c->capacity;
        struct running *grown = arena_grow(be->setup->arena, c->item, &capacity, c->count + 1u, sizeof *grown);
        if (grown == NULL) {
            be->out_of_memory = true;
            return;
        }
        c->item = grown;
        c->capacity = (uint32_t)capacity;
    }
    if (job->started_ns < 0) {
        job->started_ns = be->clock.now_ns;
        job->alone_ns = time_alone(be, device, job->work_ns);
        job->token_ns = job->token_ns > 0 ? token_alone(be, device, job) : 0;
    }
    advance(c, be->clock.now_ns);
    c->remainder = 0;
    uint64_t finish = c->service + (uint64_t)(stop_of(job) - job->done_ns) * SERVICE_UNIT;
    insert(c, c->count++, (struct running){finish, job});
    arm(be, gpu);
}

void compute_stop(struct backend *be, uint32_t gpu, uint32_t workload)
{
    struct compute *c = &be->device[gpu].compute;
    struct process *p = &be->process[workload];
    uint32_t kept = 0;

    advance(c, be->clock.now_ns);
    for (uint32_t i = 0; i < c->count; i++) {
        struct job *job = c->item[i].job;
        if (job->workload != workload) {
            c->item[kept++] = c->item[i];
            continue;
        }
        job->done_ns = done_of(c, &c->item[i]);
        job->next = p->head;
        p->head = job;
        if (job->next == NULL)
            p->tail = job;
    }
    set_count(c, kept);
    arm(be, gpu);
}

/* Its first token is there: on to its end, from where it should have come to by now to the unit. */
static bool goes_on(struct backend *be, uint32_t gpu)
{
    struct compute *c = &be->device[gpu].compute;
    struct running r = c->item[c->count - 1];
    gs_ns rest_ns = r.job->alone_ns - r.job->token_ns;

    r.job->first_ns = be->clock.now_ns;
    r.job->token_ns = 0;
    if (rest_ns == 0)
        return false;
    r.finish += (uint64_t)rest_ns * SERVICE_UNIT;
    insert(c, c->count - 1, r);
    arm(be, gpu);
    return true;
}

__attribute__((flatten)) struct job *compute_end(struct backend *be, uint32_t gpu)
{
    struct compute *c = &be->device[gpu].compute;
    struct job *job = c->item[c->count - 1].job;

    advance(c, be->clock.now_ns);
    if (job->token_ns > 0 && goes_on(be, gpu))
        return NULL;
    job->done_ns = job->alone_ns;
    set_count(c, c->count - 1);
    arm(be, gpu);
    return job;
}

void compute_progress(struct backend *be, uint32_t gpu)
{
    struct compute *c = &be->device[gpu].compute;

    advance(c, be->clock.now_ns);
    for (uint32_t i = 0; i < c->count; i++)
        c->item[i].job->done_ns = done_of(c, &c->item[i]);
}
