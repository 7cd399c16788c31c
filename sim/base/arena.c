/* arena.c - hand out zeroed memory from growing blocks that are freed together. */
#include "sim/base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LINE = 64, /* a cache line: the header of a block, and the alignment of pieces that fill one */
    SMALL_ALIGN = 16,
    FIRST_BLOCK = 64 * 1024,
    LARGEST_BLOCK = 4 * 1024 * 1024,
};

struct arena_block {
    struct arena_block *next;
    char *data;        /* aligned to LINE */
    size_t size, used; /* of data */
};

static _Thread_local uint64_t fail_countdown;

void arena_fail_nth(uint64_t n)
{
    fail_countdown = n;
}

static bool fails_now(void)
{
    return fail_countdown > 0 && --fail_countdown == 0;
}

static struct arena_block *block_new(size_t size)
{
    char *memory = calloc(1, sizeof(struct arena_block) + LINE + size);
    if (memory == NULL)
        return NULL;
    struct arena_block *block = (struct arena_block *)(void *)memory;
    size_t start = (size_t)((uintptr_t)(memory + sizeof(struct arena_block)) % LINE);
    block->data = memory + sizeof(struct arena_block) + (LINE - start) % LINE;
    block->size = size;
    return block;
}

static char *block_take(struct arena_block *block, size_t bytes, size_t align)
{
    size_t start = (block->used + align - 1) / align * align;
    if (start > block->size || bytes > block->size - start)
        return NULL;
    block->used = start + bytes;
    return block->data + start;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (fails_now() || bytes > SIZE_MAX / 4)
        return NULL;
    size_t align = bytes >= LINE ? LINE : SMALL_ALIGN;
    bytes = bytes == 0 ? SMALL_ALIGN : (bytes + SMALL_ALIGN - 1) / SMALL_ALIGN * SMALL_ALIGN;

    char *memory = arena->head == NULL ? NULL : block_take(arena->head, bytes, align);
    if (memory == NULL) {
        size_t size = arena->head == NULL ? FIRST_BLOCK : arena->head->size * 2;
        if (size > LARGEST_BLOCK)
            size = LARGEST_BLOCK;
        bool own = bytes > size / 4;
        struct arena_block *block = block_new(own ? bytes : size);
        if (block == NULL)
            return NULL;
        if (own && arena->head != NULL) { /* goes behind the head, whose rest is still good */
            block->next = arena->head->next;
            arena->head->next = block;
        } else {
            block->next = arena->head;
            arena->head = block;
        }
        memory = block_take(block, bytes, align);
    }
    arena->used_bytes += bytes;
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, void *old, size_t *capacity, size_t need, size_t size)
{
    if (old != NULL && need <= *capacity)
        return old;
    size_t before = old == NULL ? 0 : *capacity;
    size_t grown = before < 8 ? 8 : before;
    while (grown < need) {
        if (grown > SIZE_MAX / 2)
            return NULL;
        grown *= 2;
    }
    void *array = arena_array(arena, grown, size);
    if (array == NULL)
        return NULL;
    if (before > 0)
        memcpy(array, old, before * size);
    *capacity = grown;
    return array;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = arena_alloc(arena, bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void arena_fini(struct arena *arena)
{
    while (arena->head != NULL) {
        struct arena_block *next = arena->head->next;
        free(arena->head);
        arena->head = next;
    }
    arena->used_bytes = 0;
}

void *heap_resize(void *old, size_t bytes)
{
    if (fails_now())
        return NULL;
    return realloc(old, bytes == 0 ? 1 : bytes);
}

void heap_free(void *p)
{
    free(p);
}
