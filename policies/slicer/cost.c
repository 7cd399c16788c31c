/* cost.c - turns as long as their swaps are dear, in an order that serves response times.  A turn is `alpha` times a
 * swap in and out, which take 1 / (1 + alpha) of the time; where all fit together it is short.  First is who
 * asked first, but a burst is put back by a part of its GPU time so far, and by its swaps if it is not on the GPU; one
 * far above the mean asks anew with each turn.  Where swaps are not short beside bursts two have turns at once, and one
 * works while the other swaps. */
#include "policies/bounds.h"
#include <math.h>

enum { ALPHA, MIN };
/* Tuned on notebooks with mean bursts of 5 s to 10 min and 1.5 to 3 times the memory. */
static const double HAD = 0.25, MOST_NS = 120e9, SWAPS = 2.0, FAR_ABOVE = 4.0, FAR_NS = 3600e9, SHORT = 0.05;

static const struct gs_param params[] = {
    {"alpha", GS_NUMBER, "10", 0.001, 1e6, NULL, "length of a turn over the time of its swaps"},
    {"min", GS_TIME, "1s", 1, 3e17, NULL, "length of a turn at least, and where no swap is needed"},
    GS_PARAM_END,
};

enum { MEAN_NS, SWAPS_NS, STATES }; /* of the bursts that have ended; of the last turn given */

static double swaps_ns(const struct gs_self *self, uint32_t workload)
{
    return gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
}

static uint32_t width(const struct gs_self *self)
{
    return ((double *)self->state)[SWAPS_NS] > SHORT * ((double *)self->state)[MEAN_NS] ? 2 : 1;
}

/* GPU time of its present burst so far. */
static double had(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];

    return (double)(w->burst_ns + (w->granted ? self->view->now_ns - w->granted_ns : 0));
}

static bool is_long(const struct gs_self *self, uint32_t workload)
{
    return had(self, workload) > fmin(FAR_ABOVE * ((const double *)self->state)[MEAN_NS], FAR_NS);
}

/* A long burst can bear to be cut short, whatever its swaps take.  A model that answers one request after the other looks
 * like one and is none. */
static bool bears(const struct gs_self *self, uint32_t workload)
{
    return self->view->workload[workload].class != GS_INFERENCE && is_long(self, workload);
}

static double rank(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = &self->view->workload[workload];
    double had_ns = had(self, workload);
    gs_ns asked_ns = !is_long(self, workload) ? w->since_ns : w->granted ? self->view->now_ns : w->queued_ns;
    double swap_in = w->state == GS_RESIDENT ? 0.0 : SWAPS * swaps_ns(self, workload);

    return (double)asked_ns + fmin(HAD * had_ns, MOST_NS) + swap_in;
}

/* Its swap is paid off by the holder's turn, unless there is none, or the holder can bear it and it is not long itself. */
static bool preempts(const struct gs_self *self, uint32_t holder, uint32_t newcomer)
{
    const struct gs_workload *all = self->view->workload;
    gs_ns turn_ns = ((const gs_ns *)self->workload_state)[holder];

    if (bears(self, holder) && !is_long(self, newcomer))
        turn_ns = 0;
    else if (all[newcomer].state == GS_RESIDENT)
        turn_ns = self->param[MIN].i;
    return self->view->now_ns >= all[holder].granted_ns + turn_ns && rank(self, newcomer) < rank(self, holder);
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload;
    const struct gs_gpu *gpu = &self->view->gpu[all[workload].gpu];
    double used_ns = 0.0, bursts = 1.0, swaps = swaps_ns(self, workload), due_ns = (double)self->param[MIN].i;

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        used_ns += (double)(all[i].used_ns - (all[i].wants ? all[i].burst_ns : 0));
        bursts += (double)all[i].turns;
    }
    ((double *)self->state)[MEAN_NS] = used_ns / bursts;
    ((double *)self->state)[SWAPS_NS] = swaps;
    bool dear = gpu->attached_bytes > gpu->capacity_bytes;
    due_ns = dear ? fmax(fmin(self->param[ALPHA].d * swaps, 1e17), due_ns) : due_ns;
    return ((gs_ns *)self->workload_state)[workload] = (gs_ns)due_ns;
}

/* It is put back by no more than that, and two that have turns at once may be on the GPU already while its own memory does not
 * fit beside theirs. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    const struct gs_workload *all = self->view->workload, *w = &all[waiting];
    const struct gs_gpu *gpu = &self->view->gpu[w->gpu];
    double ns_per_byte = gpu->swap_in_ns_per_byte + gpu->swap_out_ns_per_byte;
    double swaps = 2.0 * (double)gpu->swap_overhead_ns + (double)w->bytes * ns_per_byte;
    bool before = (double)all[other].since_ns <= (double)w->queued_ns + MOST_NS + SWAPS * swaps;

    return bound_was_there(self, other) || before ? bound_none() : bound_turns(0);
}

const struct gs_slicer_policy slicer_cost = {
    .abi = GS_POLICY_ABI,
    .name = "cost",
    .help = "turns as long as their swaps are dear; short bursts and residents go first, within limits",
    .source = "ours; ten swaps long: nvshare's 30 s, for swaps of 3 s",
    .when = "Where people wait and memory is short: notebooks, alone or before training. Long bursts wait for short "
            "ones: use fair or stride where shares count. A turn costs a look at every workload.",
    .param = params,
    .state_size = STATES * sizeof(double),
    .workload_state_size = sizeof(gs_ns),
    .starves =
        "nobody: only who asked before has turns before it, give or take two minutes and twice its own swaps; but one "
        "that needs much memory, by those on the GPU, without bound",
    .overtakes = overtakes,
    .width = width,
    .rank = rank,
    .preempts = preempts,
    .quantum = quantum,
};
