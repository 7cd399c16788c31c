/* test_bound.c - the shortest remaining work first, and the bound made of it: known schedules, all schedules of tiny cases. */
#include "sim/stats/bound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "sim/base/random.h"

enum { JOBS = 5 };

struct job_list {
    int count, at[JOBS], work[JOBS]; /* by time of arrival */
};

static uint32_t below(struct stream *s, uint32_t n)
{
    return (uint32_t)(stream_bits(s) >> 33) % n;
}

static struct job_list draw_jobs(struct stream *s, uint32_t longest)
{
    struct job_list j = {.count = 1 + (int)below(s, JOBS)};

    for (int i = 0; i < j.count; i++) {
        j.at[i] = (i > 0 ? j.at[i - 1] : 0) + (int)below(s, 4);
        j.work[i] = 1 + (int)below(s, longest);
    }
    return j;
}

static double srpt_of(const struct job_list *j, double *served)
{
    struct srpt s = {0};

    for (int i = 0; i < j->count; i++)
        assert_true(srpt_arrive(&s, j->at[i], j->work[i]));
    srpt_until(&s, INT64_MAX);
    double sum = s.responses;
    *served = s.served;
    srpt_fini(&s);
    return sum;
}

static double bound_of(const struct job_list *j, const double *speed, size_t servers)
{
    struct bound b;
    uint64_t ticket[JOBS];

    bound_init(&b, speed, servers);
    for (int i = 0; i < j->count; i++)
        ticket[i] = bound_arrive(&b, j->at[i], j->work[i], 1);
    for (int i = j->count; i-- > 0;)
        bound_settle(&b, ticket[i], true);
    double sum = bound_sum(&b);
    assert_int_equal(b.counted, j->count);
    bound_fini(&b);
    return sum;
}

static void test_known_schedules(void **unused)
{
    static const struct {
        struct job_list jobs;
        int sum, two; /* on one server, on two of its speed: what the bound says */
    } row[] = {
        {{3, {0, 2, 3}, {10, 4, 1}}, 21, 15}, /* 15 + 5 + 1; alone 10 + 4 + 1 */
        {{1, {5}, {7}}, 7, 7},
        {{3, {0, 0, 0}, {1, 2, 4}}, 11, 7},        /* 1 + 3 + 7 */
        {{2, {0, 1}, {2, 1}}, 4, 3},               /* equal remainders: either order */
        {{4, {0, 0, 0, 0}, {2, 2, 2, 2}}, 20, 10}, /* pooled 1 + 2 + 3 + 4 */
        {{2, {0, 9}, {3, 3}}, 6, 6},               /* idle between them */
    };
    static const double speed[] = {1.0, 1.0};
    double served;

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        assert_int_equal(srpt_of(&row[i].jobs, &served), row[i].sum);
        assert_int_equal(bound_of(&row[i].jobs, speed, 1), row[i].sum);
        assert_int_equal(bound_of(&row[i].jobs, speed, 2), row[i].two);
    }
}

/* All schedules, second by second; nobody idles while somebody waits, as that helps nobody where there is memory for all. */
enum { LEFT = 5, SECONDS = 64, STATES = LEFT * LEFT * LEFT * LEFT * LEFT }; /* what is left of each: below LEFT */
static int known[SECONDS][STATES]; /* the least sum from here on, and 1; 0: not known */

static int least(const struct job_list *j, int servers, int second, int left[JOBS])
{
    int state = 0, waiting = 0, best = -1, here[JOBS];

    for (int i = 0; i < j->count; i++) {
        state = state * LEFT + left[i];
        if (left[i] > 0 && j->at[i] <= second)
            here[waiting++] = i;
    }
    if (state == 0)
        return 0;
    if (known[second][state] > 0)
        return known[second][state] - 1;
    if (waiting == 0)
        best = least(j, servers, second + 1, left);
    for (int a = 0; a < waiting; a++)
        for (int b = servers == 2 && waiting > 1 ? a + 1 : a; b < waiting && (servers == 2 || b == a); b++) {
            left[here[a]]--;
            left[here[b]] -= b != a;
            int sum = waiting + least(j, servers, second + 1, left);
            left[here[a]]++;
            left[here[b]] += b != a;
            best = best < 0 || sum < best ? sum : best;
        }
    known[second][state] = best + 1;
    return best;
}

static void test_nothing_beats_the_bound(void **unused)
{
    static const double speed[] = {1.0, 1.0};
    enum { CASES = 6000 };
    size_t met = 0;
    struct stream s;

    (void)unused;
    stream_init(&s, 3, 0, 0, PURPOSE_TEST);
    for (size_t k = 0; k < CASES; k++) {
        struct job_list j = draw_jobs(&s, LEFT - 1);
        double served, works = 0;
        int best[3];
        for (int servers = 1; servers <= 2; servers++) {
            int left[JOBS];
            memcpy(left, j.work, sizeof left);
            memset(known, 0, sizeof known);
            best[servers] = least(&j, servers, 0, left);
        }
        for (int i = 0; i < j.count; i++)
            works += j.work[i];
        assert_int_equal(srpt_of(&j, &served), best[1]);
        assert_int_equal(served, works); /* what came went, no more and no less */
        assert_int_equal(bound_of(&j, speed, 1), best[1]);
        assert_true(bound_of(&j, speed, 2) <= best[2]);
        met += (int)bound_of(&j, speed, 2) == best[2];
    }
    assert_in_range(met, CASES / 2, CASES - 1); /* most are as good as that */
}

/* Bursts end in any order, and some do not count: the bound is that of the others alone. */
static void test_what_counts(void **unused)
{
    enum { BURSTS = 3000 };
    struct stream s;

    (void)unused;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double speed = seed % 2 != 0 ? 1.0 : 2.0;
        struct srpt alone = {0};
        struct bound b;
        uint64_t ticket[BURSTS], counted = 0;
        bool counts[BURSTS];
        int64_t at = 0;
        stream_init(&s, seed, 1, 0, PURPOSE_TEST);
        bound_init(&b, &speed, 1);
        for (size_t i = 0, settled = 0; i < BURSTS; i++) {
            int64_t work = below(&s, 20);
            at += below(&s, 20);
            counts[i] = below(&s, 4) != 0;
            ticket[i] = bound_arrive(&b, at, work, 1);
            if (counts[i])
                assert_true(srpt_arrive(&alone, at, work / (int64_t)speed));
            counted += counts[i];
            while (settled + 700 < i || (i + 1 == BURSTS && settled <= i)) { /* by pairs, the later one first */
                bound_settle(&b, ticket[settled + 1], counts[settled + 1]);
                bound_settle(&b, ticket[settled], counts[settled]);
                settled += 2;
            }
        }
        srpt_until(&alone, INT64_MAX);
        double sum = bound_sum(&b);
        assert_true(sum >= alone.responses && sum <= alone.responses);
        assert_int_equal(b.counted, counted);
        assert_true(b.capacity <= 2048);
        srpt_fini(&alone);
        bound_fini(&b);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_schedules),
        cmocka_unit_test(test_nothing_beats_the_bound),
        cmocka_unit_test(test_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
