/* burst.c - bursts on the GPU: cut into quanta, at most two of which are under way, so that a stop never takes longer than
 * those.  Bursts of a workload that run together have quanta by turns, and so have workloads that share a GPU, with
 * shorter ones: as egalitarian processor sharing, but for their length. */
#include "backend/live/state.h"

void live_count(struct backend *be, struct process *p, uint32_t executing)
{
    if (p->executing == executing)
        return;
    live_account(be, p->gpu);
    be->device[p->gpu].executing += executing - p->executing;
    p->executing = executing;
}

/* Where the burst comes to next that somebody wants to know of: its first token, or its end. */
static gs_ns stop_of(const struct job *job)
{
    return job->token_ns > job->done_ns ? job->token_ns : job->alone_ns;
}

/* How far it may go with the chunks that are there or on their way. */
static gs_ns reach_of(const struct process *p, gs_ns alone_ns)
{
    gs_ns reach_ns = alone_ns;

    for (uint32_t i = 0; i < p->parts; i++) {
        uint32_t reached = mover_reached(&p->part[i]), count = p->part[i].count;
        gs_ns may_ns = reached >= count ? alone_ns : (gs_ns)((double)alone_ns * reached / count);

        reach_ns = may_ns < reach_ns ? may_ns : reach_ns;
    }
    return p->halted ? 0 : reach_ns;
}

/* The chunks that it has used when so much is done; it takes them in their order. */
static uint32_t used_by(const struct memory *part, gs_ns done_ns, gs_ns alone_ns)
{
    double used = (double)part->count * ((double)done_ns / (double)alone_ns);
    uint32_t chunks = (uint32_t)used + ((double)(uint32_t)used < used);

    return chunks < part->count ? chunks : part->count;
}

/* On one GPU: behind whoever had the last quantum there, and behind the copies of the chunks that it uses. */
static int issue_part(struct backend *be, struct process *p, uint32_t i, const struct running *run, struct quantum *q,
                      struct error *err)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[live_id(be, p)];
    struct device *device = &be->device[p->gpu + i];
    struct memory *part = &p->part[i];
    uint32_t write = (uint32_t)(spec->dirty * part->count + 0.999), used;
    int rc = gpu_try(part->gpu, gpu_use(part->gpu), "cuCtxSetCurrent", err);

    if (rc == GS_OK && device->last != NULL && device->last != p && device->last->in_flight > 0)
        rc = gpu_try(part->gpu, be->driver.stream_after(part->work, device->ended, CU_EVENT_WAIT_DEFAULT),
                     "cuStreamWaitEvent", err);
    if (rc == GS_OK && part->move.kind == MOVE_IN) {
        used = used_by(part, run->issued_ns + q->work_ns, run->job->alone_ns);
        used = used < mover_reached(part) ? used : mover_reached(part);
        write = used < write ? used : write;
        rc = used > 0 ? memory_await(part, used - 1, err) : GS_OK;
    }
    if (rc == GS_OK)
        rc = memory_burst(part, live_clock_span(&be->time, q->work_ns), run->written, write, err);
    if (rc == GS_OK)
        rc = gpu_try(part->gpu, be->driver.event_record(q->ended[i], part->work), "cuEventRecord", err);
    device->last = p;
    device->ended = q->ended[i];
    return rc;
}

static int issue_quantum(struct backend *be, struct process *p, struct running *run, gs_ns work_ns, struct error *err)
{
    struct quantum *q = &p->quantum[(p->first + p->in_flight) % LIVE_QUANTA];
    uint32_t most = 0;
    int rc = GS_OK;

    q->work_ns = work_ns;
    q->job = run->job;
    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++) {
        rc = issue_part(be, p, i, run, q, err);
        most = p->part[i].move.kind != MOVE_IN ? p->part[i].count
                                               : used_by(&p->part[i], run->issued_ns + work_ns, run->job->alone_ns);
    }
    run->written = most > run->written ? most : run->written;
    run->issued_ns += work_ns;
    if (p->in_flight++ == 0)
        p->seen_ns = be->clock.now_ns;
    return rc;
}

static gs_ns quantum_of(const struct backend *be, const struct process *p)
{
    uint32_t sharers = be->device[p->gpu].executing;
    gs_ns quantum_ns = sharers > 1 ? LIVE_QUANTUM_NS / (gs_ns)sharers : LIVE_QUANTUM_NS;

    quantum_ns = quantum_ns > LIVE_SHORTEST_NS ? quantum_ns : LIVE_SHORTEST_NS;
    return (gs_ns)((double)quantum_ns * be->time.scale); /* a quantum is the device's time, work is the scenario's */
}

int live_issue(struct backend *be, struct process *p, struct error *err)
{
    gs_ns quantum_ns = quantum_of(be, p);
    uint32_t idle = 0;
    int rc = GS_OK;

    while (p->in_flight < LIVE_QUANTA && !p->stopping && idle < p->running && rc == GS_OK) {
        struct running *run = &p->run[p->turn++ % p->running];
        gs_ns stop_ns = stop_of(run->job), reach_ns = reach_of(p, run->job->alone_ns), end_ns;

        if (run->issued_ns >= stop_ns)
            stop_ns = run->job->alone_ns;
        end_ns = run->issued_ns + quantum_ns;
        end_ns = end_ns < stop_ns ? end_ns : stop_ns;
        end_ns = end_ns < reach_ns ? end_ns : reach_ns;
        if (end_ns <= run->issued_ns) {
            idle++;
            continue;
        }
        idle = 0;
        rc = issue_quantum(be, p, run, end_ns - run->issued_ns, err);
    }
    live_count(be, p, p->in_flight > 0 || !p->moving ? p->running : 0);
    return rc;
}

static int ended_everywhere(struct backend *be, const struct process *p, const struct quantum *q, bool *ended,
                            struct error *err)
{
    *ended = true;
    for (uint32_t i = 0; i < p->parts && *ended; i++) {
        CUresult result = gpu_use(p->part[i].gpu);

        if (result == CUDA_SUCCESS)
            result = be->driver.event_query(q->ended[i]);
        *ended = result == CUDA_SUCCESS;
        if (result == CUDA_ERROR_NOT_READY && be->clock.now_ns - p->seen_ns > p->part[i].gpu->limit_ns)
            return gpu_give_up(p->part[i].gpu, "a burst", err);
        if (result != CUDA_SUCCESS && result != CUDA_ERROR_NOT_READY)
            return gpu_try(p->part[i].gpu, result, "a burst", err);
    }
    return GS_OK;
}

/* No clock is so exact that a kernel could not seem to have taken less time than it was told to; but no burst gets on faster
 * than time goes by, or its delays would add up to more than all of it. */
static gs_ns end_of(const struct running *run)
{
    return run->job->done_ns < run->job->alone_ns ? GS_NEVER : run->since_ns + run->job->alone_ns - run->from_ns;
}

gs_ns live_end_ns(const struct process *p)
{
    gs_ns at_ns = GS_NEVER;

    for (uint32_t i = 0; i < p->running; i++)
        at_ns = end_of(&p->run[i]) < at_ns ? end_of(&p->run[i]) : at_ns;
    return at_ns;
}

static void leave_run(struct process *p, const struct job *job)
{
    uint32_t i = 0;

    while (p->run[i].job != job)
        i++;
    p->running--;
    for (; i < p->running; i++)
        p->run[i] = p->run[i + 1];
}

static void piece_ended(const struct backend *be, struct job *job, gs_ns work_ns)
{
    job->done_ns += work_ns;
    if (job->token_ns == 0 || job->done_ns < job->token_ns)
        return;
    job->first_ns = be->clock.now_ns;
    job->token_ns = 0;
}

int live_collect(struct backend *be, struct process *p, struct job **ended, struct error *err)
{
    *ended = NULL;
    while (p->in_flight > 0) {
        struct quantum *q = &p->quantum[p->first];
        bool over;
        int rc = ended_everywhere(be, p, q, &over, err);

        if (rc != GS_OK)
            return rc;
        if (!over)
            break;
        p->seen_ns = be->clock.now_ns;
        p->first = (p->first + 1) % LIVE_QUANTA;
        p->in_flight--;
        if (q->job != NULL)
            piece_ended(be, q->job, q->work_ns);
    }
    for (uint32_t i = 0; i < p->running && *ended == NULL; i++)
        *ended = end_of(&p->run[i]) <= be->clock.now_ns ? p->run[i].job : NULL;
    if (*ended != NULL) {
        leave_run(p, *ended);
        live_count(be, p, p->running);
    }
    return GS_OK;
}
