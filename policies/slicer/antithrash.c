/* antithrash.c - a detector of thrashing, and what to do about it.  The thrash index of a GPU is the time of its swaps
 * over its useful time.  Above `high`, turns get long; below `low`, short again; between, they stay as they are.  As
 * long turns alone would lower the index, no turn counts as longer than a short one: it is the index that short turns
 * would have. */
#include "policies/bounds.h"
#include "policies/meter.h"

enum { QUANTUM, SERIAL_QUANTUM, WINDOW, HIGH, LOW };

static const struct gs_param params[] = {
    {"quantum", GS_TIME, "2s", 1, 3e17, NULL, "length of a turn while nothing thrashes"},
    {"serial_quantum", GS_TIME, "60s", 1, 3e17, NULL, "length of a turn after thrashing was found"},
    {"window", GS_TIME, "30s", 1, 3e17, NULL, "the index is taken over so long at least, to the end of a turn"},
    {"high", GS_NUMBER, "1", 0, 1e9, NULL, "thrash index above which turns get long"},
    {"low", GS_NUMBER, "0.2", 0, 1e9, NULL, "thrash index below which they get short again"},
    GS_PARAM_END,
};

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    return self->param[meter_of(self, workload)->mark != 0 ? SERIAL_QUANTUM : QUANTUM].i;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    struct meter *m = meter_of(self, workload);

    m->useful_ns += ran_ns < self->param[QUANTUM].i ? ran_ns : self->param[QUANTUM].i;
    if (self->view->now_ns - m->from_ns < self->param[WINDOW].i)
        return;
    bool thrashed = m->mark != 0;
    double bound = self->param[thrashed ? LOW : HIGH].d * (double)m->useful_ns;
    bool thrashes = thrashed ? (double)m->swap_ns >= bound : (double)m->swap_ns > bound;
    *m = (struct meter){.from_ns = self->view->now_ns, .mark = thrashes};
}

const struct gs_slicer_policy slicer_antithrash = {
    .abi = GS_POLICY_ABI,
    .name = "antithrash",
    .help = "thrash detection: short turns, and long ones once swaps take more time than work",
    .source =
        "the index: Denning, Thrashing, AFIPS FJCC 1968; the long turns: nvshare (see there), which has no detector",
    .when = "The thrash detector: where it is not known beforehand whether those that share a GPU fit together. "
            "Short turns are right if they do, long ones if they do not. Use cost where response counts. A choice "
            "costs nothing.",
    .param = params,
    .workload_state_size = sizeof(struct meter),
    .starves = "nobody: each other has at most one turn before it",
    .overtakes = bound_circle,
    .quantum = quantum,
    .ran = ran,
    .swapped = meter_swapped,
};
