/* test_swaps.c - swaps that fail: the controller tries again or chooses others, gives a burst up after three failures, and its
 * books balance all the while (the debug build checks them after every step). */
#include "backend/fault.h"
#include "sim/run/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Three jobs of 20 GiB on a GPU that holds one of them, by turns. */
#define NODE "[node]\ngpu_memory = 30GiB\n"
#define OVERLAPPED NODE "transfer = overlapped\nchunk = 1GiB\n"
#define TURNS "[policy]\nslicer = rr\nslicer.quantum = 2s\n"
#define JOBS "[workload.J]\nclass = training\ncount = 3\nmemory = 20GiB\niterations = 4\niteration = 3s\ngap = 1s\n"
/* The GPU and the swap file are full when all three have come. */
#define FULL NODE "swap_file = 40GiB\n"
#define FULL_OVERLAPPED OVERLAPPED "swap_file = 40GiB\n"
/* A GPU that holds two; the third one sends somebody away. */
#define WIDE "[node]\ngpu_memory = 50GiB\n"

struct expected {
    const char *name, *text;
    struct fault_plan plan;
    uint64_t completed, rejected;
};

enum { BURSTS = 12 };

static const struct expected cases[] = {
    {"nothing fails", NODE TURNS JOBS, {GS_COMMAND_KINDS, 0, 0}, BURSTS, 0},
    {"one swap-in fails", NODE TURNS JOBS, {GS_SWAP_IN, 4, 0}, BURSTS, 0},
    {"one swap-out fails", NODE TURNS JOBS, {GS_SWAP_OUT, 1, 0}, BURSTS, 0},
    {"one swap-out fails, shared", NODE JOBS, {GS_SWAP_OUT, 1, 0}, BURSTS, 0},
    {"one swap-out fails, overlapped", OVERLAPPED TURNS JOBS, {GS_SWAP_OUT, 1, 0}, BURSTS, 0},
    {"every third swap-in fails", NODE TURNS JOBS, {GS_SWAP_IN, 2, 3}, BURSTS, 0},
    {"every second swap-out fails", NODE TURNS JOBS, {GS_SWAP_OUT, 1, 2}, BURSTS, 0},
    {"every second swap-out fails, two fit", WIDE TURNS JOBS, {GS_SWAP_OUT, 1, 2}, BURSTS, 0},
    {"full", FULL TURNS JOBS, {GS_COMMAND_KINDS, 0, 0}, BURSTS, 0},
    {"full, a swap-in fails when its victim has left", FULL TURNS JOBS, {GS_SWAP_IN, 4, 0}, BURSTS, 0},
    {"full, every third swap-in fails", FULL TURNS JOBS, {GS_SWAP_IN, 4, 3}, BURSTS, 0},
    {"full, every third swap-in fails, shared", FULL JOBS, {GS_SWAP_IN, 4, 3}, BURSTS, 0},
    {"full, every third swap-in fails, overlapped", FULL_OVERLAPPED TURNS JOBS, {GS_SWAP_IN, 4, 3}, BURSTS, 0},
    {"full, every second swap-out fails", FULL TURNS JOBS, {GS_SWAP_OUT, 3, 2}, BURSTS, 0},
    {"full, every second swap-out fails, overlapped", FULL_OVERLAPPED TURNS JOBS, {GS_SWAP_OUT, 3, 2}, BURSTS, 0},
    {"no swap-in ever works", NODE TURNS JOBS, {GS_SWAP_IN, 1, 1}, 0, BURSTS},
    {"no swap-in ever works, shared", NODE JOBS, {GS_SWAP_IN, 1, 1}, 0, BURSTS},
    {"no swap-in ever works, overlapped", OVERLAPPED TURNS JOBS, {GS_SWAP_IN, 1, 1}, 0, BURSTS},
};

static struct {
    uint64_t swap_ins, failed, refused;
    int64_t peak_bytes; /* of the swap file */
} seen;

static int submit(struct backend *be, const struct gs_command *command, struct error *err)
{
    seen.swap_ins += command->kind == GS_SWAP_IN;
    seen.refused += command->kind == GS_REJECT && command->reason == GS_BECAUSE_FAILURE;
    return backend_fault.submit(be, command, err);
}

static int wait(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = backend_fault.wait(be, until_ns, event, err);

    seen.failed += rc == GS_OK && (*event)->kind == BACKEND_EVENT && (*event)->event.kind == GS_FAILED;
    return rc;
}

static struct group_tally run(const char *text, struct fault_plan plan)
{
    struct arena arena = {0};
    struct error err = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct backend_ops ops = backend_fault;
    struct run_options options = {.backend = &ops};
    struct run_outcome outcome;
    struct load_traces *traces;

    ops.submit = submit;
    ops.wait = wait;
    memset(&seen, 0, sizeof seen);
    fault_set(plan);
    if (scenario_parse(&scenario, text, strlen(text), "swaps.ini", NULL, &none, &arena, &err) != GS_OK ||
        load_read_traces(&traces, &scenario, &arena, &err) != GS_OK ||
        run_scenario(&scenario, &options, traces, &outcome, &arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    struct group_tally tally = outcome.tally[0]->group[0];
    seen.peak_bytes = outcome.tally[0]->node[0].peak_bytes;
    run_fini(&outcome);
    arena_fini(&arena);
    return tally;
}

static void jobs_end_all_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct expected *c = &cases[i];
        struct group_tally t = run(c->text, c->plan);
        if (t.completed != c->completed || t.rejected != c->rejected || t.censored != 0 || t.oom_kills != 0)
            fail_msg("%s: %llu completed, %llu rejected, %llu censored", c->name, (unsigned long long)t.completed,
                     (unsigned long long)t.rejected, (unsigned long long)t.censored);
        if ((c->plan.first > 0) != (seen.failed > 0))
            fail_msg("%s: %llu swaps failed", c->name, (unsigned long long)seen.failed);
        assert_int_equal(seen.refused, c->rejected);
    }
}

/* The burst is refused at the third failure, not before, and the next burst has three tries again. */
static void three_tries_each(void **state)
{
    (void)state;
    run(NODE TURNS JOBS, (struct fault_plan){GS_SWAP_IN, 1, 1});
    assert_int_equal(seen.swap_ins, 3 * BURSTS);
    run(NODE "[workload.J]\nclass = training\nmemory = 20GiB\niterations = 3\niteration = 1s\n",
        (struct fault_plan){GS_SWAP_IN, 1, 0});
    assert_int_equal(seen.swap_ins, 2);
    assert_int_equal(seen.refused, 0);
}

/* Nobody can be swapped out: those who are resident run, the others wait until they leave, and all end. */
static void nobody_leaves(void **state)
{
    static const char *const texts[] = {NODE TURNS JOBS, NODE JOBS, WIDE TURNS JOBS, WIDE JOBS};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct group_tally t = run(texts[i], (struct fault_plan){GS_SWAP_OUT, 1, 1});
        assert_int_equal(t.completed + t.rejected, BURSTS);
        assert_true(t.completed >= 4);
        assert_int_equal(t.censored, 0);
        assert_int_equal(seen.refused, t.rejected);
    }
}

/* Whoever does not come in after all still has the room that he left to his victim: only then the file is above its cap. */
static void room_is_taken_back(void **state)
{
    static const struct {
        const char *text;
        struct fault_plan plan;
        int64_t peak_gib;
    } row[] = {
        {FULL TURNS JOBS, {GS_COMMAND_KINDS, 0, 0}, 40}, {FULL_OVERLAPPED TURNS JOBS, {GS_COMMAND_KINDS, 0, 0}, 40},
        {FULL TURNS JOBS, {GS_SWAP_OUT, 3, 2}, 40},      {FULL TURNS JOBS, {GS_SWAP_IN, 4, 0}, 60},
        {FULL TURNS JOBS, {GS_SWAP_IN, 4, 3}, 60},       {FULL_OVERLAPPED TURNS JOBS, {GS_SWAP_IN, 4, 3}, 60},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        run(row[i].text, row[i].plan);
        assert_int_equal(seen.peak_bytes, row[i].peak_gib << 30);
    }
}

/* A victim whose swap-out fails is passed over for another that is as good. */
static void another_victim(void **state)
{
    const char *text =
        "[scenario]\nduration = 100s\n[node]\ngpu_memory = 50GiB\n"
        "[workload.IDLE]\nclass = inference\ncount = 2\nmemory = 20GiB\nstate = gpu\narrival = schedule(99s)\n"
        "service = 1ms\n"
        "[workload.NEW]\nclass = inference\nmemory = 20GiB\nstate = new\narrival = schedule(10s)\nservice = 1s\n";

    (void)state;
    run(text, (struct fault_plan){GS_SWAP_OUT, 1, 0});
    assert_int_equal(seen.failed, 1);
    assert_int_equal(seen.refused, 0);
    assert_int_equal(seen.swap_ins, 4); /* the two idle ones, the new one, and the victim when it is wanted again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_end_all_the_same), cmocka_unit_test(three_tries_each),   cmocka_unit_test(nobody_leaves),
        cmocka_unit_test(another_victim),        cmocka_unit_test(room_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
