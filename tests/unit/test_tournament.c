/* test_tournament.c - the winner tree against a search through all slots. */
#include "sim/base/random.h"
#include "sim/engine/tournament.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { SLOTS_MOST = 70 };

static uint32_t earliest(const int64_t *at_ns, uint32_t slots)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < slots; i++)
        if (at_ns[i] < at_ns[best])
            best = i;
    return best;
}

static bool in_mask(const void *context, uint32_t slot)
{
    return (*(const uint64_t *)context >> slot % 64 & 1) != 0;
}

/* The lowest of the earliest that is wanted. */
static void finds(const struct tournament *t, const int64_t *at_ns, uint32_t slots, uint64_t mask)
{
    uint32_t found = TOURNAMENT_NONE;

    for (uint32_t i = slots; i-- > 0;)
        if (at_ns[i] == tournament_next_ns(t) && in_mask(&mask, i))
            found = i;
    if (tournament_next_ns(t) < TOURNAMENT_NEVER)
        assert_int_equal(tournament_find(t, tournament_next_ns(t), in_mask, &mask), found);
}

/* Few different times, so that ties are common; slots come and go. */
static void agrees_with_a_search(void **state)
{
    struct stream s;

    (void)state;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    for (uint32_t slots = 1; slots <= SLOTS_MOST; slots++) {
        struct arena arena = {0};
        struct tournament t;
        int64_t at_ns[SLOTS_MOST];
        assert_true(tournament_open(&t, slots, &arena));
        assert_true(tournament_next_ns(&t) == TOURNAMENT_NEVER);
        for (uint32_t i = 0; i < slots; i++)
            at_ns[i] = TOURNAMENT_NEVER;
        for (int step = 0; step < 400; step++) {
            uint32_t slot = (uint32_t)(stream_bits(&s) % slots);
            uint64_t draw = stream_bits(&s) % 16;
            at_ns[slot] = draw == 0 ? TOURNAMENT_NEVER : (int64_t)draw;
            tournament_set(&t, slot, at_ns[slot]);
            uint32_t best = earliest(at_ns, slots);
            assert_true(tournament_next_ns(&t) == at_ns[best]);
            assert_int_equal(tournament_first(&t), best);
            finds(&t, at_ns, slots, stream_bits(&s) & stream_bits(&s));
        }
        arena_fini(&arena);
    }
}

static void says_when_there_is_no_memory(void **state)
{
    struct arena arena = {0};
    struct tournament t;

    (void)state;
    arena_fail_nth(1);
    assert_false(tournament_open(&t, 1000, &arena));
    arena_fail_nth(0);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_a_search),
        cmocka_unit_test(says_when_there_is_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
