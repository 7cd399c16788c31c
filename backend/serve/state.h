/* state.h - what the daemon of a node remembers; shared by its own files only.
 *
 * A place is a workload of the scenario: programs come to it and go.  What a program's processes are is known by their pids, and
 * held by pidfds, so that no other process is ever taken for them.
 */
#ifndef GS_SERVE_STATE_H
#define GS_SERVE_STATE_H

#include "backend/backend.h"
#include "backend/mailbox.h"
#include "backend/cuda/checkpoint.h"
#include "backend/cuda/nvml.h"
#include "backend/serve/serve.h"
#include "backend/serve/worker.h"

#include <poll.h>
#include <sys/types.h>

enum { SERVE_NAME = 48, SERVE_WHY = 256 };
enum { SERVE_SECOND_NS = 1000000000 };
enum { SERVE_MAIL_OF_PEERS = 64 }; /* letters that connections may leave unread */

/* A process of a program. */
struct member {
    int pid, pidfd;
    uint64_t start;                 /* as process_start has it */
    struct peer *gate;              /* NULL: it has none, and may use the GPU whenever the driver lets it */
    bool wishes, open;              /* it waits at its gate; its gate is open */
    bool parted;                    /* its gate has gone, while it did neither */
    uint64_t epoch;                 /* of the last grant */
    uint64_t submissions, bypasses; /* its gate's own overruns are the daemon's, too */
};

enum guest_state { GUEST_FREE, GUEST_COMING, GUEST_TAKEN, GUEST_LEAVING };

struct guest {
    enum guest_state state;
    struct member member[SERVE_MEMBERS];
    int members;
    int root_pid, root_fd; /* the program itself: it has left when this has ended, and all members; -1: members alone */
    uint64_t root_start;   /* as process_start has it */
    uid_t uid;             /* whose it is */
    char name[SERVE_NAME];
    uint64_t
        ticket; /* in the environment of all that it starts: so they are known when their parents are gone; 0: none */
    uint32_t gpu;
    struct job *job;   /* the wish that waits or is served */
    unsigned requests; /* that keep it wanted, besides its gates */
    int64_t bytes;     /* that it has on the GPU, by the driver; at first what its place, or who brought it, says */
    int64_t unbooked_bytes;  /* of one that is away: what the controller's books of the swap file do not have of it */
    gs_ns since_ns, busy_ns; /* of the present grant; how long the job has had the GPU before it */
    gs_ns linger_ns;
    gs_ns paused_ns; /* its burst was stopped, and ends then unless it goes on with it; GS_NEVER: it does not pause */
    gs_ns idle_at_ns, stop_by_ns, settled_ns, retry_ns, movable_ns, visit_ns; /* GS_NEVER, or something is due then */
    gs_ns
        leaves_ns; /* it has ended before any of its processes came to the GPU: until then they may; 0: that is not so */
    gs_ns visit_wait_ns, active_ns, ended_ns; /* of one without a gate; when it was last busy; end of the last grant */
    bool granted, stopping, yields, stop_posted, idle_posted,
        outside; /* outside: held by the driver, not by its gate */
    bool moving, away, lost, pinned, unmovable, gone, joined;
    bool with_driver;            /* it is away, and not in our swap file: a daemon without one has put it away */
    bool requests_once;          /* it is wanted, though nobody says so: until it has had the GPU */
    unsigned failures, refusals; /* in a row: of swaps; of stops */
    unsigned holds;              /* in a row: it was to go on, and the driver held it still */
    unsigned works;              /* asked of the worker, and not answered */
    int priority;                /* -1: the scenario's */
    uint64_t short_bytes;        /* so much was free when there was too little for it; 0: that has not happened */
    gs_ns short_until_ns;        /* for so long that counts */
    uint64_t swaps, overruns;
    struct gs_command command; /* of its swap */
    char why[SERVE_WHY];       /* it cannot be swapped */
};

/* A connection. */
struct peer {
    int fd, pid;
    uid_t uid;
    bool gate; /* it speaks frames */
    bool closing;
    uint32_t place;  /* that it belongs to; GS_NONE */
    uint32_t awaits; /* it has asked for this place, and hears when that is on the GPU; GS_NONE */
    uint32_t holds;  /* its request for it stands until it says so, or goes; GS_NONE */
    uint32_t seq;
    gs_ns pace_ns, deaf_until_ns; /* words are heard so far apart, next then: each costs a look at /proc */
    struct peer *next;
};

struct backend {
    struct backend_clock clock; /* first, as of every backend */
    gs_ns start_ns;
    const struct backend_setup *setup;
    const struct serve_options *options;
    struct driver driver;
    struct nvml nvml;
    nvml_device device[SERVE_GPUS];
    char uuid[SERVE_GPUS][48];
    struct depot depot;
    struct worker *worker[SERVE_GPUS];
    uint32_t gpus;
    bool moves; /* the driver can take processes off the GPU; else why not */
    char moves_why[SERVE_WHY];
    int listening, lock, results; /* lock: nobody else serves at this path */
    struct guest *guest;
    uint32_t guests;
    struct holding *holding; /* of all their processes, while they are looked for in the swap file */
    struct peer *peer;
    struct pollfd *poll;
    size_t polls, polls_max;
    gs_ns *timer_ns;
    uint32_t timers;
    struct mailbox mail;
    struct gpu_usage usage[SERVE_GPUS];
    uint32_t executing[SERVE_GPUS], switching[SERVE_GPUS];
    gs_ns accounted_ns, look_ns, sample_ns; /* look: for processes that rules bring in; sample: who uses the GPUs */
    gs_ns complain_ns;                      /* of refused connections: not before */
    gs_ns accept_ns;                        /* no connection is taken before: there were no files left */
    uint64_t stamp_us[SERVE_GPUS];          /* of the last sample */
    uint64_t epochs, refused;
    size_t peers_most; /* connections of users who are not masters */
    bool listens, journal_stale, journal_failed;
    bool drains, doubled; /* nobody new; the driver is the double, and so is that of its programs */
    struct error failure; /* met where it could not be told at once */
};

static inline uint32_t serve_id(const struct backend *be, const struct guest *p)
{
    return (uint32_t)(p - be->guest);
}

/* open.c */
int serve_open(struct backend **out, const struct backend_setup *setup, struct error *err);
void serve_close(struct backend *be);

/* node.c */
struct backend_event *serve_post(struct backend *be, uint8_t kind, uint32_t workload);
bool serve_has_room(const struct backend *be); /* for what connections ask for */
void serve_account(struct backend *be);

/* guests.c: programs come, and go. */
struct guest *guests_free(struct backend *be, const char *group);
struct guest *guests_named(struct backend *be, const char *name);
int guests_take(struct backend *be, struct guest *p, int pid, uid_t uid, struct error *err); /* by its program's pid */
void guests_refuse(struct backend *be, struct guest *p);
struct guest *guests_of(struct backend *be, int pid); /* of the program that `pid` is of, or descends from; NULL */
struct guest *guests_by_ticket(struct backend *be, uint64_t ticket, uid_t uid); /* of the one that has drawn it; NULL */
struct member *guests_join(struct backend *be, struct guest *p, int pid, struct error *err);
void guests_lose(struct backend *be, struct guest *p);  /* it cannot be brought back */
void guests_watch(struct backend *be, struct guest *p); /* what is due of it */
void guests_resize(struct backend *be, struct guest *p);
int64_t guests_booked(const struct backend *be, const struct guest *p); /* bytes, as the controller is told */
void guests_update(struct backend *be, struct guest *p, uint8_t field, int64_t value);
void guests_say(struct backend *be, const struct guest *p, const char *what, const char *why);
bool guests_is_news(uint64_t count); /* the 1st, 2nd, 4th, 8th... of its kind: is it worth a line? */
struct job *guests_forget(struct backend *be, uint32_t workload, bool gone);

/* turns.c: they wish, run and stop. */
bool turns_wanted(const struct guest *p);
bool turns_waits(const struct guest *p);   /* its burst is ready */
bool turns_ungated(const struct guest *p); /* a process of it has no gate */
void turns_wish(struct backend *be, struct guest *p);
void turns_want_once(struct backend *be, struct guest *p); /* somebody is to see to it, sooner or later */
void turns_released(struct backend *be, struct guest *p);
void turns_stopped(struct backend *be, struct guest *p);
void turns_run(struct backend *be, const struct gs_command *command);
void turns_stop(struct backend *be, uint32_t workload, bool at_boundary);
void turns_take_stop(struct backend *be, uint32_t workload, struct gs_event *event);
void turns_hold(struct backend *be, struct guest *p); /* it uses the GPU unasked, or may: until its turn comes */
void turns_held(struct backend *be, struct guest *p, int rc); /* the driver was asked to hold it */
bool turns_take_idle(struct backend *be, uint32_t workload, struct gs_event *event);
void turns_end(struct backend *be, struct guest *p); /* of its grant */
void turns_watch(struct backend *be, struct guest *p);
bool turns_rests(const struct guest *p);                               /* nothing of its processes is under way */
void turns_watch_end(struct backend *be, struct guest *p, bool ended); /* ended: all have, and rested */

/* activity.c: who uses a GPU, as the management library tells: for programs without a gate. */
void activity_look(struct backend *be);

/* moves.c: off the GPU and back. */
void moves_bar(struct backend *be, struct guest *p, gs_ns for_ns,
               const char *why); /* it stays on the GPU, for so long */
void moves_allow(struct backend *be, struct guest *p);
int moves_begin(struct backend *be, const struct gs_command *command, struct error *err);
void moves_ask(struct backend *be, struct guest *p, enum work_kind kind);
void moves_results(struct backend *be);

/* peers.c: connections. */
bool peers_is_master(const struct peer *peer); /* root, or whom the daemon runs as */
void peers_read(struct backend *be, struct peer *peer);
bool peers_heard(const struct backend *be, const struct peer *peer); /* now, and not later */
void peers_bury(struct backend *be);                                 /* those that are closing */
void peers_close(struct backend *be);
void peers_grant(struct backend *be, struct guest *p, struct member *member);
void peers_drop(struct backend *be, struct guest *p);
/* The place of a process that came by itself, by a rule; NULL: none. */
struct guest *peers_rule(struct backend *be, int pid, uid_t uid, struct error *err);
void peers_arrived(struct backend *be, struct guest *p); /* it is on the GPU: who waits for that hears it */

/* socket.c: the daemon's socket. */
int socket_open(struct backend *be, struct error *err);
void socket_accept(struct backend *be);
void socket_close(struct backend *be);

/* control.c: what people ask for, in words. */
void control_hear(struct backend *be, struct peer *peer, char *text);
void control_say(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A process on a GPU that nobody brought: a rule takes it in, or not. */
void control_stranger(struct backend *be, int pid);

/* journal.c: whom the daemon serves, in a file. */
void journal_write(struct backend *be);
int journal_read(struct backend *be,
                 struct error *err); /* GS_UNSATISFIABLE: they lie in another swap file, or have no place */
void journal_bring_home(struct backend *be);

/* processes.c: what the kernel tells of a process. */
int process_open(int pid);       /* a pidfd, -1: it is gone */
bool process_ended(int pidfd);   /* -1: yes */
uint64_t process_start(int pid); /* when, in ticks since the machine started; 0: it is gone */
/* It is there, and began then.  One that is there and cannot be looked at, as no file is left for that, is taken for it. */
bool process_is(int pid, uint64_t start);
int process_parent(int pid);                        /* less than 1: none is known */
bool process_is_leader(int pid);                    /* and not a thread's number */
bool process_user(int pid, uid_t *uid);             /* whose it is; root's, if it is not of one user alone */
bool process_name(int pid, char *out, size_t size); /* of its command */

#endif
