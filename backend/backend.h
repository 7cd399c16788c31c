/* backend.h - what performs the controller's commands: a simulated node, the null device, one that fails on purpose.
 *
 * A backend is ten functions and a state, which begins with a struct backend_clock.  The loop submits commands, offers bursts, and waits for the next completion;
 * a simulated backend's clock is its event heap.
 */
#ifndef GS_BACKEND_H
#define GS_BACKEND_H

#include "policies/controller.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/load/load.h"
#include "sim/scenario/scenario.h"

enum backend_kind {
    BACKEND_NOTHING, /* nothing happened until the given time */
    BACKEND_EVENT,   /* `event` is for the controller */
    BACKEND_WISH,    /* `job`, which the backend made, became ready; `event` is for the controller if it is a GS_WANT */
    BACKEND_AGAIN,   /* `job`, which was stopped and wanted nothing for a moment, goes on with `event`, a GS_WANT */
    BACKEND_FINISH,  /* `job` ended at event.at_ns; the controller need not know yet */
};

struct backend_event {
    enum backend_kind kind;
    bool idle; /* BACKEND_FINISH: the workload is idle, too, unless it gets a burst now; ask idle() */
    struct gs_event event;
    struct job *job;
};

struct live_device;
struct backend_setup {
    const struct scenario *scenario;
    const struct gs_setup *setup; /* nodes and workloads as the controller sees them */
    const struct gs_view *view;   /* its books */
    struct arena *arena;
    uint32_t first_node;              /* of the scenario's nodes, the first of setup->node */
    const struct live_device *device; /* of a live run (backend/device.h): its GPUs and clock; else NULL */
    struct load *load;                /* for a backend that brings the wishes itself */
};

/* How the GPUs spent their time so far. */
struct gpu_usage {
    gs_ns useful_ns;    /* at least one burst executing */
    gs_ns switching_ns; /* none executing, and a swap or a switch of workloads under way */
    gs_ns held_ns;      /* none executing or switching, but a workload that finished still has its grant */
};

/* What every backend's state begins with, so that the loop can leave a backend alone in which nothing is due. */
struct backend_clock {
    gs_ns now_ns;  /* the loop moves it when something comes that is not the backend's, up to next_ns */
    gs_ns next_ns; /* nothing will happen before, unless it is told to do something */
};

enum { BACKEND_WHY = 160 };

struct backend;
struct backend_ops {
    const char *name, *help;
    bool wishes; /* they come from it, and so do arrivals and departures; the scenario's load is silent */
    bool (*probe)(char why[BACKEND_WHY]); /* can it run here? */
    int (*open)(struct backend **be, const struct backend_setup *setup, struct error *err);
    /* Perform a command.  Completion comes by wait(); notes (GS_PLACE, GS_WAIT) and GS_RUN have none. */
    int (*submit)(struct backend *be, const struct gs_command *command, struct error *err);
    /* A burst became ready.  Returns true if the controller must be told that the workload wants the GPU; false if it has it
     * already (the burst starts) or waits for it anyway. */
    bool (*offer)(struct backend *be, struct job *job);
    /* The next thing that happens at or before `until_ns`; the clock moves to it, or to `until_ns`.  `*event` stays valid
     * until the next wait. */
    int (*wait)(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err);
    /* The burst that just finished left the workload idle, and no other was offered meanwhile: take its grant and fill in the
     * event for the controller.  False: it has found work and goes on. */
    bool (*idle)(struct backend *be, uint32_t workload, struct gs_event *event);
    /* The bursts of a workload that were refused: the backend forgets them.  `gone`: it leaves, with all of its memory.
     * Returns the bursts as a list by `next`. */
    struct job *(*forget)(struct backend *be, uint32_t workload, bool gone);
    /* Usage of a GPU up to the clock; and bring done_ns of all live jobs up to date. */
    void (*usage)(struct backend *be, uint32_t gpu, struct gpu_usage *usage);
    /* The run is over: does what is still under way end well?  The clock stays.  NULL: there nothing can go wrong. */
    int (*drain)(struct backend *be, struct error *err);
    void (*close)(struct backend *be);
};

extern const struct backend_ops backend_sim, backend_null, backend_fault, backend_cuda, backend_double;

/* The i-th backend, NULL past the end. */
const struct backend_ops *backend_at(size_t i);

#endif
