/* test_arena.c - memory comes zeroed, aligned, apart, and fails when a test asks it to. */
#include "sim/base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,    1,     15,    16,    17,    100,     4095, 4096,
                                   5000, 16384, 16385, 65536, 65537, 1000000, 3,    40000};
    enum { ROUNDS = 40, SIZES = sizeof sizes / sizeof sizes[0], PIECES = ROUNDS * SIZES };
    struct arena arena = {0};
    unsigned char *piece[PIECES];
    size_t total = 0;
    for (size_t i = 0; i < PIECES; i++) {
        size_t bytes = sizes[i % SIZES];
        piece[i] = arena_alloc(&arena, bytes);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % (bytes >= 4096 ? 64 : 16), 0);
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(piece[i][k], 0);
        memset(piece[i], (int)(i % 251) + 1, bytes);
        total += bytes;
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i % SIZES]; k++)
            assert_int_equal(piece[i][k], (i % 251) + 1);
    assert_true(arena.used_bytes >= total);
    arena_fini(&arena);
    assert_null(arena.head);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 10)); /* usable again */
    arena_fini(&arena);
}

static void impossible_sizes_give_null(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_array(&arena, SIZE_MAX / 8 + 1, 16));
    size_t capacity = 0;
    assert_null(arena_grow(&arena, NULL, &capacity, SIZE_MAX / 4, 8));
    assert_int_equal(capacity, 0);
    arena_fini(&arena);
}

static void grow_keeps_the_old_and_zeroes_the_new(void **state)
{
    (void)state;
    struct arena arena = {0};
    uint32_t *value = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        value = arena_grow(&arena, value, &capacity, i + 1, sizeof value[0]);
        assert_non_null(value);
        assert_true(capacity > i);
        assert_int_equal(value[i], 0);
        value[i] = i + 1;
    }
    for (uint32_t i = 0; i < 10000; i++)
        assert_int_equal(value[i], i + 1);
    assert_ptr_equal(arena_grow(&arena, value, &capacity, capacity, sizeof value[0]), value);

    size_t before = capacity;
    arena_fail_nth(1);
    assert_null(arena_grow(&arena, value, &capacity, capacity + 1, sizeof value[0]));
    assert_int_equal(capacity, before);
    assert_int_equal(value[9999], 10000);
    arena_fini(&arena);
}

static void text_is_copied_and_formatted(void **state)
{
    (void)state;
    struct arena arena = {0};
    char source[] = "node-0";
    char *copy = arena_strdup(&arena, source);
    source[0] = 'X';
    assert_string_equal(copy, "node-0");
    assert_string_equal(arena_strdup(&arena, ""), "");
    assert_string_equal(arena_printf(&arena, "%s/gpu-%d", copy, 3), "node-0/gpu-3");
    char *wide = arena_printf(&arena, "%200000d", 7);
    assert_int_equal(strlen(wide), 200000);
    arena_fini(&arena);
}

/* Five allocations of different kinds; how many succeeded. */
static int five(struct arena *arena)
{
    size_t capacity = 0;
    void *heap = NULL;
    int n = 0;
    if (arena_alloc(arena, 10) != NULL && ++n && arena_strdup(arena, "a") != NULL && ++n &&
        arena_printf(arena, "%d", 1) != NULL && ++n && arena_grow(arena, NULL, &capacity, 4, 4) != NULL && ++n &&
        (heap = heap_resize(NULL, 100)) != NULL)
        ++n;
    heap_free(heap);
    return n;
}

static void each_allocation_fails_in_turn_and_only_once(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (int nth = 1; nth <= 5; nth++) {
        arena_fail_nth((uint64_t)nth);
        assert_int_equal(five(&arena), nth - 1);
        assert_int_equal(five(&arena), 5);
    }
    arena_fail_nth(1);
    arena_fail_nth(0);
    assert_int_equal(five(&arena), 5);
    arena_fini(&arena);
}

static void heap_grows_and_shrinks(void **state)
{
    (void)state;
    unsigned char *p = heap_resize(NULL, 10);
    assert_non_null(p);
    memset(p, 7, 10);
    p = heap_resize(p, 100000);
    assert_non_null(p);
    assert_int_equal(p[9], 7);
    arena_fail_nth(1);
    assert_null(heap_resize(p, 200000));
    assert_int_equal(p[9], 7); /* the old one is untouched */
    p = heap_resize(p, 0);
    assert_non_null(p);
    heap_free(p);
    heap_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),         cmocka_unit_test(impossible_sizes_give_null),
        cmocka_unit_test(grow_keeps_the_old_and_zeroes_the_new),       cmocka_unit_test(text_is_copied_and_formatted),
        cmocka_unit_test(each_allocation_fails_in_turn_and_only_once), cmocka_unit_test(heap_grows_and_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
