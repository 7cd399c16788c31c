/* test_hit_ratios.c - independent requests by Zipf's law: hit ratios of lru, fifo, random and clock against exact chains.
 *
 * Sums over ordered sets for equal sizes (King, 1971, for lru; Gelenbe, 1973, for fifo and random), the stationary state
 * of the whole chain for different sizes. */
#include "tests/truth/stream.h"
#include "tests/truth/textbook.h"

#include "sim/stats/interval.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { RUNS = 24, WARM = 400 };

static void zipf(double *share, uint32_t n, double s)
{
    double sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += share[i] = pow(i + 1.0, -s);
    for (uint32_t i = 0; i < n; i++)
        share[i] /= sum;
}

/* The closed form lies in the interval of 99 % over independent runs, and half of that is within `close` of it. */
static void expect(const char *what, const double *value, double closed, double close)
{
    struct interval is = interval_mean(value, RUNS, 0.99);

    print_message("%s: %.6f [%.6f, %.6f], closed form %.6f\n", what, is.value, is.low, is.high, closed);
    if (!(is.low <= closed && closed <= is.high))
        fail_msg("%s: %.6f is not in [%.6f, %.6f]", what, closed, is.low, is.high);
    if (!((is.high - is.low) / 2 <= close * closed))
        fail_msg("%s: [%.6f, %.6f] is too wide", what, is.low, is.high);
}

/* --- equal sizes --- */

static double weight(double p, double out, bool lru)
{
    return lru ? p / (1 - out) : p;
}

/* Sum over the ways in which `left` more may lie in the cache, of the chance (lru; else times a constant) of the way and
 * of this times its hits. */
static void sum_ways(const double *share, uint32_t n, uint32_t left, uint32_t set, double in, double chance, bool lru,
                     double sum[2])
{
    if (left == 0) {
        sum[0] += chance;
        sum[1] += chance * in;
        return;
    }
    /* of sets without order each is met once, from its least member on */
    for (uint32_t i = 0; i < n; i++)
        if ((set >> i & 1) == 0 && (lru || set >> i == 0))
            sum_ways(share, n, left - 1, set | (uint32_t)1 << i, in + share[i], chance * weight(share[i], in, lru), lru,
                     sum);
}

static double closed_form(const double *share, uint32_t n, uint32_t size, bool lru)
{
    double sum[2] = {0, 0};

    sum_ways(share, n, size, 0, 0, 1, lru, sum);
    return sum[1] / sum[0];
}

static const struct equal {
    const char *victim;
    uint32_t n, size;
    double s, hits; /* as published, to six places; 0: by the textbook */
} equal[] = {
    {"lru", 8, 3, 0.8, 0.478768},   {"lru", 20, 5, 0.9, 0.434793},   {"fifo", 8, 3, 0.8, 0.461421},
    {"fifo", 20, 5, 0.9, 0.403235}, {"random", 8, 3, 0.8, 0.461421}, {"random", 20, 5, 0.9, 0.403235},
    {"clock", 20, 5, 0.9, 0},
};

static uint64_t book_misses(const uint8_t *request, size_t requests, size_t size)
{
    struct book book = {.size = size, .k = 1};
    uint64_t misses = 0;

    for (size_t r = 0; r < requests; r++) {
        bool hit = false;
        book_clock(&book, request[r], &hit);
        misses += !hit && r >= WARM;
    }
    return misses;
}

static void test_equal_sizes(void **unused)
{
    enum { REQUESTS = WARM + 16000 };
    static uint8_t request[REQUESTS];
    double share[FEED_MOST], hits[RUNS];

    (void)unused;
    for (const struct equal *e = equal; e < equal + sizeof equal / sizeof equal[0]; e++) {
        zipf(share, e->n, e->s);
        for (uint32_t run = 0; run < RUNS; run++) {
            struct feed f = {.victim = e->victim,
                             .seed = run,
                             .capacity = e->size,
                             .workloads = e->n,
                             .request = request,
                             .requests = REQUESTS,
                             .from = WARM};
            feed_draw(request, REQUESTS, share, e->n, run + 1);
            struct feed_result is = feed_run(&f);
            hits[run] = 1 - (double)is.misses / (REQUESTS - WARM);
            if (e->hits <= 0)
                assert_int_equal(is.misses, book_misses(request, REQUESTS, e->size));
        }
        if (e->hits <= 0)
            continue;
        double closed = closed_form(share, e->n, e->size, strcmp(e->victim, "lru") == 0);
        assert_true(fabs(closed - e->hits) < 1e-6);
        char what[64];
        snprintf(what, sizeof what, "%s, %u of %u", e->victim, (unsigned)e->size, (unsigned)e->n);
        expect(what, hits, closed, 0.01);
    }
}

/* --- policies that learn how popular each is --- */

/* The best that can be where each miss comes in: all but one place for the most popular, and the last one for whoever of
 * the others was asked for last (A0 of Aho, Denning, Ullman, JACM 18(1), 1971). */
static double best_form(const double *share, uint32_t n, uint32_t size)
{
    double top = 0, others = 0, squares = 0;

    for (uint32_t i = 0; i < n; i++) {
        top += i + 1 < size ? share[i] : 0;
        others += i + 1 < size ? 0 : share[i];
        squares += i + 1 < size ? 0 : share[i] * share[i];
    }
    return top + squares / others;
}

static void test_learners_come_close_to_the_best(void **unused)
{
    enum { LEARN = 8000, REQUESTS = LEARN + 16000, PLACES = 5, ALL = 20 };
    static const char *const victim[] = {"lfu", "cost"};
    static uint8_t request[REQUESTS];
    double share[FEED_MOST], hits[2][RUNS];

    (void)unused;
    zipf(share, ALL, 0.9);
    for (uint32_t run = 0; run < RUNS; run++) {
        feed_draw(request, REQUESTS, share, ALL, run + 1);
        for (int v = 0; v < 2; v++) {
            struct feed f = {.victim = victim[v],
                             .capacity = PLACES,
                             .workloads = ALL,
                             .request = request,
                             .requests = REQUESTS,
                             .from = LEARN};
            hits[v][run] = 1 - (double)feed_run(&f).misses / (REQUESTS - LEARN);
        }
    }
    double best = best_form(share, ALL, PLACES), lru = closed_form(share, ALL, PLACES, true);
    struct interval is = interval_mean(hits[1], RUNS, 0.99);
    print_message("cost: %.6f [%.6f, %.6f], best %.6f\n", is.value, is.low, is.high, best);
    expect("lfu, 5 of 20", hits[0], best, 0.01);
    assert_true(is.low > lru + 0.9 * (best - lru) && is.low <= best);
}

/* --- different sizes: lru, evicting until the newcomer fits --- */

enum { SIZED = 5, STATES = 512 };
static const int64_t gigabytes[SIZED] = {40, 30, 20, 10, 25};
static const int64_t room = 80;

struct order { /* residents, latest first */
    uint8_t id[SIZED], length;
};

struct chain {
    struct order state[STATES];
    uint32_t states;
    uint32_t next[STATES][SIZED];
    bool hit[STATES][SIZED];
};

static int64_t held(const struct order *o)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < o->length; i++)
        sum += gigabytes[o->id[i]];
    return sum;
}

/* Take out whoever `out` says (a bit each) and put `page` in front. */
static struct order moved(const struct order *o, uint8_t page, uint32_t out)
{
    struct order then = {.id = {page}, .length = 1};

    for (uint32_t i = 0; i < o->length; i++)
        if ((out >> o->id[i] & 1) == 0)
            then.id[then.length++] = o->id[i];
    return then;
}

/* With `trim` those who were not needed after all stay: the latest used first. */
static struct order served(const struct order *o, uint8_t page, bool trim, bool *hit)
{
    int64_t missing = held(o) + gigabytes[page] - room;
    uint32_t out = 0;

    for (uint32_t i = 0; i < o->length; i++)
        if (o->id[i] == page) {
            *hit = true;
            return moved(o, page, (uint32_t)1 << page);
        }
    *hit = false;
    for (uint32_t i = o->length; i-- > 0 && missing > 0;) {
        out |= (uint32_t)1 << o->id[i];
        missing -= gigabytes[o->id[i]];
    }
    for (uint32_t i = 0; trim && i < o->length; i++)
        if ((out >> o->id[i] & 1) != 0 && missing + gigabytes[o->id[i]] <= 0) {
            out &= ~((uint32_t)1 << o->id[i]);
            missing += gigabytes[o->id[i]];
        }
    return moved(o, page, out);
}

static uint32_t number(struct chain *c, const struct order *o)
{
    uint32_t i = 0;

    while (i < c->states && memcmp(&c->state[i], o, sizeof *o) != 0)
        i++;
    if (i == c->states) {
        assert_true(c->states < STATES);
        c->state[c->states++] = *o;
    }
    return i;
}

struct sized {
    double hits, in, held; /* ratio, and gigabytes: a request, on the mean */
};

/* From the empty cache to the stationary state, by walking the chain. */
static struct sized solve(const double *share, bool trim)
{
    static struct chain c;
    static double now[STATES], then[STATES];
    struct sized is = {0, 0, 0};
    struct order empty = {.length = 0};

    memset(&c, 0, sizeof c);
    memset(now, 0, sizeof now);
    number(&c, &empty);
    for (uint32_t s = 0; s < c.states; s++)
        for (uint8_t page = 0; page < SIZED; page++) {
            struct order o = served(&c.state[s], page, trim, &c.hit[s][page]);
            c.next[s][page] = number(&c, &o);
        }
    now[0] = 1;
    for (int step = 0; step < 2000; step++) {
        memset(then, 0, sizeof then);
        for (uint32_t s = 0; s < c.states; s++)
            for (uint32_t page = 0; page < SIZED; page++)
                then[c.next[s][page]] += now[s] * share[page];
        memcpy(now, then, sizeof now);
    }
    for (uint32_t s = 0; s < c.states; s++) {
        is.held += now[s] * (double)held(&c.state[s]);
        for (uint32_t page = 0; page < SIZED; page++) {
            is.hits += c.hit[s][page] ? now[s] * share[page] : 0;
            is.in += c.hit[s][page] ? 0 : now[s] * share[page] * (double)gigabytes[page];
        }
    }
    return is;
}

static void test_different_sizes(void **unused)
{
    enum { REQUESTS = WARM + 16000 };
    static uint8_t request[REQUESTS];
    double share[SIZED], hits[RUNS], in[RUNS], on_gpu[RUNS];

    (void)unused;
    zipf(share, SIZED, 0.8);
    struct sized plain = solve(share, false), closed = solve(share, true);
    assert_true(fabs(plain.hits - 0.574081) < 1e-6);
    assert_true(fabs(plain.in - 11.114707) < 1e-6);
    assert_true(fabs(plain.held - 67.6707) < 1e-4);
    for (uint32_t run = 0; run < RUNS; run++) {
        struct feed f = {.victim = "lru",
                         .capacity = room,
                         .bytes = gigabytes,
                         .workloads = SIZED,
                         .request = request,
                         .requests = REQUESTS,
                         .from = WARM};
        feed_draw(request, REQUESTS, share, SIZED, run + 1);
        struct feed_result is = feed_run(&f);
        hits[run] = 1 - (double)is.misses / (REQUESTS - WARM);
        in[run] = (double)is.in / (REQUESTS - WARM);
        on_gpu[run] = is.held;
    }
    expect("sized lru, hits", hits, closed.hits, 0.01);
    expect("sized lru, GB in a request", in, closed.in, 0.01);
    expect("sized lru, GB held", on_gpu, closed.held, 0.01);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_sizes),
        cmocka_unit_test(test_learners_come_close_to_the_best),
        cmocka_unit_test(test_different_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
