/* live.h - what a live run has that a simulated one has not: GPUs, a clock that runs, somebody who looks on. */
#ifndef GS_LIVE_H
#define GS_LIVE_H

#include "backend/device.h"
#include "sim/results/results.h"
#include "sim/results/text.h"
#include "sim/run/run.h"
#include "sim/scenario/scenario.h"

#include <stdio.h>

/* --- how things stand, as it is shown --- */

enum live_state { LIVE_ABSENT, LIVE_OUT, LIVE_MOVING, LIVE_RESIDENT, LIVE_WAITING, LIVE_RUNNING, LIVE_STATES };
extern const char *const live_state_name[LIVE_STATES];

struct live_gpu {
    const char *id;
    int64_t capacity_bytes, resident_bytes, in_bytes, out_bytes;
    uint64_t swaps;
    struct gpu_usage usage;
};

struct live_node {
    const char *id;
    int64_t cap_bytes, used_bytes;
};

struct live_group {
    const char *name;
    uint64_t completed, lost;
    double response_ns; /* the sum of those that completed */
    uint32_t in[LIVE_STATES];
};

struct live_workload {
    uint32_t group, number, gpu; /* number: within its group; gpu: GS_NONE before it is placed */
    enum live_state state;       /* waiting: it wants a GPU and has none now, wherever its memory is */
};

struct live_snapshot {
    const struct scenario *scenario;
    const struct live_device *device;
    gs_ns now_ns, end_ns; /* of the scenario's time; end_ns GS_NEVER: none is set */
    double wall_s;
    struct live_gpu *gpu;
    struct live_node *node;
    struct live_group *group;
    struct live_workload *workload;
    uint32_t gpus, nodes, groups, workloads;
};

int live_snapshot_open(struct live_snapshot *s, const struct scenario *scenario, const struct gs_workload_spec *spec,
                       uint32_t workloads, struct arena *arena, struct error *err);
void live_snapshot_take(struct live_snapshot *s, const struct run_sight *sight);

/* --- who shows it --- */

struct live_view { /* live_view.c: on a terminal drawn anew each time, else a line now and then */
    FILE *out;     /* NULL: nobody wants to see it */
    bool is_terminal;
    double every_s; /* 0: as fits */
    int lines;      /* drawn, which are to be drawn over */
    double next_s;
    struct live_snapshot before; /* for rates: what was drawn last */
    struct live_gpu *gpu;
};
int live_view_open(struct live_view *view, const struct live_snapshot *s, struct arena *arena, struct error *err);
void live_view_draw(struct live_view *view, const struct live_snapshot *s);
void live_view_close(struct live_view *view);

/* live_metrics.c: for Prometheus, its text format 0.0.4. */
void live_metrics(struct text *out, const struct live_snapshot *s);

/* live_server.c: a thread that answers GET /metrics on 127.0.0.1. */
struct live_server;
int live_server_open(struct live_server **out, int port, int *given, struct error *err);
void live_server_show(struct live_server *server, const char *text, size_t length); /* what it answers from now on */
void live_server_close(struct live_server *server);                                 /* takes NULL */

/* --- the run --- */

enum { LIVE_OPERATIONS = 4096 };

struct live {
    struct live_device device;
    struct run_watch watch;
    const struct backend_ops *backend; /* whose workloads: the scenario's own, or programs that run */
    struct live_snapshot snapshot;
    struct live_view view;
    struct live_server *server;
    int port;          /* for metrics; 0: any; -1: none */
    bool port_is_told; /* as nobody else knows which it is */
    double start_s, flushed_s, shown_s;
    gs_ns *stop_ns;          /* of each workload: when it was told to stop; GS_NEVER */
    bool full;               /* it has been told that it takes no more rows */
    struct results *results; /* takes operations; NULL: they are not kept */
    struct operation_row *operation;
    size_t operations;
    struct text notes;    /* for the end, a line each */
    struct error failure; /* met where it could not be told at once */
};

/* "double" or "cuda": what the results are marked with. */
const char *live_provenance(const struct live *live);

/* What live mode cannot do is refused; then the device is made ready.  GS_UNSATISFIABLE, GS_NO_DEVICE. */
int live_begin(struct live *live, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct arena *arena, struct error *err);

/* Before the first look: who looks on, and what is kept in `results`, NULL: nothing.  And after the last. */
int live_watch(struct live *live, const struct scenario *scenario, const struct gs_workload_spec *spec,
               uint32_t workloads, struct results *results, struct arena *arena, struct error *err);
int live_end(struct live *live, struct error *err);

/* The options of a driver double that is as the scenario wants its GPUs; NULL: no memory. */
const char *live_double_options(const struct live *live, const struct scenario *scenario, uint32_t workloads,
                                struct arena *arena);
/* Bytes that a double of this scenario may come to hold, of GPUs and swap files. */
double live_double_bytes(const struct scenario *scenario, const struct gs_workload_spec *spec, uint32_t workloads);

#endif
