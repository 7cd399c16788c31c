/* evict.c - the frame around every victim policy: score who may leave, take the least worth until it suffices, let off
 * whoever was not needed after all. */
#include "state.h"

/* Its policy keeps it for a while, but not for ever: then the others would wait for ever, too. */
static __attribute__((noinline)) bool pinned(struct controller *ctl, uint32_t gpu, uint32_t workload)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    struct seat *seat = &ctl->seat[workload];
    struct lane *lane = &ctl->lane[gpu];
    gs_ns now = ctl->view.now_ns, until = victim->pinned_until(&ctl->victim, workload);

    if (until < 0 || until > now)
        until = answer_time(ctl, GS_SLOT_VICTIM, until, 0);
    if (until <= now) {
        seat->pinned_ns = GS_NEVER;
        return false;
    }
    if (seat->pinned_ns == GS_NEVER)
        seat->pinned_ns = now;
    if (until - GS_PIN_MAX_NS > seat->pinned_ns)
        until = seat->pinned_ns + GS_PIN_MAX_NS;
    if (until <= now)
        return false;
    lane->recheck_ns = until < lane->recheck_ns ? until : lane->recheck_ns;
    return true;
}

/* Who may leave for the requester, into ctl->asked, and what each is worth; how many.  Where all that fit run together, those
 * who wished earlier than the requester are not robbed for it. */
static uint32_t weigh(struct controller *ctl, uint32_t gpu, uint32_t requester)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    bool pins = victim->pinned_until != NULL && (victim->pins == NULL || victim->pins(&ctl->victim));
    bool ranks = ctl->shares && requester != GS_NONE;
    gs_ns earlier_ns = ranks ? ctl->workload[requester].since_ns : INT64_MIN;
    const struct gs_workload *workload = ctl->workload;
    const struct seat *seat = ctl->seat;
    double (*keep)(const struct gs_self *, uint32_t) = victim->keep_all == NULL ? victim->keep : NULL;
    uint32_t count = 0;

    for (uint32_t i = ctl->lane[gpu].residents.head, next; i != GS_NONE; i = next) {
        const struct seat *s = &seat[i];
        next = s->link[LINK_RESIDENT].next; /* first, as what follows depends on it */
        if (i == requester || !may_leave(&workload[i], s) || (s->queued && workload[i].since_ns < earlier_ns) ||
            (pins && pinned(ctl, gpu, i)))
            continue;
        ctl->asked[count] = i;
        if (keep != NULL) /* at once, while it is at hand */
            ctl->worth[count] = keep(&ctl->victim, i);
        count++;
    }
    if (count > 0 && keep == NULL)
        victim->keep_all(&ctl->victim, ctl->asked, count, ctl->worth);
    return count;
}

/* They become candidates.  Not compared as they are weighed: a guess at who is less that turns out wrong would throw away the
 * weighing of the next. */
static void nominate(struct controller *ctl, uint32_t count)
{
    const uint32_t *asked = ctl->asked;
    const double *worth = ctl->worth;

    for (uint32_t i = 0; i < count; i++) {
        double safe = (double)ctl->workload[asked[i]].last_use_ns;
        ctl->pick[i] = (struct gs_candidate){asked[i], false, answer_worth(ctl, GS_SLOT_VICTIM, worth[i], safe)};
    }
}

static bool worth_less(const struct gs_candidate *a, const struct gs_candidate *b)
{
    return a->keep < b->keep || (!(a->keep > b->keep) && a->workload < b->workload);
}

/* Move the least worth of pick[from..count) to pick[from]. */
static void bring_least(struct controller *ctl, uint32_t from, uint32_t count)
{
    struct gs_candidate *pick = ctl->pick, least = pick[from];
    uint32_t at = from;

    for (uint32_t i = from + 1; i < count; i++) {
        if (!worth_less(&pick[i], &least))
            continue;
        least = pick[i];
        at = i;
    }
    pick[at] = pick[from];
    pick[from] = least;
}

/* Walk from the best kept to the worst and let off whoever is not needed. */
static void trim(struct controller *ctl, uint32_t looked_at, int64_t surplus)
{
    for (uint32_t i = looked_at; i-- > 0;) {
        struct gs_candidate *c = &ctl->pick[i];
        int64_t bytes = ctl->seat[c->workload].leave_bytes;
        if (!c->chosen || bytes > surplus)
            continue;
        surplus -= bytes;
        c->chosen = false;
        host_unbook(ctl, c->workload);
    }
}

static void give_up(struct controller *ctl, uint32_t looked_at)
{
    for (uint32_t i = 0; i < looked_at; i++) {
        if (ctl->pick[i].chosen)
            host_unbook(ctl, ctl->pick[i].workload);
        ctl->pick[i].chosen = false;
    }
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
        if (command == NULL)
            continue;
        command->first_candidate = first;
        command->candidates = explained ? count : 0;
    }
}

/* Of what the workload has on the GPU, how much is to leave when `need` bytes are missing. */
static int64_t leaves(struct controller *ctl, uint32_t workload, int64_t need)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    const struct gs_workload *w = &ctl->workload[workload];
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    bool whole = victim->chunk_bytes == NULL || w->has_host_copy || w->keeps_host_copy ||
                 ctl->seat[workload].cleaning || spec->stops || spec->drop_bytes > 0;
    int64_t chunk = whole ? 0 : victim->chunk_bytes(&ctl->victim);

    if (chunk <= 0 || need > w->gpu_bytes - chunk)
        return w->gpu_bytes;
    return (need + chunk - 1) / chunk * chunk;
}

/* Least worth first until enough will be free; bytes that will be.  `looked_at`: how many were. */
static int64_t choose_greedily(struct controller *ctl, uint32_t count, uint32_t requester, int64_t need,
                               uint32_t *looked_at, bool *cap_refused)
{
    int64_t freed = 0;

    for (*looked_at = 0; freed < need && *looked_at < count; ++*looked_at) {
        bring_least(ctl, *looked_at, count);
        struct gs_candidate *c = &ctl->pick[*looked_at];
        ctl->seat[c->workload].leave_bytes = leaves(ctl, c->workload, need - freed);
        c->chosen = host_book(ctl, c->workload, requester);
        if (c->chosen)
            freed += ctl->seat[c->workload].leave_bytes;
        else
            *cap_refused = true;
    }
    return freed;
}

/* The set of least worth, where the policy's worths add up; bytes that will be free.  0, and nothing done, if there is none
 * or the swap file refuses one of it. */
static int64_t choose_set(struct controller *ctl, uint32_t count, uint32_t requester, int64_t need)
{
    const struct gs_victim_policy *victim = ctl->setup->policies.victim;
    int64_t freed = 0;

    if (victim->adds == NULL || count > GS_EXACT_MAX || !victim->adds(&ctl->victim))
        return 0;
    uint32_t set = evict_least_set(ctl, count, need);
    for (uint32_t i = 0; i < count; i++) {
        struct gs_candidate *c = &ctl->pick[i];
        bool wanted = (set >> i & 1) != 0;
        ctl->seat[c->workload].leave_bytes = ctl->workload[c->workload].gpu_bytes;
        c->chosen = wanted && host_book(ctl, c->workload, requester);
        if (wanted && !c->chosen) {
            give_up(ctl, i);
            return 0;
        }
        freed += c->chosen ? ctl->seat[c->workload].leave_bytes : 0;
    }
    return freed;
}

bool evict_for(struct controller *ctl, uint32_t gpu, uint32_t requester, int64_t need, bool *cap_refused)
{
    ctl->view.decision++;
    ctl->lane[gpu].recheck_ns = GS_NEVER;
    uint32_t count = memory_swaps(ctl, gpu) ? weigh(ctl, gpu, requester) : 0, looked_at = count;
    nominate(ctl, count);
    int64_t freed = choose_set(ctl, count, requester, need);
    if (freed == 0)
        freed = choose_greedily(ctl, count, requester, need, &looked_at, cap_refused);
    if (freed < need) {
        give_up(ctl, looked_at);
        if (ctl->lane[gpu].recheck_ns != GS_NEVER)
            turns_arm(ctl, gpu);
        return false;
    }
    trim(ctl, looked_at, freed - need); /* in a set, those worth nothing */
    take(ctl, looked_at, count, requester);
    return true;
}
