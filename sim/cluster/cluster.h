/* cluster.h - what an administrator has (objects of Kubernetes) as a scenario, with all that was assumed to get there.
 *
 *   cluster_new, cluster_assume...; cluster_read of each file; cluster_finish; then the texts.
 *
 * Every text that comes from the objects is tamed: one line, no control characters.
 */
#ifndef GS_CLUSTER_H
#define GS_CLUSTER_H

#include "sim/base/arena.h"
#include "sim/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cluster;

struct cluster_options {
    const char *pool; /* only nodes and pods of this node pool; NULL: all */
    bool force;       /* contradictions are told, but no error */
};

/* All memory from `arena`; NULL options: none. */
int cluster_new(struct cluster **cluster, const struct cluster_options *options, struct arena *arena,
                struct error *err);

/* "notebook.think=exp(2m)": in place of the default; GS_USAGE. */
int cluster_assume(struct cluster *cluster, const char *setting, struct error *err);

/* The i-th assumption that can be set, false past the end. */
bool cluster_assumption_at(size_t i, const char **name, const char **value, const char **why);

/* Read the objects of a file ("-": standard input), or of a text.  What is wrong with single objects is gathered, up to
 * 20 lines "FILE:LINE: ..."; reading goes on.  GS_NO_INPUT, GS_BAD_INPUT, GS_IO, GS_SYSTEM. */
int cluster_read(struct cluster *cluster, const char *path, struct error *err);
int cluster_read_text(struct cluster *cluster, const char *text, size_t length, const char *file, struct error *err);

/* Put nodes, pods and settings together.  GS_BAD_INPUT: they contradict each other; each contradiction is a line. */
int cluster_finish(struct cluster *cluster, struct error *err);

/* The scenario: first its sections, which tell what was assumed on the way; then the comment that stands above them.
 * `refused`: what the reader of scenarios says of the sections, NULL or "" if it takes them. */
void cluster_write_sections(struct cluster *cluster, FILE *out);
void cluster_write_comment(const struct cluster *cluster, const char *refused, FILE *out);

/* For the person at the terminal: contradictions, warnings, and what was passed over. */
void cluster_write_notes(const struct cluster *cluster, FILE *out);

#endif
