/* test_source_blog.c - "GPU Memory Swap by Run:ai", blog post of 22 July 2024: each sentence of it that says what happens, as a
 * test of its own that is small enough to be checked by hand.  docs/fidelity.md lists them. */
#include "tests/truth/truth.h"

#include <string.h>

#include "tests/truth/sentence.h"

/* Three times 40 GiB where there are 60. */
static const char three[] =
    FOR("100s") ONE_GPU "swap_file = 140GiB\n" NOTEBOOK("N", "40GiB", "5s", "2s", "count = 3\n");

static void source_a_01_memory_of_the_gpu_is_extended_by_that_of_the_cpu(void **unused)
{
    (void)
        unused; /* nobody waits at the end who has not got on; without the CPU's memory two wait for the one, for good */
    assert_true(measure(three)->group[0].completed > 9 && tally_jain(&ran.outcome.tally[0]->group[0]) > .99);
    assert_int_equal(measure_set(three, "node.swap=no")->group[0].completed, 14);
    assert_true(ran.outcome.tally[0]->group[0].waiting_memory_ns == truth_ns(2 * 95));
}

static void source_a_02_more_tasks_are_on_one_gpu_at_a_time(void **unused)
{
    static const char *const small[] = {"policy.cap=strict", "node.swap_file=0", NULL};
    static const char *const large[] = {"policy.cap=strict", NULL};

    (void)unused; /* let in is who can be held: one on the GPU alone, three with 140 GiB beside it */
    assert_int_equal(tally_refused(&measure_with(three, small)->group[0]), 2);
    assert_int_equal(tally_refused(&measure_with(three, large)->group[0]), 0);
}

static void source_a_03_nobody_is_ended_for_want_of_memory(void **unused)
{
    static const char *const oom[] = {"policy.cap.when_full=oom", "workload.N.request=0.5", NULL};
    const struct group_tally *g = &measure_with(three, oom)->group[0];

    (void)unused;
    assert_true(g->oom_kills == 0 && g->lost == 0 && g->rejected == 0);
}

static void source_a_04_notebooks_leave_the_gpu_idle_for_long(void **unused)
{
    static const char one[] = FOR("1200s") ONE_GPU NOTEBOOK("N", "40GiB", "110s", "10s", "");

    (void)unused; /* 10 s of 120 */
    assert_true(measure(one)->gpu[0].useful_ns == truth_ns(100));
}

/* Four that begin 30 s apart. */
#define STAGGERED(memory)                                                                                              \
    NOTEBOOK("A", memory, "110s", "10s", "")                                                                           \
    NOTEBOOK("B", memory, "110s", "10s", "start = 30s\n")                                                              \
    NOTEBOOK("C", memory, "110s", "10s", "start = 60s\n") NOTEBOOK("D", memory, "110s", "10s", "start = 90s\n")

static void source_a_05_several_notebooks_share_a_gpu_efficiently(void **unused)
{
    static const char four[] = FOR("1290s") "warmup = 90s\n" ONE_GPU STAGGERED("15GiB");
    const struct tally *t = measure(four);

    (void)unused; /* four times the use of one, and nobody waits */
    assert_true(t->gpu[0].useful_ns == truth_ns(400));
    for (int i = 0; i < 4; i++)
        assert_true(t->group[i].response_ns <= 10e9 * (double)t->group[i].completed && t->group[i].completed == 10);
}

static void source_a_06_also_where_the_total_exceeds_the_gpu(void **unused)
{
    static const char four[] = FOR("290s") ONE_GPU "swap_file = 200GiB\n" STAGGERED("40GiB");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 110, .start = 110, .end = 120},
        {.workload = 1, .ready = 140, .start = 144, .end = 154, .swap_out = 4},
        {.workload = 2, .ready = 170, .start = 174, .end = 184, .swap_out = 4},
        {.workload = 3, .ready = 200, .start = 204, .end = 214, .swap_out = 4},
        {.workload = 0, .ready = 230, .start = 238, .end = 248, .swap_out = 4, .swap_in = 4},
        {.workload = 1, .ready = 264, .start = 272, .end = 282, .swap_out = 4, .swap_in = 4},
    };
    (void)unused;
    TRUTH_TIMELINE(four, NULL, due);
}

static void source_a_07_who_works_is_not_interrupted(void **unused)
{
    static const char two[] =
        FOR("24s") ONE_GPU NOTEBOOK("A", "40GiB", "5s", "10s", "") NOTEBOOK("B", "40GiB", "8s", "5s", "");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 15},
        {.workload = 1, .ready = 8, .start = 19, .end = 24, .queue = 7, .swap_out = 4},
        {.workload = 0, .ready = 20, .start = -1, .end = 24, .queue = 4, .outcome = "censored"},
    };
    (void)unused; /* B wishes for memory at 8, and A has its own until it ends */
    TRUTH_TIMELINE(two, NULL, due);
}

/* A request at 10 for a model that waits in CPU memory; it goes before the training, which has 50 GiB. */
static const char before_training[] = FOR("60s") ONE_GPU "[policy]\nslicer = priority\n" JOB("T", "50GiB", "30s", "")
    MODEL("I", "30GiB", "10s", "2s", "state = host\n");

static void source_a_08_one_gpu_switches_between_inference_and_training(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 18, .end = 20, .swap_out = 5, .swap_in = 3},
        {.workload = 0, .end = 48, .swap_out = 3, .swap_in = 5, .preempted = 10},
    };
    (void)unused;
    TRUTH_TIMELINE(before_training, NULL, due);
}

static void source_a_09_training_data_goes_to_cpu_memory_and_back(void **unused)
{
    const struct gpu_tally *g = &measure(before_training)->gpu[0];

    (void)unused;
    assert_int_equal(g->swap_out_bytes, 80 * gib); /* the training's 50, and the model's 30 when it comes back */
    assert_int_equal(g->swap_in_bytes, 80 * gib);
}

static void source_a_10_without_requests_the_training_has_the_whole_gpu(void **unused)
{
    static const char *const whole[] = {"workload.T.memory=60GiB", "workload.I.arrival=schedule(1h)", NULL};
    static const struct truth_burst due[] = {{.workload = 0, .end = 30}};
    static const char *const until[] = {whole[0], whole[1], "scenario.duration=40s", NULL};

    (void)unused;
    TRUTH_TIMELINE(before_training, until, due);
}

static void source_a_11_both_use_the_full_memory(void **unused)
{
    static const char *const full[] = {"workload.T.memory=60GiB", "workload.I.memory=60GiB", NULL};
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 22, .end = 24, .swap_out = 6, .swap_in = 6},
        {.workload = 0, .end = 56, .swap_out = 6, .swap_in = 6, .preempted = 14},
    };
    (void)unused;
    TRUTH_TIMELINE(before_training, full, due);
}

/* Three models of 50 GiB. */
static const char models[] =
    FOR("90s") ONE_GPU "swap_file = 160GiB\n[policy]\nslicer = fcfs\n" MODEL("A", "50GiB", "10s 40s", "1s", "")
        MODEL("B", "50GiB", "20s", "1s", "") MODEL("C", "50GiB", "30s", "1s", "");

static void source_a_12_several_models_are_loaded_ahead_on_one_gpu(void **unused)
{
    const struct tally *t = measure(models);

    (void)unused; /* 150 GiB on a GPU of 60: no request finds its model on disk */
    for (int i = 0; i < 3; i++)
        assert_true(t->group[i].served[SERVED_COLD] == 0 && t->group[i].rejected == 0 && t->group[i].completed > 0);
}

static void source_a_13_inactive_models_wait_in_cpu_memory(void **unused)
{
    static const char *const then[] = {"scenario.warmup=16s", "scenario.duration=19s", NULL};

    (void)unused; /* before the first request all three, then all but the one in use */
    assert_int_equal(measure(models)->node[0].peak_bytes, 150 * gib);
    assert_int_equal(measure_with(models, then)->node[0].peak_bytes, 100 * gib);
}

static void source_a_14_and_are_quickly_swapped_in_when_they_are_needed(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 15, .end = 16, .swap_in = 5},
        {.workload = 1, .ready = 20, .start = 30, .end = 31, .swap_out = 5, .swap_in = 5},
        {.workload = 2, .ready = 30, .start = 41, .end = 42, .queue = 1, .swap_out = 5, .swap_in = 5},
        {.workload = 0, .ready = 40, .start = 52, .end = 53, .queue = 2, .swap_out = 5, .swap_in = 5},
    };
    (void)unused;
    TRUTH_TIMELINE(models, NULL, due);
}

static void source_a_15_which_is_quicker_than_to_load_from_scratch(void **unused)
{
    static const char one[] = FOR("200s") ONE_GPU MODEL("A", "50GiB", "10s", "1s", "cold_start = 60s\n");
    static const char *const scratch[] = {"workload.A.state=disk", "node.disk=2GiB/s", NULL};
    static const struct truth_burst warm[] = {{.ready = 10, .start = 15, .end = 16, .swap_in = 5}};
    static const struct truth_burst cold[] = {{.ready = 10, .start = 95, .end = 96, .cold = 85}};

    (void)unused; /* 50 GiB at 2 GiB/s and 60 s of starting */
    TRUTH_TIMELINE(one, NULL, warm);
    TRUTH_TIMELINE(one, scratch, cold);
}

static void source_a_16_dynamic_fractions_are_a_prerequisite(void **unused)
{
    (void)unused;
    assert_true(measure(three)->gpu[0].swaps > 0);
    assert_int_equal(measure_set(three, "workload.N.fraction=regular")->gpu[0].swaps, 0);
}

static void source_a_17_a_node_level_scheduler_is_optional(void **unused)
{
    static const char *const two_gpus[] = {"node.gpus=2", "policy.place=pack", NULL};
    static const char *const helped[] = {"node.gpus=2", "policy.place=pack", "node.node_level_scheduler=yes", NULL};
    double without = measure_with(three, two_gpus)->group[0].response_ns;

    (void)unused; /* swapping goes without; and with it nobody moves as long as the file has room */
    assert_true(without > 0);
    assert_true(measure_with(three, helped)->group[0].response_ns == without);
    assert_int_equal(ran.outcome.tally[0]->group[0].migrations, 0);
}

static void source_a_18_administrators_limit_the_cpu_memory_for_it(void **unused)
{
    (void)unused; /* with room to spare all three while one goes and the other comes; else what there is */
    assert_int_equal(measure(three)->node[0].peak_bytes, 120 * gib);
    assert_int_equal(measure_set(three, "node.swap_file=80GiB")->node[0].peak_bytes, 80 * gib);
}

#define TWO_NODES "[node.swap]\n" GPU_ONLY "[node.plain]\n" GPU_ONLY "swap = no\n"

static void source_a_19_anti_affinity_keeps_off_nodes_that_swap(void **unused)
{
    static const char text[] = FOR("100s") TWO_NODES NOTEBOOK("N", "20GiB", "8s", "2s", "count = 3\nswappable = no\n");
    const struct tally *t = measure(text);

    (void)unused; /* the node that swaps is empty, and is not considered */
    assert_true(t->gpu[0].useful_ns == 0 && t->gpu[1].useful_ns > 0 && t->group[0].rejected == 0);
}

static void source_a_20_projects_may_be_kept_to_node_pools_that_swap(void **unused)
{
    static const char text[] = FOR("100s") TWO_NODES NOTEBOOK("N", "40GiB", "8s", "2s", "count = 2\nnodes = swap\n");
    const struct tally *t = measure(text);

    (void)unused; /* two on one GPU, though the other one is free */
    assert_true(t->gpu[1].useful_ns == 0 && t->gpu[0].swaps > 0 && t->group[0].rejected == 0);
    assert_true(measure_set(text, "workload.N.nodes=swap plain")->gpu[1].useful_ns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_a_01_memory_of_the_gpu_is_extended_by_that_of_the_cpu),
        cmocka_unit_test(source_a_02_more_tasks_are_on_one_gpu_at_a_time),
        cmocka_unit_test(source_a_03_nobody_is_ended_for_want_of_memory),
        cmocka_unit_test(source_a_04_notebooks_leave_the_gpu_idle_for_long),
        cmocka_unit_test(source_a_05_several_notebooks_share_a_gpu_efficiently),
        cmocka_unit_test(source_a_06_also_where_the_total_exceeds_the_gpu),
        cmocka_unit_test(source_a_07_who_works_is_not_interrupted),
        cmocka_unit_test(source_a_08_one_gpu_switches_between_inference_and_training),
        cmocka_unit_test(source_a_09_training_data_goes_to_cpu_memory_and_back),
        cmocka_unit_test(source_a_10_without_requests_the_training_has_the_whole_gpu),
        cmocka_unit_test(source_a_11_both_use_the_full_memory),
        cmocka_unit_test(source_a_12_several_models_are_loaded_ahead_on_one_gpu),
        cmocka_unit_test(source_a_13_inactive_models_wait_in_cpu_memory),
        cmocka_unit_test(source_a_14_and_are_quickly_swapped_in_when_they_are_needed),
        cmocka_unit_test(source_a_15_which_is_quicker_than_to_load_from_scratch),
        cmocka_unit_test(source_a_16_dynamic_fractions_are_a_prerequisite),
        cmocka_unit_test(source_a_17_a_node_level_scheduler_is_optional),
        cmocka_unit_test(source_a_18_administrators_limit_the_cpu_memory_for_it),
        cmocka_unit_test(source_a_19_anti_affinity_keeps_off_nodes_that_swap),
        cmocka_unit_test(source_a_20_projects_may_be_kept_to_node_pools_that_swap),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
