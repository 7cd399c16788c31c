/* sim_state.h - the simulated node's private state; shared by its own files only.  Equations: docs/model.md. */
#ifndef GS_SIM_STATE_H
#define GS_SIM_STATE_H

#include "backend/backend.h"
#include "backend/mailbox.h"
#include "sim/engine/queue.h"
#include "sim/engine/tournament.h"

enum sim_kind { SIM_DELAY_OVER, SIM_IDLE, SIM_LINK, SIM_OVERHEAD_OVER, SIM_READY, SIM_TIMER };

/* --- execution: processor sharing among the bursts that run on a GPU (compute.c) --- */

enum { SERVICE_UNIT = 256 }; /* attained service is counted in 1/256 ns, so that sharing rounds nothing away */

struct running {
    uint64_t finish; /* attained service of the GPU at which it ends, in SERVICE_UNITs */
    struct job *job;
};

struct compute {
    struct running *item; /* by `finish`, the first to end last; of equals the first to begin */
    uint32_t count, capacity;
    uint64_t service;   /* attained by each that runs since the GPU was last empty, in SERVICE_UNITs */
    uint64_t remainder; /* below `count`: what division by it left over */
    gs_ns at_ns;        /* of `service` */
};

/* --- transfers (transfer.c) over links (links.c) --- */

struct flow { /* bytes on their way over one link */
    double left_bytes;
    uint64_t order; /* of the transfer's start: who is served first on an fcfs link */
    uint32_t workload;
    bool background; /* served when nothing else is on its way */
};

struct link {
    double rate;       /* alone, of each link that it stands for, bytes per ns */
    double share;      /* what each served flow gets now, bytes per ns */
    struct flow *flow; /* those in the foreground first, in the order of `order` */
    uint32_t count, capacity;
    uint32_t foreground; /* of count */
    uint32_t due;        /* the flow that ends first */
    gs_ns at_ns;         /* of the flows' left_bytes */
    uint64_t word;       /* live SIM_LINK; 0: none */
    uint32_t width;      /* links that it stands for, each with its share of the bytes: more than 1 for a set of GPUs */
    uint32_t twin;       /* the other direction of the GPU; GS_NONE for a disk */
    uint32_t node;
    bool fcfs;
};

struct swap { /* a swap of one workload */
    struct gs_command command;
    int64_t left_bytes;  /* still to be put on the link */
    int64_t chunk_bytes; /* on the link now; 0: none */
    int64_t slow_bytes;  /* of left_bytes, those to or from pageable memory; they go last */
    int64_t stay_bytes;  /* of a swap-out: what it leaves on the GPU */
    uint64_t order;
    uint64_t word; /* live SIM_OVERHEAD_OVER; 0: none */
    uint32_t next; /* next workload in the GPU's queue for memory; GS_NONE ends */
    bool active;
    bool streams;        /* it runs, or may, before all has arrived (stream.c) */
    uint64_t ready_word; /* live SIM_READY; 0: none */
};

/* --- page-locked memory (pinned.c) --- */

struct copy { /* of a workload, in the swap file */
    int64_t bytes;
    int64_t pinned_bytes; /* of them, in page-locked memory */
    int64_t lent_bytes;   /* of those, given to who leaves for it: counts there */
    bool away;            /* the workload is not on the GPU, or comes in */
    bool part;            /* not all of it: the rest stayed on the GPU */
};

/* --- the rest --- */

struct process {                          /* the backend's side of a workload */
    _Alignas(64) struct job *head, *tail; /* bursts that are ready and not running */
    int64_t gpu_bytes;                    /* physical memory it holds on its GPU */
    int64_t base_bytes;                   /* between bursts */
    gs_ns detect_ns;                      /* time until its node notices that it is idle */
    gs_ns linger_ns; /* how long it looks busy after its last burst, the time to detect it included */
    uint64_t delay_word, idle_word;
    gs_ns cold_start_ns, warm_start_ns;
    uint32_t gpu;
    uint32_t running, slots;
    bool granted; /* may use the GPU */
    bool started; /* granted, and the switch cost is over */
    bool yield;
    bool ends;        /* told to stop when those bursts have ended that run now */
    bool lingers;     /* granted, nothing to do */
    bool wants;       /* the controller knows that it wants the GPU, or will be told with the answer to a stop */
    bool gone;        /* left; what it still moves is freed when it has arrived */
    bool idle_posted; /* an idle notice lies in the mailbox */
    bool parked;      /* the burst at the head has done all its work but the last, which waits for the last bytes */
    bool between;     /* it was stopped after one burst and before the next */
    struct swap swap;
};

struct device { /* a GPU */
    _Alignas(64) struct compute compute;
    struct gpu_usage usage; /* of one that follows: less what the lead had when it joined */
    gs_ns accounted_ns;
    uint32_t executing, switching, lingering;
    int64_t free_bytes;                  /* physical */
    uint32_t starved_head, starved_tail; /* swap-ins that wait for memory, in order; GS_NONE: empty */
    uint32_t node;
    uint32_t lead;  /* of the set that it is in, itself if in none; what happens there happens to the lead */
    uint32_t width; /* GPUs for which all this stands: 1; those of the set for its lead; 0 for the others */
    double speed;
    bool scales; /* the speed is not 1 */
};

struct sim_node {
    uint32_t first_gpu, gpus;
    double host_rate; /* bytes per ns that all transfers of the node share; INFINITY: unlimited */
    double duplex;
    gs_ns overhead_ns, idle_detect_ns;
    int64_t chunk_bytes;
    int64_t swap_file_bytes;
    int64_t pinned_bytes;      /* of the swap file, those that may be locked; INT64_MAX: all */
    int64_t pinned_used_bytes; /* by copies */
    int64_t locked_bytes;      /* so far: the most that were used */
    double pageable_rate;      /* bytes per ns */
    gs_ns pin_ns_per_gib;
    bool overlapped;
};

struct backend {
    struct backend_clock clock;
    const struct backend_setup *setup;
    struct queue queue;          /* all that is to happen but the ends of bursts */
    struct tournament ends;      /* of bursts: the next one on each GPU */
    struct mailbox mail;         /* what happens at once */
    struct backend_event finish; /* a burst's end is told before what follows from it */
    struct process *process;
    struct copy *copy; /* of each workload; NULL: all are in page-locked memory, which costs nothing */
    struct device *device;
    struct link *link; /* two a GPU (2g: in, 2g + 1: out), then one disk a node */
    struct sim_node *node;
    uint32_t workloads, gpus, nodes;
    uint64_t *timer_word;
    uint64_t transfers;
    uint32_t early; /* swap-ins under way whose workload may run before all has arrived */
    uint64_t swaps; /* fault.c: those that it might have failed so far */
    bool out_of_memory;
    bool too_long; /* a burst is longer than can be counted */
};

/* What the other backends that are made of this one share with it; each adds name, help, open and submit. */
#define SIM_OPS                                                                                                        \
    .probe = sim_probe, .offer = process_offer, .wait = sim_wait, .idle = process_take_idle, .forget = process_forget, \
    .usage = sim_usage, .close = sim_close
bool sim_probe(char why[BACKEND_WHY]);
int sim_open(struct backend **out, const struct backend_setup *setup, struct error *err);
int sim_submit(struct backend *be, const struct gs_command *command, struct error *err);
int sim_wait(struct backend *be, gs_ns until_ns, const struct backend_event **out, struct error *err);
void sim_usage(struct backend *be, uint32_t gpu, struct gpu_usage *out);
void sim_close(struct backend *be);

/* Something that happens now. */
struct backend_event *sim_post(struct backend *be, uint8_t event, uint32_t workload);
void sim_push(struct backend *be, gs_ns at_ns, enum sim_kind kind, uint32_t entity, uint64_t *word);

/* Charge the time since the last change to useful, switching or held; call before any of the three counts changes. */
void device_account(struct backend *be, struct device *device);

/* Add what `from` says, times `sign` (sets.c). */
void usage_add(struct gpu_usage *to, const struct gpu_usage *from, int sign);
/* `gpu` gets a workload of `width` GPUs: it leads them from now on, if it did not yet (sets.c). */
void device_gather(struct backend *be, uint32_t gpu, uint32_t width);

void compute_start(struct backend *be, uint32_t gpu, struct job *job);
/* Take all bursts of `workload` off the GPU, what they have done noted; back to the front of its queue. */
void compute_stop(struct backend *be, uint32_t gpu, uint32_t workload);
/* The one that is due now; NULL: it only came to its first token, and goes on. */
struct job *compute_end(struct backend *be, uint32_t gpu);
void compute_progress(struct backend *be, uint32_t gpu); /* bring done_ns of the running up to date */

gs_ns compute_left(struct backend *be, uint32_t gpu, const struct job *job); /* of its work, alone on that GPU */

/* Running while the rest is on its way (stream.c): a link's rates have changed; it may run; a burst has done all its work,
 * and is it to wait for the last bytes? */
__attribute__((noinline)) void stream_rates(struct backend *be, uint32_t link);
void stream_ready(struct backend *be, uint32_t workload);
bool stream_holds(struct backend *be, struct job *job);

void link_add(struct backend *be, uint32_t link, struct flow flow);
uint32_t link_served(const struct link *l);           /* how many of its flows, the first ones, move now */
uint32_t link_end(struct backend *be, uint32_t link); /* the workload whose flow is due now */

__attribute__((noinline)) void transfer_begin(struct backend *be, const struct gs_command *command);
void transfer_overhead_over(struct backend *be, uint32_t workload);
void transfer_arrived(struct backend *be, uint32_t link);
void memory_release(struct backend *be, uint32_t gpu, int64_t bytes); /* physical memory came free */

/* All but the first two do nothing where there is no be->copy. */
bool pinned_matters(const struct node_group *group);
double pinned_weight(const struct backend *be, uint32_t workload, uint32_t link); /* of a byte in pageable memory */
void pinned_place(struct backend *be, const struct gs_command *command);          /* it may begin in the swap file */
gs_ns pinned_begin(struct backend *be, uint32_t workload); /* a swap: sets slow_bytes, returns what locking costs */
void pinned_end(struct backend *be, uint32_t workload);    /* that swap is done */
void pinned_shrink(struct backend *be, uint32_t workload); /* what it held beyond its base is gone */
void pinned_free(struct backend *be, uint32_t workload);   /* its copy is given up */
bool pinned_balances(const struct backend *be);

void process_run(struct backend *be, const struct gs_command *command);
__attribute__((noinline)) void process_stop(struct backend *be, uint32_t workload, bool at_boundary);
void process_kill(struct backend *be, uint32_t workload); /* its bursts were forgotten before */
void process_delay_over(struct backend *be, uint32_t workload);
void process_idle(struct backend *be, uint32_t workload);
void process_park(struct backend *be, struct job *job);
void process_go_on(struct backend *be, uint32_t workload);               /* what its burst waited for has arrived */
void process_hold(struct backend *be, uint32_t workload, int64_t bytes); /* between bursts, from now on */
void process_take_stop(struct backend *be, uint32_t workload, struct gs_event *event);
bool process_take_idle(struct backend *be, uint32_t workload, struct gs_event *event);
bool process_offer(struct backend *be, struct job *job);
/* Returns true if it is idle now (struct backend_event). */
bool process_finished(struct backend *be, struct job *job);
struct job *process_forget(struct backend *be, uint32_t workload, bool gone);

#endif
