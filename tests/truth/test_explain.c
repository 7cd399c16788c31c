/* test_explain.c - the explanation of a burst adds up: its pieces lie end to end from ready to end, to the nanosecond, and
 * what they are charged to is what the recorder charged, for every burst of random scenarios under every policy.  The log
 * knows nothing of the recorder: the two find the causes independently.  Who is told to hold the swap file, and what victims
 * would free, is what the controller's own counters say.
 *
 * Arguments: how many seeds (default 160), and the first of them. */
#include "backend/fault.h"
#include "sim/base/units.h"
#include "sim/explain/explain.h"
#include "sim/results/report.h"
#include "sim/run/replayed.h"
#include "sim/run/run.h"
#include "tests/prop/draft.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int64_t seeds = 160, first_seed = 1;
static char folder[64];
static uint64_t checked, pieces, choices, warm, full, lending, holders, candidates, untold;

/* --- a run into a database, no longer than a test may take --- */

enum { EVENTS_MAX = 10000 };

static _Thread_local uint64_t events_now;

static int open_short(struct backend **be, const struct backend_setup *setup, struct error *err)
{
    events_now = 0;
    return backend_fault.open(be, setup, err);
}

static int wait_short(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    if (events_now++ > EVENTS_MAX)
        return error_set(err, GS_BUSY, "the run is too long for a test");
    return backend_fault.wait(be, until_ns, event, err);
}

static void write_trace_and_faults(const char *text)
{
    struct fault_plan plan = {.command = GS_COMMAND_KINDS};
    char path[128], word[16];

    snprintf(path, sizeof path, "%s/draft.gst", folder);
    FILE *trace = fopen(path, "w");
    assert_non_null(trace);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, DRAFT_TRACE, strlen(DRAFT_TRACE)) == 0)
            fprintf(trace, "%.*s\n", (int)strcspn(line, "\n") - 2, line + strlen(DRAFT_TRACE));
        if (sscanf(line, DRAFT_FAULT " %15s %" SCNu64 " %" SCNu64, word, &plan.first, &plan.every) == 3)
            plan.command = strcmp(word, "swap_in") == 0    ? GS_SWAP_IN
                           : strcmp(word, "swap_out") == 0 ? GS_SWAP_OUT
                                                           : GS_COMMAND_KINDS;
    }
    fclose(trace);
    fault_set(plan);
}

/* False if it is no scenario, cannot be satisfied, or is too long. */
static bool run_it(const char *text, const char *db, const char *record)
{
    const char *const set[] = {record};
    struct overrides overrides = {set, 1};
    struct arena arena = {0};
    struct error err = {0};
    struct scenario scenario;
    struct gs_workload_spec *spec;
    struct load_traces *traces = NULL;
    struct backend_ops ops = backend_fault;
    struct run_options options = {.backend = &ops};
    struct run_outcome outcome = {0};
    struct report report;
    struct report_about about = {.version = "test", .provenance = "sim"};
    uint32_t workloads;
    char file[128];

    ops.open = open_short;
    ops.wait = wait_short;
    write_trace_and_faults(text);
    snprintf(file, sizeof file, "%s/draft.ini", folder);
    int rc = scenario_parse(&scenario, text, strlen(text), file, folder, &overrides, &arena, &err);
    if (rc == GS_OK)
        rc = load_read_traces(&traces, &scenario, &arena, &err);
    if (rc == GS_OK)
        rc = load_specs(&scenario, traces, 0, &spec, &workloads, &arena, &err);
    if (rc == GS_OK)
        rc = results_open(&options.results, db, &scenario, spec, workloads, "test", "sim", &err);
    if (rc == GS_OK)
        rc = run_scenario(&scenario, &options, traces, &outcome, &arena, &err);
    if (rc == GS_OK)
        rc = report_build(&report, &scenario, outcome.tally, outcome.completed, &about, &arena, &err);
    if (rc == GS_OK)
        rc = results_finish(options.results, &report, &err);
    results_close(options.results);
    load_close_traces(traces);
    run_fini(&outcome);
    arena_fini(&arena);
    return rc == GS_OK;
}

static void forget(const char *db)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[128];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", db, ends[i]);
        unlink(path);
    }
}

/* --- the controller's own books, step by step --- */

struct entry {
    gs_ns at_ns;
    int64_t *used_bytes;             /* of each node's swap file */
    int64_t *room_bytes, *gpu_bytes; /* of each workload */
    uint32_t *node;
    bool lends; /* some of the room is lent */
};

struct books {
    struct arena arena;
    const struct gs_view *view; /* NULL: nobody can tell */
    struct entry *entry;
    size_t entries, capacity;
};

static void write_entry(struct books *b, const struct controller *ctl)
{
    struct entry *grown = arena_grow(&b->arena, b->entry, &b->capacity, b->entries + 1, sizeof *grown);
    const struct gs_view *view = controller_view(ctl);

    assert_non_null(grown);
    b->entry = grown;
    struct entry *e = &grown[b->entries++];
    e->at_ns = view->now_ns;
    e->used_bytes = arena_array(&b->arena, view->nodes, sizeof *e->used_bytes);
    e->room_bytes = arena_array(&b->arena, view->workloads, sizeof *e->room_bytes);
    e->gpu_bytes = arena_array(&b->arena, view->workloads, sizeof *e->gpu_bytes);
    e->node = arena_array(&b->arena, view->workloads, sizeof *e->node);
    assert_true(e->used_bytes && e->room_bytes && e->gpu_bytes && e->node);
    for (uint32_t i = 0; i < view->nodes; i++)
        e->used_bytes[i] = view->node[i].swap_used_bytes;
    for (uint32_t i = 0; i < view->workloads; i++) {
        e->room_bytes[i] = view->workload[i].host_bytes - controller_lent_bytes(ctl, i);
        e->lends |= controller_lent_bytes(ctl, i) > 0;
        e->gpu_bytes[i] = view->workload[i].bytes;
        e->node[i] = view->workload[i].node;
    }
}

static void keep_books(struct books *b, const char *db, uint32_t replication)
{
    struct error err = {0};
    struct event_log *log;
    struct replayed *replayed;
    const struct gs_commands *commands;
    struct gs_event event;
    bool more;

    *b = (struct books){0};
    assert_int_equal(event_log_open(&log, db, 0, &b->arena, &err), GS_OK);
    if (replayed_open(&replayed, log, &b->arena, &err) == GS_OK) {
        assert_int_equal(replayed_begin(replayed, replication, &err), GS_OK);
        assert_int_equal(event_log_rewind(log, replication, &err), GS_OK);
        b->view = controller_view(replayed_controller(replayed));
        while (event_log_next(log, &event, &commands, &more, &err) == GS_OK && more) {
            assert_true(replayed_step(replayed, &event, &commands));
            write_entry(b, replayed_controller(replayed));
        }
    }
    replayed_close(replayed);
    event_log_close(log);
}

/* As they are from then on. */
static const struct entry *entry_at(const struct books *b, gs_ns at_ns)
{
    size_t i = 0;

    while (i + 1 < b->entries && b->entry[i + 1].at_ns <= at_ns)
        i++;
    return &b->entry[i];
}

/* --- what must be true of a burst --- */

static void end_to_end(const struct explain_burst *b, int64_t seed)
{
    gs_ns at_ns = b->row.ready_ns;

    for (size_t i = 0; i < b->pieces; i++) {
        const struct explain_piece *p = &b->piece[i];
        if (p->from_ns != at_ns || p->to_ns <= p->from_ns)
            fail_msg("seed %lld, burst %llu: piece %zu begins at %lld instead of %lld", (long long)seed,
                     (unsigned long long)b->number, i, (long long)p->from_ns, (long long)at_ns);
        at_ns = p->to_ns;
        for (size_t k = 0; k < p->parts; k++) {
            choices += p->part[k].choice != NULL;
            if (p->part[k].ns <= 0 || p->part[k].bytes < 0)
                fail_msg("seed %lld, burst %llu: workload %u has no part in piece %zu", (long long)seed,
                         (unsigned long long)b->number, p->part[k].workload, i);
        }
    }
    pieces += b->pieces;
    if (at_ns != b->row.end_ns)
        fail_msg("seed %lld, burst %llu: the pieces end at %lld instead of %lld", (long long)seed,
                 (unsigned long long)b->number, (long long)at_ns, (long long)b->row.end_ns);
}

/* Where a warm-up was deleted, whether somebody lingered cannot always be told from waiting. */
static void causes_agree(const struct explain_burst *b, int64_t seed, bool warmed_up)
{
    gs_ns told[STALLS], recorded[STALLS];

    memcpy(told, b->located_ns, sizeof told);
    memcpy(recorded, b->row.stall_ns, sizeof recorded);
    if (warmed_up && told[STALL_DETECT] != recorded[STALL_DETECT]) {
        told[STALL_QUEUE] += told[STALL_DETECT] + told[STALL_PREEMPTED];
        recorded[STALL_QUEUE] += recorded[STALL_DETECT] + recorded[STALL_PREEMPTED];
        told[STALL_DETECT] = recorded[STALL_DETECT] = told[STALL_PREEMPTED] = recorded[STALL_PREEMPTED] = 0;
        warm++;
    }
    for (int s = 0; s < STALLS; s++)
        if (told[s] != recorded[s])
            fail_msg("seed %lld, replication %u, burst %llu: %s is %lld ns by its pieces, %lld ns by the recorder",
                     (long long)seed, b->replication, (unsigned long long)b->number, stall_name[s], (long long)told[s],
                     (long long)recorded[s]);
}

/* A wait for room begins with the file as the controller has it: the same holders, the same sum. */
static void weigh_the_file(const struct books *books, const struct explain_run *about, const struct explain_burst *b,
                           const struct explain_piece *p, int64_t seed)
{
    const struct entry *e = entry_at(books, p->from_ns);
    uint32_t node = about->gpu[b->gpu].node;
    int64_t told = 0;

    full++;
    lending += e->lends;
    for (size_t k = 0; k < p->parts; k++) {
        const struct explain_part *part = &p->part[k];
        if (part->deed != EXPLAIN_HELD)
            continue;
        told += part->bytes;
        holders++;
        if (e->node[part->workload] != node || e->room_bytes[part->workload] != part->bytes)
            fail_msg("seed %lld, burst %llu: workload %u holds %lld bytes instead of %lld", (long long)seed,
                     (unsigned long long)b->number, part->workload, (long long)part->bytes,
                     (long long)e->room_bytes[part->workload]);
    }
    if (told != e->used_bytes[node])
        fail_msg("seed %lld, burst %llu: the swap file holds %lld bytes instead of %lld", (long long)seed,
                 (unsigned long long)b->number, (long long)told, (long long)e->used_bytes[node]);
}

/* What a victim would free is what it has on its GPU at that time. */
static void weigh_choice(const struct books *books, const struct explain_choice *c, int64_t seed)
{
    for (uint32_t i = 0; i < c->candidates; i++) {
        const struct entry *e = entry_at(books, c->at_ns);
        while (e > books->entry && e->gpu_bytes[c->candidate[i].workload] != c->candidate[i].bytes &&
               e[-1].at_ns == c->at_ns)
            e--;
        candidates++;
        if (e->gpu_bytes[c->candidate[i].workload] != c->candidate[i].bytes)
            fail_msg("seed %lld, at %lld ns: workload %u would free %lld bytes instead of %lld", (long long)seed,
                     (long long)c->at_ns, c->candidate[i].workload, (long long)c->candidate[i].bytes,
                     (long long)e->gpu_bytes[c->candidate[i].workload]);
    }
}

static void books_agree(const struct books *books, const struct explain_run *about, const struct explain_burst *b,
                        int64_t seed)
{
    assert_int_equal(books->view == NULL, b->untold != NULL);
    untold += b->untold != NULL;
    for (size_t i = 0; i < b->pieces; i++) {
        if (books->view != NULL && b->piece[i].kind == EXPLAIN_CAP)
            weigh_the_file(books, about, b, &b->piece[i], seed);
        for (size_t k = 0; k < b->piece[i].parts; k++) {
            const struct explain_part *part = &b->piece[i].part[k];
            assert_true(books->view != NULL || part->deed != EXPLAIN_HELD);
            if (books->view != NULL && part->choice != NULL)
                weigh_choice(books, part->choice, seed);
        }
    }
}

static void explain_all(const char *db, int64_t seed, bool events, bool warmed_up)
{
    const struct explain_wish all = {.replication = -1, .burst = -1, .slowest = -1, .workload = GS_NONE};
    struct arena arena = {0};
    struct error err = {0};
    struct explain *explain;
    struct explain_burst *burst;
    struct text text = {0};
    struct books books;
    size_t bursts;

    if (explain_open(&explain, db, 0, &arena, &err) != GS_OK)
        fail_msg("seed %lld: %s", (long long)seed, err.text);
    if (explain_pick(explain, &all, &burst, &bursts, &err) != GS_OK) /* nobody ever asked for a GPU */
        bursts = 0;
    for (uint32_t replication = 0, left = (uint32_t)bursts; left > 0; replication++) {
        if (explain_read(explain, replication, -1, GS_NEVER, &err) != GS_OK)
            fail_msg("seed %lld: %s", (long long)seed, err.text);
        if (events)
            keep_books(&books, db, replication);
        for (size_t i = 0; i < bursts; i++) {
            if (burst[i].replication != replication)
                continue;
            left--;
            checked++;
            if (explain_burst(explain, &burst[i], &err) != GS_OK)
                fail_msg("seed %lld: %s", (long long)seed, err.text);
            end_to_end(&burst[i], seed);
            if (events) {
                causes_agree(&burst[i], seed, warmed_up);
                books_agree(&books, explain_about(explain), &burst[i], seed);
            }
            if (i % 16 != 0)
                continue;
            explain_text(&text, explain, &burst[i]);
            explain_json(&text, explain, &burst[i]);
            assert_false(text.failed);
            assert_non_null(strstr(text.data, "\"outcome\":"));
            text.length = 0;
        }
        if (events)
            arena_fini(&books.arena);
    }
    text_fini(&text);
    explain_close(explain);
    arena_fini(&arena);
}

static void test_every_burst_adds_up(void **unused)
{
    static struct draft draft;
    static char text[DRAFT_LINES * DRAFT_WIDTH];
    char db[128];

    (void)unused;
    snprintf(db, sizeof db, "%s/draft.db", folder);
    for (int64_t seed = first_seed; seed < first_seed + seeds; seed++) {
        draft_make(&draft, (uint64_t)seed);
        draft_text(&draft, text);
        bool events = seed % 8 != 0;
        if (run_it(text, db, events ? "scenario.record=events" : "scenario.record=bursts"))
            explain_all(db, seed, events, strstr(text, "warmup") != NULL);
        forget(db);
    }
    print_message("%" PRIu64 " bursts in %" PRIu64 " pieces, %" PRIu64 " choices of victims of %" PRIu64
                  " candidates, %" PRIu64 " waits for a full swap file of %" PRIu64 " holders, %" PRIu64
                  " of them while room is lent, %" PRIu64 " bursts without books, %" PRIu64
                  " with a warm-up in the way\n",
                  checked, pieces, choices, candidates, full, holders, lending, untold, warm);
    assert_true(checked > (uint64_t)seeds && choices > (uint64_t)seeds / 10 && full > (uint64_t)seeds / 4 &&
                lending > 0);
    assert_true(untold > 0 && untold < checked / 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_burst_adds_up)};
    const char *home = getenv("TMPDIR");
    char why[UNITS_WHY], path[128];

    if ((argc > 1 && units_integer(argv[1], &seeds, why) != GS_OK) ||
        (argc > 2 && units_integer(argv[2], &first_seed, why) != GS_OK))
        return GS_USAGE;
    snprintf(folder, sizeof folder, "%s/gpuswap-explain-XXXXXX", home == NULL ? "/tmp" : home);
    if (mkdtemp(folder) == NULL)
        return GS_CANT_CREATE;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(path, sizeof path, "%s/draft.gst", folder);
    unlink(path);
    rmdir(folder);
    return failed;
}
