/* serve.h - the daemon of a node: programs that run, gated and swapped by the same controller as simulated ones. */
#ifndef GS_SERVE_H
#define GS_SERVE_H

#include "backend/backend.h"

enum { SERVE_GPUS = 16, SERVE_RULES = 16, SERVE_TEXT_MAX = 65536 };

/* A process that is found on the GPU, and nobody brought: whose place it takes. */
struct serve_rule {
    const char *pattern; /* of its cgroup's path or its command's name, as shells match */
    const char *group;   /* [workload.NAME] */
    bool by_cgroup;
};

struct serve_options {
    const char *socket;    /* its path */
    gs_ns idle_ns;         /* a program without work for so long has ended its burst */
    gs_ns stop_ns;         /* what it may take to stop; then it is stopped from outside */
    const char *swap_file; /* where programs off the GPU lie; NULL: in their own memory */
    bool open_to_all;      /* programs of other users may come; else those of the daemon's own user and root */
    struct serve_rule rule[SERVE_RULES];
    unsigned rules;
    /* Something that whoever looks after the node should know, a line; from the daemon's own thread. */
    void (*say)(const char *line);
};

/* For the next backend_serve.open: they stay the caller's. */
void serve_set(const struct serve_options *options);

extern const struct backend_ops backend_serve;

/* What the node can do and the scenario asks beyond it, told before anything is opened: GS_UNSATISFIABLE. */
int serve_check(const struct scenario *scenario, struct error *err);

#endif
