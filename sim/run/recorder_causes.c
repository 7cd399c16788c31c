/* recorder_causes.c - charge every nanosecond of every burst to a cause, and check that the sums come out even. */
#include "sim/run/recorder_state.h"

#include <string.h>

gs_ns recorder_held_ns(struct recorder *rec, uint32_t workload)
{
    uint32_t gpu = rec->setup.view->workload[workload].gpu;
    struct gpu_usage usage;

    if (!rec->lingering || gpu == GS_NONE)
        return 0;
    rec->setup.ops->usage(rec->setup.backend, gpu, &usage);
    return usage.held_ns;
}

/* While others kept a GPU that they did not use, waiting for a turn was waiting for that to be noticed. */
__attribute__((noinline)) void recorder_charge_stall(struct recorder *rec, uint32_t workload, gs_ns now_ns)
{
    struct watch *w = &rec->watch[workload];
    gs_ns spent = now_ns - w->phase_ns, held = 0;

    w->stalled = true;
    if (w->phase == PHASE_SWITCH) {
        w->stall_ns[STALL_SWAP_IN] += (now_ns < w->switched_ns ? now_ns : w->switched_ns) - w->phase_ns;
        w->phase = now_ns >= w->switched_ns ? PHASE_RUN : PHASE_SWITCH;
        return;
    }
    if (rec->lingering && (w->phase == STALL_QUEUE || w->phase == STALL_PREEMPTED)) {
        gs_ns clock = recorder_held_ns(rec, workload);
        held = clock - w->held_ns < spent ? clock - w->held_ns : spent;
        w->held_ns = clock;
    }
    w->stall_ns[STALL_DETECT] += held;
    if (w->phase != STALL_QUEUE)
        w->stall_ns[w->phase] += spent - held;
}

/* Stalls are counted from when the workload last had nothing to do; most bursts have none but queueing. */
static void note_stalls(struct watch *w, struct job *job)
{
    if (w->stalled && w->pending == 0) {
        memset(w->stall_ns, 0, sizeof w->stall_ns);
        w->stalled = false;
    }
    job->unstalled = !w->stalled;
    if (w->stalled)
        memcpy(job->stall_ns, w->stall_ns, sizeof job->stall_ns);
}

static uint32_t width_of(const struct recorder *rec, uint32_t workload)
{
    uint32_t gpus = rec->setup.setup->workload[workload].gpus;

    return gpus > 1 ? gpus : 1;
}

void recorder_ready(struct recorder *rec, struct job *job)
{
    struct watch *w = &rec->watch[job->workload];

    rec->tally.events++;
    job->served = served_from(rec, job->workload);
    if (w->pending == 0 && w->phase == PHASE_AWAY)
        set_phase(rec, job->workload, STALL_QUEUE, job->ready_ns);
    else
        charge(rec, job->workload, job->ready_ns);
    note_stalls(w, job);
    w->in_system_ns += (uint64_t)(job->ready_ns - w->pending_ns) * w->pending;
    w->pending_ns = job->ready_ns;
    w->pending++;
    w->job = job;
    if (job->ready_ns <= w->premature_by_ns) {
        group_of(rec, w)->evicted_premature++;
        w->premature_by_ns = -1;
    }
    if (job->ready_ns < rec->setup.warmup_ns)
        return;
    w->arrived++;
    if (rec->bounded)
        job->ticket = bound_arrive(&rec->bound, job->ready_ns, job->work_ns, width_of(rec, job->workload));
}

/* It wanted nothing since it was stopped: that was not for want of the GPU. */
void recorder_again(struct recorder *rec, const struct job *job, gs_ns at_ns)
{
    rec->watch[job->workload].stopped = true;
    set_phase(rec, job->workload, STALL_PREEMPTED, at_ns);
}

/* What remains of the response when work and the known causes are taken off is time for which others had the GPU. */
static void split(struct recorder *rec, const struct job *job, gs_ns response_ns, gs_ns alone_ns,
                  gs_ns stall_ns[STALLS])
{
    const struct watch *w = &rec->watch[job->workload];
    gs_ns rest = response_ns - alone_ns;

    memset(stall_ns, 0, STALLS * sizeof *stall_ns);
    for (int s = 0; w->stalled && s < STALLS; s++) {
        stall_ns[s] = w->stall_ns[s] - (job->unstalled ? 0 : job->stall_ns[s]);
        rest -= stall_ns[s];
        if (stall_ns[s] < 0)
            rec->unbalanced = "a cause took off from a burst's delay";
    }
    stall_ns[STALL_QUEUE] = rest;
    if (rest < 0)
        rec->unbalanced = "the causes of a burst's delay add up to more than the delay";
}

static void count_done(struct recorder *rec, struct watch *w, const struct job *job, gs_ns response_ns,
                       const gs_ns *stall_ns)
{
    struct group_tally *g = group_of(rec, w);
    struct group_sums *sums = w->sums;
    double slowdown = job->alone_ns > 0 ? (double)response_ns / (double)job->alone_ns : 1.0;

    w->done++;
    g->completed++;
    g->served[job->served]++;
    sums->served_bytes[job->served] += (double)job->bytes;
    sums->response_ns += (double)response_ns;
    sums->alone_ns += (double)job->alone_ns;
    if (w->stalled)
        for (int s = STALL_QUEUE + 1; s < STALLS; s++)
            sums->stall_ns[s] += (double)stall_ns[s];
    sums->stall_ns[STALL_QUEUE] += (double)stall_ns[STALL_QUEUE];
    if (!sketch_add(&g->response, (uint64_t)response_ns) ||
        !sketch_add(&g->slowdown, (uint64_t)(int64_t)(slowdown < 0x1p40 ? slowdown * SLOWDOWN_ONE + 0.5 : 0x1p60)))
        rec->out_of_memory = true;
    if (g->batches != NULL)
        batches_add(g->batches, (uint64_t)response_ns);
    if (g->promised && !sketch_add(&g->alone, (uint64_t)job->alone_ns))
        rec->out_of_memory = true;
}

/* Of those that ended, and of those that still may: the first token of what was refused or killed is worth nothing. */
static void count_token(struct recorder *rec, struct group_tally *g, const struct job *job, gs_ns at_ns)
{
    bool told = job->first_ns >= 0;

    if ((told || job->token_ns > 0) &&
        !sketch_add(told ? &g->ttft : &g->untold, (uint64_t)((told ? job->first_ns : at_ns) - job->ready_ns)))
        rec->out_of_memory = true;
}

static void count_lost(struct group_tally *g, enum outcome outcome)
{
    g->rejected += outcome == OUTCOME_REJECTED;
    g->oom_kills += outcome == OUTCOME_OOM;
    g->lost += outcome == OUTCOME_OOM || outcome == OUTCOME_KILLED;
    g->censored += outcome == OUTCOME_CENSORED;
}

static void end_of_work(struct watch *w, gs_ns at_ns)
{
    w->in_system_ns += (uint64_t)(at_ns - w->pending_ns) * w->pending;
    w->pending_ns = at_ns;
    w->pending--;
}

/* By the GPU's clock it had worked for longer than ours says there was time: no two clocks go alike.  What counts is ours. */
static gs_ns by_our_clock(const struct recorder *rec, const struct job *job, gs_ns response_ns, gs_ns alone_ns)
{
    const struct watch *w = &rec->watch[job->workload];

    for (int s = 0; w->stalled && s < STALLS; s++)
        response_ns -= w->stall_ns[s] - (job->unstalled ? 0 : job->stall_ns[s]);
    return response_ns < 0 ? 0 : response_ns < alone_ns ? response_ns : alone_ns;
}

void recorder_ended(struct recorder *rec, struct job *job, gs_ns at_ns, enum outcome outcome)
{
    struct watch *w = &rec->watch[job->workload];
    bool done = outcome == OUTCOME_DONE;
    gs_ns response_ns = at_ns - job->ready_ns, alone_ns = done ? job->alone_ns : job->done_ns;
    gs_ns stall_ns[STALLS];

    charge(rec, job->workload, at_ns);
    if (rec->setup.is_live)
        *(done ? &job->alone_ns : &job->done_ns) = alone_ns = by_our_clock(rec, job, response_ns, alone_ns);
    split(rec, job, response_ns, alone_ns, stall_ns);
    w->lost_ns += (double)(response_ns - alone_ns);
    w->response_ns += (uint64_t)response_ns;
    if (outcome == OUTCOME_CENSORED)
        recorder_unended(rec, job, at_ns, stall_ns);
    end_of_work(w, at_ns);
    if (w->pending == 0)
        w->phase = done && w->phase != PHASE_AWAY ? PHASE_RUN : PHASE_AWAY;
    w->stopped = w->capped = false;
    if (done) {
        rec->tally.events++;
        if (rec->setup.mser != NULL)
            mser_add(rec->setup.mser, at_ns, (double)response_ns);
        if (rec->setup.part != NULL && rec->setup.part->ends)
            part_ended(rec, w->group, at_ns, response_ns, job->ready_ns >= rec->setup.warmup_ns);
    }
    if (job->ready_ns < rec->setup.warmup_ns)
        return;
    if (rec->bounded)
        bound_settle(&rec->bound, job->ticket, done);
    if (done)
        count_done(rec, w, job, response_ns, stall_ns);
    else
        count_lost(group_of(rec, w), outcome);
    if (done || outcome == OUTCOME_CENSORED)
        count_token(rec, group_of(rec, w), job, at_ns);
    if (rec->rows.bursts)
        rows_burst(rec, job, at_ns, alone_ns, stall_ns, outcome);
}
