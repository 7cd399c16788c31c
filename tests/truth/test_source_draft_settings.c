/* test_source_draft_settings.c - the draft of the product's documentation (June 2024), how swap is set up and what happens when the
 * file is full: each sentence that says so, as a test of its own that can be checked by hand.  docs/fidelity.md lists them. */
#include "tests/truth/truth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster.h"
#include "tests/truth/sentence.h"

/* --- from the cluster's objects: the scenario that `text` becomes, NULL where it contradicts itself --- */

static char imported[16384];

static const char *import(const char *text)
{
    struct arena arena = {0};
    struct cluster *cluster;
    struct error err = {0};
    int rc = cluster_new(&cluster, NULL, &arena, &err);

    if (rc == GS_OK)
        rc = cluster_read_text(cluster, text, strlen(text), "objects.yaml", &err);
    if (rc == GS_OK)
        rc = cluster_finish(cluster, &err);
    imported[0] = '\0';
    FILE *out = fmemopen(imported, sizeof imported, "w");
    assert_non_null(out);
    if (rc == GS_OK)
        cluster_write_sections(cluster, out);
    else
        fputs(err.text, out);
    fclose(out);
    arena_fini(&arena);
    return rc == GS_OK ? imported : NULL;
}

static void expect_line(const char *text, const char *line)
{
    if (text == NULL || strstr(text, line) == NULL)
        fail_msg("no '%s' in:\n%s", line, imported);
}

#define LABELLED "\"true\""
#define A_NODE(label)                                                                                                  \
    "---\nkind: Node\nmetadata:\n  name: n\n  labels:\n    nvidia.com/gpu.count: \"2\"\n"                              \
    "    nvidia.com/gpu.memory: \"81920\"\n    run.ai/swap-enabled: " label "\n"
#define A_POD(spec, env)                                                                                               \
    "---\nkind: Pod\nmetadata:\n  name: p\n  annotations: {gpu-fraction: \"0.5\"}\nspec:\n" spec                       \
    "  containers:\n  - name: c\n" env
#define UP_TO_ALL "    env: [{name: RUNAI_GPU_MEMORY_LIMIT, value: \"1\"}]\n"
#define ENABLED "spec:\n  global:\n    core:\n      swap:\n        enabled: true\n"

static void source_b_29_the_runaiconfig_enables_it(void **unused)
{
    (void)unused;
    expect_line(import(ENABLED A_NODE(LABELLED)), "\nswap = yes\n");
    expect_line(import("spec:\n  global:\n    core:\n      swap:\n        enabled: false\n" A_NODE(LABELLED)),
                "\nswap = no\n");
}

static void source_b_30_so_does_a_patch(void **unused)
{
    static const char patch[] = "{\"spec\":{\"global\":{\"core\":{\"swap\":{\"enabled\": true}}}}}\n";

    (void)unused;
    expect_line(import(patch), "\nswap = yes\n");
}

static void source_b_31_in_addition_to_dynamic_fractions(void **unused)
{
    (void)unused;
    assert_null(import(ENABLED "      dynamicFractions: {enabled: false}\n" A_NODE(LABELLED)));
    expect_line(imported, "dynamicFractions are off");
    assert_non_null(import(ENABLED "      dynamicFractions: {enabled: true}\n" A_NODE(LABELLED)));
}

static void source_b_32_and_optionally_to_the_node_level_scheduler(void **unused)
{
    (void)unused;
    expect_line(import(ENABLED "      nodeScheduler: {enabled: true}\n" A_NODE(LABELLED)),
                "\nnode_level_scheduler = yes\n");
    assert_null(strstr(import(ENABLED A_NODE(LABELLED)), "node_level_scheduler"));
}

/* --- the reserve --- */

static void source_b_33_a_reserve_of_a_gib_for_each_workload(void **unused)
{
    static const char text[] =
        FOR("60s") "[node]\ngpu_memory = 62GiB\ngpu_reserved = 0\n"
                   "gpu_reserved_per_workload = 1GiB\n" NOTEBOOK("N", "30GiB", "5s", "2s", "count = 2\n");
    static const char *const third[] = {"workload.N.count=3", "workload.N.memory=20GiB", NULL};

    (void)unused; /* 2 x 30 + 2 are 62; 3 x 20 + 3 are 63 */
    assert_int_equal(measure(text)->gpu[0].swaps, 0);
    assert_true(measure_with(text, third)->gpu[0].swaps > 0);
    assert_int_equal(measure_set(text, "workload.N.memory=31GiB")->group[0].rejected, 0);
    assert_true(ran.outcome.tally[0]->gpu[0].swaps > 0);
}

static void source_b_34_two_or_three_workloads_are_recommended(void **unused)
{
    struct scenario scenario;
    struct arena arena = {0};
    struct error err = {0};
    struct overrides none = {NULL, 0};
    static const char text[] = FOR("1s") "[node]\ngpu_memory = 80GiB\n" NOTEBOOK("N", "1GiB", "1s", "1s", "");

    (void)unused; /* the published default of 2 GiB is what the draft's rule gives for two */
    assert_int_equal(scenario_parse(&scenario, text, strlen(text), "b.ini", NULL, &none, &arena, &err), GS_OK);
    assert_int_equal(scenario.node[0].gpu_reserved, 2 * gib);
    arena_fini(&arena);
}

/* --- which workloads --- */

static const char pair[] = FOR("40s") ONE_GPU NOTEBOOK("A", "40GiB", "5s", "2s", "request = 0.5\n")
    NOTEBOOK("B", "40GiB", "9s", "2s", "request = 0.5\n");

static void source_b_35_a_request_below_a_gpu_and_a_limit_up_to_all_of_it(void **unused)
{
    (void)unused;
    assert_true(measure(pair)->gpu[0].swaps > 0);
    expect_line(import(ENABLED A_NODE(LABELLED) A_POD("", UP_TO_ALL)),
                "\nrequest = 0.5\nlimit = 1\nfraction = dynamic");
    expect_line(import(ENABLED A_NODE(LABELLED) A_POD("", "")), "\nrequest = 0.5\nlimit = 0.5\nfraction = regular");
}

static void source_b_36_a_regular_fraction_is_not_swapped(void **unused)
{
    static const char *const a[] = {"workload.A.fraction=regular", NULL};
    const struct tally *t = measure_with(pair, a);

    (void)unused; /* A keeps its 40 GiB, and B never gets its own */
    assert_true(t->gpu[0].swaps == 0 && t->group[0].completed > 0 && t->group[1].completed == 0);
}

static void source_b_37_nor_are_all_others_on_its_gpu(void **unused)
{
    static const char third[] = FOR("40s") ONE_GPU NOTEBOOK("A", "40GiB", "5s", "2s", "")
        NOTEBOOK("B", "40GiB", "9s", "2s", "") NOTEBOOK("R", "1GiB", "1h", "1s", "fraction = regular\n");

    (void)unused; /* a rule of the draft alone, and a switch */
    assert_true(measure(third)->gpu[0].swaps > 0);
    assert_int_equal(measure_set(third, "node.regular_fraction_freezes_gpu=yes")->gpu[0].swaps, 0);
}

static void source_b_38_each_node_must_be_labelled(void **unused)
{
    (void)unused;
    expect_line(import(ENABLED A_NODE(LABELLED)), "\nswap = yes\n");
    expect_line(import(ENABLED A_NODE("\"false\"")), "\nswap = no\n");
}

/* --- the file --- */

#define GPUS(n) "[node]\n" GPU_ONLY "gpus = " #n "\n"

/* On each GPU two that do not fit together. */
static const char two_gpus[] =
    FOR("100s") GPUS(2) "swap_file = 100GiB\n" NOTEBOOK("N", "40GiB", "5s", "2s", "count = 4\n");

static void source_b_39_one_local_file_serves_all_gpus_of_the_node(void **unused)
{
    const struct tally *t = measure_set(two_gpus, "node.swap_file=80GiB");

    (void)unused; /* 40 GiB of each GPU: both swap, and there is one file */
    assert_true(t->nodes == 1 && t->gpu[0].swaps > 0 && t->gpu[1].swaps > 0);
    assert_int_equal(t->node[0].peak_bytes, 80 * gib);
}

static void source_b_40_its_size_stands_in_the_runaiconfig(void **unused)
{
    (void)unused;
    expect_line(import(ENABLED "        limits: {cpuRam: 50Gi}\n" A_NODE(LABELLED)), "\nswap_file = 50GiB\n");
    expect_line(import(ENABLED A_NODE(LABELLED)), "\nswap_file = 100GiB\n");
}

static void source_b_42_anti_affinity_avoids_being_swapped(void **unused)
{
    static const char keeps_off[] =
        "  affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
        "[{matchExpressions: [{key: run.ai/swap-enabled, operator: DoesNotExist}]}]}}}\n";
    char text[4096];

    (void)unused;
    snprintf(text, sizeof text, "%s%s%s%s", ENABLED, A_NODE("\"false\""),
             "---\nkind: Pod\nmetadata:\n  name: p\n"
             "  annotations: {gpu-fraction: \"0.5\"}\nspec:\n",
             keeps_off);
    strncat(text, "  containers:\n  - name: c\n" UP_TO_ALL, sizeof text - strlen(text) - 1);
    expect_line(import(text), "\nswappable = no\n");
}

static void source_b_43_it_serves_two_to_eight_gpus(void **unused)
{
    static const char eight[] =
        FOR("100s") GPUS(8) "swap_file = 320GiB\n" NOTEBOOK("N", "40GiB", "5s", "2s", "count = 16\n");
    const struct tally *t = measure(eight);

    (void)unused; /* one for each GPU is out: 8 x 40 */
    assert_int_equal(t->node[0].peak_bytes, 320 * gib);
    assert_true(t->group[0].waiting_ns[STALL_CAP] <= 0 && t->gpu[7].swaps > 0);
}

static void source_b_44_a_swapped_workload_takes_what_it_holds_and_no_more(void **unused)
{
    static const char text[] =
        FOR("14s") "[node]\ngpu_memory = 80GiB\ngpu_reserved = 0\nh2d = 10GiB/s\nd2h = 10GiB/s\n" NOTEBOOK(
            "A", "80GiB", "1s", "1s", "") JOB("B", "60GiB", "1s", "start = 2s\n");

    (void)unused; /* up to the GPU's 80 GiB, usually less */
    assert_int_equal(measure(text)->node[0].peak_bytes, 80 * gib);
    assert_int_equal(measure_set(text, "workload.A.memory=50GiB")->node[0].peak_bytes, 50 * gib);
}

static void source_b_45_its_size_is_limited_for_each_node(void **unused)
{
    static const char *const two[] = {"node.count=2", "node.gpus=1", "node.swap_file=40GiB", NULL};
    const struct tally *t = measure_with(two_gpus, two);

    (void)unused;
    assert_int_equal(t->nodes, 2);
    assert_true(t->node[0].peak_bytes == 40 * gib && t->node[1].peak_bytes == 40 * gib);
}

/* --- the file is full --- */

/* A and B borrow above requests of 15.5 GiB; of 10 GiB of file nobody can make use. */
static const char borrowers[] = FOR("40s")
    GPUS(2) "swap_file = 10GiB\n[policy]\nplace = pack\n" NOTEBOOK("A", "25GiB", "5s", "2s", "request = 0.25\n")
        NOTEBOOK("B", "30GiB", "9s", "2s", "grow = 10GiB\n");

static void source_b_46_when_it_is_full_the_node_level_scheduler_takes_over(void **unused)
{
    (void)unused; /* the idle notebook begins anew on the other GPU; without the scheduler B waits for good */
    assert_int_equal(measure_set(borrowers, "node.node_level_scheduler=yes")->group[0].migrations, 1);
    assert_true(ran.outcome.tally[0]->group[1].completed > 0);
    assert_int_equal(measure(borrowers)->group[1].completed, 0);
    assert_int_equal(ran.outcome.tally[0]->node[0].peak_bytes, 0);
}

static void source_b_47_and_dynamic_fractions(void **unused)
{
    static const char *const oom[] = {"policy.cap.when_full=oom", "workload.B.request=0.7", "scenario.duration=11500ms",
                                      NULL};

    (void)unused; /* what A holds above its request is taken back by ending its process */
    assert_int_equal(measure_with(borrowers, oom)->group[0].oom_kills, 1);
    assert_true(ran.outcome.tally[0]->group[1].completed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_b_29_the_runaiconfig_enables_it),
        cmocka_unit_test(source_b_30_so_does_a_patch),
        cmocka_unit_test(source_b_31_in_addition_to_dynamic_fractions),
        cmocka_unit_test(source_b_32_and_optionally_to_the_node_level_scheduler),
        cmocka_unit_test(source_b_33_a_reserve_of_a_gib_for_each_workload),
        cmocka_unit_test(source_b_34_two_or_three_workloads_are_recommended),
        cmocka_unit_test(source_b_35_a_request_below_a_gpu_and_a_limit_up_to_all_of_it),
        cmocka_unit_test(source_b_36_a_regular_fraction_is_not_swapped),
        cmocka_unit_test(source_b_37_nor_are_all_others_on_its_gpu),
        cmocka_unit_test(source_b_38_each_node_must_be_labelled),
        cmocka_unit_test(source_b_39_one_local_file_serves_all_gpus_of_the_node),
        cmocka_unit_test(source_b_40_its_size_stands_in_the_runaiconfig),
        cmocka_unit_test(source_b_42_anti_affinity_avoids_being_swapped),
        cmocka_unit_test(source_b_43_it_serves_two_to_eight_gpus),
        cmocka_unit_test(source_b_44_a_swapped_workload_takes_what_it_holds_and_no_more),
        cmocka_unit_test(source_b_45_its_size_is_limited_for_each_node),
        cmocka_unit_test(source_b_46_when_it_is_full_the_node_level_scheduler_takes_over),
        cmocka_unit_test(source_b_47_and_dynamic_fractions),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
