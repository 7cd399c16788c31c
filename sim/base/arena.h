/* arena.h - memory by lifetime: allocate many, free once.
 *
 * Three lifetimes exist: the process (scenario), a replication, a step.  Memory comes zeroed and aligned to 16
 * bytes (64 for those of 64 bytes or more).  The "fail the Nth" hook makes every allocation of a test fail in turn.
 */
#ifndef GS_ARENA_H
#define GS_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes;
};

/* Zeroed memory of `bytes` (0 is allowed and gives a valid pointer); NULL when there is none. */
void *arena_alloc(struct arena *arena, size_t bytes);

/* `count` items of `size` bytes, overflow checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Grow an array to hold at least `need` items (capacity doubles; old contents copied, the new part zeroed).
 * Returns the array, or NULL (then the old one is untouched). */
void *arena_grow(struct arena *arena, void *old, size_t *capacity, size_t need, size_t size);

char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Give everything back; the arena is empty and usable again. */
void arena_fini(struct arena *arena);

/* Plain heap memory for what outgrows an arena (buffers that double many times); same fail-the-Nth hook. */
void *heap_resize(void *old, size_t bytes);
void heap_free(void *p);

/* Let the Nth allocation from now on (1 = the next one) fail, in this thread; 0 = never.  For tests. */
void arena_fail_nth(uint64_t n);

#endif
