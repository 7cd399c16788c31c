/* recorder_close.c - the end of a replication: what is under way is censored, sums are closed, the books must balance. */
#include "sim/run/recorder_state.h"

#include <math.h>

double recorder_lost_ns(struct recorder *rec, uint32_t workload, gs_ns at_ns)
{
    const struct watch *w = &rec->watch[workload];
    gs_ns under_way = w->pending > 0 && w->job != NULL ? at_ns - w->job->ready_ns - w->job->done_ns : 0;

    return w->lost_ns + (double)under_way;
}

static double time_alone(const struct recorder *rec, const struct job *job)
{
    uint32_t gpu = rec->setup.view->workload[job->workload].gpu;

    if (job->alone_ns > 0 || gpu == GS_NONE)
        return (double)(job->alone_ns > 0 ? job->alone_ns : job->work_ns);
    return (double)job->work_ns / rec->setup.view->gpu[gpu].speed;
}

/* It has no place on its GPU, and nobody ever leaves it, as its node does not swap. */
static bool waits_for_memory(const struct recorder *rec, uint32_t workload)
{
    const struct gs_view *view = rec->setup.view;
    const struct gs_workload *w = &view->workload[workload];
    bool away = w->state == GS_NEW || w->state == GS_HOST || w->state == GS_DISK;

    return away && !view->node[w->node].swap && w->bytes > view->gpu[w->gpu].free_bytes;
}

/* A burst that became ready in the warm-up counts nowhere, but whoever still waits for its end at the end of the run has
 * been without the GPU for all that was measured. */
void recorder_unended(struct recorder *rec, const struct job *job, gs_ns at_ns, const gs_ns *stall_ns)
{
    struct watch *w = &rec->watch[job->workload];
    struct group_tally *g = group_of(rec, w);
    gs_ns age_ns = at_ns - job->ready_ns, without_ns = at_ns - w->stopped_ns;
    double slowdown = fmin((double)age_ns / fmax(time_alone(rec, job), 1), 0x1p43);
    bool kept = true;

    without_ns = age_ns < without_ns ? age_ns : without_ns;
    w->waited_ns = without_ns > w->waited_ns ? without_ns : w->waited_ns;
    if (w->pending == 1 && w->phase < PHASE_RUN) { /* the last of its bursts: all end here together */
        kept = sketch_add(&g->waiting, (uint64_t)w->waited_ns);
        w->sums->waiting_ns[w->phase] += (double)w->waited_ns;
        if (w->phase == STALL_QUEUE && waits_for_memory(rec, job->workload))
            w->sums->waiting_memory_ns += (double)w->waited_ns;
    }
    if (job->ready_ns >= rec->setup.warmup_ns) {
        for (int s = 0; s < STALLS; s++)
            w->sums->unended_stall_ns[s] += (double)stall_ns[s];
        kept &= sketch_add(&g->unended, (uint64_t)age_ns) &&
                sketch_add(&g->unended_slowdown, (uint64_t)(slowdown * SLOWDOWN_ONE));
    }
    rec->out_of_memory |= !kept;
}

static void censor(struct recorder *rec, gs_ns at_ns)
{
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++) {
        struct job *next;
        for (struct job *job = rec->setup.ops->forget(rec->setup.backend, i, false); job != NULL; job = next) {
            next = job->next;
            recorder_ended(rec, job, at_ns, OUTCOME_CENSORED);
        }
        rows_running(rec, i, false, at_ns);
        rows_state(rec, i, GS_ABSENT, at_ns);
    }
}

static bool is_of_trace(const struct recorder *rec, uint32_t id)
{
    return rec->setup.scenario->workload[rec->setup.setup->workload[id].group].trace >= 0;
}

/* One workload's, added to its group's; its share counts if it was there at all. */
static void add_progress(struct recorder *rec, uint32_t id, double progress_ns, double present_ns)
{
    struct group_tally *g = group_of(rec, &rec->watch[id]);
    struct group_sums *sums = rec->watch[id].sums;

    sums->progress_ns += progress_ns;
    sums->present_ns += present_ns;
    if (!(present_ns > 0))
        return;
    double share = progress_ns > 0 ? progress_ns / present_ns : 0;
    g->share_least = g->shares == 0 || share < g->share_least ? share : g->share_least;
    g->share_most = share > g->share_most ? share : g->share_most;
    sums->share_sum += share;
    sums->share_squares += share * share;
    g->shares++;
}

/* Whoever was refused makes no progress in the time that it would have been there; of a stream, in as many requests as the
 * others of its group had. */
static void no_progress(struct recorder *rec, uint32_t id, gs_ns present_ns)
{
    const struct group_tally *g = group_of(rec, &rec->watch[id]);
    uint64_t others = g->workloads - tally_refused(g);

    if (!load_is_open(rec->setup.load, id) || is_of_trace(rec, id))
        add_progress(rec, id, 0, (double)present_ns);
    else
        add_progress(rec, id, 0, others > 0 ? (double)g->arrived / (double)others : 1.0);
}

/* Progress against time: for users and jobs the time that the same progress takes alone; for open streams, requests; where
 * both are in one trace, the streams count by the time that they were there. */
static void progress(struct recorder *rec, uint32_t id, gs_ns at_ns)
{
    const struct watch *w = &rec->watch[id];
    gs_ns from = w->attached_ns > rec->setup.warmup_ns ? w->attached_ns : rec->setup.warmup_ns;
    gs_ns to = w->left ? w->left_ns : at_ns;

    if (w->refused) {
        to = load_leaves_ns(rec->setup.load, id) < at_ns ? load_leaves_ns(rec->setup.load, id) : at_ns;
        no_progress(rec, id, to > from ? to - from : 0);
    } else if (load_is_open(rec->setup.load, id)) {
        double weight = !is_of_trace(rec, id) ? 1.0 : w->arrived == 0 ? 0.0 : (double)(to - from) / (double)w->arrived;
        add_progress(rec, id, weight * (double)w->done, weight * (double)w->arrived);
    } else if (w->attached_ns >= 0 && to > from) {
        add_progress(rec, id, (double)(to - from) - (w->lost_ns - w->lost_before_ns), (double)(to - from));
    }
}

void recorder_left_place(struct recorder *rec, uint32_t workload)
{
    struct watch *w = &rec->watch[workload];

    if (load_is_open(rec->setup.load, workload))
        return; /* of requests it is counted at the end, whoever answered them */
    progress(rec, workload, w->left_ns);
    w->lost_before_ns = w->lost_ns;
    w->attached_ns = -1;
}

static void progress_of_all(struct recorder *rec, gs_ns at_ns)
{
    uint32_t workloads = rec->setup.setup->workloads;

    for (uint32_t i = 0; i < workloads; i++)
        group_of(rec, &rec->watch[i])->arrived += rec->watch[i].arrived;
    for (uint32_t i = 0; i < workloads; i++) {
        struct group_tally *g = group_of(rec, &rec->watch[i]);
        progress(rec, i, at_ns);
        g->recorded += load_recorded(rec->setup.load, i);
        g->unreached += rec->watch[i].refused ? 0 : load_unreached(rec->setup.load, i);
    }
}

static void makespans(struct recorder *rec)
{
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++) {
        struct group_tally *g = group_of(rec, &rec->watch[i]);
        gs_ns end = load_end_ns(rec->setup.load, i);
        if (!load_is_finite(rec->setup.load, i))
            continue;
        if (end < 0 || g->makespan_ns == -1)
            g->makespan_ns = -1;
        else if (g->makespan_ns == GS_NEVER || end > g->makespan_ns)
            g->makespan_ns = end;
    }
}

static void close_gpus(struct recorder *rec, gs_ns at_ns)
{
    struct tally *t = &rec->tally;

    for (uint32_t i = 0; i < t->gpus; i++) {
        struct gpu_usage usage;
        recorder_gpu_until(rec, i, at_ns);
        rec->setup.ops->usage(rec->setup.backend, i, &usage);
        t->gpu[i].useful_ns = usage.useful_ns - rec->gpu[i].before.useful_ns;
        t->gpu[i].switching_ns = usage.switching_ns - rec->gpu[i].before.switching_ns;
        t->gpu[i].idle_ns = at_ns - t->from_ns - t->gpu[i].useful_ns - t->gpu[i].switching_ns;
        if (t->gpu[i].idle_ns < 0 && at_ns >= t->from_ns) /* else it was cut short in its warm-up, and is not counted */
            rec->unbalanced = "a GPU was busy for longer than the run lasted";
    }
    for (uint32_t i = 0; i < t->nodes; i++)
        recorder_node_until(rec, i, at_ns);
}

/* A swap file with a place for everybody who is not on a GPU now.  Those who leave for one that comes take his place; where
 * sizes differ they may be several, and as nobody leaves who need not, together larger by less than the largest: so much
 * more may be away from each GPU. */
struct hoard {
    int64_t all, away, largest, smallest;
};

static int64_t enough(const struct hoard *h, uint32_t gpus)
{
    int64_t more = h->smallest < h->largest ? h->largest * (int64_t)gpus : 0;

    return h->away + more < h->all ? h->away + more : h->all;
}

static void close_nodes(struct recorder *rec)
{
    const struct gs_view *view = rec->setup.view;
    struct hoard *hoard = arena_array(rec->setup.arena, rec->tally.nodes, sizeof *hoard);

    if (hoard == NULL) {
        rec->out_of_memory = true;
        return;
    }
    for (uint32_t n = 0; n < rec->tally.nodes; n++)
        hoard[n].smallest = INT64_MAX;
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++) {
        const struct gs_workload *w = &view->workload[i];
        if (w->node == GS_NONE || w->state == GS_ABSENT || !w->swappable)
            continue;
        struct hoard *h = &hoard[w->node];
        h->all += w->bytes;
        h->away += w->state == GS_RESIDENT && !w->keeps_host_copy ? 0 : w->bytes;
        h->largest = w->bytes > h->largest ? w->bytes : h->largest;
        h->smallest = w->bytes < h->smallest ? w->bytes : h->smallest;
    }
    for (uint32_t n = 0; n < rec->tally.nodes; n++)
        rec->tally.node[n].enough_bytes = enough(&hoard[n], view->node[n].gpus);
}

/* Memory as the recorder followed it by commands must be what the controller's books hold; and Little's law, exactly. */
static void balance(struct recorder *rec)
{
    const struct gs_view *view = rec->setup.view;

    for (uint32_t g = 0; g < rec->tally.gpus; g++)
        if (rec->gpu[g].resident_bytes != view->gpu[g].capacity_bytes - view->gpu[g].free_bytes)
            rec->unbalanced = "bytes that came and went do not add up to what is on a GPU";
    for (uint32_t i = 0; i < rec->setup.setup->workloads; i++) {
        const struct watch *w = &rec->watch[i];
        if (w->in_system_ns != w->response_ns)
            rec->unbalanced = "the time bursts spent in the system is not the sum of their responses";
        if (w->pending != 0)
            rec->unbalanced = "a burst that became ready never ended";
    }
}

/* What is known of all nodes only. */
static void close_whole(struct recorder *rec)
{
    struct tally *t = &rec->tally;

    for (uint32_t n = 0; n <= t->nodes; n++)
        for (uint32_t g = 0; g < t->groups; g++)
            group_tally_add(&t->group[g], recorder_sums(rec, n) + g);
    tally_makespan(t);
    bound_close(rec);
}

int recorder_close(struct recorder *rec, gs_ns at_ns, struct tally **tally, struct chunk *last, struct error *err)
{
    const char *wrong;

    recorder_until(rec, at_ns);
    rec->tally.to_ns = at_ns;
    close_gpus(rec, at_ns);
    close_nodes(rec);
    series_sample(rec, at_ns);
    recorder_evicted_close(rec, at_ns);
    censor(rec, at_ns); /* before the balance: Little's law takes in the bursts under way */
    balance(rec);
    progress_of_all(rec, at_ns);
    makespans(rec);
    if (rec->setup.part == NULL)
        close_whole(rec);
    *tally = &rec->tally;
    *last = rec->rows.chunk;
    rec->rows.chunk = (struct chunk){0};
    wrong = rec->unbalanced;
    if (wrong != NULL)
        return error_set(err, GS_BUG, "the books do not balance: %s; please report this scenario", wrong);
    if (rec->out_of_memory)
        return error_set(err, GS_SYSTEM,
                         "out of memory for the measurements; use 'record = summary' or fewer workloads");
    return GS_OK;
}
