/* radix.c - far events by the digits of their time: pool of chunks, taking the earliest bucket out or apart. */
#include "sim/engine/radix.h"
#include "sim/base/arena.h"
#include <assert.h>
#include <string.h>

static const struct queue_event no_event = {.at_ns = INT64_MAX, .word = UINT64_MAX};

void radix_init(struct radix *r)
{
    memset(r, 0, sizeof *r);
    r->earliest = no_event;
    r->fresh_chunk = 1;
}

void radix_fini(struct radix *r)
{
    heap_free(r->pool);
    radix_init(r);
}

bool radix_reserve(struct radix *r, size_t count)
{
    /* Each bucket may waste most of a chunk; one is being read while its bucket is taken apart; chunk 0 is none. */
    const size_t overhead = RADIX_LEVELS * RADIX_DIGITS + 2;
    if (count <= r->room)
        return true;
    size_t need = count / (RADIX_CHUNK - 1) + 1 + overhead;
    size_t chunks = 2 * r->pool_chunks;
    if (chunks < need)
        chunks = need;
    if (chunks > SIZE_MAX / (RADIX_CHUNK * sizeof *r->pool))
        return false;
    struct queue_event *pool = heap_resize(r->pool, chunks * RADIX_CHUNK * sizeof *pool);
    if (pool == NULL)
        return false;
    r->pool = pool;
    r->pool_chunks = chunks;
    r->room = (chunks - overhead) * (RADIX_CHUNK - 1);
    return true;
}

/* The chunk whose last used slot is top - 1. */
static size_t chunk_of(size_t top)
{
    return (top - 1) / RADIX_CHUNK;
}

void radix_extend(struct radix *r, struct radix_bucket *bucket)
{
    size_t chunk = r->free_chunk;
    if (chunk != 0) {
        r->free_chunk = r->pool[chunk * RADIX_CHUNK].word;
    } else {
        chunk = r->fresh_chunk++;
        assert(chunk < r->pool_chunks);
    }
    size_t link = chunk * RADIX_CHUNK;
    r->pool[link].word = bucket->count > 0 ? chunk_of(bucket->top) : 0;
    bucket->top = link + 1;
}

/* Give the chunk back; returns the one linked before it (0 = none). */
static size_t release(struct radix *r, size_t chunk)
{
    size_t before = r->pool[chunk * RADIX_CHUNK].word;
    r->pool[chunk * RADIX_CHUNK].word = r->free_chunk;
    r->free_chunk = chunk;
    return before;
}

static unsigned lowest_index(const struct radix *r)
{
    unsigned level = (unsigned)__builtin_ctz(r->levels);
    return level * RADIX_DIGITS + (unsigned)__builtin_ctz(r->digits[level]);
}

/* Unhook the lowest bucket; the caller releases its chunks. */
static struct radix_bucket detach_lowest(struct radix *r)
{
    unsigned index = lowest_index(r), level = index / RADIX_DIGITS;
    struct radix_bucket bucket = r->bucket[index];
    r->bucket[index] = (struct radix_bucket){0, 0};
    r->digits[level] &= r->digits[level] - 1;
    if (r->digits[level] == 0)
        r->levels &= r->levels - 1;
    return bucket;
}

size_t radix_lowest_count(const struct radix *r)
{
    return r->bucket[lowest_index(r)].count;
}

struct queue_event radix_earliest(struct radix *r)
{
    if (r->earliest.word != 0)
        return r->earliest;
    struct queue_event least = no_event;
    for (size_t top = r->bucket[lowest_index(r)].top; top != 0;) {
        size_t link = chunk_of(top) * RADIX_CHUNK;
        for (size_t i = link + 1; i < top; i++)
            if (queue_event_before(r->pool[i], least))
                least = r->pool[i];
        top = r->pool[link].word != 0 ? (r->pool[link].word + 1) * RADIX_CHUNK : 0;
    }
    r->earliest = least;
    return least;
}

size_t radix_take_lowest(struct radix *r, struct queue_event *out, struct queue_event *end)
{
    unsigned level = lowest_index(r) / RADIX_DIGITS;
    struct radix_bucket bucket = detach_lowest(r);
    size_t taken = 0;
    for (size_t top = bucket.top; top != 0;) {
        size_t chunk = chunk_of(top), first = chunk * RADIX_CHUNK + 1;
        memcpy(out + taken, r->pool + first, (top - first) * sizeof *out);
        taken += top - first;
        size_t before = release(r, chunk);
        top = before != 0 ? (before + 1) * RADIX_CHUNK : 0;
    }
    assert(taken == bucket.count);
    r->count -= taken;
    r->earliest = r->count > 0 ? (struct queue_event){0, 0} : no_event;

    unsigned shift = RADIX_LOW_BITS + level * RADIX_DIGIT_BITS;
    queue_key past = ((queue_event_key(out[0]) >> shift) + 1) << shift;
    *end = (struct queue_event){.at_ns = (int64_t)(past >> 64), .word = (uint64_t)past};
    return taken;
}

void radix_split_lowest(struct radix *r)
{
    r->base = radix_earliest(r);
    struct radix_bucket bucket = detach_lowest(r);
    for (size_t top = bucket.top; top != 0;) {
        size_t chunk = chunk_of(top);
        for (size_t i = chunk * RADIX_CHUNK + 1; i < top; i++)
            radix_put(r, r->pool[i]);
        /* Only now may the chunk be handed out again: it was being read. */
        size_t before = release(r, chunk);
        top = before != 0 ? (before + 1) * RADIX_CHUNK : 0;
    }
}
