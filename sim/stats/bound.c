/* bound.c - the shortest remaining work first, event by event, and the window of bursts whose fate is not known yet. */
#include "sim/stats/bound.h"

#include "sim/base/arena.h"

#include <string.h>

enum { FIRST_CAPACITY = 256 };

/* --- SRPT --- */

/* Put `left` where the hole at the root is. */
static void sink(struct srpt *s, int64_t left)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < s->waiting) {
        child += child + 1 < s->waiting && s->left[child + 1] < s->left[child];
        if (s->left[child] >= left)
            break;
        s->left[at] = s->left[child];
        at = child;
    }
    s->left[at] = left;
}

/* The sum of responses is the integral of the number that waits.  Only the root is served, so it stays the root. */
void srpt_until(struct srpt *s, int64_t at)
{
    while (s->waiting > 0) {
        int64_t step = s->left[0] < at - s->now ? s->left[0] : at - s->now;
        s->responses += (double)s->waiting * (double)step;
        s->served += (double)step;
        s->now += step;
        s->left[0] -= step;
        if (s->left[0] > 0)
            return;
        if (--s->waiting > 0)
            sink(s, s->left[s->waiting]);
    }
    s->now = at;
}

bool srpt_arrive(struct srpt *s, int64_t at, int64_t service)
{
    size_t hole;

    if (s->waiting == s->capacity) {
        size_t capacity = s->capacity > 0 ? 2 * s->capacity : FIRST_CAPACITY;
        int64_t *grown = heap_resize(s->left, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        s->left = grown;
        s->capacity = capacity;
    }
    srpt_until(s, at);
    hole = s->waiting++;
    for (; hole > 0 && s->left[(hole - 1) / 2] > service; hole = (hole - 1) / 2)
        s->left[hole] = s->left[(hole - 1) / 2];
    s->left[hole] = service;
    return true;
}

void srpt_fini(struct srpt *s)
{
    heap_free(s->left);
    *s = (struct srpt){0};
}

/* --- the bursts that count --- */

void bound_init(struct bound *b, const double *speed, size_t servers)
{
    *b = (struct bound){0};
    for (size_t i = 0; i < servers; i++) {
        b->speed += speed[i];
        b->greatest = speed[i] > b->greatest ? speed[i] : b->greatest;
    }
}

/* Room for one more at the end of the window. */
static bool make_room(struct bound *b)
{
    if (b->end < b->capacity)
        return true;
    if (b->first > b->capacity / 2) {
        memmove(b->burst, b->burst + b->first, (b->end - b->first) * sizeof *b->burst);
        b->before += b->first;
        b->end -= b->first;
        b->first = 0;
        return true;
    }
    size_t capacity = b->capacity > 0 ? 2 * b->capacity : FIRST_CAPACITY;
    struct bound_burst *grown = heap_resize(b->burst, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    b->burst = grown;
    b->capacity = capacity;
    return true;
}

uint64_t bound_arrive(struct bound *b, int64_t at, int64_t work, uint32_t width)
{
    b->out_of_memory |= !make_room(b);
    if (b->out_of_memory)
        return 0;
    b->burst[b->end] = (struct bound_burst){.at = at, .work = work, .width = width};
    return b->before + b->end++;
}

/* A division takes as long as all the rest. */
static int64_t service(int64_t work, double speed)
{
    return speed == 1.0 ? work : (int64_t)((double)work / speed);
}

static void count(struct bound *b, const struct bound_burst *burst)
{
    b->alone += (double)service(burst->work, b->greatest);
    b->counted++;
    b->out_of_memory |= !srpt_arrive(&b->pooled, burst->at, service(burst->work, b->speed / burst->width));
}

void bound_settle(struct bound *b, uint64_t ticket, bool counts)
{
    if (b->out_of_memory)
        return;
    struct bound_burst *burst = &b->burst[ticket - b->before];
    burst->settled = true;
    burst->work = counts ? burst->work : -1;
    for (; b->first < b->end && b->burst[b->first].settled; b->first++)
        if (b->burst[b->first].work >= 0)
            count(b, &b->burst[b->first]);
    if (b->first == b->end) {
        b->before += b->end;
        b->first = b->end = 0;
    }
}

double bound_sum(struct bound *b)
{
    srpt_until(&b->pooled, INT64_MAX);
    return b->pooled.responses > b->alone ? b->pooled.responses : b->alone;
}

void bound_fini(struct bound *b)
{
    srpt_fini(&b->pooled);
    heap_free(b->burst);
    *b = (struct bound){0};
}
