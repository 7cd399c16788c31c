/* lists.h - what victim policies with several lists share: who is in which list, since when, and who came last.
 *
 * The policy's memory begins with a struct lists, that of each workload is a struct listed. */
#ifndef GS_LISTS_H
#define GS_LISTS_H

#include "policy.h"

enum { LISTS_MAX = 5 };

struct listed {
    int64_t since; /* its place in the list: the first has the least */
    int64_t mark;  /* the policy's own */
    uint8_t list;  /* 0: in none; below LISTS_MAX */
};

struct lists {
    int64_t clock;    /* for places that are not times */
    int64_t newest;   /* of list_newest(), until somebody changes lists or the next decision */
    uint64_t decided; /* the decision that it was found for, plus 1 */
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
    ((struct lists *)self->state)->decided = 0;
}

static inline void list_gone(const struct gs_self *self, uint32_t workload)
{
    *list_seat(self, workload) = (struct listed){0};
    ((struct lists *)self->state)->decided = 0;
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

/* Whether `newest` has still to be found, once a decision. */
static inline bool list_undecided(const struct gs_self *self)
{
    struct lists *lists = self->state;
    bool undecided = lists->decided != self->view->decision + 1;

    lists->decided = self->view->decision + 1;
    return undecided;
}

#endif
