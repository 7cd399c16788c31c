/* test_reference_strings.c - victim policies on reference strings: known costs, the cheapest way there is, and the victims
 * of the textbooks, one by one. */
#include "tests/truth/stream.h"
#include "tests/truth/textbook.h"

#include "sim/base/random.h"

#include <stdio.h>
#include <string.h>

/* --- the cheapest way: over all sets that may be resident after each request --- */

static int64_t sum_of(const int64_t *bytes, uint32_t set)
{
    int64_t sum = 0;

    for (uint32_t i = 0; set >> i != 0; i++)
        sum += (set >> i & 1) != 0 ? (bytes == NULL ? 1 : bytes[i]) : 0;
    return sum;
}

/* Bytes in and out; nothing moves but on a miss. */
static int64_t optimum(const struct feed *f)
{
    enum { SETS = 1 << 6 };
    int64_t now[SETS], next[SETS], best = INT64_MAX;

    assert_true(f->workloads <= 6);
    for (uint32_t s = 0; s < SETS; s++)
        now[s] = s == 0 ? 0 : INT64_MAX;
    for (size_t r = 0; r < f->requests; r++) {
        uint32_t wanted = (uint32_t)1 << f->request[r];
        for (uint32_t s = 0; s < SETS; s++)
            next[s] = INT64_MAX;
        for (uint32_t s = 0; s < SETS; s++) {
            if (now[s] == INT64_MAX)
                continue;
            if ((s & wanted) != 0 && now[s] < next[s])
                next[s] = now[s];
            for (uint32_t kept = s;; kept = (kept - 1) & s) { /* all its subsets */
                int64_t cost = now[s] + sum_of(f->bytes, wanted) + sum_of(f->bytes, s & ~kept);
                uint32_t then = kept | wanted;
                if ((s & wanted) == 0 && sum_of(f->bytes, then) <= f->capacity && cost < next[then])
                    next[then] = cost;
                if (kept == 0)
                    break;
            }
        }
        memcpy(now, next, sizeof now);
    }
    for (uint32_t s = 0; s < SETS; s++)
        best = now[s] < best ? now[s] : best;
    return best;
}

/* --- instances whose costs are known --- */

static const int64_t thirds[] = {30, 30, 30}, mixed[] = {20, 10, 60, 10, 10}, large[] = {40, 30, 25, 55};
static const char *const exact_set[] = {"set=exact", NULL};

static const struct instance {
    const char *requests, *victim;
    const int64_t *bytes;
    int64_t capacity, cost;
    uint64_t misses; /* 0: not stated */
    const char *const *set;
} instance[] = {
    {"ABCDABEABCDE", "opt", NULL, 3, 11, 0, NULL},
    {"ABCDABEABCDE", "belady", NULL, 3, 11, 7, NULL},
    {"ABCDABEABCDE", "lru", NULL, 3, 17, 10, NULL},
    {"ABCDABEABCDE", "opt", NULL, 4, 8, 0, NULL},
    {"ABCDABEABCDE", "belady", NULL, 4, 8, 6, NULL},
    {"ABCDABEABCDE", "lru", NULL, 4, 12, 8, NULL},
    {"ABCABCABCABC", "opt", thirds, 80, 360, 0, NULL},
    {"ABCABCABCABC", "mru", thirds, 80, 360, 7, NULL},
    {"ABCABCABCABC", "belady", thirds, 80, 360, 7, NULL},
    {"ABCABCABCABC", "lru", thirds, 80, 660, 12, NULL},
    {"ABCABCABCABC", "lfu", thirds, 80, 660, 12, NULL},
    {"DCCADECBACDA", "opt", mixed, 80, 260, 0, NULL},
    {"DCCADECBACDA", "lfu", mixed, 80, 260, 9, NULL},
    {"DCCADECBACDA", "belady", mixed, 80, 450, 8, NULL},
    {"DCCADECBACDA", "belady_size", mixed, 80, 500, 0, NULL},
    {"DCCADECBACDA", "lru", mixed, 80, 550, 0, NULL},
    {"DCCADECBACDA", "mru", mixed, 80, 480, 0, NULL},
    {"ABCD", "cost", large, 100, 150 + 70, 4, NULL},      /* the oldest two leave */
    {"ABCD", "cost", large, 100, 150 + 55, 4, exact_set}, /* B and C make room enough */
};

static void test_known_costs(void **unused)
{
    size_t wrong = 0;

    (void)unused;
    for (const struct instance *i = instance; i < instance + sizeof instance / sizeof instance[0]; i++) {
        uint8_t request[16];
        struct feed f = {
            .victim = i->victim, .set = i->set, .capacity = i->capacity, .bytes = i->bytes, .request = request};
        f.requests = strlen(i->requests);
        for (size_t r = 0; r < f.requests; r++) {
            request[r] = (uint8_t)(i->requests[r] - 'A');
            f.workloads = request[r] >= f.workloads ? request[r] + 1u : f.workloads;
        }
        bool opt = strcmp(i->victim, "opt") == 0;
        struct feed_result is = opt ? (struct feed_result){.in = optimum(&f)} : feed_run(&f);
        if (is.in + is.out != i->cost || (i->misses != 0 && is.misses != i->misses)) {
            print_error("%s, %s, %d: %d bytes, not %d; %d misses\n", i->requests, i->victim, (int)i->capacity,
                        (int)(is.in + is.out), (int)i->cost, (int)is.misses);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* --- tiny cases: nobody beats the optimum, and Belady reaches it where sizes are equal --- */

static uint32_t below(struct stream *s, uint32_t n)
{
    return (uint32_t)(stream_bits(s) >> 33) % n;
}

static void test_nobody_beats_the_optimum(void **unused)
{
    enum { CASES = 3000 };
    const struct gs_policy_head *policy;
    struct stream s;

    (void)unused;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    for (int n = 0; n < CASES; n++) {
        bool equal = n % 2 == 0;
        uint8_t request[24];
        int64_t bytes[6];
        struct feed f = {.workloads = 3 + below(&s, 4), .request = request, .seed = (uint64_t)n};
        f.requests = 8 + below(&s, 17);
        f.capacity = equal ? 1 + below(&s, f.workloads - 1) : 10;
        f.bytes = equal ? NULL : bytes;
        for (uint32_t i = 0; i < f.workloads; i++)
            bytes[i] = 1 + below(&s, 10);
        for (size_t r = 0; r < f.requests; r++)
            request[r] = (uint8_t)below(&s, f.workloads);
        int64_t best = optimum(&f);
        for (size_t i = 0; (policy = gs_policy_at(GS_SLOT_VICTIM, i)) != NULL; i++) {
            f.victim = policy->name;
            struct feed_result is = feed_run(&f);
            bool exact = equal && strcmp(f.victim, "belady") == 0;
            if (exact ? is.in + is.out != best : is.in + is.out < best)
                fail_msg("case %d: %s moves %d bytes, the optimum is %d", n, f.victim, (int)(is.in + is.out),
                         (int)best);
        }
    }
}

/* --- victims one by one as in the textbooks, for equal sizes --- */

static const char *const k3[] = {"k=3", NULL}, *const bytes[] = {"cost=bytes", NULL},
                         *const aged[] = {"ageing=dynamic", NULL};

static const struct pair {
    const char *victim;
    const char *const *set;
    book_serve *serve;
    unsigned k;
} pair[] = {
    {"clock", NULL, book_clock, 1},       {"clock", k3, book_clock, 3},    {"sieve", NULL, book_sieve, 0},
    {"s3fifo", NULL, book_s3fifo, 0},     {"arc", NULL, book_arc, 0},      {"lirs", NULL, book_lirs, 0},
    {"lruk", NULL, book_lru2, 0},         {"twoq", NULL, book_2q, 0},      {"gdsf", bytes, book_gdsf, 0},
    {"landlord", NULL, book_landlord, 0}, {"lfu", aged, book_lfu_aged, 0},
};

/* Half of the strings are drawn by popularity, half walk in loops of changing lengths; both change their ways midway. */
static void draw_string(uint8_t *request, size_t requests, uint32_t workloads, uint64_t seed)
{
    struct stream s;
    uint32_t begin = 0, length = workloads;

    stream_init(&s, seed, 1, 0, PURPOSE_TEST);
    for (size_t r = 0; r < requests; r++) {
        uint32_t i = below(&s, workloads), k = below(&s, workloads);
        if (r % 40 == 0)
            begin = i, length = 1 + k;
        i = i < k ? i : k;
        request[r] = (uint8_t)((seed % 2 != 0 && k % 8 != 0 ? begin + r % length : begin + i) % workloads);
    }
}

static void compare(const struct pair *p, const struct feed *f, size_t size)
{
    struct book book = {.size = size, .k = p->k};
    uint64_t misses = 0, victims = 0;
    struct feed_result is = feed_run(f);

    for (size_t r = 0; r < f->requests; r++) {
        bool hit = false;
        uint8_t victim = p->serve(&book, f->request[r], &hit);
        misses += !hit;
        if (victim == BOOK_NOBODY)
            continue;
        if (victims >= is.victims || f->evicted[victims] != victim)
            fail_msg("%s, %u workloads of which %zu fit, seed %u: victim %u, at request %zu, is %d, not %d", p->victim,
                     (unsigned)f->workloads, size, (unsigned)f->seed, (unsigned)victims, r,
                     victims < is.victims ? f->evicted[victims] : -1, victim);
        victims++;
    }
    assert_int_equal(is.victims, victims);
    assert_int_equal(is.misses, misses);
}

static void test_victims_of_the_textbooks(void **unused)
{
    enum { SEEDS = 60, REQUESTS = 400 };
    static uint8_t request[REQUESTS], evicted[REQUESTS * FEED_MOST];

    (void)unused;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t workloads = 3 + seed % 28, size = 1 + seed * 7 % (workloads - 1);
        draw_string(request, REQUESTS, workloads, seed);
        for (const struct pair *p = pair; p < pair + sizeof pair / sizeof pair[0]; p++) {
            struct feed f = {.victim = p->victim,
                             .set = p->set,
                             .seed = seed,
                             .capacity = size,
                             .workloads = workloads,
                             .request = request,
                             .requests = REQUESTS,
                             .evicted = evicted};
            compare(p, &f, size);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_costs),
        cmocka_unit_test(test_nobody_beats_the_optimum),
        cmocka_unit_test(test_victims_of_the_textbooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
