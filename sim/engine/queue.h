/* queue.h - the event queue: pending events, earliest first.
 *
 * An event is 16 bytes: a time and a word of sequence number, kind and entity.  Events come out by (time, sequence):
 * those of one time in the order in which they were pushed, whatever their kind or entity, so a run is deterministic
 * and no order depends on where something lies in memory.  Time never runs backwards: nothing may be pushed before the
 * time of the last event popped (asserted).
 *
 * There is no cancel.  The owner of an event keeps its word; to cancel or move it, the owner forgets that word (and
 * pushes another event).  A popped event whose word is not the one kept is stale and is dropped:
 *
 *     struct queue_event e = queue_pop(&q);
 *     if (e.word != link[queue_entity(e)].due)    // 0: nothing due; no event has the word 0
 *         continue;
 *
 * Near events lie in a 4-ary heap, the four children of a node in one cache line.  Popping leaves a hole at its root,
 * which the next push fills with a single sift-down, or else the next pop or look repairs.  Once QUEUE_NEAR events are
 * pending, the far ones move to buckets (radix.h), and back again when fewer than half as many are left.  Neither shows
 * in the order.  Cost: O(log QUEUE_NEAR) near, a handful of sequential moves far.
 *
 * Sequence numbers have 36 bits; push fails once 2^36 - 1 events have been pushed (an hour and more of wall time).
 */
#ifndef GS_QUEUE_H
#define GS_QUEUE_H

#include "sim/engine/radix.h"
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_KINDS = 1 << 4,
    QUEUE_ENTITIES = 1 << 24,
    QUEUE_NEAR = 512,
};

#define QUEUE_SEQUENCES (UINT64_C(1) << 36)

struct queue {
    struct queue_event *heap;   /* root at 0, children of i at 4i + 1; slots not in use hold the greatest key */
    size_t near;                /* events in the heap, the hole included */
    struct queue_event horizon; /* keys from here on are far; the greatest key: none is */
    uint64_t sequence;          /* of the next event, from 1 */
    bool hole;                  /* the root was popped, and its place is not yet filled */
    size_t near_max;            /* as many may lie in the heap */
    struct queue_event last;    /* the last one popped; no pending key is below */
    void *memory;               /* of the heap, before alignment */
    struct radix far;
};

/* An empty queue, with memory for about `expected` pending events (it grows by itself); GS_OK or GS_SYSTEM. */
int queue_init(struct queue *q, size_t expected);
void queue_fini(struct queue *q);

/* The same with a heap of `near_max` (>= 8) events in place of QUEUE_NEAR.  For tests. */
int queue_init_near(struct queue *q, size_t expected, size_t near_max);

/* Slow paths of the functions below. */
void queue_repair(struct queue *q);
void queue_refill(struct queue *q);
bool queue_push_full(struct queue *q, struct queue_event e);

static inline unsigned queue_kind(struct queue_event e)
{
    return e.word >> 24 & (QUEUE_KINDS - 1);
}

static inline uint32_t queue_entity(struct queue_event e)
{
    return e.word & (QUEUE_ENTITIES - 1);
}

static inline size_t queue_count(const struct queue *q)
{
    return q->near - q->hole + q->far.count;
}

/* Put `e` at the root, which is free, and restore the order. */
static inline void queue_sift_down(struct queue *q, struct queue_event e)
{
    struct queue_event *h = q->heap;
    size_t near = q->near, i = 0;
    for (size_t c = 1; c < near; c = 4 * i + 1) {
        size_t a = c + queue_event_before(h[c + 1], h[c]);
        size_t b = c + 2 + queue_event_before(h[c + 3], h[c + 2]);
        size_t least = queue_event_before(h[b], h[a]) ? b : a;
        if (!queue_event_before(h[least], e))
            break;
        h[i] = h[least];
        i = least;
    }
    h[i] = e;
}

static inline void queue_sift_up(struct queue *q, struct queue_event e)
{
    struct queue_event *h = q->heap;
    size_t i = q->near++;
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!queue_event_before(e, h[parent]))
            break;
        h[i] = h[parent];
        i = parent;
    }
    h[i] = e;
}

/* Let an event happen at `at_ns`; `word` (may be NULL) gets its word.  False, and nothing changed: there is no memory,
 * or the sequence numbers are used up. */
static inline bool queue_push(struct queue *q, int64_t at_ns, unsigned kind, uint32_t entity, uint64_t *word)
{
    assert(at_ns >= q->last.at_ns && at_ns < INT64_MAX && kind < QUEUE_KINDS && entity < QUEUE_ENTITIES);
    struct queue_event e = {.at_ns = at_ns, .word = q->sequence << RADIX_LOW_BITS | (uint64_t)kind << 24 | entity};
    if (__builtin_expect(q->sequence == QUEUE_SEQUENCES, 0))
        return false;
    if (!queue_event_before(e, q->horizon)) {
        if (!radix_push(&q->far, e))
            return false;
    } else if (q->hole) {
        q->hole = false;
        queue_sift_down(q, e);
    } else if (__builtin_expect(q->near < q->near_max, 1)) {
        queue_sift_up(q, e);
    } else if (!queue_push_full(q, e)) {
        return false;
    }
    q->sequence++;
    if (word != NULL)
        *word = e.word;
    return true;
}

/* The time of the earliest event; INT64_MAX if there is none. */
static inline int64_t queue_next_ns(struct queue *q)
{
    if (q->hole)
        queue_repair(q);
    if (__builtin_expect(q->near == 0 && q->far.count > 0, 0))
        return radix_earliest(&q->far).at_ns;
    return q->heap[0].at_ns;
}

/* Take the earliest event; there must be one. */
static inline struct queue_event queue_pop(struct queue *q)
{
    if (q->hole)
        queue_repair(q);
    if (__builtin_expect(q->near == 0, 0))
        queue_refill(q);
    q->hole = true;
    q->last = q->heap[0];
    return q->last;
}

#endif
