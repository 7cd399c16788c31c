/* test_controller.c - the controller, told event by event what happens: the rare orders of events, after each of which its
 * books must balance. */
#include "policies/controller.h"
#include "policies/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#define GB ((int64_t)1000000000)
#define SECOND ((gs_ns)1000000000)

enum { WORKLOADS = 4 };

/* One GPU of 25 GB, a swap file of 100 GB; workloads of 10 GB. */
struct play {
    _Alignas(64) unsigned char memory[1 << 16];
    struct gs_workload_spec workload[WORKLOADS];
    struct gs_node_spec node;
    struct gs_victim_policy victim;
    struct gs_setup setup;
    union gs_value param[8]; /* 0: of no consequence to those that are used here */
    union gs_value rr[8];
    struct controller *ctl;
    const struct gs_commands *out;
    gs_ns now_ns;
};

static void prepare(struct play *p, const char *prefetch)
{
    memset(p, 0, sizeof *p);
    p->node = (struct gs_node_spec){.gpus = 1,
                                    .gpu_bytes = 25 * GB,
                                    .swap_cap_bytes = 100 * GB,
                                    .swap = true,
                                    .max_workloads_per_gpu = UINT32_MAX,
                                    .h2d_bytes_per_s = 25e9,
                                    .d2h_bytes_per_s = 25e9,
                                    .speed = 1.0};
    for (uint32_t i = 0; i < WORKLOADS; i++)
        p->workload[i] = (struct gs_workload_spec){
            .slots = 1, .swappable = true, .bytes = 10 * GB, .request = 1.0, .limit = 1.0, .dirty = 1.0};
    p->victim = *(const struct gs_victim_policy *)(const void *)gs_policy_find(GS_SLOT_VICTIM, "lru");
    p->setup = (struct gs_setup){.nodes = 1, .workloads = WORKLOADS, .node = &p->node, .workload = p->workload};
    p->setup.policies = (struct gs_policies){
        .victim = &p->victim,
        .slicer = (const void *)gs_policy_find(GS_SLOT_SLICER, "ps"),
        .cap = (const void *)gs_policy_find(GS_SLOT_CAP, "static"),
        .prefetch = (const void *)gs_policy_find(GS_SLOT_PREFETCH, prefetch),
        .place = (const void *)gs_policy_find(GS_SLOT_PLACE, "spread"),
        .victim_param = p->param,
        .slicer_param = p->param,
        .cap_param = p->param,
        .prefetch_param = p->param,
        .place_param = p->param,
    };
}

static void begin(struct play *p)
{
    assert_true(controller_size(&p->setup) <= sizeof p->memory);
    p->ctl = controller_init(p->memory, &p->setup);
}

static void step(struct play *p, struct gs_event event)
{
    p->now_ns += SECOND;
    event.at_ns = p->now_ns;
    event.since_ns = event.kind == GS_WANT ? p->now_ns : GS_NEVER;
    p->out = controller_step(p->ctl, &event);
    const char *wrong = controller_check(p->ctl);
    if (wrong != NULL)
        fail_msg("event %lld: %s", (long long)(p->now_ns / SECOND), wrong);
}

static void tell(struct play *p, uint8_t kind, uint32_t workload)
{
    step(p, (struct gs_event){.kind = kind, .workload = workload, .bytes = 0});
}

static void want(struct play *p, uint32_t workload, int64_t bytes)
{
    step(p, (struct gs_event){.kind = GS_WANT, .workload = workload, .bytes = bytes});
}

static void over(struct play *p, uint8_t kind, uint8_t command, uint32_t workload)
{
    step(p, (struct gs_event){.kind = kind, .workload = workload, .command = command});
}

static void ring(struct play *p, uint32_t workload)
{
    step(p, (struct gs_event){.kind = GS_TIMER, .timer = 1 + workload});
}

/* Did the last step give that command? */
static bool gave(const struct play *p, uint8_t kind, uint32_t workload)
{
    for (uint32_t i = 0; i < p->out->count; i++)
        if (p->out->item[i].kind == kind && p->out->item[i].workload == workload)
            return true;
    return false;
}

static const struct gs_workload *see(const struct play *p, uint32_t workload)
{
    return &controller_view(p->ctl)->workload[workload];
}

/* Come, run a burst and be idle on the GPU. */
static void settle(struct play *p, uint32_t workload)
{
    tell(p, GS_ATTACH, workload);
    want(p, workload, see(p, workload)->base_bytes);
    over(p, GS_DONE, GS_SWAP_IN, workload);
    assert_true(gave(p, GS_RUN, workload));
    tell(p, GS_IDLE, workload);
}

/* When the GPU's timer was set to by the last step; GS_NEVER: it was not. */
static gs_ns timer(const struct play *p)
{
    gs_ns at_ns = GS_NEVER;

    for (uint32_t i = 0; i < p->out->count; i++)
        if (p->out->item[i].kind == GS_TIMER_SET)
            at_ns = p->out->item[i].at_ns;
    return at_ns;
}

static void take_turns(struct play *p, int64_t width)
{
    p->setup.policies.slicer = (const void *)gs_policy_find(GS_SLOT_SLICER, "rr");
    p->setup.policies.slicer_param = p->rr;
    p->rr[0].i = 30 * SECOND;
    p->rr[3].i = width;
}

static double nothing(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload;
    return 0.0;
}

static bool yes(const struct gs_self *self)
{
    (void)self;
    return true;
}

/* 5 GB and 10 GB, both worth nothing, for 10 GB that are wanted. */
static void who_is_worth_nothing_stays_where_he_is_not_needed(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.victim.keep = nothing;
    p.victim.adds = yes;
    p.node.gpu_bytes = 15 * GB;
    p.workload[0].bytes = 5 * GB;
    begin(&p);
    settle(&p, 0);
    settle(&p, 1);
    tell(&p, GS_ATTACH, 2);
    want(&p, 2, 10 * GB);
    assert_true(gave(&p, GS_SWAP_OUT, 1));
    assert_false(gave(&p, GS_SWAP_OUT, 0));
}

/* Whose number is least is worth most; 1 is worth nothing that can be compared. */
static void all_at_once(const struct gs_self *self, const uint32_t *workload, uint32_t count, double *keep)
{
    (void)self;
    assert_true(count > 0);
    for (uint32_t i = 0; i < count; i++)
        keep[i] = workload[i] == 1 ? NAN : 1e15 - 1e6 * workload[i];
}

/* 30 GB for four of 10 GB.  A worth that is none counts as the time of its last use, which is less than what the others have. */
static void candidates_are_weighed_together(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.victim.keep_all = all_at_once;
    p.victim.keep = NULL;
    p.node.gpu_bytes = 30 * GB;
    p.now_ns = 100 * SECOND;
    begin(&p);
    for (uint32_t i = 0; i < 3; i++)
        settle(&p, i);
    tell(&p, GS_ATTACH, 3);
    want(&p, 3, 10 * GB);
    assert_true(gave(&p, GS_SWAP_OUT, 1));
    assert_int_equal(controller_nonsense(p.ctl, GS_SLOT_VICTIM), 1);
    over(&p, GS_DONE, GS_SWAP_OUT, 1);
    over(&p, GS_DONE, GS_SWAP_IN, 3);
    tell(&p, GS_IDLE, 3);
    want(&p, 1, 10 * GB);
    assert_true(gave(&p, GS_SWAP_OUT, 3));
    assert_int_equal(controller_nonsense(p.ctl, GS_SLOT_VICTIM), 1);
}

static bool no(const struct gs_self *self)
{
    (void)self;
    return false;
}

static gs_ns for_ever(const struct gs_self *self, uint32_t workload)
{
    (void)self, (void)workload;
    return GS_NEVER;
}

static void nobody_is_pinned_where_nobody_can_be(void **unused)
{
    struct play p;

    (void)unused;
    for (int pins = 0; pins < 2; pins++) {
        prepare(&p, "none");
        p.victim.pinned_until = for_ever;
        p.victim.pins = pins ? yes : no;
        begin(&p);
        settle(&p, 0);
        settle(&p, 1);
        tell(&p, GS_ATTACH, 2);
        want(&p, 2, 10 * GB);
        assert_true(gave(&p, GS_SWAP_OUT, 0) == (pins == 0));
    }
}

static gs_ns until_20_s(const struct gs_self *self, uint32_t workload)
{
    (void)self;
    return workload == 0 ? 20 * SECOND : 0;
}

/* 10 GB of 0, who is kept until 20 s, and 10 GB of 1 leave no room for the 20 GB of 2.  When somebody waits later on, the
 * timer is not set to a time that is over. */
static void no_timer_rings_in_the_past(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.victim.pinned_until = until_20_s;
    take_turns(&p, 1);
    p.node.gpu_bytes = 35 * GB;
    p.workload[2].bytes = 20 * GB;
    begin(&p);
    settle(&p, 1);
    settle(&p, 0);
    tell(&p, GS_ATTACH, 2);
    want(&p, 2, 20 * GB);
    over(&p, GS_DONE, GS_SWAP_OUT, 1);
    over(&p, GS_DONE, GS_SWAP_IN, 2);
    assert_true(gave(&p, GS_RUN, 2));
    p.now_ns = 25 * SECOND;
    want(&p, 1, 10 * GB);
    assert_true(timer(&p) > p.now_ns && timer(&p) < GS_NEVER); /* the end of the turn */
}

/* Two have turns of 30 s, from 17 s and 18 s on; a third waits, for a second only.  The end of the second turn, of which
 * nobody was told since nobody waited, is not taken for the end that counts when the fourth comes. */
static void a_turn_goes_on_while_nobody_waits(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    take_turns(&p, 2);
    p.node.gpu_bytes = 45 * GB;
    begin(&p);
    for (uint32_t i = 0; i < WORKLOADS; i++)
        settle(&p, i);
    for (uint32_t i = 0; i < 3; i++)
        want(&p, i, 10 * GB);
    assert_true(timer(&p) == 47 * SECOND);
    tell(&p, GS_IDLE, 0);
    assert_true(gave(&p, GS_RUN, 2));
    p.now_ns = 46 * SECOND;
    step(&p, (struct gs_event){.kind = GS_TIMER, .timer = 0, .workload = GS_NONE});
    p.now_ns = 99 * SECOND;
    want(&p, 3, 10 * GB);
    assert_true(timer(&p) == 108 * SECOND);
    p.now_ns = 107 * SECOND + 1; /* something happens before the timer, which is late, is heard: that end stays */
    tell(&p, GS_ATTACH, 3);
    step(&p, (struct gs_event){.kind = GS_TIMER, .timer = 0, .workload = GS_NONE});
    assert_true(gave(&p, GS_STOP, 1));
    assert_true(timer(&p) == 110 * SECOND);
}

/* Its copy is being written when it is detached: it is no victim, and nothing of it is swapped out. */
static void who_leaves_for_good_is_no_victim(void **unused)
{
    struct play p;

    (void)unused;
    for (int first = 0; first < 2; first++) { /* detached before it is wanted away, or after */
        for (uint8_t end = GS_DONE; end <= GS_FAILED; end++) {
            prepare(&p, "clean");
            begin(&p);
            settle(&p, 0);
            ring(&p, 0);
            assert_true(gave(&p, GS_CLEAN, 0));
            want(&p, 0, 10 * GB); /* what is written grows old */
            tell(&p, GS_IDLE, 0);
            settle(&p, 1);
            want(&p, 1, 10 * GB);
            tell(&p, GS_ATTACH, 2);
            if (first == 0)
                tell(&p, GS_DETACH, 0);
            want(&p, 2, 10 * GB);
            if (first != 0)
                tell(&p, GS_DETACH, 0);
            over(&p, end, GS_CLEAN, 0);
            assert_false(gave(&p, GS_SWAP_OUT, 0));
            assert_int_equal(see(&p, 0)->state, GS_ABSENT);
            assert_true(gave(&p, GS_SWAP_IN, 2));
            assert_true(controller_view(p.ctl)->node[0].swap_used_bytes == 0);
        }
    }
}

/* A workload that shrank while its copy was being written: what is given back at the end is what is left of it. */
static void a_copy_that_shrank_and_failed_gives_back_what_is_left(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "clean");
    begin(&p);
    settle(&p, 0);
    ring(&p, 0);
    assert_true(gave(&p, GS_CLEAN, 0));
    step(&p, (struct gs_event){.kind = GS_RESIZE, .workload = 0, .bytes = 4 * GB});
    want(&p, 0, 4 * GB);
    tell(&p, GS_IDLE, 0);
    over(&p, GS_FAILED, GS_CLEAN, 0);
    assert_true(see(&p, 0)->host_bytes == 0);
    assert_true(controller_view(p.ctl)->node[0].swap_used_bytes == 0);
}

/* Each burst that grows is promised memory once in vain, as a swap-out fails for good: that is one failure of each burst. */
static void failures_are_counted_by_burst(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    begin(&p);
    settle(&p, 0);
    settle(&p, 1);
    for (int burst = 0; burst < 4; burst++) {
        want(&p, 0, 20 * GB);
        for (int i = 0; i < 3; i++) {
            assert_true(gave(&p, GS_SWAP_OUT, 1));
            over(&p, GS_FAILED, GS_SWAP_OUT, 1);
        }
        assert_false(gave(&p, GS_SWAP_OUT, 1));
        assert_false(gave(&p, GS_REJECT, 0));
        want(&p, 1, 10 * GB);
        tell(&p, GS_IDLE, 1); /* it ran, so it may be tried again */
        over(&p, GS_DONE, GS_SWAP_OUT, 1);
        assert_true(gave(&p, GS_RUN, 0));
        tell(&p, GS_IDLE, 0);
        want(&p, 1, 10 * GB);
        over(&p, GS_DONE, GS_SWAP_IN, 1);
        tell(&p, GS_IDLE, 1);
    }
}

/* Slicers tell by its last swap who was on the GPU all along: who could not leave was. */
static void a_swap_that_failed_was_none(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    begin(&p);
    settle(&p, 0);
    settle(&p, 1);
    gs_ns came_ns = see(&p, 0)->swap_ns;
    tell(&p, GS_ATTACH, 2);
    want(&p, 2, 10 * GB);
    assert_true(gave(&p, GS_SWAP_OUT, 0) && see(&p, 0)->swap_ns == p.now_ns);
    over(&p, GS_FAILED, GS_SWAP_OUT, 0);
    assert_true(gave(&p, GS_SWAP_OUT, 1) && see(&p, 0)->swap_ns == came_ns);
    gs_ns left_ns = p.now_ns;
    over(&p, GS_DONE, GS_SWAP_OUT, 1);
    want(&p, 1, 10 * GB);
    over(&p, GS_DONE, GS_SWAP_OUT, 0);
    assert_true(gave(&p, GS_SWAP_IN, 1) && see(&p, 1)->swap_ns == p.now_ns);
    over(&p, GS_FAILED, GS_SWAP_IN, 1);
    assert_true(gave(&p, GS_SWAP_IN, 1) && see(&p, 1)->swap_ns == p.now_ns);
    tell(&p, GS_DETACH, 1);
    over(&p, GS_FAILED, GS_SWAP_IN, 1);
    assert_true(see(&p, 1)->swap_ns == left_ns);
}

/* It lay on disk when it left; it is new when it comes again, and stays so when its swap-in fails. */
static void who_comes_again_is_new(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.node.swap_cap_bytes = 0;
    p.param[0].i = 2; /* static: to disk when the file is full */
    begin(&p);
    settle(&p, 0);
    settle(&p, 1);
    tell(&p, GS_ATTACH, 2);
    want(&p, 2, 10 * GB);
    over(&p, GS_DONE, GS_SWAP_OUT, 0);
    assert_int_equal(see(&p, 0)->state, GS_DISK);
    tell(&p, GS_DETACH, 0);
    over(&p, GS_DONE, GS_SWAP_IN, 2);
    tell(&p, GS_DETACH, 2);
    tell(&p, GS_ATTACH, 0);
    want(&p, 0, 10 * GB);
    assert_true(gave(&p, GS_SWAP_IN, 0));
    over(&p, GS_FAILED, GS_SWAP_IN, 0);
    for (uint32_t i = 0; i < p.out->count; i++)
        assert_true(p.out->item[i].moved_bytes == 0);
    assert_true(gave(&p, GS_SWAP_IN, 0));
}

static bool has(const struct play *p, uint32_t gpu, uint32_t lead, uint32_t width, int64_t gb)
{
    const struct gs_gpu *g = &controller_view(p->ctl)->gpu[gpu];

    return g->lead == lead && g->width == width && g->capacity_bytes == gb * GB && g->free_bytes <= gb * GB;
}

/* GPUs 0 and 1 are one as long as 0 or 1, of two GPUs each, are there or their bytes still move. */
static void two_gpus_are_one(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.node.gpus = 3;
    p.workload[0].gpus = p.workload[1].gpus = p.workload[2].gpus = 2;
    p.workload[0].bytes = p.workload[1].bytes = 40 * GB;
    begin(&p);
    settle(&p, 0);
    assert_true(see(&p, 0)->gpu == 0 && has(&p, 0, 0, 2, 50) && has(&p, 1, 0, 0, 0) && has(&p, 2, 2, 1, 25));
    tell(&p, GS_ATTACH, 1);
    tell(&p, GS_ATTACH, 3);
    assert_true(see(&p, 1)->gpu == 0 && see(&p, 3)->gpu == 2);
    want(&p, 1, 40 * GB);
    assert_true(gave(&p, GS_SWAP_OUT, 0));
    tell(&p, GS_DETACH, 1);
    tell(&p, GS_DETACH, 0);
    assert_true(has(&p, 0, 0, 2, 50)); /* 0 is still on its way out */
    over(&p, GS_DONE, GS_SWAP_OUT, 0);
    assert_true(has(&p, 0, 0, 1, 25) && has(&p, 1, 1, 1, 25));
    tell(&p, GS_DETACH, 3);
    tell(&p, GS_ATTACH, 3);
    assert_true(see(&p, 3)->gpu == 0);
    tell(&p, GS_ATTACH, 2);
    assert_true(gave(&p, GS_REJECT, 2)); /* GPUs 1 and 2 are free, but no block */
    tell(&p, GS_DETACH, 3);
    tell(&p, GS_ATTACH, 2);
    assert_true(gave(&p, GS_PLACE, 2) && has(&p, 0, 0, 2, 50));
}

/* Who finds no room in the swap file, where it starts, leaves no set behind. */
static void who_is_refused_forms_no_set(void **unused)
{
    struct play p;

    (void)unused;
    prepare(&p, "none");
    p.node.gpus = 2;
    p.node.swap_cap_bytes = 10 * GB;
    p.workload[0].gpus = 2;
    p.workload[0].bytes = 20 * GB;
    p.workload[0].initial = GS_HOST;
    begin(&p);
    tell(&p, GS_ATTACH, 0);
    assert_true(gave(&p, GS_REJECT, 0) && has(&p, 0, 0, 1, 25) && has(&p, 1, 1, 1, 25));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_worth_nothing_stays_where_he_is_not_needed),
        cmocka_unit_test(candidates_are_weighed_together),
        cmocka_unit_test(nobody_is_pinned_where_nobody_can_be),
        cmocka_unit_test(no_timer_rings_in_the_past),
        cmocka_unit_test(a_turn_goes_on_while_nobody_waits),
        cmocka_unit_test(who_leaves_for_good_is_no_victim),
        cmocka_unit_test(a_copy_that_shrank_and_failed_gives_back_what_is_left),
        cmocka_unit_test(failures_are_counted_by_burst),
        cmocka_unit_test(a_swap_that_failed_was_none),
        cmocka_unit_test(who_comes_again_is_new),
        cmocka_unit_test(two_gpus_are_one),
        cmocka_unit_test(who_is_refused_forms_no_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
