/* test_queue.c - the event queue against a sorted array: order, ties, the switch to buckets and back, failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/engine/queue.h"

/* Test numbers of its own (splitmix64), so that the sequences do not change with the simulator's streams. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* The reference: an array sorted with the earliest event last, equal times in order of insertion. */
struct reference {
    struct queue_event *event;
    size_t count, capacity;
};

static void reference_push(struct reference *ref, int64_t at_ns, uint64_t word)
{
    if (ref->count == ref->capacity) {
        ref->capacity = ref->capacity > 0 ? 2 * ref->capacity : 256;
        ref->event = realloc(ref->event, ref->capacity * sizeof *ref->event);
        assert_non_null(ref->event);
    }
    size_t low = 0, high = ref->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ref->event[middle].at_ns > at_ns)
            low = middle + 1;
        else
            high = middle;
    }
    memmove(ref->event + low + 1, ref->event + low, (ref->count - low) * sizeof *ref->event);
    ref->event[low] = (struct queue_event){.at_ns = at_ns, .word = word};
    ref->count++;
}

/* How far ahead the next event is pushed. */
enum spread { SAME, FEW, SHORT, LONG, MIXED, WIDE, SPREADS };

static int64_t ahead(uint64_t *state, enum spread spread)
{
    uint64_t bits = draw(state);
    switch (spread) {
    case SAME:
        return 0;
    case FEW:
        return (int64_t)(bits % 4);
    case SHORT:
        return (int64_t)(bits % 1000);
    case LONG:
        return (int64_t)(bits % 60000000000);
    case MIXED:
        return (int64_t)((bits & 7) != 0 ? (bits >> 3) % 1000 : (bits >> 3) % 1000000000);
    default:
        return (int64_t)((bits >> 6) >> (bits & 63) >> 3); /* any order of magnitude up to 2^55 */
    }
}

static void check_pop(struct queue *q, struct reference *ref, bool look)
{
    struct queue_event expect = ref->event[--ref->count];
    if (look)
        assert_int_equal(queue_next_ns(q), expect.at_ns);
    struct queue_event e = queue_pop(q);
    assert_int_equal(e.at_ns, expect.at_ns);
    assert_int_equal(e.word, expect.word);
    assert_int_equal(queue_count(q), ref->count);
}

/* One random sequence of pushes, pops and looks around `size` pending events, then down to none. */
static void random_sequence(uint64_t seed, size_t near_max, size_t size, enum spread spread)
{
    struct queue q;
    struct reference ref = {0};
    assert_int_equal(queue_init_near(&q, 0, near_max), GS_OK);
    uint64_t state = seed, sequence = 0;
    size_t steps = 3 * size + 20;
    unsigned push_share = 12; /* of 16; above 8 the queue grows */
    for (size_t step = 0; step < steps; step++) {
        if (ref.count > size)
            push_share = 5;
        else if (ref.count < size / 8)
            push_share = 12;
        uint64_t bits = draw(&state);
        size_t pushes = (bits & 15) < push_share ? 1 + (bits >> 4 & 3) : 0; /* 0..4 pushes into a hole or none */
        for (size_t i = 0; i < pushes; i++) {
            int64_t at_ns = q.last.at_ns + ahead(&state, spread);
            unsigned kind = draw(&state) % QUEUE_KINDS;
            uint32_t entity = draw(&state) % QUEUE_ENTITIES;
            uint64_t word = 0;
            assert_true(queue_push(&q, at_ns, kind, entity, &word));
            assert_int_equal(word >> RADIX_LOW_BITS, ++sequence);
            assert_int_equal(queue_kind((struct queue_event){.word = word}), kind);
            assert_int_equal(queue_entity((struct queue_event){.word = word}), entity);
            reference_push(&ref, at_ns, word);
        }
        if ((bits >> 8 & 7) == 0)
            assert_int_equal(queue_next_ns(&q), ref.count > 0 ? ref.event[ref.count - 1].at_ns : INT64_MAX);
        for (size_t pops = 1 + (bits >> 12 & 1); pops > 0 && ref.count > 0; pops--)
            check_pop(&q, &ref, bits >> 16 & 1);
    }
    while (ref.count > 0)
        check_pop(&q, &ref, ref.count & 1);
    assert_int_equal(queue_next_ns(&q), INT64_MAX);
    queue_fini(&q);
    free(ref.event);
}

static void test_random_sequences(void **unused)
{
    static const struct {
        size_t near_max, size;
        unsigned sequences; /* of each spread */
    } row[] = {
        {8, 6, 200},   {8, 40, 200},         {8, 300, 100},         {9, 100, 100},         {64, 200, 60},
        {64, 2000, 5}, {QUEUE_NEAR, 60, 60}, {QUEUE_NEAR, 700, 20}, {QUEUE_NEAR, 2500, 3},
    };
    (void)unused;
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (int spread = 0; spread < SPREADS; spread++)
            for (unsigned k = 0; k < row[i].sequences; k++, seed++)
                random_sequence(seed, row[i].near_max, row[i].size, (enum spread)spread);
}

/* The same pushes into a heap that never overflows and into one that spills: same words out. */
static void test_buckets_keep_the_order_of_the_heap(void **unused)
{
    (void)unused;
    enum { EVENTS = 60000 };
    for (int spread = 0; spread < SPREADS; spread++) {
        struct queue heap, buckets;
        uint64_t state = 7 + (uint64_t)spread;
        assert_int_equal(queue_init_near(&heap, 0, EVENTS), GS_OK);
        assert_int_equal(queue_init(&buckets, 0), GS_OK);
        size_t pushed = 0, far = 0;
        while (pushed < EVENTS || queue_count(&heap) > 0) {
            /* Waves: up to a few thousand pending, down to nearly none. */
            size_t pushes = pushed < EVENTS ? (pushed / 5000 % 2 == 0 ? 3 : draw(&state) % 2) : 0;
            for (size_t i = 0; i < pushes; i++, pushed++) {
                int64_t at_ns = heap.last.at_ns + ahead(&state, (enum spread)spread);
                assert_true(queue_push(&heap, at_ns, 1, (uint32_t)pushed, NULL));
                assert_true(queue_push(&buckets, at_ns, 1, (uint32_t)pushed, NULL));
            }
            far += buckets.far.count > 0;
            if (queue_count(&heap) > 0) {
                struct queue_event a = queue_pop(&heap), b = queue_pop(&buckets);
                assert_int_equal(a.at_ns, b.at_ns);
                assert_int_equal(a.word, b.word);
            }
        }
        assert_int_equal(heap.far.count, 0);
        assert_true(far > EVENTS / 10);
        assert_int_equal(queue_count(&buckets), 0);
        queue_fini(&heap);
        queue_fini(&buckets);
    }
}

/* 512 stay in the heap, one more spills; below half of it all come back. */
static void test_switch_has_hysteresis(void **unused)
{
    (void)unused;
    struct queue q;
    assert_int_equal(queue_init(&q, 0), GS_OK);
    for (uint32_t i = 0; i < QUEUE_NEAR; i++)
        assert_true(queue_push(&q, 1000 + i, 0, i, NULL));
    assert_int_equal(q.far.count, 0);
    assert_true(queue_push(&q, 1000 + QUEUE_NEAR, 0, QUEUE_NEAR, NULL));
    assert_int_equal(q.far.count, QUEUE_NEAR + 1);
    for (uint32_t i = 0; i <= QUEUE_NEAR; i++) {
        assert_int_equal(queue_entity(queue_pop(&q)), i);
        size_t left = QUEUE_NEAR - i;
        if (left >= QUEUE_NEAR / 2 + QUEUE_NEAR / 8)
            assert_true(q.far.count > 0);
        if (left < QUEUE_NEAR / 2 - QUEUE_NEAR / 8)
            assert_int_equal(q.far.count, 0);
    }
    queue_fini(&q);
}

/* Many events of one time, each pushing a successor of the same time: first in, first out, and no quadratic cost. */
static void test_ties_are_first_in_first_out(void **unused)
{
    (void)unused;
    enum { TIES = 100000 };
    struct queue q;
    assert_int_equal(queue_init(&q, TIES), GS_OK);
    for (uint32_t i = 0; i < TIES; i++)
        assert_true(queue_push(&q, 5, 15 - i % 16, TIES - i, NULL)); /* kind and entity run against the order */
    for (uint32_t i = 0; i < 3 * TIES; i++) {
        assert_int_equal(queue_next_ns(&q), 5);
        struct queue_event e = queue_pop(&q);
        assert_int_equal(queue_entity(e), TIES - i % TIES);
        if (i < 2 * TIES)
            assert_true(queue_push(&q, 5, queue_kind(e), queue_entity(e), NULL));
    }
    assert_int_equal(queue_count(&q), 0);
    queue_fini(&q);
}

static void test_limits_of_time_and_fields(void **unused)
{
    (void)unused;
    static const int64_t at_ns[] = {INT64_MAX - 1, 0, 1, INT64_MAX - 2, INT64_C(1) << 62, 0};
    static const unsigned order[] = {1, 5, 2, 4, 3, 0};
    enum { N = sizeof order / sizeof *order };
    for (size_t crowd = 0; crowd <= 600; crowd += 600) { /* alone in the heap; among buckets */
        struct queue q;
        assert_int_equal(queue_init(&q, 0), GS_OK);
        assert_int_equal(queue_next_ns(&q), INT64_MAX);
        for (size_t i = 0; i < crowd; i++)
            assert_true(queue_push(&q, INT64_C(1) << 61, 0, 0, NULL));
        uint64_t word[N];
        for (size_t i = 0; i < N; i++)
            assert_true(queue_push(&q, at_ns[i], QUEUE_KINDS - 1, QUEUE_ENTITIES - 1, &word[i]));
        for (size_t i = 0; i < N;) {
            struct queue_event e = queue_pop(&q);
            if (queue_kind(e) == 0)
                continue;
            assert_int_equal(e.at_ns, at_ns[order[i]]);
            assert_int_equal(e.word, word[order[i]]);
            assert_int_equal(queue_entity(e), QUEUE_ENTITIES - 1);
            i++;
        }
        assert_int_equal(queue_next_ns(&q), INT64_MAX);
        queue_fini(&q);
    }
}

static void test_sequence_numbers_run_out(void **unused)
{
    (void)unused;
    struct queue q;
    uint64_t word = 0;
    assert_int_equal(queue_init(&q, 0), GS_OK);
    assert_true(queue_push(&q, 9, 0, 0, &word));
    assert_true(word != 0);
    q.sequence = QUEUE_SEQUENCES - 1;
    assert_true(queue_push(&q, 9, 3, 7, &word));
    assert_int_equal(word >> RADIX_LOW_BITS, QUEUE_SEQUENCES - 1);
    assert_false(queue_push(&q, 9, 3, 8, &word));
    assert_int_equal(queue_entity(queue_pop(&q)), 0);
    assert_int_equal(queue_entity(queue_pop(&q)), 7);
    assert_int_equal(queue_next_ns(&q), INT64_MAX);
    queue_fini(&q);
}

/* The pattern of the header: an event moved three times happens once, when it was moved to last. */
static void test_stale_words_are_told_apart(void **unused)
{
    (void)unused;
    static const int64_t moved_to_ns[] = {30, 10, 40, 20};
    struct queue q;
    uint64_t due = 0;
    assert_int_equal(queue_init(&q, 0), GS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_true(queue_push(&q, moved_to_ns[i], 2, 1, &due));
    int happened = 0;
    while (queue_count(&q) > 0) {
        struct queue_event e = queue_pop(&q);
        if (e.word != due)
            continue;
        assert_int_equal(e.at_ns, 20);
        happened++;
    }
    assert_int_equal(happened, 1);
    queue_fini(&q);
}

/* Fail the 1st, 2nd, ... allocation of a run: a refused push changes nothing, what was accepted comes out in order. */
static void test_allocation_failures(void **unused)
{
    (void)unused;
    bool failed = true;
    uint64_t nth;
    for (nth = 1; failed; nth++) {
        struct queue q;
        arena_fail_nth(nth);
        failed = queue_init(&q, 0) != GS_OK;
        if (failed)
            continue;
        uint64_t state = 3;
        struct reference ref = {0};
        for (uint32_t i = 0; i < 6000; i++) {
            int64_t at_ns = q.last.at_ns + ahead(&state, WIDE);
            uint64_t word = 0, sequence = q.sequence;
            if (queue_push(&q, at_ns, 1, i, &word)) {
                reference_push(&ref, at_ns, word);
            } else {
                failed = true;
                assert_int_equal(q.sequence, sequence);
                assert_int_equal(queue_count(&q), ref.count);
                if (nth & 1) { /* once with a second try, once without */
                    assert_true(queue_push(&q, at_ns, 1, i, &word));
                    reference_push(&ref, at_ns, word);
                }
            }
            if (i % 4 == 0)
                check_pop(&q, &ref, false);
        }
        while (ref.count > 0)
            check_pop(&q, &ref, false);
        arena_fail_nth(0);
        queue_fini(&q);
        free(ref.event);
    }
    assert_true(nth > 3); /* the heap, the pool, its growth */
    arena_fail_nth(2);
    struct queue q;
    assert_int_equal(queue_init(&q, 100000), GS_SYSTEM);
    arena_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_sequences),           cmocka_unit_test(test_buckets_keep_the_order_of_the_heap),
        cmocka_unit_test(test_switch_has_hysteresis),      cmocka_unit_test(test_ties_are_first_in_first_out),
        cmocka_unit_test(test_limits_of_time_and_fields),  cmocka_unit_test(test_sequence_numbers_run_out),
        cmocka_unit_test(test_stale_words_are_told_apart), cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
