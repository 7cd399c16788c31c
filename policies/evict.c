/* evict.c - the frame around every victim policy: score who may leave, take the least worth until it suffices, let off
 * whoever was not needed after all. */
#include "state.h"

/* Where all that fit run together, those who wished earlier than the requester are not robbed for it. */
static bool outranked(const struct controller *ctl, uint32_t workload, uint32_t requester)
{
    const struct gs_workload *w = &ctl->workload[workload];

    return ctl->shares && requester != GS_NONE && ctl->seat[workload].queued &&
           w->since_ns < ctl->workload[requester].since_ns;
}

static uint32_t score(struct controller *ctl, uint32_t gpu, uint32_t requester)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    uint32_t count = 0;

    ctl->view.decision++;
    if (!memory_swaps(ctl, gpu))
        return 0;
    for (uint32_t i = ctl->lane[gpu].residents.head; i != GS_NONE; i = ctl->seat[i].link[LINK_RESIDENT].next)
        if (i != requester && memory_may_leave(ctl, i) && !outranked(ctl, i, requester))
            ctl->pick[count++] = (struct gs_candidate){.workload = i, .keep = victim->keep(&ctl->victim, i)};
    return count;
}

static bool worth_less(const struct gs_candidate *a, const struct gs_candidate *b)
{
    if (a->keep < b->keep || a->keep > b->keep)
        return a->keep < b->keep;
    return a->workload < b->workload;
}

/* Move the least worth of pick[from..count) to pick[from]. */
static void bring_least(struct controller *ctl, uint32_t from, uint32_t count)
{
    uint32_t least = from;

    for (uint32_t i = from + 1; i < count; i++)
        if (worth_less(&ctl->pick[i], &ctl->pick[least]))
            least = i;
    struct gs_candidate swap = ctl->pick[least];
    ctl->pick[least] = ctl->pick[from];
    ctl->pick[from] = swap;
}

/* Walk from the best kept to the worst and let off whoever is not needed. */
static void trim(struct controller *ctl, uint32_t looked_at, int64_t surplus)
{
    for (uint32_t i = looked_at; i-- > 0;) {
        struct gs_candidate *c = &ctl->pick[i];
        int64_t bytes = ctl->workload[c->workload].bytes;
        if (!c->chosen || bytes > surplus)
            continue;
        surplus -= bytes;
        c->chosen = false;
        memory_unbook(ctl, c->workload);
    }
}

static void give_up(struct controller *ctl, uint32_t looked_at)
{
    for (uint32_t i = 0; i < looked_at; i++)
        if (ctl->pick[i].chosen)
            memory_unbook(ctl, ctl->pick[i].workload);
}

static void take(struct controller *ctl, uint32_t looked_at, uint32_t count, uint32_t requester)
{
    uint32_t first = ctl->out.candidates;
    bool explained = ctl->setup->explain && count <= ctl->candidates_max - first;

    for (uint32_t i = 0; explained && i < count; i++)
        ctl->out.candidate[ctl->out.candidates++] = ctl->pick[i];
    for (uint32_t i = 0; i < looked_at; i++) {
        if (!ctl->pick[i].chosen)
            continue;
        struct gs_command *command = memory_swap_out(ctl, ctl->pick[i].workload, requester, GS_BECAUSE_PRESSURE);
        command->first_candidate = first;
        command->candidates = explained ? count : 0;
    }
}

bool evict_for(struct controller *ctl, uint32_t gpu, uint32_t requester, int64_t need, bool *cap_refused)
{
    uint32_t count = score(ctl, gpu, requester), looked_at = 0;
    int64_t freed = 0;

    for (; freed < need && looked_at < count; looked_at++) {
        bring_least(ctl, looked_at, count);
        struct gs_candidate *c = &ctl->pick[looked_at];
        c->chosen = memory_book(ctl, c->workload);
        if (c->chosen)
            freed += ctl->workload[c->workload].bytes;
        else
            *cap_refused = true;
    }
    if (freed < need) {
        give_up(ctl, looked_at);
        return false;
    }
    trim(ctl, looked_at, freed - need);
    take(ctl, looked_at, count, requester);
    return true;
}
