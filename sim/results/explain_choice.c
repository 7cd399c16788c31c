/* explain_choice.c - what a victim was chosen from: who was scored, and who on that GPU was not. */
#include "sim/results/explain_actor.h"

static enum explain_bar bar_of(const struct actor *a)
{
    if (a->phase == EXPLAIN_RUN || a->phase == EXPLAIN_SWITCH)
        return EXPLAIN_HAD_TURN;
    return !a->swap.active ? EXPLAIN_BARRED : a->swap.command.kind == GS_SWAP_IN ? EXPLAIN_COMING : EXPLAIN_LEAVING;
}

/* Those on the GPU that nobody scored. */
static bool find_barred(struct reading *r, struct explain_choice *choice, uint32_t gpu)
{
    uint32_t workloads = r->e->about.workloads;
    struct explain_barred *barred = arena_array(&r->e->story, workloads, sizeof *barred);

    if (barred == NULL)
        return false;
    for (uint32_t i = 0; i < workloads; i++) {
        bool scored = i == choice->requester || r->actor[i].gpu != gpu || !r->actor[i].resident;
        for (uint32_t k = 0; k < choice->candidates && !scored; k++)
            scored = choice->candidate[k].workload == i;
        if (!scored)
            barred[choice->barreds++] = (struct explain_barred){i, bar_of(&r->actor[i])};
    }
    choice->barred = barred;
    return true;
}

static bool is_last(const struct reading *r, const struct gs_candidate *candidate, const struct gs_command *c)
{
    const struct explain_choice *last = r->last;
    bool same = last != NULL && last->at_ns == r->now_ns && last->requester == c->requester &&
                last->candidates == c->candidates;

    for (uint32_t i = 0; same && i < c->candidates; i++)
        same = last->candidate[i].workload == candidate[i].workload && last->candidate[i].chosen == candidate[i].chosen;
    return same;
}

const struct explain_choice *explain_choice_of(struct reading *r, const struct gs_commands *step,
                                               const struct gs_command *c)
{
    struct explain *e = r->e;

    if (c->candidates == 0 || r->now_ns >= e->to_ns)
        return NULL;
    if (is_last(r, &step->candidate[c->first_candidate], c))
        return r->last;
    struct explain_choice *choice = arena_alloc(&e->story, sizeof *choice);
    struct explain_candidate *copy = arena_array(&e->story, c->candidates, sizeof *copy);
    if (choice == NULL || copy == NULL) {
        e->no_memory = true;
        return NULL;
    }
    for (uint32_t i = 0; i < c->candidates; i++) {
        const struct gs_candidate *from = &step->candidate[c->first_candidate + i];
        const struct actor *a = &r->actor[from->workload < e->about.workloads ? from->workload : c->workload];
        gs_ns idle_ns = a->used_ns < 0 ? -1 : r->now_ns - a->used_ns;
        copy[i] = (struct explain_candidate){from->workload, from->chosen, from->keep, idle_ns, a->gpu_bytes};
    }
    *choice = (struct explain_choice){
        .at_ns = r->now_ns, .requester = c->requester, .candidate = copy, .candidates = c->candidates};
    e->no_memory |= !find_barred(r, choice, c->gpu);
    r->last = choice;
    return choice;
}
