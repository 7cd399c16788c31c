/* test_rank.c - the GPU that the ranking finds is the one that a look at all of them finds. */
#include "policies/controller.h"
#include "policies/table.h"
#include "sim/base/arena.h"
#include "sim/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { WORKLOADS = 60, STEPS = 400, TRIALS = 60 };

struct made {
    struct gs_node_spec node[8];
    struct gs_workload_spec workload[WORKLOADS];
    union gs_value param[8]; /* 0: of no consequence here */
    struct gs_setup setup;
};

static uint32_t below(struct stream *s, uint32_t n)
{
    return (uint32_t)(stream_bits(s) % n);
}

/* Some nodes with few places, workloads of one, two and four GPUs, some too large for small GPUs. */
static void make(struct made *m, struct stream *s, const struct gs_place_policy *place)
{
    *m = (struct made){.setup = {.nodes = 1 + below(s, 8), .workloads = WORKLOADS}};
    for (uint32_t n = 0; n < m->setup.nodes; n++)
        m->node[n] = (struct gs_node_spec){.gpus = 1 + below(s, 8),
                                           .gpu_bytes = (int64_t)(20 + 20 * below(s, 3)) << 30,
                                           .swap_cap_bytes = INT64_C(1) << 40,
                                           .swap = below(s, 4) > 0,
                                           .max_workloads_per_gpu = below(s, 2) > 0 ? 1 + below(s, 3) : UINT32_MAX,
                                           .h2d_bytes_per_s = 1e10,
                                           .d2h_bytes_per_s = 1e10,
                                           .speed = 1};
    for (uint32_t i = 0; i < WORKLOADS; i++)
        m->workload[i] = (struct gs_workload_spec){.gpus = below(s, 5) > 0 ? 1 : 2 + 2 * below(s, 2),
                                                   .slots = 1,
                                                   .initial = GS_NEW,
                                                   .swappable = true,
                                                   .never_on_swap_node = below(s, 8) == 0,
                                                   .bytes = (int64_t)(1 + below(s, 50)) << 30,
                                                   .request = -1,
                                                   .limit = 1};
    m->setup.node = m->node;
    m->setup.workload = m->workload;
    m->setup.policies = (struct gs_policies){
        .victim = (const void *)gs_policy_find(GS_SLOT_VICTIM, "lru"),
        .slicer = (const void *)gs_policy_find(GS_SLOT_SLICER, "ps"),
        .cap = (const void *)gs_policy_find(GS_SLOT_CAP, "static"),
        .prefetch = (const void *)gs_policy_find(GS_SLOT_PREFETCH, "none"),
        .place = place,
        .victim_param = m->param,
        .slicer_param = m->param,
        .cap_param = m->param,
        .prefetch_param = m->param,
        .place_param = m->param,
    };
}

static void ranked_is_as_searched(void **unused)
{
    struct gs_place_policy ranked =
        *(const struct gs_place_policy *)(const void *)gs_policy_find(GS_SLOT_PLACE, "spread");
    struct gs_place_policy searched = ranked;
    uint32_t placed = 0, refused = 0;

    (void)unused;
    assert_true((ranked.needs & GS_NEEDS_GPU_ONLY) != 0);
    searched.needs = GS_NEEDS_NOTHING;
    for (uint32_t trial = 0; trial < TRIALS; trial++) {
        static struct made m[2];
        struct controller *ctl[2];
        struct arena arena = {0};
        struct stream s;
        for (int i = 0; i < 2; i++) {
            stream_init(&s, 1, 0, trial, PURPOSE_TEST);
            make(&m[i], &s, i == 0 ? &ranked : &searched);
            ctl[i] = controller_init(arena_alloc(&arena, controller_size(&m[i].setup)), &m[i].setup);
        }
        for (int step = 0; step < STEPS; step++) {
            uint32_t id = below(&s, WORKLOADS);
            bool here = controller_view(ctl[0])->workload[id].state != GS_ABSENT;
            struct gs_event event = {.at_ns = step,
                                     .since_ns = GS_NEVER,
                                     .workload = id,
                                     .timer = GS_NONE,
                                     .kind = here ? GS_DETACH : GS_ATTACH};
            for (int i = 0; i < 2; i++)
                controller_step(ctl[i], &event);
            const struct gs_workload *a = &controller_view(ctl[0])->workload[id];
            const struct gs_workload *b = &controller_view(ctl[1])->workload[id];
            assert_int_equal(a->state, b->state);
            if (a->state != GS_ABSENT)
                assert_int_equal(a->gpu, b->gpu);
            placed += a->state != GS_ABSENT;
            refused += a->state == GS_ABSENT && !here;
            assert_null(controller_check(ctl[0]));
        }
        arena_fini(&arena);
    }
    assert_true(placed > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ranked_is_as_searched)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
