/* test_partial.c - victims that leave in part: what moves is what is missing, and comes back.  By hand, to the nanosecond. */
#include "tests/truth/truth.h"

/* A has 40 GiB and B 30 of the 60 that a GPU shows; 10 GiB take a second. */
static const char text[] = "[scenario]\nduration = 27.5s\n"
                           "[node]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\nswap_file = 20GiB\n"
                           "[policy]\nvictim = partial\n"
                           "[workload.A]\nclass = notebook\nmemory = 40GiB\nthink = 5s\nburst = 2s\n"
                           "[workload.B]\nclass = notebook\nmemory = 30GiB\nthink = 9s\nburst = 2s\n";

/* A 5-7.  B at 9: 20 free, 10 of A leave.  A at 12: 10 of B leave, 10 of A come.  At 21 A has all; B waits for its end. */
static void test_what_is_missing_moves(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 10, .end = 12, .swap_out = 1},
        {.workload = 0, .ready = 12, .start = 14, .end = 16, .swap_out = 1, .swap_in = 1},
        {.workload = 0, .ready = 21, .start = 21, .end = 23},
        {.workload = 1, .ready = 21, .start = 25, .end = 27, .queue = 2, .swap_out = 1, .swap_in = 1},
    };
    struct truth t;

    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    truth_run(&t, text, NULL);
    assert_int_equal(t.outcome.tally[0]->node[0].peak_bytes, (int64_t)20 << 30);
    assert_int_equal(t.outcome.tally[0]->gpu[0].swap_out_bytes, (int64_t)30 << 30);
    assert_int_equal(t.outcome.tally[0]->gpu[0].swap_in_bytes, (int64_t)20 << 30);
    truth_end(&t);
}

/* In steps of 4 GiB: 12 of A leave for B's 10, so 28 stay; then 12 of B for A's 12. */
static void test_in_multiples_of_a_chunk(void **unused)
{
    static const char *const set[] = {"policy.victim.chunk=4GiB", "scenario.duration=17s", "node.swap_file=24GiB",
                                      NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 10.2, .end = 12.2, .swap_out = 1.2},
        {.workload = 0, .ready = 12, .start = 14.6, .end = 16.6, .queue = 0.2, .swap_out = 1.2, .swap_in = 1.2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, set, due);
}

/* A at 8: 10 of B leave.  B at 10, when A has ended at 11: 10 of A.  C needs 25 at 13: of the 30 that are left of A. A
 * at 16, when C has ended: 10 of B once more. */
static void test_what_has_begun_to_leave_goes_first(void **unused)
{
    static const char three[] = "[scenario]\nduration = 16.9s\n"
                                "[node]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\nswap_file = 100GiB\n"
                                "[policy]\nvictim = partial\n"
                                "[workload.A]\nclass = notebook\nmemory = 40GiB\nthink = 5s\nburst = 2s\nstart = 3s\n"
                                "[workload.B]\nclass = notebook\nmemory = 30GiB\nthink = 4s\nburst = 2s\n"
                                "[workload.C]\nclass = training\nmemory = 25GiB\nstart = 13s\ngpu_work = 1s\n";
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 4, .start = 4, .end = 6},
        {.workload = 0, .ready = 8, .start = 9, .end = 11, .swap_out = 1},
        {.workload = 1, .ready = 10, .start = 13, .end = 15, .queue = 1, .swap_out = 1, .swap_in = 1},
        {.workload = 2, .ready = 13, .start = 15.5, .end = 16.5, .swap_out = 2.5},
        {.workload = 0, .ready = 16, .start = -1, .end = 16.9, .queue = 0.5, .swap_out = 0.4, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(three, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing_moves),
        cmocka_unit_test(test_in_multiples_of_a_chunk),
        cmocka_unit_test(test_what_has_begun_to_leave_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
