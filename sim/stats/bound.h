/* bound.h - the least mean response that any schedule could have had for given arrivals and works.
 *
 * On one GPU the shortest remaining work first (SRPT), with memory for all and no transfers, has the least sum of responses
 * of all schedules, with preemption, sharing and knowledge of the future allowed (Schrage, Operations Research 16(3), 1968).
 * Sharing does not help, as the bursts that share a GPU get no more than its speed together.  Taking transfers, memory and
 * the overheads of turns away only adds schedules.
 *
 * Several GPUs are replaced by one that has the speed of all together.  Whatever they do with a burst at any time, it can do
 * as well: give each burst the rate that it has there, which adds up to no more than the sum.  So all ends are the same, and
 * the best schedule of the one is no worse.  As a burst runs on one GPU at a time, it also takes at least its work over the
 * greatest speed.  The bound is the larger of both sums.  A burst that has k GPUs to itself at a time is k times as much work
 * for the one that replaces them, and no more than its work for the second sum.
 *
 * A bound on what is reported must be of the bursts that are: a schedule of more bursts is one of these alone, so their
 * responses are at least those of SRPT for them alone.  Whether a burst will count is known only at its end; the bursts wait
 * in a window, in the order of their arrival, until all before them are settled.  Memory is that of the window.
 *
 * Services are rounded down to nanoseconds, which makes them no longer than they are.
 */
#ifndef GS_BOUND_H
#define GS_BOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SRPT on one server, in integer time: a heap of what is left of those that wait. */
struct srpt {
    int64_t *left;
    size_t waiting, capacity;
    int64_t now;
    double served, responses; /* sums, exact up to 2^53 */
};

/* `service` more arrives at `at`, not before the last one.  False: no memory. */
bool srpt_arrive(struct srpt *s, int64_t at, int64_t service);
/* Serve until `at`; INT64_MAX: until all is done. */
void srpt_until(struct srpt *s, int64_t at);
void srpt_fini(struct srpt *s);

struct bound_burst {
    int64_t at, work; /* work < 0: it does not count */
    uint32_t width;
    bool settled;
};

struct bound {
    double speed, greatest; /* of all servers; of one */
    struct srpt pooled;
    struct bound_burst *burst; /* the window, from `first` to before `end` */
    size_t first, end, capacity;
    uint64_t before;  /* bursts before burst[0] */
    double alone;     /* sum of the services on the fastest server */
    uint64_t counted; /* bursts */
    bool out_of_memory;
};

void bound_init(struct bound *b, const double *speed, size_t servers);
/* A burst of `width` GPUs arrives, not before the last one; returns its ticket.  Later it is settled: it counts, or it does not. */
uint64_t bound_arrive(struct bound *b, int64_t at, int64_t work, uint32_t width);
void bound_settle(struct bound *b, uint64_t ticket, bool counts);
/* No schedule has a smaller sum of responses of those that counted; all must be settled. */
double bound_sum(struct bound *b);
void bound_fini(struct bound *b);

#endif
