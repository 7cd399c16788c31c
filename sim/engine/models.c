/* models.c - hold, machine repairman and M/M/1 on the bare event queue: what the `bench` command times. */
#include "sim/engine/models.h"
#include "sim/base/machine.h"
#include "sim/engine/queue.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/base/random.h"
#include <math.h>

enum kind { HOLD, THOUGHT, REPAIRED, ARRIVED, SERVED };

static const double second_ns = 1e9;

static double wall_s(void)
{
    return 1e-9 * (double)machine_ns();
}

/* A time Exp(mean) after `now`; truncation to whole nanoseconds shifts the mean by half of one. */
static inline int64_t later(struct stream *s, int64_t now, double mean_ns)
{
    return now + (int64_t)(mean_ns * stream_exponential(s));
}

static bool hold(struct queue *q, struct stream *s, uint64_t holds)
{
    for (uint64_t i = 0; i < holds; i++) {
        struct queue_event e = queue_pop(q);
        switch (queue_kind(e)) {
        case HOLD:
            if (!queue_push(q, later(s, e.at_ns, second_ns), HOLD, queue_entity(e), NULL))
                return false;
            break;
        default:
            return false;
        }
    }
    return true;
}

double model_hold(size_t n, uint64_t holds, uint64_t seed)
{
    struct queue q;
    struct stream s;
    stream_init(&s, seed, 0, 0, PURPOSE_TEST);
    if (n == 0 || n > QUEUE_ENTITIES || holds == 0 || queue_init(&q, n) != GS_OK)
        return NAN;
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++)
        ok = queue_push(&q, later(&s, 0, second_ns), HOLD, (uint32_t)i, NULL);
    ok = ok && hold(&q, &s, 3 * (uint64_t)n);
    double start_s = wall_s();
    ok = ok && hold(&q, &s, holds);
    double took_s = wall_s() - start_s;
    queue_fini(&q);
    return ok ? took_s * 1e9 / (double)holds : NAN;
}

enum { MACHINES = 50, LINE = 64 }; /* LINE: a power of two above MACHINES */

static const double think_ns = 60e9, repair_ns = 1e9;

/* Returns false without memory; *end_ns is when the last cycle ended. */
static bool repairman(struct queue *q, struct stream *s, uint64_t cycles, int64_t *end_ns)
{
    uint32_t line[LINE] = {0}, first = 0, behind = 0; /* machines at the repairman, the first in repair */
    bool ok = true;
    for (uint64_t done = 0; ok;) {
        struct queue_event e = queue_pop(q);
        switch (queue_kind(e)) {
        case THOUGHT:
            line[behind++ % LINE] = queue_entity(e);
            if (behind - first == 1)
                ok = queue_push(q, later(s, e.at_ns, repair_ns), REPAIRED, queue_entity(e), NULL);
            break;
        case REPAIRED:
            if (++done == cycles) {
                *end_ns = e.at_ns;
                return true;
            }
            first++;
            ok = queue_push(q, later(s, e.at_ns, think_ns), THOUGHT, queue_entity(e), NULL);
            if (first != behind)
                ok = ok && queue_push(q, later(s, e.at_ns, repair_ns), REPAIRED, line[first % LINE], NULL);
            break;
        default:
            return false;
        }
    }
    return false;
}

double model_repairman(uint64_t cycles, uint64_t seed, double *throughput_per_s)
{
    struct queue q;
    struct stream s;
    stream_init(&s, seed, 0, 0, PURPOSE_TEST);
    *throughput_per_s = NAN;
    if (cycles == 0 || queue_init(&q, MACHINES + 1) != GS_OK)
        return NAN;
    bool ok = true;
    for (uint32_t i = 0; i < MACHINES && ok; i++)
        ok = queue_push(&q, later(&s, 0, think_ns), THOUGHT, i, NULL);
    int64_t end_ns = 0;
    double start_s = wall_s();
    ok = ok && repairman(&q, &s, cycles, &end_ns);
    double took_s = wall_s() - start_s;
    queue_fini(&q);
    if (!ok)
        return NAN;
    *throughput_per_s = (double)cycles * second_ns / (double)end_ns;
    return 2 * (double)cycles / took_s;
}

/* Arrival times of the customers present, in order; doubles when full. */
struct fifo {
    int64_t *at_ns;
    size_t capacity, first, behind; /* capacity is a power of two; the counts run on */
};

static bool fifo_grow(struct fifo *f)
{
    size_t capacity = f->capacity > 0 ? 2 * f->capacity : 1024;
    int64_t *at_ns = heap_resize(NULL, capacity * sizeof *at_ns);
    if (at_ns == NULL)
        return false;
    for (size_t i = f->first; i != f->behind; i++)
        at_ns[i & (capacity - 1)] = f->at_ns[i & (f->capacity - 1)];
    heap_free(f->at_ns);
    f->at_ns = at_ns;
    f->capacity = capacity;
    return true;
}

static bool mm1(struct queue *q, struct stream *s, struct fifo *f, uint64_t customers, double *sum_ns)
{
    const double gap_ns = 1.25e9, service_ns = 1e9;
    uint64_t arrived = 0, served = 0;
    bool ok = queue_push(q, later(s, 0, gap_ns), ARRIVED, 0, NULL);
    while (ok && served < customers) {
        struct queue_event e = queue_pop(q);
        switch (queue_kind(e)) {
        case ARRIVED:
            if (f->behind - f->first == f->capacity && !fifo_grow(f))
                return false;
            f->at_ns[f->behind++ & (f->capacity - 1)] = e.at_ns;
            if (f->behind - f->first == 1)
                ok = queue_push(q, later(s, e.at_ns, service_ns), SERVED, 0, NULL);
            if (++arrived < customers)
                ok = ok && queue_push(q, later(s, e.at_ns, gap_ns), ARRIVED, 0, NULL);
            break;
        case SERVED:
            *sum_ns += (double)(e.at_ns - f->at_ns[f->first++ & (f->capacity - 1)]);
            served++;
            if (f->first != f->behind)
                ok = queue_push(q, later(s, e.at_ns, service_ns), SERVED, 0, NULL);
            break;
        default:
            return false;
        }
    }
    return ok;
}

double model_mm1(uint64_t customers, uint64_t seed, double *time_in_system_s)
{
    struct queue q;
    struct stream s;
    struct fifo f = {0};
    stream_init(&s, seed, 0, 0, PURPOSE_TEST);
    *time_in_system_s = NAN;
    if (customers == 0 || queue_init(&q, 2) != GS_OK)
        return NAN;
    double sum_ns = 0;
    double start_s = wall_s();
    bool ok = mm1(&q, &s, &f, customers, &sum_ns);
    double took_s = wall_s() - start_s;
    heap_free(f.at_ns);
    queue_fini(&q);
    if (!ok)
        return NAN;
    *time_in_system_s = sum_ns / second_ns / (double)customers;
    return 2 * (double)customers / took_s;
}
