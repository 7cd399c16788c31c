/* test_books.c - the balance at the end of each run can fail: devices that lie, and books that are wrong by one. */
#include "sim/run/recorder_state.h"
#include "sim/run/setup.h"
#include "tests/truth/truth.h"

#include <string.h>

static const char busy[] =
    "[scenario]\nduration = 1000s\n"
    "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\nsharing = exclusive\n"
    "[workload.N]\nclass = notebook\ncount = 4\nmemory = 20GB\nthink = exp(10s)\nburst = exp(10s)\n"
    "[workload.Q]\nclass = inference\nmemory = 10GB\narrival = poisson(0.1/s)\nservice = 5s\n";

/* --- devices that lie: the simulated node, with one function that falsifies --- */

static void busy_for_longer_than_the_run(struct backend *be, uint32_t gpu, struct gpu_usage *usage)
{
    backend_sim.usage(be, gpu, usage);
    usage->useful_ns += truth_ns(1000);
}

/* Bursts were shorter than the time they ran for is fine (they shared); that they were longer cannot be. */
static int ended_too_soon(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = backend_sim.wait(be, until_ns, event, err);

    if (rc == GS_OK && (*event)->kind == BACKEND_FINISH)
        (*event)->job->alone_ns = (*event)->event.at_ns - (*event)->job->ready_ns + 1;
    return rc;
}

/* Of the bursts that wait at the end, the first is lost. */
static struct job *lost_a_burst(struct backend *be, uint32_t workload, bool gone)
{
    struct job *list = backend_sim.forget(be, workload, gone);

    return list == NULL ? NULL : list->next;
}

static int run_with(const struct backend_ops *ops, struct error *err)
{
    struct overrides none = {0};
    struct run_options options = {.backend = ops};
    struct run_outcome outcome;
    struct load_traces *traces;
    struct scenario scenario;
    struct arena arena = {0};
    int rc;

    memset(err, 0, sizeof *err);
    assert_int_equal(scenario_parse(&scenario, busy, sizeof busy - 1, "busy.ini", NULL, &none, &arena, err), GS_OK);
    assert_int_equal(load_read_traces(&traces, &scenario, &arena, err), GS_OK);
    rc = run_scenario(&scenario, &options, traces, &outcome, &arena, err);
    run_fini(&outcome);
    arena_fini(&arena);
    return rc;
}

static void expect_bug(int rc, const struct error *err, const char *text)
{
    if (rc != GS_BUG || strstr(err->text, text) == NULL)
        fail_msg("expected '%s', got %d: %s", text, rc, err->text);
}

static void test_devices_that_lie_are_caught(void **unused)
{
    struct backend_ops lying;
    struct error err;

    (void)unused;
    assert_int_equal(run_with(&backend_sim, &err), GS_OK);
    lying = backend_sim;
    lying.usage = busy_for_longer_than_the_run;
    expect_bug(run_with(&lying, &err), &err, "a GPU was busy for longer than the run lasted");
    lying = backend_sim;
    lying.wait = ended_too_soon;
    expect_bug(run_with(&lying, &err), &err, "the causes of a burst's delay add up to more than the delay");
    lying = backend_sim;
    lying.forget = lost_a_burst;
    expect_bug(run_with(&lying, &err), &err, "a burst that became ready never ended");
}

/* --- books that are wrong by one: a recorder that saw nothing, and one counter broken --- */

static void break_nothing(struct recorder *rec)
{
    (void)rec;
}

static void break_residents(struct recorder *rec)
{
    rec->gpu[0].resident_bytes++;
}

static void break_time_in_system(struct recorder *rec)
{
    rec->watch[2].in_system_ns++;
}

static void break_responses(struct recorder *rec)
{
    rec->watch[2].response_ns++;
}

static void break_pending(struct recorder *rec)
{
    rec->watch[1].pending++;
}

static void test_books_that_are_wrong_by_one_are_caught(void **unused)
{
    static const struct {
        void (*destroy)(struct recorder *rec);
        const char *text; /* NULL: all is well */
    } row[] = {
        {break_nothing, NULL},
        {break_residents, "bytes that came and went do not add up to what is on a GPU"},
        {break_time_in_system, "the time bursts spent in the system is not the sum of their responses"},
        {break_responses, "the time bursts spent in the system is not the sum of their responses"},
        {break_pending, "a burst that became ready never ended"},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct overrides none = {0};
        struct load_traces *traces;
        struct scenario scenario;
        struct gs_workload_spec *spec;
        struct gs_setup setup;
        struct load *load;
        struct backend *be;
        struct recorder *rec;
        struct tally *tally;
        struct chunk last;
        struct arena arena = {0};
        struct error err = {0};
        uint32_t n;

        assert_int_equal(scenario_parse(&scenario, busy, sizeof busy - 1, "busy.ini", NULL, &none, &arena, &err),
                         GS_OK);
        assert_int_equal(load_read_traces(&traces, &scenario, &arena, &err), GS_OK);
        assert_int_equal(load_specs(&scenario, traces, 0, &spec, &n, &arena, &err), GS_OK);
        assert_int_equal(setup_make(&setup, &scenario, spec, n, &arena, &err), GS_OK);
        assert_int_equal(load_open(&load, &scenario, traces, 0, spec, n, &arena, &err), GS_OK);
        struct backend_setup with = {&scenario, &setup, &arena, 0};
        assert_int_equal(backend_sim.open(&be, &with, &err), GS_OK);
        const struct gs_view *view = controller_view(setup_controller(&setup, &arena));
        const struct recorder_setup rs = {.scenario = &scenario,
                                          .setup = &setup,
                                          .view = view,
                                          .load = load,
                                          .backend = be,
                                          .ops = &backend_sim,
                                          .gpus = view->gpus,
                                          .horizon_ns = truth_ns(10),
                                          .arena = &arena};
        assert_int_equal(recorder_open(&rec, &rs, &err), GS_OK);
        row[i].destroy(rec);
        int rc = recorder_close(rec, truth_ns(10), &tally, &last, &err);
        if (row[i].text == NULL)
            assert_int_equal(rc, GS_OK);
        else
            expect_bug(rc, &err, row[i].text);
        tally_fini(tally);
        chunk_free(&last);
        backend_sim.close(be);
        arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices_that_lie_are_caught),
        cmocka_unit_test(test_books_that_are_wrong_by_one_are_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
