/* test_capacity_search.c - the search against answers that are known: every edge of every range, keys of both ways and of none,
 * edges that are no edges, and points that stay undecided. */
#include "sim/run/capacity.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 64 };

/* What the points of a made-up key are. */
struct key {
    char state[MOST + 1]; /* of the values from 1: 'k' kept, 'm' missed, 'u' undecided */
    double error;         /* spent */
    int tries[MOST + 1];
};

static int probe(void *context, struct capacity_point *point, double error, struct error *err)
{
    static const struct sla sla = {.name = "S", .metric = SLA_RESPONSE_P95, .target = 1};
    static struct capacity_check check[3] = {{.sla = &sla, .state = CAPACITY_UNDECIDED},
                                             {.sla = &sla, .state = CAPACITY_KEPT},
                                             {.sla = &sla, .state = CAPACITY_MISSED, .missed = "value"}};
    struct key *key = context;
    char state = key->state[point->place - 1];

    (void)err;
    key->tries[point->place]++;
    key->error += error;
    point->state = state == 'k' ? CAPACITY_KEPT : state == 'm' ? CAPACITY_MISSED : CAPACITY_UNDECIDED;
    point->check = &check[point->state];
    point->checks = 1;
    return GS_OK;
}

static struct capacity search(struct key *key, enum vary_way way, int64_t start, struct arena *arena)
{
    static struct vary vary;
    struct error err = {0};
    struct capacity c;

    vary = (struct vary){.key = "k", .unit = VARY_COUNT, .way = way, .min = 1, .max = MOST, .low = 1, .step = 1};
    vary.high = (double)strlen(key->state);
    if (capacity_search(&c, &vary, start, 0.95, probe, key, arena, &err) != GS_OK)
        fail_msg("%s", err.text);
    for (int i = 0; i <= MOST; i++)
        assert_true(key->tries[i] <= 1);
    assert_true(key->error <= 0.05);
    for (size_t i = 1; i < c.points; i++)
        assert_true(c.point[i - 1].value < c.point[i].value);
    return c;
}

/* All edges of ranges of all lengths, from all places to start from, either way. */
static void finds_every_edge(void **unused)
{
    (void)unused;
    for (int length = 2; length <= 33; length++)
        for (int edge = 0; edge <= length; edge++)
            for (int start = -1; start <= length + 2; start++)
                for (int way = 0; way < 2; way++) {
                    struct arena arena = {0};
                    struct key key = {{0}, 0, {0}};
                    memset(key.state, way == 0 ? 'k' : 'm', (size_t)length);
                    memset(key.state + edge, way == 0 ? 'm' : 'k', (size_t)(length - edge));
                    struct capacity c = search(&key, way == 0 ? VARY_HARDER : VARY_EASIER, start, &arena);
                    int answer = way == 0 ? edge : edge + 1, beyond = way == 0 ? edge + 1 : edge;
                    bool none = answer < 1 || answer > length, all = beyond < 1 || beyond > length;
                    assert_true(none == (c.answer == NULL));
                    assert_true(none || c.answer->place == answer);
                    assert_true(all == (c.beyond == NULL));
                    assert_true(all || none || c.beyond->place == beyond);
                    assert_true((c.binding == NULL) == all);
                    assert_null(c.harder_kept);
                    assert_true(c.points <= 2 * 6 + 4);
                    arena_fini(&arena);
                }
}

/* A key of which nobody says what more of it does: the ends tell. */
static void ends_tell_the_way(void **unused)
{
    static const struct {
        const char *state;
        int way, answer;
        bool monotone;
    } row[] = {
        {"kkkkmm", 1, 4, true},    {"mmkkkk", -1, 3, true}, {"kkkkkk", 0, 0, true},        {"mmmmmm", 0, 0, true},
        {"mmmkkmmm", 0, 0, false}, {"kk", 0, 0, true},      {"kkkkmmmmkkkk", 0, 0, false},
    };

    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct arena arena = {0};
        struct key key = {{0}, 0, {0}};
        memcpy(key.state, row[i].state, strlen(row[i].state));
        struct capacity c = search(&key, VARY_UNKNOWN, 3, &arena);
        print_message("%s\n", row[i].state);
        assert_int_equal(c.way, row[i].way);
        assert_true(c.answer == NULL ? row[i].answer == 0 : c.answer->place == row[i].answer);
        assert_true((c.harder_kept == NULL) == row[i].monotone);
        arena_fini(&arena);
    }
}

/* Thrashing may make a harder value better: the neighbours of the edge show it. */
static void says_that_it_is_not_monotone(void **unused)
{
    struct arena arena = {0};
    struct key twice = {"kkkkkmkmmmmmm", 0, {0}}, hole = {"kkkmkkkmmmmm", 0, {0}}, before = {"kkkmkmmmmmm", 0, {0}};
    struct capacity c = search(&twice, VARY_HARDER, 5, &arena);

    (void)unused;
    assert_int_equal(c.answer->place, 5);
    assert_non_null(c.harder_kept);
    c = search(&hole, VARY_HARDER, 7, &arena);
    assert_int_equal(c.answer->place, 7);
    assert_null(c.harder_kept); /* nothing of it was seen: neighbours reach from one before the edge to two behind */
    c = search(&before, VARY_HARDER, 5, &arena);
    assert_int_equal(c.answer->place, 5);
    assert_non_null(c.harder_kept);
    arena_fini(&arena);
}

/* What is undecided is not kept; it is told what is undecided, and what is missed for sure. */
static void undecided_is_not_kept(void **unused)
{
    struct arena arena = {0};
    struct key key = {"kkkkuummmm", 0, {0}}, all = {"uuuu", 0, {0}};
    struct capacity c = search(&key, VARY_HARDER, 2, &arena);

    (void)unused;
    assert_int_equal(c.answer->place, 4);
    assert_int_equal(c.beyond->place, 5);
    assert_int_equal(c.beyond->state, CAPACITY_UNDECIDED);
    assert_int_equal(c.binding->state, CAPACITY_UNDECIDED);
    c = search(&all, VARY_HARDER, 3, &arena);
    assert_null(c.answer);
    assert_int_equal(c.beyond->place, 1);
    assert_null(c.harder_kept);
    arena_fini(&arena);
}

static int fails(void *context, struct capacity_point *point, double error, struct error *err)
{
    (void)context, (void)error;
    return point->place == 4 ? error_set(err, GS_BAD_INPUT, "no") : GS_OK;
}

static void errors_end_it(void **unused)
{
    struct vary vary = {.key = "k", .way = VARY_EASIER, .low = 1, .high = 9, .step = 1}, none = vary;
    struct arena arena = {0};
    struct error err = {0};
    struct capacity c;

    (void)unused;
    assert_int_equal(capacity_search(&c, &vary, 3, 0.95, fails, NULL, &arena, &err), GS_BAD_INPUT);
    none.step = 100;
    err = (struct error){0};
    assert_int_equal(capacity_search(&c, &none, 3, 0.95, fails, NULL, &arena, &err), GS_USAGE);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_edge),
        cmocka_unit_test(ends_tell_the_way),
        cmocka_unit_test(says_that_it_is_not_monotone),
        cmocka_unit_test(undecided_is_not_kept),
        cmocka_unit_test(errors_end_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
