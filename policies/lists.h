/* lists.h - what victim policies with several lists share: who is in which list, since when, and who came last.
 *
 * The memory of each workload is a struct listed. */
#ifndef GS_LISTS_H
#define GS_LISTS_H

#include "policy.h"

enum { LISTS_MAX = 5 };

struct listed {
    int64_t since; /* its place in the list: the first has the least */
    int64_t mark;  /* the policy's own */
    uint8_t list;  /* 0: in none; below LISTS_MAX */
};

struct list {
    double length;
    uint32_t first; /* or GS_NONE */
    int64_t last;   /* since when the last has been there */
};

static inline struct listed *list_seat(const struct gs_self *self, uint32_t workload)
{
    return (struct listed *)self->workload_state + workload;
}

static inline void list_put(const struct gs_self *self, uint32_t workload, uint8_t list, int64_t since)
{
    list_seat(self, workload)->list = list;
    list_seat(self, workload)->since = since;
}

/* To where all others have been for longer, by a clock that is all of the policy's memory: for places that are not times. */
static inline void list_put_last(const struct gs_self *self, uint32_t workload, uint8_t list)
{
    list_put(self, workload, list, ++*(int64_t *)self->state);
}

/* Its place on that clock, from 0 to 1. */
static inline double list_place(const struct gs_self *self, uint32_t workload)
{
    return (double)list_seat(self, workload)->since / ((double)*(const int64_t *)self->state + 1);
}

static inline void list_gone(const struct gs_self *self, uint32_t workload)
{
    *list_seat(self, workload) = (struct listed){0};
}

/* Those of the workload's GPU in `which` that are there since then or later. */
static inline struct list list_look(const struct gs_self *self, uint32_t workload, uint8_t which, int64_t since)
{
    const struct gs_workload *w = self->view->workload;
    const struct listed *seat = self->workload_state;
    struct list list = {.first = GS_NONE};

    for (uint32_t i = 0; i < self->view->workloads; i++) {
        if (seat[i].list != which || seat[i].since < since || w[i].gpu != w[workload].gpu)
            continue;
        list.length++;
        list.first = list.first == GS_NONE || seat[i].since < seat[list.first].since ? i : list.first;
        list.last = seat[i].since > list.last ? seat[i].since : list.last;
    }
    return list;
}

struct lengths {
    double of[LISTS_MAX];
};

/* Of all lists of the workload's GPU. */
static inline struct lengths list_lengths(const struct gs_self *self, uint32_t workload)
{
    const struct gs_workload *w = self->view->workload;
    const struct listed *seat = self->workload_state;
    uint32_t count[LISTS_MAX] = {0};
    struct lengths lengths;

    for (uint32_t i = 0; i < self->view->workloads; i++)
        count[seat[i].list] += w[i].gpu == w[workload].gpu;
    for (int list = 0; list < LISTS_MAX; list++)
        lengths.of[list] = count[list];
    return lengths;
}

/* Since when the last of `which` have been there, of whom there are at most so many.  By halving, from one that is there to
 * the next: some steps more than it takes to halve their number. */
static inline int64_t list_newest(const struct gs_self *self, uint32_t workload, uint8_t which, double most)
{
    if (most < 0)
        return INT64_MAX;
    struct list list = list_look(self, workload, which, 0);
    if (list.length <= most)
        return 0;
    int64_t low = list_seat(self, list.first)->since + 1, high = list.last + 1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        list = list_look(self, workload, which, middle);
        if (list.length > most)
            low = list_seat(self, list.first)->since + 1;
        else
            high = middle;
    }
    return low;
}

#endif
