/* test_prefetch.c - what is moved before it is asked for, worked out by hand.  Links of 25 GB/s: 40 GB take 1.6 s. */
#include "tests/truth/truth.h"

#include "policies/policy.h"

#include <math.h>
#include <stdio.h>

#define WORKLOAD(name, state, arrivals, further)                                                                       \
    "[workload." name "]\nclass = inference\nstate = " state "\nmemory = 40GB\narrival = schedule(" arrivals           \
    ")\n" further "\n"
#define NODE(duration, memory, policy)                                                                                 \
    "[scenario]\nduration = " duration "\n[node]\ngpu_memory = " memory                                                \
    "\ngpu_reserved = 0GB\nswap_file = 400GB\n[policy]\n" policy "\n"

/* --- ski rental --- */

enum { SPELLS = 50 };
static const double swap = 1.6;

struct skier {
    struct truth_burst due[SPELLS];
    double cost, best; /* in seconds of swapping; what it would cost one who knows how long each spell is */
};

/* Bursts of 1 s with `spell` seconds of idleness between them.  A second of idle residence costs `price`, so the
 * workload leaves after `tau`. */
static void ski(struct skier *s, const double *spell, double price)
{
    double end = 0.0, tau = 2 * swap / price;

    s->cost = s->best = 0.0;
    for (int i = 0; i < SPELLS; i++) {
        struct truth_burst *due = &s->due[i];
        bool left = spell[i] > tau;
        *due = (struct truth_burst){.workload = 1, .ready = end + spell[i], .swap_in = left ? swap : 0.0};
        if (left)
            due->swap_out = fmax(0.0, end + tau + swap - due->ready);
        due->start = due->ready + due->swap_out + due->swap_in;
        due->end = end = due->start + 1.0;
        s->cost += left ? price * tau + 2 * swap : price * spell[i];
        s->best += fmin(price * spell[i], 2 * swap);
    }
}

/* B, which is never wanted, makes memory short. */
static void run_skier(const struct skier *s, double price)
{
    char text[4096], set[64];
    const char *const sets[] = {set, NULL};
    int used =
        snprintf(text, sizeof text, "%s[workload.A]\nclass = inference\nstate = gpu\nmemory = 40GB\nservice = 1s\n",
                 NODE("9000s", "60GB", "prefetch = breakeven") WORKLOAD("B", "host", "10000s", "service = 1s"));

    used += snprintf(text + used, sizeof text - (size_t)used, "arrival = schedule(");
    for (int i = 0; i < SPELLS; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%.3fs ", s->due[i].ready);
    snprintf(text + used, sizeof text - (size_t)used, ")\n");
    snprintf(set, sizeof set, "policy.prefetch.price=%g", price);
    TRUTH_TIMELINE(text, sets, s->due);
}

/* The adversary wants the workload as soon as it leaves: exactly twice the best.  Draws, short ones and long ones, cost
 * less, and whatever comes the factor is never above two. */
static void test_who_does_not_know_pays_at_most_twice(void **unused)
{
    static const double prices[] = {1, .25};

    (void)unused;
    for (size_t p = 0; p < sizeof prices / sizeof prices[0]; p++)
        for (uint64_t kind = 0; kind < 4; kind++) {
            static const double reach[] = {0, .5, 2, 10}; /* of the draws, in break-even times */
            double spell[SPELLS], tau = 2 * swap / prices[p];
            struct skier s;
            for (uint64_t i = 0; i < SPELLS; i++)
                spell[i] = kind == 0
                               ? tau + .001
                               : (double)(gs_mix(kind << 32 | i) % (uint64_t)(reach[kind] * tau * 1000) + 1) / 1000;
            ski(&s, spell, prices[p]);
            print_message("price %g, kind %d: %.3f s, at best %.3f s\n", prices[p], (int)kind, s.cost, s.best);
            assert_true(s.cost <= 2 * s.best + 1e-9);
            assert_true(kind > 0 || s.cost > 2 * s.best - 1e-9);
            run_skier(&s, prices[p]);
        }
}

/* Where all fit at once nobody leaves. */
static void test_nobody_leaves_for_nobody(void **unused)
{
    static const char text[] = NODE("100s", "80GB", "prefetch = breakeven")
        WORKLOAD("A", "gpu", "1s 60s", "service = 1s") WORKLOAD("B", "gpu", "200s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 60, .start = 60, .end = 61},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* --- clean --- */

/* A's copy is written from 4 to 5.6 s; its burst at 20 s makes it stale, and the next one is written from 23 to 24.6 s.
 * B, at 10 and at 24 s, waits for no more than its own bytes, and for the rest of that copy. */
static void test_a_clean_victim_leaves_in_no_time(void **unused)
{
    static const char text[] = NODE("100s", "40GB", "prefetch = clean") WORKLOAD("A", "gpu", "1s 20s", "service = 1s")
        WORKLOAD("B", "host", "10s 26.5s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 10, .start = 11.6, .end = 12.6, .swap_in = 1.6},
        {.workload = 0, .ready = 20, .start = 21.6, .end = 22.6, .swap_in = 1.6},
        {.workload = 1, .ready = 26.5, .start = 28.1, .end = 29.1, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The second burst begins when half of the copy is written: it is worth nothing, and A leaves in full at 7.5 s. */
static void test_a_burst_voids_the_copy(void **unused)
{
    static const char text[] = NODE("100s", "40GB", "prefetch = clean") WORKLOAD("A", "gpu", "1s 5s", "service = 1s")
        WORKLOAD("B", "host", "7.5s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 0, .ready = 5, .start = 5, .end = 6},
        {.workload = 1, .ready = 7.5, .start = 10.7, .end = 11.7, .swap_out = 1.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* B comes when half of A's copy is written, and waits for the rest only. */
static void test_a_copy_on_its_way_is_not_begun_again(void **unused)
{
    static const char text[] = NODE("100s", "40GB", "prefetch = clean") WORKLOAD("A", "gpu", "1s", "service = 1s")
        WORKLOAD("B", "host", "4.8s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 2},
        {.workload = 1, .ready = 4.8, .start = 7.2, .end = 8.2, .swap_out = .8, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* --- ahead --- */

/* Two jobs of 60 s in turns of 30 s: B's bytes come while A has its first turn. */
static void test_the_next_comes_in_behind_the_present_turn(void **unused)
{
    static const char text[] = NODE("200s", "80GB", "slicer = rr\nslicer.quantum = 30s")
        WORKLOAD("A", "host", "1s", "service = 60s") WORKLOAD("B", "host", "1s", "service = 60s");
    static const char *const ahead[] = {"policy.prefetch=ahead", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 2.6, .end = 92.6, .swap_in = 1.6, .preempted = 30},
        {.workload = 1, .ready = 1, .start = 32.6, .end = 122.6, .queue = 31.6, .preempted = 30},
    };
    static const struct truth_burst due_without[] = {
        {.workload = 0, .ready = 1, .start = 2.6, .end = 94.2, .swap_in = 1.6, .preempted = 31.6},
        {.workload = 1, .ready = 1, .start = 34.2, .end = 124.2, .queue = 31.6, .swap_in = 1.6, .preempted = 30},
    };
    (void)unused;
    TRUTH_TIMELINE(text, ahead, due);
    TRUTH_TIMELINE(text, NULL, due_without);
}

/* Three on a GPU for two.  Who has had his turn leaves after 2 s, and the one after the next comes in his place:
 * nobody waits for bytes, only for his turn. */
static void test_leaving_and_coming_ahead_go_together(void **unused)
{
    static const char text[] =
        NODE("200s", "80GB", "slicer = fcfs\nprefetch = eager\nprefetch.after = 2s\nprefetch.ahead = yes")
            WORKLOAD("A", "gpu", "1s", "service = 30s") WORKLOAD("B", "host", "1s", "service = 30s")
                WORKLOAD("C", "host", "1s", "service = 30s");
    static const char *const no[] = {"policy.prefetch.ahead=no", NULL};
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 31},
        {.workload = 1, .ready = 1, .start = 31, .end = 61, .queue = 30},
        {.workload = 2, .ready = 1, .start = 61, .end = 91, .queue = 60},
    };
    static const struct truth_burst due_without[] = {
        {.workload = 0, .ready = 1, .start = 1, .end = 31},
        {.workload = 1, .ready = 1, .start = 32.6, .end = 62.6, .queue = 30, .swap_in = 1.6},
        {.workload = 2, .ready = 1, .start = 64.2, .end = 94.2, .queue = 61.6, .swap_in = 1.6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, no, due_without);
}

/* --- predict --- */

/* A and B are wanted every 30 s, 15 s apart, on a GPU for one: each sends the other away.  After three spells of
 * 25.8 s each is known; then who has been served leaves at once, and is back 25.8 s after its end, before it is
 * wanted: alone. */
static void test_who_is_regular_is_back_in_time(void **unused)
{
    static const char text[] = NODE("170s", "40GB", "prefetch = predict\nprefetch.leave = yes")
        WORKLOAD("A", "gpu", "0s 30s 60s 90s 120s 150s", "service = 1s")
            WORKLOAD("B", "host", "15s 45s 75s 105s 135s 165s", "service = 1s");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 0, .start = 0, .end = 1},
        {.workload = 1, .ready = 15, .start = 18.2, .end = 19.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 0, .ready = 30, .start = 33.2, .end = 34.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 1, .ready = 45, .start = 48.2, .end = 49.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 0, .ready = 60, .start = 63.2, .end = 64.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 1, .ready = 75, .start = 78.2, .end = 79.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 0, .ready = 90, .start = 93.2, .end = 94.2, .swap_out = 1.6, .swap_in = 1.6},
        {.workload = 1, .ready = 105, .start = 106.6, .end = 107.6, .swap_in = 1.6},
        {.workload = 0, .ready = 120, .start = 120, .end = 121},
        {.workload = 1, .ready = 135, .start = 135, .end = 136},
        {.workload = 0, .ready = 150, .start = 150, .end = 151},
        {.workload = 1, .ready = 165, .start = 165, .end = 166},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_does_not_know_pays_at_most_twice),
        cmocka_unit_test(test_nobody_leaves_for_nobody),
        cmocka_unit_test(test_a_clean_victim_leaves_in_no_time),
        cmocka_unit_test(test_a_burst_voids_the_copy),
        cmocka_unit_test(test_a_copy_on_its_way_is_not_begun_again),
        cmocka_unit_test(test_the_next_comes_in_behind_the_present_turn),
        cmocka_unit_test(test_leaving_and_coming_ahead_go_together),
        cmocka_unit_test(test_who_is_regular_is_back_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
