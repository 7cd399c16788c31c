/* loadcontrol.c - load control: only so many take turns as do so without swapping, the others wait outside.  In are the
 * one whose turn it is and those that wait with their memory on the GPU.  Another comes in where all still fit together
 * (the working set test); by feedback, where swaps have taken little useful time; or when it has waited for long. */
#include "policies/meter.h"

enum { MODE, QUANTUM, PATIENCE, WINDOW, HIGH, LOW };

static const char *const modes[] = {"memory", "feedback", NULL};
static const struct gs_param params[] = {
    {"mode", GS_CHOICE, "memory", 0, 0, modes, "let in as many as fit together, or as the time lost to swaps allows"},
    {"quantum", GS_TIME, "30s", 1, 3e17, NULL, "length of a turn"},
    {"patience", GS_TIME, "10m", 0, 3e17, NULL, "who has waited so long comes in all the same"},
    {"window", GS_TIME, "60s", 1, 3e17, NULL, "feedback: measured over so long at least, to the end of a turn"},
    {"high", GS_NUMBER, "1", 0, 1e9, NULL, "feedback: swap time over useful time above which one less is let in"},
    {"low", GS_NUMBER, "0.3", 0, 1e9, NULL, "feedback: the same, below which one more is"},
    GS_PARAM_END,
};

static bool admits(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *all = self->view->workload, *w = &all[workload];
    int64_t bytes = w->bytes, in = 0;

    if (w->state == GS_RESIDENT || self->view->now_ns - w->queued_ns >= self->param[PATIENCE].i)
        return true;
    for (uint32_t i = 0; i < self->view->workloads; i++)
        if (all[i].gpu == w->gpu && (all[i].holding || (all[i].wants && all[i].state == GS_RESIDENT))) {
            bytes += all[i].bytes;
            in++;
        }
    return self->param[MODE].i == 0 ? bytes <= self->view->gpu[w->gpu].capacity_bytes
                                    : in <= meter_of(self, workload)->mark; /* than one may be in */
}

static gs_ns quantum(const struct gs_self *self, uint32_t workload)
{
    (void)workload;
    return self->param[QUANTUM].i;
}

static void ran(const struct gs_self *self, uint32_t workload, gs_ns ran_ns)
{
    struct meter *m = meter_of(self, workload);
    double lost = (double)m->swap_ns / (double)((m->useful_ns += ran_ns) + 1);
    int step = lost < self->param[LOW].d ? 1 : lost > self->param[HIGH].d && m->mark > 0 ? -1 : 0;

    if (self->view->now_ns - m->from_ns >= self->param[WINDOW].i)
        *m = (struct meter){.from_ns = self->view->now_ns, .mark = m->mark + step};
}

/* Who is let in stands in a circle with the others. */
static struct gs_bound overtakes(const struct gs_self *self, uint32_t waiting, uint32_t other)
{
    (void)waiting;
    (void)other;
    return (struct gs_bound){.waited_ns = self->param[PATIENCE].i, .turns = 1};
}

const struct gs_slicer_policy slicer_loadcontrol = {
    .abi = GS_POLICY_ABI,
    .name = "loadcontrol",
    .help = "load control against thrashing: turns for those that fit together, the others wait outside",
    .source = "Denning, The working set model, CACM 11(5), 1968; feedback: Denning et al., Acta Informatica 7, 1976",
    .when = "Load control stops thrashing: those inside swap no more, those outside wait for minutes. Not where every "
            "wait counts. Each question looks at every workload.",
    .param = params,
    .workload_state_size = sizeof(struct meter),
    .starves = "nobody: once it has waited for the patience, each other has at most one turn before it",
    .overtakes = overtakes,
    .admits = admits,
    .quantum = quantum,
    .ran = ran,
    .swapped = meter_swapped,
};
