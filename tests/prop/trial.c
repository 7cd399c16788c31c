/* trial.c - one scenario, run twice under a backend that watches the simulated node, and what must be true of it. */
#include "tests/prop/trial.h"
#include "backend/fault.h"
#include "backend/sim_state.h"
#include "sim/results/report.h"
#include "sim/run/audit.h"
#include "sim/run/run.h"
#include "tests/prop/draft.h"
#include "tests/prop/waits.h"

#include <math.h>
#include <stdatomic.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- the simulated node under observation --- */

enum { GROUPS_MAX = 16, STANDSTILL = 50000, EVENTS_MAX = 100000, WEIGH_EVERY = 8 };

static atomic_uint_fast64_t refused_on_arrival[GROUPS_MAX];
static _Thread_local struct watched {
    gs_ns now_ns;
    uint64_t here, events; /* since the clock last moved; in all */
} watched;

static int spy_open(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    watched = (struct watched){0};
    return backend_fault.open(be, setup, err);
}

static bool in_pool(const struct gs_setup *setup, uint32_t workload, uint32_t node)
{
    const bool *pools = setup->workload[workload].pools;

    return pools == NULL || pools[setup->node[node].pool];
}

static int spy_submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    if (command->kind == GS_REJECT && be->process[command->workload].gpu == GS_NONE)
        atomic_fetch_add(&refused_on_arrival[be->setup->setup->workload[command->workload].group], 1);
    if (command->kind == GS_PLACE && !in_pool(be->setup->setup, command->workload, be->device[command->gpu].node))
        return error_set(err, GS_BUG, "at %.9f s: workload %u is none of the pool of GPU %u",
                         1e-9 * (double)watched.now_ns, command->workload, command->gpu);
    int rc = backend_fault.submit(be, command, err);
    for (uint32_t gpu = 0; rc == GS_OK && gpu < be->gpus; gpu++)
        if (be->device[gpu].free_bytes < 0)
            rc = error_set(err, GS_BUG, "at %.9f s: '%s' of workload %u leaves GPU %u with %lld bytes",
                           1e-9 * (double)watched.now_ns, gs_command_name(command->kind), command->workload, gpu,
                           (long long)be->device[gpu].free_bytes);
    return rc;
}

/* What a GPU has is held by processes or free. */
static int weigh(const struct backend *be, struct error *err)
{
    for (uint32_t gpu = 0; gpu < be->gpus; gpu++) {
        const struct gs_node_spec *node = &be->setup->setup->node[be->device[gpu].node];
        int64_t bytes = be->device[gpu].free_bytes;
        for (uint32_t i = 0; i < be->workloads; i++)
            bytes += be->process[i].gpu == gpu ? be->process[i].gpu_bytes : 0;
        int64_t all = be->device[gpu].width * (node->gpu_bytes - node->reserved_bytes);
        if (bytes != all)
            return error_set(err, GS_BUG, "at %.9f s: GPU %u has %lld bytes more than it had",
                             1e-9 * (double)watched.now_ns, gpu, (long long)(bytes - all));
    }
    return GS_OK;
}

static int spy_wait(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = backend_fault.wait(be, until_ns, event, err);

    if (rc != GS_OK)
        return rc;
    gs_ns now_ns = (*event)->kind == BACKEND_NOTHING ? until_ns : (*event)->event.at_ns;
    if (now_ns < watched.now_ns || now_ns > until_ns)
        return error_set(err, GS_BUG, "the clock jumped from %.9f s to %.9f s", 1e-9 * (double)watched.now_ns,
                         1e-9 * (double)now_ns);
    watched.here = now_ns > watched.now_ns ? 0 : watched.here + 1;
    watched.now_ns = now_ns;
    if (watched.events++ > EVENTS_MAX)
        return error_set(err, GS_BUSY, "the run is too long for a test");
    if (watched.here > STANDSTILL)
        return error_set(err, GS_BUG, "at %.9f s: the clock stands still", 1e-9 * (double)now_ns);
    return watched.events % WEIGH_EVERY == 0 ? weigh(be, err) : GS_OK;
}

static struct backend_ops spy(void)
{
    struct backend_ops ops = backend_fault;

    ops.open = spy_open;
    ops.submit = spy_submit;
    ops.wait = spy_wait;
    return ops;
}

/* --- one run --- */

struct run {
    struct arena arena;
    struct scenario scenario;
    struct run_outcome outcome;
    struct text json;
    struct error err;
    int rc;
};

static int run_in_database(struct run *r, struct run_options *options, const struct load_traces *traces, const char *db)
{
    struct gs_workload_spec *spec;
    uint32_t workloads;
    int rc = load_specs(&r->scenario, traces, 0, &spec, &workloads, &r->arena, &r->err);

    if (rc == GS_OK)
        rc = results_open(&options->results, db, &r->scenario, spec, workloads, "test", "sim", &r->err);
    return rc;
}

/* The lines that are more than comments: write the trace, plan the faults. */
static void prepare(const char *text, const char *folder)
{
    struct fault_plan plan = {.command = GS_COMMAND_KINDS};
    char path[128], word[16];
    FILE *trace;

    snprintf(path, sizeof path, "%s/draft.gst", folder);
    trace = fopen(path, "w");
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (trace != NULL && strncmp(line, DRAFT_TRACE, strlen(DRAFT_TRACE)) == 0)
            fprintf(trace, "%.*s\n", (int)strcspn(line, "\n") - 2, line + strlen(DRAFT_TRACE));
        if (sscanf(line, DRAFT_FAULT " %15s %" SCNu64 " %" SCNu64, word, &plan.first, &plan.every) == 3)
            plan.command = strcmp(word, "swap_in") == 0    ? GS_SWAP_IN
                           : strcmp(word, "swap_out") == 0 ? GS_SWAP_OUT
                                                           : GS_COMMAND_KINDS;
    }
    if (trace != NULL)
        fclose(trace);
    fault_set(plan);
}

static void run_open(struct run *r, const char *text, size_t length, int64_t threads, const char *folder,
                     const char *db)
{
    static const char *const all_rows = "scenario.record=events";
    struct overrides overrides = {&all_rows, db != NULL};
    struct backend_ops ops = spy();
    struct run_options options = {.backend = &ops};
    struct load_traces *traces = NULL;
    struct report report;
    struct report_about about = {.version = "test", .provenance = "sim"};
    char file[128];

    memset(r, 0, sizeof *r);
    snprintf(file, sizeof file, "%s/draft.ini", folder);
    for (int g = 0; g < GROUPS_MAX; g++)
        atomic_store(&refused_on_arrival[g], 0);
    r->rc = scenario_parse(&r->scenario, text, length, file, folder, &overrides, &r->arena, &r->err);
    if (r->rc != GS_OK)
        return;
    r->scenario.threads = threads;
    r->rc = load_read_traces(&traces, &r->scenario, &r->arena, &r->err);
    if (r->rc == GS_OK && db != NULL)
        r->rc = run_in_database(r, &options, traces, db);
    if (r->rc == GS_OK)
        r->rc = run_scenario(&r->scenario, &options, traces, &r->outcome, &r->arena, &r->err);
    if (r->rc == GS_OK)
        r->rc = report_build(&report, &r->scenario, r->outcome.tally, r->outcome.completed, &about, &r->arena, &r->err);
    if (r->rc == GS_OK && options.results != NULL)
        r->rc = results_finish(options.results, &report, &r->err);
    results_close(options.results);
    if (r->rc == GS_OK)
        report_json(&r->json, &report);
}

static void run_close(struct run *r)
{
    text_fini(&r->json);
    run_fini(&r->outcome);
    arena_fini(&r->arena);
}

/* --- what must be true --- */

#define BAD(...) (snprintf(why, TRIAL_WHY, __VA_ARGS__), false)

static bool group_balances(const struct run *r, uint32_t g, char *why)
{
    uint64_t arrived = atomic_load(&refused_on_arrival[g]), ended = 0;

    for (uint32_t k = 0; k < r->outcome.completed; k++) {
        const struct group_tally *t = &r->outcome.tally[k]->group[g];
        double stalls = 0; /* whole numbers of nanoseconds, all below 2^53 */
        arrived += t->arrived;
        ended += t->completed + t->censored + t->rejected + t->lost;
        for (int s = 0; s < STALLS; s++) {
            if (t->stall_ns[s] < 0)
                return BAD("group %u: stall '%s' is negative", g, stall_name[s]);
            stalls += t->stall_ns[s];
        }
        if (fabs(stalls - (t->response_ns - t->alone_ns)) > 0)
            return BAD("group %u: the stalls do not add up to response less alone", g);
        if (t->served[SERVED_HOT] + t->served[SERVED_WARM] + t->served[SERVED_COLD] != t->completed)
            return BAD("group %u: served hot, warm and cold are not the completed", g);
        if (t->progress_ns < -1.0 || t->progress_ns > t->present_ns * (1 + 1e-9) + 1.0)
            return BAD("group %u: progress %.0f ns of %.0f ns present", g, t->progress_ns, t->present_ns);
    }
    if (arrived != ended)
        return BAD("group %u: %llu came and %llu ended", g, (unsigned long long)arrived, (unsigned long long)ended);
    return true;
}

/* Only a swap-in that fails, after those who made room for it have left, may leave a file above its cap. */
static bool gpus_balance(const struct tally *t, const struct scenario *s, bool faults, char *why)
{
    double elapsed = (double)(t->to_ns - t->from_ns);
    uint32_t gpu = 0, node = 0;

    for (size_t g = 0; g < s->nodes; g++)
        for (int64_t k = 0; k < s->node[g].count; k++, node++) {
            const struct node_tally *n = &t->node[node];
            if ((n->peak_bytes > s->node[g].swap_file && !faults) ||
                n->used_byte_ns > (double)n->peak_bytes * elapsed * (1 + 1e-9))
                return BAD("node %u: the swap file holds more than its cap or its peak", node);
            for (int64_t i = 0; i < s->node[g].gpus; i++, gpu++) {
                const struct gpu_tally *u = &t->gpu[gpu];
                if (u->useful_ns < 0 || u->switching_ns < 0 || u->idle_ns < 0 ||
                    u->useful_ns + u->switching_ns + u->idle_ns != t->to_ns - t->from_ns)
                    return BAD("GPU %u: useful, switching and idle do not add up to the run", gpu);
                if (u->resident_byte_ns > (double)s->node[g].gpu_memory * elapsed * (1 + 1e-9) ||
                    u->resident_byte_ns < 0)
                    return BAD("GPU %u: more bytes resident than it has", gpu);
            }
        }
    return true;
}

/* --- enough of everything --- */

struct demand { /* the most that the scenario can ask for */
    double workloads, largest, total, context;
    double jobs;               /* bursts in all, if every group is finite */
    double burst_ns, think_ns; /* the longest burst and the shortest think time, of notebooks */
    bool finite, notebooks, plain;
};

static struct demand demand_of(const struct scenario *s)
{
    struct demand d = {.finite = true, .notebooks = true, .plain = true, .think_ns = INFINITY};

    for (size_t g = 0; g < s->workloads; g++) {
        const struct workload_group *w = &s->workload[g];
        bool notebook = w->class == GS_NOTEBOOK;
        double bytes = dist_highest(&w->memory) + (notebook ? dist_highest(&w->grow) : 0), n = (double)w->count;
        d.workloads += n;
        d.total += n * bytes;
        d.largest = fmax(d.largest, bytes);
        d.context += n * (double)w->context;
        d.jobs += n * (w->iterates ? (double)w->iterations : 1);
        d.finite &= w->class == GS_TRAINING;
        d.notebooks &= notebook && w->gpus_per_workload == 1; /* where widths differ somebody may find no GPUs */
        d.plain &= w->swappable && w->fraction == FRACTION_DYNAMIC && w->limit >= 1 && w->trace < 0;
        if (notebook) {
            d.burst_ns = fmax(d.burst_ns, dist_highest(&w->burst));
            d.think_ns = fmin(d.think_ns, dist_lowest(&w->think));
        }
    }
    return d;
}

/* Any GPU could take every workload, one at a time. */
static bool every_gpu_suits(const struct scenario *s, const struct demand *d, double bytes)
{
    for (size_t i = 0; i < s->nodes; i++) {
        const struct node_group *n = &s->node[i];
        double reserve = (double)n->gpu_reserved + (double)n->gpu_reserved_per_workload * d->workloads;
        if (bytes > (double)n->gpu_memory - fmax(reserve, d->context) ||
            (double)n->max_workloads_per_gpu < d->workloads)
            return false;
    }
    return true;
}

/* Jobs that are finite all end, however little memory and swap file there is, since those that have the GPU give it up in
 * the end.  Only those that cannot even be put into the swap file are refused. */
static bool jobs_end(const struct run *r, const struct demand *d, char *why)
{
    for (uint32_t k = 0; k < r->outcome.completed; k++) {
        const struct tally *t = r->outcome.tally[k];
        uint64_t completed = 0, rejected = 0, censored = 0;
        for (uint32_t g = 0; g < t->groups; g++) {
            completed += t->group[g].completed;
            rejected += t->group[g].rejected;
            censored += t->group[g].censored;
        }
        if (censored > 0 || (r->scenario.warmup == 0 && rejected == 0 && (double)completed < d->jobs))
            return BAD("replication %u: %llu of %.0f bursts of finite jobs ended, and then nothing happened any more",
                       k, (unsigned long long)completed, d->jobs);
    }
    return true;
}

/* Users who think for long and need little: the worst wait is that for everybody's burst, several times over. */
static bool users_do_not_wait(const struct run *r, const struct demand *d, char *why)
{
    const struct node_group *node = &r->scenario.node[0];
    /* The slowest step between two bursts: overhead and detection, a quantum or a linger, bytes over the slowest link. */
    double rate = fmin(fmin(node->h2d, node->d2h) * 0.5, fmin(node->disk, node->host_bandwidth / 4));
    rate *= node->pinned < node->swap_file ? fmin(node->pageable / fmax(node->h2d, node->d2h), 1.0) : 1.0;
    double pin_ns = d->largest * 0x1p-30 * (double)node->pin_cost;
    double step_ns = 2 * (double)node->swap_overhead + pin_ns + (double)node->idle_detect +
                     2e9 * d->largest * d->workloads / rate + d->burst_ns / node->gpu_speed;
    double bound_ns = 20 * d->workloads * step_ns;

    for (size_t s = 0; s < GS_SLOTS; s++) {
        const struct policy_choice *p = &r->scenario.policy[s];
        for (size_t i = 0; p->policy->param != NULL && p->policy->param[i].key != NULL; i++)
            if (p->policy->param[i].kind == GS_TIME)
                bound_ns += 20 * d->workloads * (double)p->param[i].i;
    }
    for (uint32_t k = 0; k < r->outcome.completed && d->think_ns > bound_ns; k++)
        for (uint32_t g = 0; g < r->outcome.tally[k]->groups; g++) {
            const struct group_tally *t = &r->outcome.tally[k]->group[g];
            if ((double)t->response.max > bound_ns || t->rejected + t->lost > 0)
                return BAD("group %u: a burst took %.3f s where there was room for everybody, or was refused", g,
                           1e-9 * (double)t->response.max);
        }
    return true;
}

/* With faults only where a swap-in begins after its victims have left: else it may wait for one that can never leave. */
static bool nobody_starves(const struct run *r, bool faults, char *why)
{
    const struct scenario *s = &r->scenario;
    struct demand d = demand_of(s);

    for (size_t i = 0; faults && i < s->nodes; i++)
        d.plain &= s->node[i].transfer == TRANSFER_SERIAL;
    if (!d.plain)
        return true;
    if (d.finite && s->duration == GS_NEVER && every_gpu_suits(s, &d, d.largest))
        return jobs_end(r, &d, why);
    if (!faults && d.notebooks && s->nodes == 1 && every_gpu_suits(s, &d, d.total) &&
        d.total <= (double)s->node[0].swap_file)
        return users_do_not_wait(r, &d, why);
    return true;
}

static bool run_is_good(const struct run *r, bool faults, char *why)
{
    if (r->rc != GS_OK)
        return BAD("exit code %d: %.400s", r->rc, r->err.text);
    if (r->outcome.completed != (uint32_t)r->scenario.replications)
        return BAD("a replication is missing");
    for (uint32_t k = 0; k < r->outcome.completed; k++)
        if (r->outcome.tally[k]->replication != k || !gpus_balance(r->outcome.tally[k], &r->scenario, faults, why))
            return r->outcome.tally[k]->replication != k ? BAD("replications are out of order") : false;
    for (uint32_t g = 0; g < r->scenario.workloads && g < GROUPS_MAX; g++)
        if (!group_balances(r, g, why))
            return false;
    if (waits_broken(why, TRIAL_WHY))
        return false;
    return nobody_starves(r, faults, why);
}

static bool log_is_good(const char *db, char *why)
{
    struct error err = {0};
    struct audit audit;

    int rc = audit_run(&audit, db, 0, &err);
    if (rc == GS_UNSATISFIABLE && strstr(err.text, "asked for the future") != NULL)
        return true;
    if (rc != GS_OK)
        return BAD("audit: %.400s", err.text);
    if (audit.differences > 0)
        return BAD("audit: %llu differences, first: %.300s", (unsigned long long)audit.differences, audit.first);
    return true;
}

enum trial trial_run(const char *text, size_t length, struct trial_options *options, char why[TRIAL_WHY])
{
    struct run first, second;
    bool refused, good, faults = strstr(text, DRAFT_FAULT) != NULL;
    char db[128];

    why[0] = '\0';
    waits_reset();
    snprintf(db, sizeof db, "%s/draft.db", options->folder);
    prepare(text, options->folder);
    run_open(&first, text, length, 1, options->folder, NULL);
    refused = first.rc == GS_BUSY || first.rc == GS_BAD_INPUT || first.rc == GS_UNSATISFIABLE;
    good = run_is_good(&first, faults, why);
    for (uint32_t k = 0; good && k < first.outcome.completed; k++)
        for (uint32_t g = 0; g < first.outcome.tally[k]->groups; g++)
            options->bursts += first.outcome.tally[k]->group[g].completed;
    if (good) {
        unlink(db);
        run_open(&second, text, length, 3, options->folder, options->audited ? db : NULL);
        good = run_is_good(&second, faults, why);
        if (good && (first.json.length != second.json.length ||
                     memcmp(first.json.data, second.json.data, first.json.length) != 0))
            good = BAD("one thread and three give different reports");
        run_close(&second);
        good = good && (!options->audited || log_is_good(db, why));
    }
    run_close(&first);
    return refused ? TRIAL_REFUSED : good ? TRIAL_GOOD : TRIAL_BAD;
}

void trial_clean(const char *folder)
{
    static const char *const names[] = {"draft.gst", "draft.db", "draft.db-wal", "draft.db-shm"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
}
