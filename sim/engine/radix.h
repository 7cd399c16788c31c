/* radix.h - where the event queue keeps events that are far off: a radix heap, 16 ways a level.
 *
 * The key of an event is its time, then its sequence number.  Seen from `base`, which is never past any key in here,
 * an event lies in bucket (level, digit): the highest hexadecimal digit in which its key differs from that of the base,
 * and what it has there.  So the lowest digit of the lowest level holds the earliest events; once that bucket is taken
 * apart around its own earliest event, they fall into lower levels, and no other bucket changes.  An event moves at
 * most once a level in its life, and a bucket of the lowest level holds a single one.
 * Source: Ahuja, Mehlhorn, Orlin, Tarjan, J. ACM 37(2), 1990.
 *
 * Buckets are chains of chunks of one pool, read and written in order.  Only an insertion may need memory: it keeps
 * enough of it in reserve that taking a bucket apart never does.  Used by queue.h alone.
 */
#ifndef GS_RADIX_H
#define GS_RADIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue_event {
    int64_t at_ns; /* 0 .. INT64_MAX - 1 */
    uint64_t word; /* sequence (36 bits), kind (4), entity (24) */
};

__extension__ typedef unsigned __int128 queue_key; /* two instructions compare a whole event */

static inline queue_key queue_event_key(struct queue_event e)
{
    return (queue_key)(uint64_t)e.at_ns << 64 | e.word;
}

static inline bool queue_event_before(struct queue_event a, struct queue_event b)
{
    return queue_event_key(a) < queue_event_key(b);
}

enum {
    RADIX_DIGIT_BITS = 4,
    RADIX_DIGITS = 1 << RADIX_DIGIT_BITS,
    RADIX_LOW_BITS = 28, /* kind and entity: the sequence number alone decides */
    RADIX_WORD_LEVELS = (64 - RADIX_LOW_BITS) / RADIX_DIGIT_BITS,
    RADIX_LEVELS = RADIX_WORD_LEVELS + 64 / RADIX_DIGIT_BITS,
    RADIX_CHUNK = 64, /* slots of a chunk; the first holds the link to the chunk before */
};

struct radix_bucket {
    size_t top; /* pool slot for the next event; a multiple of RADIX_CHUNK: a new chunk is due */
    size_t count;
};

struct radix {
    struct queue_event base;
    struct queue_event earliest;   /* word 0: not known; none in here: the greatest key */
    size_t count, room;            /* events in here; as many as the pool can hold, however they lie */
    uint32_t levels;               /* bit: the level has events */
    uint32_t digits[RADIX_LEVELS]; /* bit: that bucket of the level has events */
    struct queue_event *pool;
    size_t pool_chunks, fresh_chunk; /* chunks there are; the first one never used */
    size_t free_chunk;               /* chain of given-back ones; 0 = none (chunk 0 is never used) */
    struct radix_bucket bucket[RADIX_LEVELS * RADIX_DIGITS];
};

void radix_init(struct radix *r);
void radix_fini(struct radix *r);

/* Memory for `count` events in all, however they lie; false: there is none and nothing changed. */
bool radix_reserve(struct radix *r, size_t count);

/* A chunk for the bucket, whose last one is full; radix_reserve must have covered the event to come. */
void radix_extend(struct radix *r, struct radix_bucket *bucket);

/* The earliest event (count > 0).  O(1) if known, else one pass over the lowest bucket. */
struct queue_event radix_earliest(struct radix *r);

/* Events in the lowest bucket (count > 0). */
size_t radix_lowest_count(const struct radix *r);

/* Move the events of the lowest bucket (count > 0) to `out`, in no order; returns how many.  `end` becomes the first
 * key past the bucket. */
size_t radix_take_lowest(struct radix *r, struct queue_event *out, struct queue_event *end);

/* Take the lowest bucket (count > 0) apart around its earliest event, which becomes the base. */
void radix_split_lowest(struct radix *r);

/* Store an event for which memory is reserved. */
static inline void radix_put(struct radix *r, struct queue_event e)
{
    unsigned level;
    uint64_t digits;
    uint64_t time_differs = (uint64_t)(e.at_ns ^ r->base.at_ns);
    if (__builtin_expect(time_differs != 0, 1)) {
        level = (63u - (unsigned)__builtin_clzll(time_differs)) / RADIX_DIGIT_BITS;
        digits = (uint64_t)e.at_ns >> level * RADIX_DIGIT_BITS;
        level += RADIX_WORD_LEVELS;
    } else {
        uint64_t differs = (e.word ^ r->base.word) >> RADIX_LOW_BITS;
        level = (63u - (unsigned)__builtin_clzll(differs | 1)) / RADIX_DIGIT_BITS;
        digits = e.word >> RADIX_LOW_BITS >> level * RADIX_DIGIT_BITS;
    }
    unsigned digit = digits & (RADIX_DIGITS - 1);
    struct radix_bucket *bucket = &r->bucket[level * RADIX_DIGITS + digit];
    if (__builtin_expect(bucket->top % RADIX_CHUNK == 0, 0))
        radix_extend(r, bucket);
    r->pool[bucket->top++] = e;
    bucket->count++;
    r->levels |= UINT32_C(1) << level;
    r->digits[level] |= UINT32_C(1) << digit;
}

/* Insert an event not before the base; false: no memory, and nothing changed. */
static inline bool radix_push(struct radix *r, struct queue_event e)
{
    if (__builtin_expect(r->count == r->room, 0) && !radix_reserve(r, r->count + 1))
        return false;
    radix_put(r, e);
    r->count++;
    if (queue_event_before(e, r->earliest))
        r->earliest = e;
    return true;
}

#endif
