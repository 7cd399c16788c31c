/* test_bounce.c - GPUs and swap file both full: who comes in and who leaves change places by way of a bounce buffer
 * outside of the file, so nobody blocks anybody.  As little as a byte less, and somebody is stuck. */
#include "tests/truth/truth.h"

#include <stdio.h>

enum { WORKLOADS = 4, ROUNDS = 3 };

/* One after the other, round and round; the GPU holds one of them, the file the other three.  An exchange of 40 GB
 * takes 3.2 s, or overlapped 1.6 s and a chunk of 10.24 ms. */
static const char circle[] = "[scenario]\nduration = 200s\n"
                             "[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\nswap_file = 120GB\nchunk = 256MB\n"
                             "[workload.W]\nclass = inference\nstate = host\nmemory = 40GB\ncount = 3\n"
                             "arrival = schedule(40s 80s 120s)\nservice = 1s\n"
                             "[workload.L]\nclass = inference\nstate = gpu\nmemory = 40GB\n"
                             "arrival = schedule(30s 70s 110s)\nservice = 1s\n";

/* L is there at first; then W0, W1 and W2 wish at once and have the GPU one after the other. */
static void test_a_circle(void **unused)
{
    static const struct {
        const char *transfer;
        double out, in;
    } row[] = {{"node.transfer=serial", 1.6, 1.6}, {"node.transfer=overlapped", 0, 1.61024}};

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const char *const set[] = {row[i].transfer, "policy.slicer=fcfs", "policy.victim=lru", NULL};
        const double swap = row[i].out + row[i].in;
        struct truth_burst due[ROUNDS * WORKLOADS];
        for (uint32_t r = 0; r < ROUNDS; r++) {
            double l = 30 + 40 * r, w = 40 + 40 * r, first = r == 0 ? 0 : swap;
            due[r * WORKLOADS] =
                (struct truth_burst){.workload = 3, .ready = l, .start = l + first, .end = l + first + 1};
            due[r * WORKLOADS].swap_out = r == 0 ? 0 : row[i].out;
            due[r * WORKLOADS].swap_in = r == 0 ? 0 : row[i].in;
            for (uint32_t k = 0; k < 3; k++)
                due[r * WORKLOADS + 1 + k] = (struct truth_burst){.workload = k,
                                                                  .ready = w,
                                                                  .start = w + (k + 1) * swap + k,
                                                                  .end = w + (k + 1) * (swap + 1),
                                                                  .queue = k * (swap + 1),
                                                                  .swap_out = row[i].out,
                                                                  .swap_in = row[i].in};
        }
        TRUTH_TIMELINE(circle, set, due);
    }
}

/* Two GPUs of two places each and one file: seven workloads, of which the GPUs hold four and the file three. */
static const char node[] = "[scenario]\nduration = 1h\nreplications = 2\n"
                           "[node]\ngpus = 2\ngpu_memory = 80GB\ngpu_reserved = 0GB\nchunk = 1GB\n"
                           "[workload.N]\nclass = notebook\ncount = 7\nmemory = 40GB\n"
                           "think = exp(20s)\nburst = exp(4s)\n";

/* The least number of bursts that ended in a replication; and how long those have waited who wait for the file then. */
static uint64_t least_ended(const struct truth *t, double *cap)
{
    uint64_t least = UINT64_MAX;

    *cap = 0;
    for (uint32_t r = 0; r < t->outcome.completed; r++) {
        const struct group_tally *g = &t->outcome.tally[r]->group[0];
        uint64_t ended = g->completed;
        least = ended < least ? ended : least;
        *cap += (double)g->waiting_ns[STALL_CAP] * 1e-9;
        assert_int_equal(g->rejected, 0);
        assert_true(t->outcome.tally[r]->node[0].peak_bytes <= INT64_C(120000000000));
    }
    return least;
}

static void test_gpus_and_file_full_under_all_policies(void **unused)
{
    static const char *const transfer[] = {"node.transfer=serial", "node.transfer=overlapped"};
    static const char *const slicer[] = {"policy.slicer=ps", "policy.slicer=fcfs", "policy.slicer=rr",
                                         "policy.slicer=nvshare", "policy.slicer=cost"};
    static const char *const victim[] = {"policy.victim=lru", "policy.victim=mru", "policy.victim=random",
                                         "policy.victim=cost"};
    static const char *const copies[] = {"workload.N.keep_host_copy=no", "workload.N.keep_host_copy=yes"};

    (void)unused;
    for (size_t i = 0; i < 2 * 5 * 4 * 2; i++) {
        const char *const set[] = {transfer[i % 2], slicer[i / 2 % 5],      victim[i / 10 % 4],
                                   copies[i / 40],  "node.swap_file=120GB", NULL};
        struct truth t;
        double cap;
        truth_run(&t, node, set);
        uint64_t ended = least_ended(&t, &cap);
        if (cap > 30 || ended < 400)
            fail_msg("%s %s %s %s: %llu bursts, waiting for the file for %.0f s", set[0], set[1], set[2], set[3],
                     (unsigned long long)ended, cap);
        truth_end(&t);
    }
}

/* Sizes differ, all keep their copies, and all that fit run together: some who borrow room on their way out come in
 * again before the lender is in, and have lent it in turn.  (A debug build checks the books after each step.) */
static void test_room_is_lent_on(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 1h\nreplications = 8\nseed = 37\n"
        "[node]\ngpu_memory = 80GB\ngpu_reserved = 0GB\nchunk = 1GB\nswap_file = 93GB\n"
        "[policy]\nvictim = gdsf\n"
        "[workload.L]\nclass = notebook\nmemory = 40GB\nthink = exp(10s)\nburst = exp(2s)\nkeep_host_copy = yes\n"
        "[workload.S]\nclass = notebook\ncount = 3\nmemory = 10GB\nthink = exp(10s)\nburst = exp(2s)\n"
        "keep_host_copy = yes\n"
        "[workload.XL]\nclass = notebook\ncount = 3\nmemory = 55GB\nthink = exp(60s)\nburst = exp(2s)\n"
        "keep_host_copy = yes\n";
    struct truth t;

    (void)unused;
    truth_run(&t, text, NULL);
    for (uint32_t r = 0; r < t.outcome.completed; r++)
        assert_true(t.outcome.tally[r]->node[0].peak_bytes <= INT64_C(93000000000));
    truth_end(&t);
}

/* The last of the seven never has a burst. */
static void test_a_byte_less_is_too_little(void **unused)
{
    static const char *const set[] = {"node.swap_file=119999999999B", NULL};
    struct truth t;

    (void)unused;
    truth_run(&t, node, set);
    for (uint32_t r = 0; r < t.outcome.completed; r++)
        assert_true(t.outcome.tally[r]->group[0].waiting.max > (uint64_t)truth_ns(3000));
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_circle),
        cmocka_unit_test(test_gpus_and_file_full_under_all_policies),
        cmocka_unit_test(test_room_is_lent_on),
        cmocka_unit_test(test_a_byte_less_is_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
