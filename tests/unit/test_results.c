/* test_results.c - a run written and read back, and everything that can be wrong with a database. */
#include "sim/results/results.h"

#include "sim/results/results_parts.h"
#include "sim/results/schema.h"

#include <fcntl.h>
#include <signal.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/near.h"
#include "tests/unit/run_fixture.h"

enum { REPLICATIONS = 3, WORKLOADS = 7 };

static char folder[64];
static char path[128];

static int setup(void **unused)
{
    (void)unused;
    snprintf(folder, sizeof folder, "/tmp/test_results.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/results.db", folder);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        char file[160];
        snprintf(file, sizeof file, "%s%s", path, suffix[i]);
        unlink(file);
    }
    return rmdir(folder);
}

/* --- what is written --- */

static void specs(struct gs_workload_spec spec[WORKLOADS])
{
    for (uint32_t i = 0; i < WORKLOADS; i++)
        spec[i] = (struct gs_workload_spec){.group = i == 6,
                                            .class = i == 6 ? GS_TRAINING : GS_NOTEBOOK,
                                            .swappable = true,
                                            .bytes = INT64_C(30) << 30,
                                            .request = 0.375,
                                            .limit = 1,
                                            .dirty = 1};
}

static int open_run(struct results **r, const struct scenario *scenario, struct error *err)
{
    struct gs_workload_spec spec[WORKLOADS];
    specs(spec);
    return results_open(r, path, scenario, spec, WORKLOADS, "0.1.0", "sim", err);
}

/* The bursts of a replication in chunks of 40, the last of 20, with one event that chose a victim out of two. */
static int write_replication(struct results *r, struct tally *tally, struct error *err)
{
    struct burst_row burst[FIXTURE_BURSTS];
    struct gs_candidate candidate[] = {{3, true, 1.5}, {4, false, 2.5}};
    struct command_row command[] = {
        {.command = {.kind = GS_PLACE, .workload = 1, .requester = GS_NONE, .timer = GS_NONE, .at_ns = GS_NEVER}},
        {.command = {.kind = GS_SWAP_OUT,
                     .workload = 3,
                     .requester = 1,
                     .timer = GS_NONE,
                     .at_ns = GS_NEVER,
                     .candidates = 2,
                     .bytes = 100,
                     .moved_bytes = 60,
                     .reason = GS_BECAUSE_PRESSURE}},
    };
    struct event_row event[] = {
        {.event = {.at_ns = 5, .since_ns = GS_NEVER, .kind = GS_ATTACH, .workload = 1, .timer = GS_NONE},
         .commands = 1},
        {.event = {.at_ns = 9, .since_ns = 7, .kind = GS_WANT, .workload = 1, .bytes = 100, .timer = GS_NONE},
         .first_command = 1,
         .commands = 1},
    };
    struct residency_row residency = {3, 8, 2, 0, ROW_RUNNING};
    for (uint32_t i = 0; i < FIXTURE_BURSTS; i++)
        burst[i] = fixture_burst(tally->replication, i);
    struct chunk chunk = {.replication = tally->replication};
    for (size_t at = 0; at < FIXTURE_BURSTS; at += 40) {
        size_t n = FIXTURE_BURSTS - at < 40 ? FIXTURE_BURSTS - at : 40;
        chunk.first_burst = at;
        chunk.burst = burst + at;
        chunk.bursts = n;
        if (n < 40)
            break;
        int rc = results_chunk(r, &chunk, err);
        if (rc != GS_OK)
            return rc;
    }
    chunk.event = event;
    chunk.events = 2;
    chunk.first_event = 10;
    chunk.command = command;
    chunk.commands = 2;
    chunk.first_command = 20;
    chunk.candidate = candidate;
    chunk.candidates = 2;
    chunk.residency = &residency;
    chunk.residencies = 1;
    return results_replication(r, &chunk, tally, err);
}

struct run {
    struct arena arena;
    struct scenario scenario;
    struct tally *tally[REPLICATIONS];
    struct report report;
};

static int write_run(struct run *run, int replications, struct error *err)
{
    static const struct report_about about = {"0.1.0", "sim", NULL, 1.25, NULL};
    struct results *r;
    int rc = open_run(&r, &run->scenario, err);
    for (int i = 0; i < replications && rc == GS_OK; i++)
        rc = write_replication(r, run->tally[i], err);
    if (rc == GS_OK && replications == REPLICATIONS &&
        (rc = report_build(&run->report, &run->scenario, run->tally, REPLICATIONS, &about, &run->arena, err)) == GS_OK)
        rc = results_finish(r, &run->report, err);
    results_close(r);
    return rc;
}

static void make(struct run *run)
{
    *run = (struct run){0};
    fixture_scenario(&run->scenario, &run->arena);
    for (uint32_t i = 0; i < REPLICATIONS; i++)
        run->tally[i] = fixture_tally(i, &run->arena);
    /* Awkward numbers must come back to the last bit. */
    run->tally[1]->group[0].progress_ns *= 1.0 / 3;
    run->tally[2]->group[0].waiting_ns[STALL_CAP] = run->tally[2]->group[0].unended_stall_ns[STALL_CAP] = 3333333333333;
    sketch_add(&run->tally[2]->group[0].waiting, 3333333333333);
    sketch_add(&run->tally[2]->group[0].unended, 3333333333333);
    sketch_add(&run->tally[2]->group[0].unended_slowdown, 333 * SLOWDOWN_ONE);
    struct tally *first = run->tally[0];
    first->bucket_ns = 60 * FIXTURE_SECOND;
    first->buckets = SERIES_BUCKETS;
    first->gpu_series = arena_array(&run->arena, first->gpus * (size_t)SERIES_BUCKETS, sizeof *first->gpu_series);
    first->node_series = arena_array(&run->arena, SERIES_BUCKETS, sizeof *first->node_series);
    first->gpu_series[SERIES_BUCKETS + 3].useful_ns = 5e9;
    first->node_series[2].used_byte_ns = 60e9 * 1024;
}

static void drop(struct run *run)
{
    for (int i = 0; i < REPLICATIONS; i++)
        fixture_tally_fini(run->tally[i]);
    arena_fini(&run->arena);
}

static void must(int rc, const struct error *err)
{
    if (rc != GS_OK)
        fail_msg("%d: %s", rc, err->text);
}

/* One number out of the database. */
static double ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    double value = sqlite3_column_type(statement, 0) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void change(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* --- the tests --- */

static void the_report_comes_back_byte_for_byte(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    must(write_run(&run, REPLICATIONS, &err), &err);

    struct arena arena = {0};
    struct report back;
    must(results_load_report(&back, path, 0, &arena, &err), &err);
    void (*const form[])(struct text *, const struct report *) = {report_json, report_text, report_csv};
    for (size_t i = 0; i < 3; i++) {
        struct text a = {0}, b = {0};
        form[i](&a, &run.report);
        form[i](&b, &back);
        assert_string_equal(a.data, b.data);
        text_fini(&a);
        text_fini(&b);
    }
    assert_non_null(strstr(run.report.next, "swap_file"));
    assert_true(back.group[0].throughput_share.value == run.report.group[0].throughput_share.value);
    arena_fini(&arena);
    drop(&run);
}

static void views_give_the_numbers_of_the_report(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    must(write_run(&run, REPLICATIONS, &err), &err);
    const struct report_group *nb = &run.report.group[0];
    const struct {
        const char *sql;
        double value;
    } row[] = {
        {"SELECT response_mean_s FROM report_group WHERE name = 'NB'", nb->response[STAT_MEAN].value},
        {"SELECT response_p95_s FROM report_group WHERE name = 'NB'", nb->response[STAT_P95].value},
        {"SELECT completed FROM report_burst WHERE name = 'NB'", 300},
        {"SELECT response_mean_s FROM report_burst WHERE name = 'NB'", nb->response[STAT_MEAN].value},
        {"SELECT stall_queue_s FROM report_burst", nb->stall[STALL_QUEUE].value},
        {"SELECT stall_swap_in_s FROM report_burst", nb->stall[STALL_SWAP_IN].value},
        {"SELECT slowdown_mean FROM report_burst", nb->slowdown[STAT_MEAN].value},
        {"SELECT response_p50_s FROM report_burst_quantile", nb->response[STAT_P50].value},
        {"SELECT response_p95_s FROM report_burst_quantile", nb->response[STAT_P95].value},
        {"SELECT response_p99_s FROM report_burst_quantile", nb->response[STAT_P99].value},
        {"SELECT avg(response_p95_s) FROM report_replication WHERE name = 'NB'", nb->response[STAT_P95].value},
        {"SELECT useful FROM report_gpu WHERE id = 'node-0/gpu-0'", run.report.gpu[0].useful.value},
        {"SELECT peak_bytes FROM report_swap_file", run.report.node[0].peak_bytes.value},
        {"SELECT value FROM report_sla WHERE name = 'NB' AND metric = 'response_p95'", run.report.sla[0].value.value},
        {"SELECT stuck FROM report_group WHERE name = 'NB'", 1},
        {"SELECT unended_age_max_s FROM report_group WHERE name = 'NB'", 3333.333333333},
        {"SELECT unended_stall_cap_s FROM report_group WHERE name = 'NB'", 3333.333333333 / 6},
        {"SELECT count(*) FROM report_sla WHERE missed = 'stuck'", 1},
        {"SELECT count(*) FROM replication_group WHERE waiting = 1 AND waiting_cap_ns = unended_max_ns", 1},
        {"SELECT is_random FROM run", 1},
        {"SELECT replications_done FROM report_run", 3},
        {"SELECT count(*) FROM burst WHERE end_ns - ready_ns - alone_ns <> queue_ns + swap_out_ns + swap_in_ns + "
         "cap_ns +"
         " preempted_ns + detect_ns + cold_ns",
         0},
        {"SELECT count(DISTINCT burst) FROM burst WHERE replication = 2", 100},
        {"SELECT count(*) FROM event", 6},
        {"SELECT min(event) + max(event) FROM command", 21},
        {"SELECT keep FROM candidate WHERE replication = 1 AND command = 21 AND chosen = 0", 2.5},
        {"SELECT count(*) FROM command WHERE reason = 'pressure' AND kind = 'swap_out' AND requester = 1", 3},
        {"SELECT count(*) FROM residency WHERE state = 'running'", 3},
        {"SELECT useful_ns FROM gpu_usage WHERE gpu = 1 AND from_ns = 180000000000", 5e9},
        {"SELECT used_bytes FROM swap_usage WHERE from_ns = 120000000000", 1024},
        {"SELECT count(*) FROM workload WHERE grp = 0", 6},
        {"SELECT keys LIKE '%workload.NB.count = 6%' FROM run", 1},
        {"SELECT max(share) FROM distribution WHERE metric = 'slowdown'", 1},
        {"SELECT max(value) FROM distribution WHERE metric = 'response_s'", nb->response[STAT_MAX].value},
        {"SELECT share FROM distribution WHERE metric = 'response_s' AND abs(value - 40) < 1e-9", 235.0 / 300},
        {"SELECT count(*) FROM distribution AS d WHERE metric = 'response_s' AND abs(share -"
         " (SELECT avg(end_ns - ready_ns <= d.value * 1e9 + 0.5) FROM burst)) > 1e-9",
         0},
        {"SELECT count(*) FROM distribution WHERE grp = 1 OR metric = 'ttft_s'", 0},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double is = ask(row[i].sql);
        if (!(fabs(is - row[i].value) <= 1e-9 * fabs(row[i].value)))
            fail_msg("%s: %.17g, not %.17g", row[i].sql, is, row[i].value);
    }
    drop(&run);
}

static void runs_are_numbered(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    struct arena arena = {0};
    struct report back;
    make(&run);
    must(write_run(&run, REPLICATIONS, &err), &err);
    run.scenario.seed = UINT64_MAX;
    must(write_run(&run, REPLICATIONS, &err), &err);
    must(results_load_report(&back, path, 0, &arena, &err), &err);
    assert_true(back.seed == UINT64_MAX);
    must(results_load_report(&back, path, 1, &arena, &err), &err);
    assert_int_equal(back.seed, 1);
    assert_int_equal(results_load_report(&back, path, 3, &arena, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "no run 3"));
    arena_fini(&arena);
    drop(&run);
}

/* A run that dies after two replications: both are there, the run says so, and the report of it is refused. */
static void a_killed_run_is_incomplete(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct results *r = NULL;
        if (open_run(&r, &run.scenario, &err) != GS_OK || write_replication(r, run.tally[0], &err) != GS_OK ||
            write_replication(r, run.tally[1], &err) != GS_OK)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));

    struct arena arena = {0};
    struct report back;
    assert_int_equal(results_load_report(&back, path, 0, &arena, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "incomplete: it ended after 2 of 3 replications"));
    assert_near(ask("SELECT count(*) FROM burst"), 200, 0);
    assert_near(ask("SELECT status = 'incomplete' FROM run"), 1, 0);

    err = (struct error){0};
    must(write_run(&run, REPLICATIONS, &err), &err);
    must(results_load_report(&back, path, 0, &arena, &err), &err);
    assert_int_equal(results_load_report(&back, path, 1, &arena, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "--run 2"));
    arena_fini(&arena);
    drop(&run);
}

static void a_full_disk(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    struct results *r;
    must(open_run(&r, &run.scenario, &err), &err);
    assert_int_equal(sqlite3_exec(r->store->db, "PRAGMA max_page_count = 60", NULL, NULL, NULL), SQLITE_OK);
    int rc = GS_OK, written = 0;
    for (; written < 1000 && rc == GS_OK; written++) {
        run.tally[0]->replication = (uint32_t)written;
        rc = write_replication(r, run.tally[0], &err);
    }
    assert_int_equal(rc, GS_IO);
    assert_non_null(strstr(err.text, "no room left"));
    results_close(r);
    /* What was committed is whole. */
    assert_near(ask("SELECT count(*) FROM replication"), written - 1, 0);
    assert_near(ask("SELECT status = 'incomplete' FROM run"), 1, 0);
    drop(&run);
}

static void wrong_files(void **unused)
{
    (void)unused;
    enum kind { TEXT_FILE, OTHER_PROGRAM, OLDER, NEWER, NO_FOLDER, IS_FOLDER, KINDS };
    static const struct {
        int write_code, read_code;
        const char *message;
    } row[KINDS] = {
        [TEXT_FILE] = {GS_CANT_CREATE, GS_BAD_INPUT, "not a SQLite database"},
        [OTHER_PROGRAM] = {GS_CANT_CREATE, GS_BAD_INPUT, "another program"},
        [OLDER] = {GS_CANT_CREATE, GS_BAD_INPUT, "an older version"},
        [NEWER] = {GS_CANT_CREATE, GS_BAD_INPUT, "a newer version"},
        [NO_FOLDER] = {GS_CANT_CREATE, GS_NO_INPUT, "cannot"},
        [IS_FOLDER] = {GS_CANT_CREATE, GS_IO, "cannot"},
    };
    for (int kind = 0; kind < KINDS; kind++) {
        struct run run;
        struct error err = {0};
        struct arena arena = {0};
        struct report back;
        make(&run);
        char good[sizeof path];
        snprintf(good, sizeof good, "%s", path);
        if (kind == TEXT_FILE) {
            FILE *f = fopen(path, "w");
            for (int i = 0; i < 200; i++)
                fputs("not a database at all\n", f);
            fclose(f);
        } else if (kind == OTHER_PROGRAM) {
            change("CREATE TABLE t(x)");
        } else if (kind == NO_FOLDER) {
            snprintf(path, sizeof path, "%s/missing/results.db", folder);
        } else if (kind == IS_FOLDER) {
            snprintf(path, sizeof path, "%s", folder);
        } else {
            must(write_run(&run, REPLICATIONS, &err), &err);
            change(kind == OLDER ? "PRAGMA user_version = 0" : "PRAGMA user_version = 99");
        }
        struct results *r;
        int rc = open_run(&r, &run.scenario, &err);
        if (rc != row[kind].write_code || !strstr(err.text, row[kind].message) || !strstr(err.text, folder))
            fail_msg("kind %d, writing: %d %s", kind, rc, err.text);
        err = (struct error){0};
        rc = results_load_report(&back, path, 0, &arena, &err);
        if (rc != row[kind].read_code)
            fail_msg("kind %d, reading: %d %s", kind, rc, err.text);
        snprintf(path, sizeof path, "%s", good);
        unlink(path);
        arena_fini(&arena);
        drop(&run);
    }
}

static void a_damaged_file(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    struct arena arena = {0};
    struct report back;
    make(&run);
    must(write_run(&run, REPLICATIONS, &err), &err);
    int file = open(path, O_RDWR);
    char junk[4096];
    memset(junk, 0x5a, sizeof junk);
    for (off_t page = 1; page < 200; page++)
        if (pwrite(file, junk, sizeof junk, page * 4096) < 0)
            break;
    close(file);
    assert_int_equal(results_load_report(&back, path, 0, &arena, &err), GS_IO);
    assert_non_null(strstr(err.text, "damaged"));
    arena_fini(&arena);
    drop(&run);
}

static void somebody_else_writes(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    struct results *r;
    must(open_run(&r, &run.scenario, &err), &err);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_busy_timeout(r->store->db, 10);
    assert_int_equal(write_replication(r, run.tally[0], &err), GS_BUSY);
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    err = (struct error){0};
    must(write_replication(r, run.tally[0], &err), &err);
    results_close(r);
    drop(&run);
}

/* A database that may not be written can still be read.  As root may write everything, somebody else tries. */
static void read_only(void **unused)
{
    (void)unused;
    struct run run;
    struct error err = {0};
    make(&run);
    must(write_run(&run, REPLICATIONS, &err), &err);
    chmod(path, 0444);
    chmod(folder, 0555);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct arena arena = {0};
        struct report back;
        struct results *r = NULL;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(1);
        if (results_load_report(&back, path, 0, &arena, &err) != GS_OK)
            _exit(2);
        arena_fini(&arena);
        int rc = open_run(&r, &run.scenario, &err);
        _exit(rc != GS_CANT_CREATE || !strstr(err.text, "cannot be written") ? 3 : 0);
    }
    int status;
    waitpid(child, &status, 0);
    chmod(folder, 0700);
    assert_int_equal(status, 0);
    drop(&run);
}

/* Each allocation of ours fails once; the program says so or has written everything. */
static void no_memory(void **unused)
{
    (void)unused;
    struct run run;
    make(&run);
    for (uint64_t nth = 1; nth < 600; nth++) {
        struct error err = {0};
        struct arena arena = {0};
        struct report back;
        arena_fail_nth(nth);
        int rc = write_run(&run, REPLICATIONS, &err);
        if (rc == GS_OK)
            rc = results_load_report(&back, path, 0, &arena, &err);
        arena_fail_nth(0);
        arena_fini(&arena);
        unlink(path);
        if (rc == GS_OK) {
            drop(&run);
            return;
        }
        if (rc != GS_SYSTEM)
            fail_msg("allocation %d: %d %s", (int)nth, rc, err.text);
    }
    fail();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_report_comes_back_byte_for_byte),
        TEST(views_give_the_numbers_of_the_report),
        TEST(runs_are_numbered),
        TEST(a_killed_run_is_incomplete),
        TEST(a_full_disk),
        TEST(wrong_files),
        TEST(a_damaged_file),
        TEST(somebody_else_writes),
        TEST(read_only),
        TEST(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
