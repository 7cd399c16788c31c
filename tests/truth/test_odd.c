/* test_odd.c - things that seldom meet, worked out by hand to the nanosecond: leaving while bytes move, wishes while a
 * workload is on its way out, growth under preemption, turns that are taken away before they begin.  Links of 25 GB/s:
 * 20 GB take 0.8 s, 40 GB take 1.6 s. */
#include "tests/truth/truth.h"

/* A's bytes are on their way in, B's on their way out when they leave: what moves arrives first, and only then its memory
 * is free.  J waits for A until 31.6. */
static void test_leaving_while_bytes_move(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 60s\n"
        "[node]\ngpu_memory = 20GB\ngpu_reserved = 0GB\n"
        "[workload.J]\nclass = inference\nstate = host\nmemory = 20GB\narrival = schedule(31s)\nservice = 1s\n"
        "[trace.T]\nfile = tests/data/leaves.gst\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 1, .start = 1, .end = 2},
        {.workload = 2, .ready = 10, .start = 10.8, .end = 11.8, .swap_out = .8},
        {.workload = 1, .ready = 30, .start = -1, .end = 31.2, .swap_out = .8, .swap_in = .4, .outcome = "censored"},
        {.workload = 0, .ready = 31, .start = 32.4, .end = 33.4, .queue = .6, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Each burst but the first is ready 0.3 s after the last, when 0.5 s of the way out are still to go. */
static void test_a_wish_on_the_way_out(void **unused)
{
    static const char text[] = "[scenario]\nduration = 6s\n"
                               "[node]\ngpu_memory = 80GB\n"
                               "[policy]\nprefetch = eager\n"
                               "[workload.N]\nclass = notebook\nmemory = 20GB\nthink = 300ms\nburst = 1s\n";
    static const struct truth_burst due[] = {
        {.ready = .3, .start = .3, .end = 1.3},
        {.ready = 1.6, .start = 2.9, .end = 3.9, .swap_out = .5, .swap_in = .8},
        {.ready = 4.2, .start = 5.5, .end = 6, .swap_out = .5, .swap_in = .8, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* N has 20 GB and 20 more during a burst.  I stops it at 11: 40 GB leave.  Its burst over, N has 20 GB and a copy of these,
 * half of which is dirty when J sends it away: 10 GB, 0.4 s.  For its next burst 20 GB come back, not the 40 of before.
 * When I stops it again, at 32, half of these 20 and all of the 20 it has grown by are written: 30 GB, 1.2 s. */
static void test_a_copy_does_not_outlive_what_it_is_of(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 42s\n"
        "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\n"
        "[policy]\nslicer = priority\n"
        "[workload.N]\nclass = notebook\nmemory = 20GB\ngrow = 20GB\nthink = 10s\nburst = 3s\n"
        "keep_host_copy = yes\ndirty = 0.5\n"
        "[workload.I]\nclass = inference\nstate = host\nmemory = 20GB\narrival = schedule(11s 32s)\nservice = 1s\n"
        "[workload.J]\nclass = inference\nstate = host\nmemory = 40GB\narrival = schedule(20s)\nservice = 1s\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 11, .start = 13.4, .end = 14.4, .swap_out = 1.6, .swap_in = .8},
        {.workload = 0, .ready = 10, .start = 10, .end = 18.8, .preempted = 3.4, .swap_out = .8, .swap_in = 1.6},
        {.workload = 2, .ready = 20, .start = 22, .end = 23, .swap_out = .4, .swap_in = 1.6},
        {.workload = 1, .ready = 32, .start = 34, .end = 35, .swap_out = 1.2, .swap_in = .8},
        {.workload = 0, .ready = 28.8, .start = 31.2, .end = 39.6, .preempted = 3, .swap_out = 2.4, .swap_in = 2.4},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Round robin with growth: each turn moves all that a burst holds, 40 GB of N and 20 GB of B.  N 10-11; B 12.6-13.6 (new);
 * N 16-17; B 19.4-20.4; N 22.8-23.8 ends and shrinks, so that B need not wait for it: 24.6-25.6. */
static void test_turns_of_bursts_that_grow(void **unused)
{
    static const char text[] = "[scenario]\nduration = 30s\n"
                               "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\n"
                               "[policy]\nslicer = rr\nslicer.quantum = 1s\n"
                               "[workload.N]\nclass = notebook\nmemory = 20GB\ngrow = 20GB\nthink = 10s\nburst = 3s\n"
                               "[workload.B]\nclass = notebook\nmemory = 20GB\nthink = 10s\nburst = 3s\n";
    static const struct truth_burst due[] = {
        {.workload = 0,
         .ready = 10,
         .start = 10,
         .end = 23.8,
         .preempted = 2.6 + 3.4,
         .swap_out = .8 + .8,
         .swap_in = 3.2},
        {.workload = 1,
         .ready = 10,
         .start = 12.6,
         .end = 25.6,
         .queue = 1,
         .preempted = 3.4 + 3.4,
         .swap_out = 1.6 + 1.6,
         .swap_in = .8 + .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Both want all of the GPU's 50 GB but 10, and each holds 20 between its bursts: neither may keep the other out for good. */
static void test_two_that_grow_do_not_block_each_other(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 30s\n"
        "[node]\ngpu_memory = 50GB\ngpu_reserved = 0GB\n"
        "[workload.N]\nclass = notebook\ncount = 2\nmemory = 20GB\ngrow = 20GB\nthink = 10s\nburst = 1s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 10, .end = 11},
        {.workload = 1, .ready = 10, .start = 11.8, .end = 12.8, .queue = 1, .swap_out = .8},
        {.workload = 0, .ready = 21, .start = 22.6, .end = 23.6, .swap_out = .8, .swap_in = .8},
        {.workload = 1, .ready = 22.8, .start = 25.2, .end = 26.2, .queue = .8, .swap_out = .8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* N stops T at 10 and is stopped by I at 10.2, while the switch to it is under way: 0.2 s of it are lost. */
static void test_a_turn_taken_away_during_the_switch(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 20s\n"
        "[node]\ngpu_memory = 80GB\n"
        "[policy]\nslicer = priority\nslicer.switch_cost = 500ms\n"
        "[workload.T]\nclass = training\nmemory = 1GB\ngpu_work = 15s\n"
        "[workload.N]\nclass = notebook\nmemory = 1GB\nthink = 10s\nburst = 1s\n"
        "[workload.I]\nclass = inference\nstate = gpu\nmemory = 1GB\narrival = schedule(10200ms)\nservice = 1s\n";
    static const struct truth_burst due[] = {
        {.workload = 2, .ready = 10.2, .start = 10.7, .end = 11.7, .swap_in = .5},
        {.workload = 1, .ready = 10, .start = 12.2, .end = 13.2, .preempted = 1.5, .swap_in = .7},
        {.workload = 0, .end = 18.7, .preempted = 3.2, .swap_in = .5},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A serves two together: 1-2.5, 4-4.5, and then the third while its turn lasts, to 5.5; B has the rest.  Stalls are those of
 * the workload, so the third is among the stopped though it has not begun. */
static void test_turns_of_a_workload_that_serves_several(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 20s\n"
        "[node]\ngpu_memory = 80GB\n"
        "[policy]\nslicer = rr\nslicer.quantum = 1500ms\n"
        "[workload.A]\nclass = inference\nstate = gpu\nmemory = 1GB\narrival = schedule(1s 1s 1s)\nservice = 1s\nslots "
        "= 2\n"
        "[workload.B]\nclass = inference\nstate = gpu\nmemory = 1GB\narrival = schedule(1s)\nservice = 2s\n";
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 4.5, .queue = 1, .preempted = 1.5},
        {.workload = 0, .ready = 1, .start = 1, .end = 4.5, .queue = 1, .preempted = 1.5},
        {.workload = 0, .ready = 1, .start = 4.5, .end = 5.5, .queue = 2, .preempted = 1.5},
        {.workload = 1, .ready = 1, .start = 2.5, .end = 6, .queue = 1.5, .preempted = 1.5},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* As in the swap file's other tests: B waits for room in it until C is in, at 16.6; then the exchange is overlapped.  With
 * a byte more B leaves as much as A needs, and waits for nobody. */
static void test_a_full_swap_file_and_overlapped_transfers(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 60s\n"
        "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\ngpus = 2\nswap_file = 79999999999B\n"
        "transfer = overlapped\nchunk = 256MB\n"
        "[workload.A]\nclass = inference\nstate = gpu\nmemory = 40GB\narrival = schedule(1s)\nservice = 1s\n"
        "[workload.C]\nclass = inference\nstate = host\nmemory = 40GB\narrival = schedule(15s)\nservice = 1s\n"
        "[workload.B]\nclass = inference\nstate = host\nmemory = 39999999999B\narrival = schedule(10s)\nservice = 1s\n";
    static const char *const more[] = {"workload.B.memory=40GB", "node.swap_file=80GB", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 15, .start = 16.6, .end = 17.6, .swap_in = 1.6},
        {.workload = 2, .ready = 10, .start = 18.21024, .end = 19.21024, .cap = 6.6, .swap_in = 1.61024},
    };
    static const struct truth_burst due_more[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 2, .ready = 10, .start = 11.61024, .end = 12.61024, .swap_in = 1.61024},
        {.workload = 1, .ready = 15, .start = 16.6, .end = 17.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, more, due_more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving_while_bytes_move),
        cmocka_unit_test(test_a_wish_on_the_way_out),
        cmocka_unit_test(test_a_copy_does_not_outlive_what_it_is_of),
        cmocka_unit_test(test_turns_of_bursts_that_grow),
        cmocka_unit_test(test_two_that_grow_do_not_block_each_other),
        cmocka_unit_test(test_a_turn_taken_away_during_the_switch),
        cmocka_unit_test(test_turns_of_a_workload_that_serves_several),
        cmocka_unit_test(test_a_full_swap_file_and_overlapped_transfers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
