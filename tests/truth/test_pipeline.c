/* test_pipeline.c - a model runs while the rest of it is still on its way: the flow shop of two machines, to the nanosecond. */
#include "tests/truth/truth.h"

/* 64 chunks of 256 MB, 10.24 ms each on the link. */
static const char one[] =
    "[scenario]\nduration = 10s\n"
    "[node]\ngpu_memory = 80GiB\nh2d = 25GB/s\nchunk = 256MB\n"
    "[policy]\nprefetch = pipeline\n"
    "[workload.I]\nclass = inference\nmemory = 16384MB\nstate = host\narrival = schedule(1s)\nservice = 320ms\n";

/* Chunks of 5 ms: the link is what takes long, .65536 and one chunk's work; of 15 ms: the work, and one chunk's transfer. */
static void test_the_longer_hides_the_other(void **unused)
{
    static const char *const plain[] = {"policy.prefetch=none", NULL};
    static const char *const slow[] = {"workload.I.service=960ms", NULL};
    static const char *const slow_plain[] = {"policy.prefetch=none", "workload.I.service=960ms", NULL};
    static const struct truth_burst alone[] = {
        {.ready = 1, .start = 1.65536, .end = 1.97536, .swap_in = .65536},
    };
    static const struct truth_burst link[] = {
        {.ready = 1, .start = 1.34036, .end = 1.66036, .swap_in = .34036},
    };
    static const struct truth_burst slow_alone[] = {
        {.ready = 1, .start = 1.65536, .end = 2.61536, .swap_in = .65536},
    };
    static const struct truth_burst work[] = {
        {.ready = 1, .start = 1.01024, .end = 1.97024, .swap_in = .01024},
    };
    (void)unused;
    TRUTH_TIMELINE(one, plain, alone);
    TRUTH_TIMELINE(one, NULL, link);
    TRUTH_TIMELINE(one, slow_plain, slow_alone);
    TRUTH_TIMELINE(one, slow, work);
}

/* Two come at once over one link, .32 s of work each.  A wants at 0, 16 GB in .64 s alone; B at .4 slows it down when it runs
 * already, or is about to: its last 2 chunks of 128 wait for what is late. */
static void test_a_link_that_slows_down(void **unused)
{
    static const char two[] =
        "[scenario]\nduration = 10s\n"
        "[node]\ngpu_memory = 80GiB\nh2d = 25GB/s\nchunk = 160MB\n"
        "[policy]\nprefetch = pipeline\n"
        "[workload.A]\nclass = inference\nmemory = 16GB\nstate = host\narrival = schedule(1s)\nservice = 400ms\n"
        "[workload.B]\nclass = inference\nmemory = 16GB\nstate = host\narrival = schedule(1.5s)\nservice = 20ms\n";
    /* A: ready when .64 - .4 x .99 = .244 are over.  At 1.5 it has .14 s to go alone, .28 beside B: arrives at 1.78; its work,
     * over at 1.644 but for a hundredth, ends 4 ms after that.  B has .5 of its .64 s to go then: until 2.28, and .2 ms. */
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1.244, .end = 1.784, .swap_in = .244, .queue = .14},
        {.workload = 1, .ready = 1.5, .start = 2.2602, .end = 2.2802, .swap_in = .7602},
    };
    (void)unused;
    TRUTH_TIMELINE(two, NULL, due);
}

/* With 500 ms for each of 3 requests that are served one after the other, the second does not wait for the link; a stop in
 * between takes the GPU from a model that is not all there, and the swap file keeps its bytes until it is. */
static void test_others_meanwhile(void **unused)
{
    static const char turns[] =
        "[scenario]\nduration = 10s\n"
        "[node]\ngpu_memory = 80GiB\nh2d = 10GB/s\nchunk = 100MB\nsharing = exclusive\n"
        "[policy]\nprefetch = pipeline\nslicer = priority\n"
        "[workload.A]\nclass = inference\nmemory = 10GB\nstate = host\narrival = schedule(1s)\nservice = 900ms\n"
        "priority = 1\n"
        "[workload.B]\nclass = notebook\nmemory = 1GB\nthink = 1.5s\nburst = 1s\n";
    /* A: ready at 1.109, when .891 are left to come; B at 1.5 cuts in and takes the GPU until 2.5; A has .509 s to go then. */
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 1.5, .start = 1.5, .end = 2.5},
        {.workload = 0, .ready = 1, .start = 1.109, .end = 3.009, .swap_in = .109, .preempted = 1},
    };
    static const char *const until[] = {"scenario.duration=3.5s", NULL};
    (void)unused;
    TRUTH_TIMELINE(turns, until, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_longer_hides_the_other),
        cmocka_unit_test(test_a_link_that_slows_down),
        cmocka_unit_test(test_others_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
