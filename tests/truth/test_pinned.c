/* test_pinned.c - copies that lie in part in pageable memory, and what locking costs.  By hand, to the nanosecond. */
#include "tests/truth/truth.h"

/* A GPU shows 60 GiB, to notebooks of 40: one leaves for the other.  40 GiB take 4 s over the link, 16 s if pageable. */
#define NODE(more)                                                                                                     \
    "[node]\ngpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\npageable = 2.5GiB/s\nswap_file = 200GiB\n" more "\n"
#define NOTEBOOK(name, think, more)                                                                                    \
    "[workload." name "]\nclass = notebook\nmemory = 40GiB\nthink = " think "\nburst = 2s\n" more "\n"
#define SERVER(name, times, more)                                                                                      \
    "[workload." name "]\nclass = inference\nmemory = 40GiB\nservice = 2s\narrival = schedule(" times ")\n" more "\n"
#define KEPT "keep_host_copy = yes\ndirty = 0.25"
#define SECONDS(s) "[scenario]\nduration = " s "\n"

static const char two[] = SECONDS("35.5s") NODE("") NOTEBOOK("A", "5s", "") NOTEBOOK("B", "9s", "");

/* B at 9, when A has left at 13; A at 12, when B is out at 19 and A in at 23; B at 24, in at 33.  Who wishes while he is
 * himself on his way out waits for that, too. */
static const struct truth_burst all_locked[] = {
    {.workload = 0, .ready = 5, .start = 5, .end = 7},
    {.workload = 1, .ready = 9, .start = 13, .end = 15, .swap_out = 4},
    {.workload = 0, .ready = 12, .start = 23, .end = 25, .queue = 2, .swap_out = 5, .swap_in = 4},
    {.workload = 1, .ready = 24, .start = 33, .end = 35, .queue = 1, .swap_out = 4, .swap_in = 4},
    {.workload = 0, .ready = 30, .start = -1, .end = 35.5, .queue = 5, .swap_out = 0.5, .outcome = "censored"},
};

static void test_all_locked_is_as_ever(void **unused)
{
    static const char *const same[][3] = {
        {NULL},
        {"node.pinned=200GiB", NULL},
        {"node.pinned=500GiB", NULL},
        {"node.pinned=0B", "node.pageable=10GiB/s", NULL}, /* no slower than the link, */
        {"node.pinned=0B", "node.pageable=99GiB/s", NULL}, /* and never faster */
    };

    (void)unused;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        TRUTH_TIMELINE(two, same[i], all_locked);
}

/* 16 s each way. */
static void test_none_locked(void **unused)
{
    static const char *const set[] = {"node.pinned=0B", "node.pin_cost=1s", "scenario.duration=95.5s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 25, .end = 27, .swap_out = 16},
        {.workload = 0, .ready = 12, .start = 59, .end = 61, .queue = 2, .swap_out = 29, .swap_in = 16},
        {.workload = 1, .ready = 36, .start = 93, .end = 95, .queue = 18, .swap_out = 23, .swap_in = 16},
        {.workload = 0, .ready = 66, .start = -1, .end = 95.5, .queue = 18, .swap_out = 11.5, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* 20 GiB of each copy are locked: 2 s and 8 s.  Who leaves for another takes over what that one's copy has. */
static const struct truth_burst half_locked[] = {
    {.workload = 0, .ready = 5, .start = 5, .end = 7},
    {.workload = 1, .ready = 9, .start = 19, .end = 21, .swap_out = 10},
    {.workload = 0, .ready = 12, .start = 41, .end = 43, .queue = 2, .swap_out = 17, .swap_in = 10},
    {.workload = 1, .ready = 30, .start = 63, .end = 65, .queue = 12, .swap_out = 11, .swap_in = 10},
    {.workload = 0, .ready = 48, .start = -1, .end = 65.5, .queue = 12, .swap_out = 5.5, .outcome = "censored"},
};

static void test_half_locked(void **unused)
{
    static const char *const set[] = {"node.pinned=20GiB", "scenario.duration=65.5s", NULL};
    static const char *const full[] = {"node.pinned=20GiB", "node.swap_file=40GiB", "scenario.duration=65.5s", NULL};
    (void)unused;
    TRUTH_TIMELINE(two, set, half_locked);
    TRUTH_TIMELINE(two, full, half_locked); /* as the file itself is lent */
}

/* The host's pool gives each link half its rate: both parts take twice as long. */
static void test_slow_host(void **unused)
{
    static const char *const set[] = {"node.pinned=20GiB", "node.host_bandwidth=5GiB/s", "scenario.duration=33s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 29, .end = 31, .swap_out = 20},
        {.workload = 0, .ready = 12, .start = -1, .end = 33, .queue = 2, .swap_out = 19, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* 100 ms for a GiB: 4 s for A's copy and for B's, whose room is next to it; then never again. */
static void test_locking_is_paid_once(void **unused)
{
    static const char *const set[] = {"node.pin_cost=100ms", "scenario.duration=43.5s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 17, .end = 19, .swap_out = 8},
        {.workload = 0, .ready = 12, .start = 31, .end = 33, .queue = 2, .swap_out = 13, .swap_in = 4},
        {.workload = 1, .ready = 28, .start = 41, .end = 43, .queue = 5, .swap_out = 4, .swap_in = 4},
        {.workload = 0, .ready = 38, .start = -1, .end = 43.5, .queue = 5, .swap_out = 0.5, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* In a file for one copy, B takes the room that A leaves, which is locked. */
static void test_room_that_is_lent_is_locked(void **unused)
{
    static const char *const set[] = {"node.pin_cost=100ms", "node.swap_file=40GiB", "scenario.duration=39.5s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 17, .end = 19, .swap_out = 8},
        {.workload = 0, .ready = 12, .start = 27, .end = 29, .queue = 2, .swap_out = 9, .swap_in = 4},
        {.workload = 1, .ready = 28, .start = 37, .end = 39, .queue = 1, .swap_out = 4, .swap_in = 4},
        {.workload = 0, .ready = 34, .start = -1, .end = 39.5, .queue = 5, .swap_out = 0.5, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* Both begin in the file, A with 40 GiB of the 60 that are locked (at no cost), B with the rest.  A's are free again when
 * A is in at 5: A leaves for B in 4 s, and B needs 2 and 8. */
static void test_room_is_given_back(void **unused)
{
    static const char text[] =
        SECONDS("40s") NODE("pinned = 60GiB\npin_cost = 1s") SERVER("A", "1s", "") SERVER("B", "20s", "");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 5, .end = 7, .swap_in = 4},
        {.workload = 1, .ready = 20, .start = 34, .end = 36, .swap_out = 4, .swap_in = 10},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* First come, first served: A has all 40 GiB when B leaves for C, which has no copy.  At 60 C gets what A leaves, and A has
 * none when it leaves for B at 90. */
static void test_first_come_first_served(void **unused)
{
    static const char text[] = SECONDS("139.5s") NODE("pinned = 40GiB") SERVER("A", "5s 60s", "state = new")
        SERVER("B", "9s 90s", "state = new") SERVER("C", "20s 130s", "state = new");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 13, .end = 15, .swap_out = 4},
        {.workload = 2, .ready = 20, .start = 36, .end = 38, .swap_out = 16},
        {.workload = 0, .ready = 60, .start = 68, .end = 70, .swap_out = 4, .swap_in = 4},
        {.workload = 1, .ready = 90, .start = 122, .end = 124, .swap_out = 16, .swap_in = 16},
        {.workload = 2, .ready = 130, .start = 138, .end = 139.5, .swap_out = 4, .swap_in = 4, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* A's copy stays, half of it locked: of the 10 GiB that it writes next time 5 are.  B's is pageable for good. */
static void test_kept_copies_keep_their_room(void **unused)
{
    static const char text[] =
        SECONDS("86s") NODE("pinned = 20GiB") NOTEBOOK("A", "5s", KEPT) NOTEBOOK("B", "9s", KEPT);
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 19, .end = 21, .swap_out = 10},
        {.workload = 0, .ready = 12, .start = 47, .end = 49, .queue = 2, .swap_out = 23, .swap_in = 10},
        {.workload = 1, .ready = 30, .start = 67.5, .end = 69.5, .queue = 12, .swap_out = 9.5, .swap_in = 16},
        {.workload = 0, .ready = 54, .start = 83.5, .end = 85.5, .queue = 15.5, .swap_out = 4, .swap_in = 10},
        {.workload = 1, .ready = 78.5, .start = -1, .end = 86, .queue = 7, .swap_out = 0.5, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* Two chunks: 20 GiB that are locked in 2 s, 20 that are not in 8, both ways at once.  At 9 B needs the first to leave. */
static void test_overlapped(void **unused)
{
    static const char *const set[] = {"node.pinned=20GiB", "node.transfer=overlapped", "node.chunk=20GiB",
                                      "scenario.duration=45.5s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 11, .end = 13, .swap_in = 2},
        {.workload = 0, .ready = 12, .start = 29, .end = 31, .swap_out = 7, .swap_in = 10},
        {.workload = 1, .ready = 22, .start = 41, .end = 43, .queue = 2, .swap_out = 7, .swap_in = 10},
        {.workload = 0,
         .ready = 36,
         .start = -1,
         .end = 45.5,
         .queue = 2,
         .swap_out = 5,
         .swap_in = 2.5,
         .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* 10 GiB leave and come, 5 of them locked: 0.5 s and 2 s. */
static void test_parts(void **unused)
{
    static const char *const set[] = {"node.pinned=5GiB", "policy.victim=partial", "workload.B.memory=30GiB",
                                      "scenario.duration=29.9s", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 11.5, .end = 13.5, .swap_out = 2.5},
        {.workload = 0, .ready = 12, .start = 18.5, .end = 20.5, .queue = 1.5, .swap_out = 2.5, .swap_in = 2.5},
        {.workload = 1, .ready = 22.5, .start = 27.5, .end = 29.5, .swap_out = 2.5, .swap_in = 2.5},
        {.workload = 0, .ready = 25.5, .start = -1, .end = 29.9, .queue = 4, .swap_out = 0.4, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

/* What goes to disk, since the file is too small, needs no locked memory and pays for none. */
static void test_spills(void **unused)
{
    static const char *const set[] = {"node.pinned=10GiB",
                                      "node.pin_cost=1s",
                                      "node.swap_file=30GiB",
                                      "policy.cap.when_full=spill",
                                      "node.disk=5GiB/s",
                                      "scenario.duration=36.5s",
                                      NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 5, .start = 5, .end = 7},
        {.workload = 1, .ready = 9, .start = 17, .end = 19, .swap_out = 8},
        {.workload = 0,
         .ready = 12,
         .start = 35,
         .end = 36.5,
         .queue = 2,
         .swap_out = 13,
         .cold = 8,
         .outcome = "censored"},
        {.workload = 1, .ready = 28, .start = -1, .end = 36.5, .queue = 8.5, .outcome = "censored"},
    };
    (void)unused;
    TRUTH_TIMELINE(two, set, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_locked_is_as_ever),
        cmocka_unit_test(test_none_locked),
        cmocka_unit_test(test_half_locked),
        cmocka_unit_test(test_slow_host),
        cmocka_unit_test(test_locking_is_paid_once),
        cmocka_unit_test(test_room_that_is_lent_is_locked),
        cmocka_unit_test(test_room_is_given_back),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_kept_copies_keep_their_room),
        cmocka_unit_test(test_overlapped),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_spills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
