/* queue.c - the event queue's slow paths: memory, the hole, and events moving between heap and buckets. */
#include "sim/engine/queue.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include <string.h>

enum { CACHE_LINE = 64 };

static const struct queue_event greatest = {.at_ns = INT64_MAX, .word = UINT64_MAX};

int queue_init_near(struct queue *q, size_t expected, size_t near_max)
{
    assert(near_max >= 8);
    memset(q, 0, sizeof *q);
    radix_init(&q->far);
    /* Slot 1 opens a cache line; three slots past the end are read with the last child. */
    size_t slots = near_max + 4;
    char *memory = heap_resize(NULL, slots * sizeof *q->heap + 2 * CACHE_LINE);
    if (memory == NULL)
        return GS_SYSTEM;
    uintptr_t line = ((uintptr_t)memory + sizeof *q->heap + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    q->memory = memory;
    q->heap = (struct queue_event *)(void *)(memory + (line - (uintptr_t)memory)) - 1;
    for (size_t i = 0; i < slots; i++)
        q->heap[i] = greatest;
    q->near_max = near_max;
    q->horizon = greatest;
    q->sequence = 1;
    if (expected > near_max && !radix_reserve(&q->far, expected)) {
        queue_fini(q);
        return GS_SYSTEM;
    }
    return GS_OK;
}

int queue_init(struct queue *q, size_t expected)
{
    return queue_init_near(q, expected, QUEUE_NEAR);
}

void queue_fini(struct queue *q)
{
    heap_free(q->memory);
    radix_fini(&q->far);
    q->memory = NULL;
    q->heap = NULL;
    q->near = 0;
    q->hole = false;
}

void queue_repair(struct queue *q)
{
    q->hole = false;
    size_t end = --q->near;
    struct queue_event moved = q->heap[end];
    q->heap[end] = greatest;
    if (end > 0)
        queue_sift_down(q, moved);
}

/* Move the lowest bucket, which must fit, to the heap. */
static void take_bucket(struct queue *q)
{
    struct queue_event *out = q->heap + q->near;
    size_t end = q->near + radix_take_lowest(&q->far, out, &q->horizon);
    while (q->near < end)
        queue_sift_up(q, q->heap[q->near]);
}

void queue_refill(struct queue *q)
{
    assert(q->near == 0 && q->far.count > 0);
    if (q->far.count < q->near_max / 2) {
        while (q->far.count > 0)
            take_bucket(q);
        q->horizon = greatest;
        return;
    }
    /* Small enough for the first cache level and two or three levels of heap, large enough to pay for the call. */
    const size_t batch = q->near_max / 8;
    while (radix_lowest_count(&q->far) > batch)
        radix_split_lowest(&q->far);
    do
        take_bucket(q);
    while (q->far.count > 0 && q->near + radix_lowest_count(&q->far) <= batch);
}

/* The heap is full: all of it goes to the buckets, and `e` too.  They may hold it all, for their base is never past the
 * last event popped: it only moves to an event which queue_pop takes at once. */
bool queue_push_full(struct queue *q, struct queue_event e)
{
    if (!radix_reserve(&q->far, q->far.count + q->near + 1))
        return false;
    q->horizon = q->last;
    for (size_t i = 0; i < q->near; i++) {
        radix_push(&q->far, q->heap[i]);
        q->heap[i] = greatest;
    }
    q->near = 0;
    return radix_push(&q->far, e);
}
