/* test_cluster.c - objects to a scenario: every allocation fails in turn, and pods are packed as well as can be told. */
#include "sim/cluster/cluster.h"
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The sections of what `text` becomes; the caller frees them.  NULL: it was refused, as err says. */
static char *sections(const char *text, const char *assumption, struct error *err)
{
    struct arena arena = {0};
    struct cluster *cluster;
    char *out = NULL;
    size_t length = 0;
    int code = cluster_new(&cluster, NULL, &arena, err);
    if (!code && assumption)
        code = cluster_assume(cluster, assumption, err);
    if (!code)
        code = cluster_read_text(cluster, text, strlen(text), "t.yaml", err);
    if (!code)
        code = cluster_finish(cluster, err);
    if (!code) {
        FILE *file = open_memstream(&out, &length);
        assert_non_null(file);
        cluster_write_sections(cluster, file);
        fclose(file);
        if (err->code) {
            free(out);
            out = NULL;
        }
    }
    arena_fini(&arena);
    return out;
}

static const char node[] =
    "kind: Node\nmetadata: {name: n, labels: {nvidia.com/gpu.count: 8, nvidia.com/gpu.memory: 81920, "
    "run.ai/swap-enabled: \"true\", runai/node-pool: p}}\n";

static void memory_fails(void **state)
{
    char text[2000];
    bool through = false;
    (void)state;
    snprintf(text, sizeof text,
             "spec: {global: {core: {swap: {enabled: true, odd: 1}}}}\n---\n%s---\n"
             "kind: NodePool\nmetadata: {name: p}\nspec: {gpuResourceOptimization: {cpuSwapMemorySize: 50G}}\n---\n"
             "kind: Pod\nmetadata: {name: a, annotations: {gpu-fraction: \"0.5\"}}\n"
             "spec: {nodeName: n, containers: [{name: c, env: [{name: RUNAI_GPU_MEMORY_LIMIT, value: \"1\"}]}]}\n---\n"
             "kind: Pod\nmetadata: {name: b}\nspec: {containers: [{resources: {limits: {nvidia.com/gpu: 1}}}]}\n",
             node);
    for (uint64_t n = 1; n < 1000 && !through; n++) {
        struct error err = {0};
        arena_fail_nth(n);
        char *out = sections(text, NULL, &err);
        arena_fail_nth(0);
        if (!out)
            assert_int_equal(err.code, GS_SYSTEM);
        through = out != NULL;
        free(out);
    }
    assert_true(through);
}

/* Fewest GPUs that hold `share[from...]`, given what is used already: every way is tried. */
static int fewest(const double *share, int pods, int from, double *used, int gpus)
{
    if (from == pods)
        return gpus;
    int best = pods;
    for (int g = 0; g <= gpus && g < pods; g++) {
        if (used[g] + share[from] > 1 + 1e-9)
            continue;
        used[g] += share[from];
        int found = fewest(share, pods, from + 1, used, g == gpus ? gpus + 1 : gpus);
        used[g] -= share[from];
        best = found < best ? found : best;
    }
    return best;
}

/* First fit decreasing takes at most 11/9 of the best and 6/9 (Dosa 2007); with so few pods that is the best or one more. */
static void packed(void **state)
{
    uint64_t random = 7;
    (void)state;
    for (int trial = 0; trial < 60; trial++) {
        enum { PODS = 7 };
        double share[PODS], used[PODS + 1] = {0};
        char text[4000];
        size_t length = (size_t)snprintf(text, sizeof text, "%s", node);
        for (int i = 0; i < PODS; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            share[i] = (double)(1 + (random >> 33) % 20) / 20;
            length += (size_t)snprintf(text + length, sizeof text - length,
                                       "---\nkind: Pod\nmetadata: {name: p%d, annotations: {gpu-fraction: \"%.2f\"}}\n"
                                       "spec: {nodeName: n, priorityClassName: build, containers: [{name: c}]}\n",
                                       i, share[i]);
        }
        struct error err = {0};
        struct arena arena = {0};
        struct scenario scenario;
        char *out = sections(text, "node.placement=binpack", &err);
        assert_non_null(out);
        assert_int_equal(scenario_parse(&scenario, out, strlen(out), "s.ini", NULL, NULL, &arena, &err), GS_OK);
        int best = fewest(share, PODS, 0, used, 0), got = (int)scenario.node[0].gpus;
        if (got < best || got > floor(11.0 / 9 * best + 6.0 / 9))
            fail_msg("trial %d: %d GPUs, but %d are the fewest", trial, got, best);
        arena_fini(&arena);
        free(out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_fails),
        cmocka_unit_test(packed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
