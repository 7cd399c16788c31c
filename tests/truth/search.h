/* search.h - the least sum of responses of a tiny open load on one GPU that swaps, over all schedules in whole seconds. */
#ifndef GS_TRUTH_SEARCH_H
#define GS_TRUTH_SEARCH_H

#include <stdint.h>

enum { TINY_MOST = 3 }; /* workloads, and bursts of each */

/* Sizes in GiB, times in seconds; links move 1 GiB a second.  All start in the swap file, which has room for all. */
struct tiny {
    int workloads, capacity;
    int bytes[TINY_MOST], work[TINY_MOST]; /* work: of each of its bursts, which are served in their order */
    int bursts[TINY_MOST], at[TINY_MOST][TINY_MOST];
};

/* Seconds.  In each second any resident runs, or nobody; anybody resident may begin to leave and anybody away, for whom
 * there is room, to come, one at a time in each direction and at the same time as others run.  So preemption, swapping ahead
 * of the wish and idling on purpose are covered.  Sharing a GPU or a link is not, as one after the other is no worse. */
int64_t tiny_best(const struct tiny *t);

#endif
