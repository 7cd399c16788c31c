/* test_residency.c - small scenarios worked out by hand, to the nanosecond: who leaves the GPU, what moves, what the swap
 * file and the host's bandwidth allow.  Links of 25 GB/s: 20 GB take 0.8 s, 40 GB take 1.6 s. */
#include "tests/truth/truth.h"

#define WORKLOAD(name, state, size, arrivals, further)                                                                 \
    "[workload." name "]\nclass = inference\nstate = " state "\nmemory = " size "\narrival = schedule(" arrivals       \
    ")\n" further "\n"
#define NODE(memory, further)                                                                                          \
    "[scenario]\nduration = 100s\n[node]\ngpu_memory = " memory "\ngpu_reserved = 0GB\n" further "\n"

/* Each swap takes 50 ms besides the transfer; the first residency of a workload is none. */
static void test_each_swap_has_its_overhead(void **unused)
{
    static const char text[] = NODE("40GB", "swap_overhead = 50ms")
        WORKLOAD("A", "new", "40GB", "1s 20s", "service = 1s") WORKLOAD("B", "new", "40GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 11.65, .end = 12.65, .swap_out = 1.65},
        {.workload = 0, .ready = 20, .start = 23.3, .end = 24.3, .swap_out = 1.65, .swap_in = 1.65},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A keeps its copy in the swap file and dirties a quarter: it leaves in 0.4 s; B has no copy to fall back on. */
static void test_only_the_dirty_share_of_a_kept_copy_is_written(void **unused)
{
    static const char text[] = NODE("40GB", "swap_file = 80GB")
        WORKLOAD("A", "host", "40GB", "1s 20s", "service = 1s\nkeep_host_copy = yes\ndirty = 0.25")
            WORKLOAD("B", "host", "40GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 2.6, .end = 3.6, .swap_in = 1.6},
        {.workload = 1, .ready = 10, .start = 12, .end = 13, .swap_out = .4, .swap_in = 1.6},
        {.workload = 0, .ready = 20, .start = 23.2, .end = 24.2, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

static const char three_fit[] = NODE("60GB", "") WORKLOAD("A", "gpu", "20GB", "1s 20s", "service = 100ms")
    WORKLOAD("B", "gpu", "20GB", "2s 30s", "service = 100ms") WORKLOAD("C", "gpu", "20GB", "3s 40s", "service = 100ms")
        WORKLOAD("D", "host", "20GB", "10s", "service = 100ms");

/* D sends A away, A sends B, B sends C, C sends D: always the one whose burst ended first. */
static void test_the_longest_idle_leaves(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 1.1},
        {.workload = 1, .ready = 2, .start = 2, .end = 2.1},
        {.workload = 2, .ready = 3, .start = 3, .end = 3.1},
        {.workload = 3, .ready = 10, .start = 11.6, .end = 11.7, .swap_out = .8, .swap_in = .8},
        {.workload = 0, .ready = 20, .start = 21.6, .end = 21.7, .swap_out = .8, .swap_in = .8},
        {.workload = 1, .ready = 30, .start = 31.6, .end = 31.7, .swap_out = .8, .swap_in = .8},
        {.workload = 2, .ready = 40, .start = 41.6, .end = 41.7, .swap_out = .8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(three_fit, NULL, due);
}

/* D sends C away; A and B stay; C comes back in the place of B, whose burst ended last. */
static void test_the_last_used_leaves(void **unused)
{
    static const char *const set[] = {"policy.victim=mru", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 1.1},
        {.workload = 1, .ready = 2, .start = 2, .end = 2.1},
        {.workload = 2, .ready = 3, .start = 3, .end = 3.1},
        {.workload = 3, .ready = 10, .start = 11.6, .end = 11.7, .swap_out = .8, .swap_in = .8},
        {.workload = 0, .ready = 20, .start = 20, .end = 20.1},
        {.workload = 1, .ready = 30, .start = 30, .end = 30.1},
        {.workload = 2, .ready = 40, .start = 41.6, .end = 41.7, .swap_out = .8, .swap_in = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(three_fit, set, due);
}

/* C needs 60 GB.  A (10 GB) is the first victim, B (60 GB) the second, and with B alone there is room: A is let off. */
static void test_who_is_not_needed_as_a_victim_stays(void **unused)
{
    static const char text[] = NODE("70GB", "swap_file = 200GB") WORKLOAD("A", "gpu", "10GB", "1s 30s", "service = 1s")
        WORKLOAD("B", "gpu", "60GB", "2s", "service = 1s") WORKLOAD("C", "host", "60GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 2, .start = 2, .end = 3},
        {.workload = 2, .ready = 10, .start = 14.8, .end = 15.8, .swap_out = 2.4, .swap_in = 2.4},
        {.workload = 0, .ready = 30, .start = 30, .end = 31},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* D needs all of the GPU, and A, B, C leave it together. */
static const char three_victims[] = NODE("60GB", "swap_file = 200GB\nchunk = 256MB\ntransfer = overlapped")
    WORKLOAD("A", "gpu", "20GB", "1s", "service = 1s") WORKLOAD("B", "gpu", "20GB", "2s", "service = 1s")
        WORKLOAD("C", "gpu", "20GB", "3s", "service = 1s") WORKLOAD("D", "host", "60GB", "10s", "service = 1s");

/* They share the link: three chunks leave in 30.72 ms while the three before come in.  20 GB are 78 chunks and 32 MB, so
 * the last 96 MB leave at 2.4 s, and D follows one step behind.
 * One after the other they leave chunk by chunk, D a chunk of 10.24 ms behind.  D's chunks straddle the victims' last
 * 32 MB: the 79th starts when B's first chunk is out, at .81024, the 157th at 1.61024, the 234th at 2.39872, when C's 78th
 * is out; the last 96 MB take 3.84 ms. */
static void test_several_victims_leave_while_one_comes(void **unused)
{
    static const struct {
        const char *set[2];
        double in;
    } row[] = {{{NULL}, 2.4 + .03072}, {{"node.link_discipline=fcfs", NULL}, 2.39872 + .01024 + .00384}};

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        const struct truth_burst due[] = {
            {.workload = 0, .ready = 1, .start = 1, .end = 2},
            {.workload = 1, .ready = 2, .start = 2, .end = 3},
            {.workload = 2, .ready = 3, .start = 3, .end = 4},
            {.workload = 3, .ready = 10, .start = 10 + row[i].in, .end = 11 + row[i].in, .swap_in = row[i].in},
        };
        TRUTH_TIMELINE(three_victims, row[i].set, due);
    }
}

/* Two GPUs of a node, each new workload to the emptier one: A and B on the first, C on the second.  B and C fill the swap
 * file, and B leaves a byte less than A needs: A cannot leave for B until C is in, at 16.6, and gives its room back. */
static const char full_swap_file[] = NODE("40GB", "gpus = 2\nswap_file = 79999999999B")
    WORKLOAD("A", "gpu", "40GB", "1s", "service = 1s") WORKLOAD("C", "host", "40GB", "15s", "service = 1s")
        WORKLOAD("B", "host", "39999999999B", "10s", "service = 1s");

static void test_a_full_swap_file_makes_wait(void **unused)
{
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 15, .start = 16.6, .end = 17.6, .swap_in = 1.6},
        {.workload = 2, .ready = 10, .start = 19.8, .end = 20.8, .cap = 6.6, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(full_swap_file, NULL, due);
}

static void test_a_full_swap_file_refuses(void **unused)
{
    static const char *const set[] = {"policy.cap.when_full=reject", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 2, .ready = 10, .start = -1, .end = 10, .outcome = "rejected"},
        {.workload = 1, .ready = 15, .start = 16.6, .end = 17.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(full_swap_file, set, due);
}

/* A byte more, and the full file does not matter: A takes the room that B leaves. */
static void test_an_exchange_through_a_full_swap_file(void **unused)
{
    static const char *const set[] = {"workload.B.memory=40GB", "node.swap_file=80GB", NULL};
    static const char *const reject[] = {"workload.B.memory=40GB", "node.swap_file=80GB", "policy.cap.when_full=reject",
                                         NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 2, .ready = 10, .start = 13.2, .end = 14.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 1, .ready = 15, .start = 16.6, .end = 17.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(full_swap_file, set, due);
    TRUTH_TIMELINE(full_swap_file, reject, due);
}

/* A has 60 GB, B 40, C and D 20 each.  B, C and D lie in the file of 100 GB when A leaves for B: 20 are free, and 40 are
 * B's.  C fits beside B.  Then B, idle for longest, leaves for D, which fills the file but for 20 GB: the 20 that are
 * free, and 20 from D.  A needs 60 when C and D are in its way, and leaves 60 behind.  With a byte less A never leaves. */
static void test_unequal_sizes_through_a_full_swap_file(void **unused)
{
    static const char text[] = NODE("60GB", "swap_file = 100GB") WORKLOAD("A", "gpu", "60GB", "1s 40s", "service = 1s")
        WORKLOAD("B", "host", "40GB", "10s", "service = 1s") WORKLOAD("C", "host", "20GB", "20s", "service = 1s")
            WORKLOAD("D", "host", "20GB", "30s", "service = 1s");
    static const char *const less[] = {"node.swap_file=99999999999B", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 14, .end = 15, .swap_out = 2.4, .swap_in = 1.6},
        {.workload = 2, .ready = 20, .start = 20.8, .end = 21.8, .swap_in = .8},
        {.workload = 3, .ready = 30, .start = 32.4, .end = 33.4, .swap_out = 1.6, .swap_in = .8},
        {.workload = 0, .ready = 40, .start = 44, .end = 45, .swap_out = 1.6, .swap_in = 2.4},
    };
    static const struct truth_burst stuck[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 40, .start = 40, .end = 41},
        {.workload = 1, .ready = 10, .start = -1, .end = 100, .cap = 90, .outcome = "censored"},
        {.workload = 2, .ready = 20, .start = -1, .end = 100, .cap = 80, .outcome = "censored"},
        {.workload = 3, .ready = 30, .start = -1, .end = 100, .cap = 70, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, less, stuck);
}

/* A's copy and C fill the file.  B's 40 GB take the place of the copy and 20 GB that C leaves, so C gives up its copy, too:
 * it must be written, 30 GB in 1.2 s, when C leaves for B. */
static void test_copies_give_way_and_the_rest_is_lent(void **unused)
{
    static const char text[] = NODE("60GB", "swap_file = 50GB")
        WORKLOAD("A", "host", "20GB", "1s 6s", "service = 1s\nkeep_host_copy = yes\ndirty = 0")
            WORKLOAD("B", "new", "40GB", "4s 40s", "service = 1s")
                WORKLOAD("C", "host", "30GB", "10s", "service = 1s\nkeep_host_copy = yes\ndirty = 0");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1.8, .end = 2.8, .swap_in = .8},
        {.workload = 1, .ready = 4, .start = 4, .end = 5},
        {.workload = 0, .ready = 6, .start = 6, .end = 7},
        {.workload = 2, .ready = 10, .start = 12.8, .end = 13.8, .swap_out = 1.6, .swap_in = 1.2},
        {.workload = 1, .ready = 40, .start = 42.8, .end = 43.8, .swap_out = 1.2, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A pool of 30 GB/s, and A and B each alone on a GPU: 15 GB/s each until B's 15 GB are in after 1 s; then A's other 15 GB
 * at the 25 GB/s of its link. */
static void test_two_gpus_share_the_host_evenly(void **unused)
{
    static const char text[] = NODE("40GB", "gpus = 2\nhost_bandwidth = 30GB/s")
        WORKLOAD("A", "host", "30GB", "10s", "service = 1s") WORKLOAD("B", "host", "15GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 10, .start = 11, .end = 12, .swap_in = 1},
        {.workload = 0, .ready = 10, .start = 11.6, .end = 12.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Out at 10 GB/s, in at 25, a pool of 30: A leaves the first GPU at its 10 GB/s, and C comes to the second at the 20 that
 * are left, not at half of the pool; then B comes in alone. */
static void test_who_wants_little_of_the_host_gets_it(void **unused)
{
    static const char text[] = NODE("40GB", "gpus = 2\nswap_file = 200GB\nd2h = 10GB/s\nhost_bandwidth = 30GB/s")
        WORKLOAD("A", "gpu", "40GB", "1s", "service = 1s") WORKLOAD("C", "host", "40GB", "10s", "service = 1s")
            WORKLOAD("B", "host", "40GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 12, .end = 13, .swap_in = 2},
        {.workload = 2, .ready = 10, .start = 15.6, .end = 16.6, .swap_out = 4, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Nodes share nothing: exchanges on both at once, over pools that suffice for one of them.  The second node's GPU is
 * twice as fast. */
static void test_two_nodes_do_not_disturb_each_other(void **unused)
{
    static const char text[] = NODE(
        "40GB",
        "swap_file = 80GB\nhost_bandwidth = 25GB/s") "[node.fast]\ngpu_memory = 40GB\ngpu_reserved = "
                                                     "0GB\nswap_file = 80GB\nhost_bandwidth = 25GB/s\ngpu_speed = "
                                                     "2\n" WORKLOAD("A", "gpu", "40GB", "1s", "service = 1s")
                                                         WORKLOAD("C", "gpu", "40GB", "1s", "service = 1s")
                                                             WORKLOAD("B", "host", "40GB", "10s", "service = 1s")
                                                                 WORKLOAD("D", "host", "40GB", "10s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 1, .ready = 1, .start = 1, .end = 1.5},
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 3, .ready = 10, .start = 13.2, .end = 13.7, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 2, .ready = 10, .start = 13.2, .end = 14.2, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Contexts of 3 GB each are more than the reserve of 2 GB.  A and B leave room for two contexts, not for C's as well: when
 * C is attached, at 5 s, A (idle for longest) must go, 40 GB for the sake of 3.  At 10 s there are 37 GB of 41 free for
 * A: B goes, 4 GB in 0.16 s, and then there is just room for C. */
static const char contexts[] = NODE("50GB", "") WORKLOAD("A", "gpu", "40GB", "1s 10s", "service = 100ms")
    WORKLOAD("B", "gpu", "4GB", "2s", "service = 100ms") WORKLOAD("C", "new", "1GB", "60s", "service = 1s\nstart = 5s");

static void test_what_stays_on_the_gpu_takes_room(void **unused)
{
    static const char *const by_context[] = {"node.gpu_reserved=2GB", "workload.A.context=3GB",
                                             "workload.B.context=3GB", "workload.C.context=3GB", NULL};
    static const char *const by_reserve[] = {"node.gpu_reserved_per_workload=3GB", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 1.1},
        {.workload = 1, .ready = 2, .start = 2, .end = 2.1},
        {.workload = 0, .ready = 10, .start = 11.76, .end = 11.86, .swap_out = .16, .swap_in = 1.6},
        {.workload = 2, .ready = 60, .start = 60, .end = 61},
    };
    (void)unused;
    TRUTH_TIMELINE(contexts, by_context, due);
    TRUTH_TIMELINE(contexts, by_reserve, due);
}

/* The notebook has 20 GB and 20 more during a burst: all of the GPU.  B leaves for its first one (0.8 s), and comes back
 * when it has shrunk; at 21.8 it waits for B to end, at 25.8, and to leave. */
static void test_a_burst_that_grows_needs_victims(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 30s\n[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\n"
        "[workload.N]\nclass = notebook\nmemory = 20GB\ngrow = 20GB\nthink = 10s\nburst = 1s\n" WORKLOAD(
            "B", "gpu", "20GB", "20s", "service = 5s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 10, .start = 10.8, .end = 11.8, .swap_out = .8},
        {.workload = 1, .ready = 20, .start = 20.8, .end = 25.8, .swap_in = .8},
        {.workload = 0, .ready = 21.8, .start = 26.6, .end = 27.6, .queue = 4, .swap_out = .8},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_swap_has_its_overhead),
        cmocka_unit_test(test_only_the_dirty_share_of_a_kept_copy_is_written),
        cmocka_unit_test(test_the_longest_idle_leaves),
        cmocka_unit_test(test_the_last_used_leaves),
        cmocka_unit_test(test_who_is_not_needed_as_a_victim_stays),
        cmocka_unit_test(test_several_victims_leave_while_one_comes),
        cmocka_unit_test(test_a_full_swap_file_makes_wait),
        cmocka_unit_test(test_a_full_swap_file_refuses),
        cmocka_unit_test(test_an_exchange_through_a_full_swap_file),
        cmocka_unit_test(test_unequal_sizes_through_a_full_swap_file),
        cmocka_unit_test(test_copies_give_way_and_the_rest_is_lent),
        cmocka_unit_test(test_two_gpus_share_the_host_evenly),
        cmocka_unit_test(test_who_wants_little_of_the_host_gets_it),
        cmocka_unit_test(test_two_nodes_do_not_disturb_each_other),
        cmocka_unit_test(test_what_stays_on_the_gpu_takes_room),
        cmocka_unit_test(test_a_burst_that_grows_needs_victims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
