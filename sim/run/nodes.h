/* nodes.h - nodes that do not interact, simulated by themselves: side by side on threads, and each in a processor's cache. */
#ifndef GS_NODES_H
#define GS_NODES_H

#include "sim/run/replication.h"

/* Run a replication node by node, if that gives the same as all at once: nothing but the choice of a place for newcomers looks
 * beyond a node, and who comes has come before the first leaves.  `*divided`: it was; else nothing has been done.  The tally is
 * the same, to the bit, whatever the threads. */
int nodes_run(const struct replication_plan *plan, struct tally **tally, bool *divided, struct arena *arena,
              struct error *err);

/* May it be divided, as far as its scenario tells (divide.c)? */
bool nodes_may_divide(const struct replication_plan *plan);

/* Where all workloads go, if nobody leaves before the last has come: one part a node, in arena memory; NULL without an error:
 * somebody is refused. */
struct replication_part *nodes_place(const struct replication_plan *plan, const struct gs_setup *whole,
                                     struct arena *arena, struct error *err);

#endif
