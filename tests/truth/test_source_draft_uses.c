/* test_source_draft_uses.c - the draft of the product's documentation (June 2024), a notebook before a training, and models: each
 * sentence that says what happens, as a test of its own that is small enough to be checked by hand.  docs/fidelity.md lists them. */
#include "tests/truth/truth.h"

#include <math.h>
#include <string.h>

#include "tests/truth/sentence.h"

/* --- a notebook before a training job --- */

/* The notebook wants 4 s of GPU at 10; both have 40 GiB, turns are of 2 s. */
static const char turns[] =
    FOR("60s") ONE_GPU "[policy]\nslicer = rr\nslicer.quantum = 2s\n" JOB("T", "40GiB", "20s", "")
        NOTEBOOK("N", "40GiB", "10s", "4s", "state = host\n");

static void source_b_17_a_gpu_is_shared_by_a_notebook_and_a_training(void **unused)
{
    static const char *const until[] = {"scenario.duration=45s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 20, .end = 42, .queue = 2, .swap_out = 8, .swap_in = 8, .preempted = 10},
        {.workload = 0, .end = 45, .swap_out = 7, .swap_in = 4, .preempted = 20, .outcome = "censored"},
    };
    (void)unused; /* T 0-12, N 20-22, T 30-32, N 40-42, and exchanges of 8 between */
    TRUTH_TIMELINE(turns, until, due);
}

static void source_b_18_each_runs_a_part_of_the_time_and_is_swapped_out_for_the_rest(void **unused)
{
    static const char *const both[] = {"scenario.warmup=12s", "scenario.duration=42s", NULL};
    const struct tally *t = measure_with(turns, both);

    (void)unused; /* three exchanges, in which each of the two comes and goes */
    assert_true(t->gpu[0].useful_ns == truth_ns(6) && t->gpu[0].switching_ns == truth_ns(24));
    assert_int_equal(t->gpu[0].swap_out_bytes, 120 * gib);
    assert_int_equal(t->gpu[0].swap_in_bytes, 120 * gib);
}

static const char at_idle[] =
    FOR("50s") ONE_GPU "[policy]\nprefetch = eager\nprefetch.after = 0s\n" NOTEBOOK("N", "40GiB", "10s", "2s", "");

static void source_b_19_an_idle_notebook_is_kept_in_cpu_memory_and_its_pod_goes_on(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 10, .end = 12},
        {.workload = 0, .ready = 22, .start = 26, .end = 28, .swap_in = 4},
        {.workload = 0, .ready = 38, .start = 42, .end = 44, .swap_in = 4},
    };
    (void)unused; /* it thinks as long as ever */
    TRUTH_TIMELINE(at_idle, NULL, due);
    assert_int_equal(measure(at_idle)->node[0].peak_bytes, 40 * gib);
}

static void source_b_20_and_so_is_a_training_that_has_to_wait(void **unused)
{
    static const char text[] = FOR("110s") ONE_GPU "[policy]\nslicer = priority\n" JOB("T", "40GiB", "60s", "")
        NOTEBOOK("N", "40GiB", "30s", "4s", "state = host\n");
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 30, .start = 38, .end = 42, .swap_out = 4, .swap_in = 4},
        {.workload = 1, .ready = 72, .start = 80, .end = 84, .swap_out = 4, .swap_in = 4},
        {.workload = 0, .end = 100, .swap_out = 8, .swap_in = 8, .preempted = 24},
    };
    (void)unused; /* 0-30, 50-72, 92-100: what it had done is kept, its 60 s of work are 60 s in all */
    TRUTH_TIMELINE(text, NULL, due);
}

static double kept_by_training(const char *think)
{
    static const char text[] = FOR("4000s") ONE_GPU "[policy]\nslicer = priority\n" JOB("T", "40GiB", "1000h", "")
        NOTEBOOK("N", "40GiB", "100s", "10s", "");

    measure_set(text, think);
    return truth_share(ran.outcome.tally[0], 0);
}

static void source_b_21_the_training_is_faster_while_the_notebook_is_idle(void **unused)
{
    double never = kept_by_training("workload.N.think=2h"), seldom = kept_by_training("workload.N.think=300s");
    double often = kept_by_training("workload.N.think=30s");

    (void)unused; /* a cycle is think, 8 s of exchange, 10 s of work; the training loses the 18 and 8 more */
    assert_true(never >= 1);
    assert_true(fabs(seldom - (1 - 26.0 / 318)) < .01 && fabs(often - (1 - 26.0 / 48)) < .01);
}

static void source_b_22_neither_is_interrupted_for_good(void **unused)
{
    const struct tally *t = measure_set(turns, "scenario.duration=1h");

    (void)unused; /* all that was begun is ended, but for the cell that may be under way */
    for (int i = 0; i < 2; i++)
        assert_true(t->group[i].lost == 0 && t->group[i].oom_kills == 0 &&
                    t->group[i].arrived - t->group[i].completed <= 1);
    assert_true(t->group[0].completed == 1 && t->group[1].completed > 100);
}

/* --- models --- */

static void source_b_23_models_are_hot_warm_or_cold(void **unused)
{
    static const char plain[] =
        FOR("200s") "[node]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\ndisk = 1GiB/s\n" MODEL(
            "A", "20GiB", "10s", "1s", "cold_start = 30s\n");
    static const struct {
        const char *state;
        double response;
    } row[] = {{"workload.A.state=gpu", 1}, {"workload.A.state=host", 3}, {"workload.A.state=disk", 51}};

    (void)unused;
    for (size_t i = 0; i < 3; i++)
        assert_true(measure_set(plain, row[i].state)->group[0].response_ns == row[i].response * 1e9);
}

static const char full_models[] = FOR("100s") ONE_GPU
    "swap_file = 200GiB\n[policy]\nslicer = fcfs\n"
    "[workload.M]\nclass = inference\ncount = 3\nmemory = 60GiB\nrouter = round_robin\nservice = 1s\n"
    "arrival = schedule(10s 30s 50s 70s)\n";

static void source_b_24_each_model_may_take_the_full_gpu(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 16, .end = 17, .swap_in = 6},
        {.workload = 1, .ready = 30, .start = 42, .end = 43, .swap_out = 6, .swap_in = 6},
        {.workload = 2, .ready = 50, .start = 62, .end = 63, .swap_out = 6, .swap_in = 6},
        {.workload = 0, .ready = 70, .start = 82, .end = 83, .swap_out = 6, .swap_in = 6},
    };
    (void)unused;
    TRUTH_TIMELINE(full_models, NULL, due);
}

static void source_b_25_a_load_balancer_chooses_the_server(void **unused)
{
    static const char *const one[] = {"workload.M.router=hot_first", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 16, .end = 17, .swap_in = 6},
        {.workload = 0, .ready = 30, .start = 30, .end = 31},
        {.workload = 0, .ready = 50, .start = 50, .end = 51},
        {.workload = 0, .ready = 70, .start = 70, .end = 71},
    };
    (void)unused; /* to the one that is there already, in place of one after the other */
    TRUTH_TIMELINE(full_models, one, due);
}

static void source_b_26_the_model_in_use_is_on_the_gpu_and_the_others_are_warm(void **unused)
{
    static const char *const then[] = {"scenario.warmup=44s", "scenario.duration=49s", NULL};
    const struct tally *t = measure_with(full_models, then);

    (void)unused;
    assert_int_equal(t->node[0].peak_bytes, 120 * gib);
    assert_true(fabs(t->gpu[0].resident_byte_ns - 60.0 * (double)gib * 5e9) < 1e6);
}

static void source_b_27_the_context_stays_on_the_gpu(void **unused)
{
    static const char *const contexts[] = {"workload.M.context=1GiB", NULL};
    static const char *const room[] = {"workload.M.context=1GiB", "workload.M.memory=59GiB", NULL};

    (void)unused; /* three of 1 GiB are more than the reserve of 2: only 59 are left for a model */
    assert_int_equal(tally_refused(&measure_with(full_models, contexts)->group[0]), 1);
    assert_int_equal(tally_refused(&measure_with(full_models, room)->group[0]), 0);
}

static void source_b_28_warm_models_need_no_start_from_scratch(void **unused)
{
    static const char *const swapped[] = {"workload.M.arrival=schedule(10s 60s 110s 160s)", "scenario.duration=200s",
                                          NULL};
    static const char *const scratch[] = {"workload.M.arrival=schedule(10s 60s 110s 160s)", "scenario.duration=200s",
                                          "workload.M.unload=stop", "workload.M.cold_start=20s", NULL};
    double warm = measure_with(full_models, swapped)->group[0].response_ns;

    (void)unused; /* 20 s of starting each; the three ways out are saved, disk and link are equally fast */
    assert_true(measure_with(full_models, scratch)->group[0].response_ns == warm + 4 * 20e9 - 3 * 6e9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_b_17_a_gpu_is_shared_by_a_notebook_and_a_training),
        cmocka_unit_test(source_b_18_each_runs_a_part_of_the_time_and_is_swapped_out_for_the_rest),
        cmocka_unit_test(source_b_19_an_idle_notebook_is_kept_in_cpu_memory_and_its_pod_goes_on),
        cmocka_unit_test(source_b_20_and_so_is_a_training_that_has_to_wait),
        cmocka_unit_test(source_b_21_the_training_is_faster_while_the_notebook_is_idle),
        cmocka_unit_test(source_b_22_neither_is_interrupted_for_good),
        cmocka_unit_test(source_b_23_models_are_hot_warm_or_cold),
        cmocka_unit_test(source_b_24_each_model_may_take_the_full_gpu),
        cmocka_unit_test(source_b_25_a_load_balancer_chooses_the_server),
        cmocka_unit_test(source_b_26_the_model_in_use_is_on_the_gpu_and_the_others_are_warm),
        cmocka_unit_test(source_b_27_the_context_stays_on_the_gpu),
        cmocka_unit_test(source_b_28_warm_models_need_no_start_from_scratch),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
