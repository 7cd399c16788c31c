/* gate.h - what the parts of the gate know of each other.  The gate is a shared library with the name of the driver: a
 * program that has it preloaded takes it for the driver, and it passes all calls on; work goes to the GPU only while the
 * daemon grants it.
 *
 *   real.c     where the driver is, and its table of calls
 *   submit.c   the calls that submit work or take memory: one load while granted, else wait
 *   threads.c  which threads are in such a call just now
 *   lanes.c    the streams that were used, and events behind what was submitted
 *   service.c  the gate, open or shut; a thread that opens and shuts it
 *   grant.c    when: the conversation with the daemon; talk.c: the connection
 *   lookup.c   cuGetProcAddress; hooks.c: the rest of the calls that it stands in
 */
#ifndef GS_GATE_H
#define GS_GATE_H

#include "backend/gate/symbols.h"
#include "backend/gate/words.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* CUresult, as far as the gate has an opinion of its own. */
enum {
    CU_OK = 0,
    CU_NO_DEVICE = 100,
    CU_NOT_FOUND = 500,
    CU_NOT_READY = 600,
};

/* --- real.c --- */

extern void (*gate_real[REALS])(void); /* the driver's */
extern void (*gate_own[REALS])(void);  /* the gate's, under the same names */
extern void (*gate_jump[REALS])(void); /* where a call goes that is only passed on: the driver's, or gate_first */
void gate_first(void);
void real_direct(bool direct); /* calls are passed on at once; else gate_resolve is asked each time */
/* Find the driver; while the gate is shut, ask for the GPU: the call may wait for its memory to come back. */
void (*gate_resolve(unsigned index))(void);
void real_begin(void);
bool real_has(unsigned index);
const char *real_path(void); /* NULL: there is none */

/* cache.c: what the system's loader would open as `name`, into `path`; not the file `self`. */
bool cache_find(const char *name, bool (*fits)(const char *path), char *path, size_t size);
bool cache_search(const void *cache, size_t bytes, const char *name, bool (*fits)(const char *path), char *path,
                  size_t size);

/* --- submit.c, threads.c --- */

/* 0: shut.  Else open; a number that is another one after each time it was shut, or streams have gone. */
extern _Atomic uint64_t gate_word;

/* Handles of default streams, as the driver has them. */
enum { STREAM_NULL = 0, STREAM_LEGACY = 1, STREAM_THREAD = 2, STREAM_FIRST = 3 };

enum { RECENT = 8 };

struct slot {                /* of a thread */
    _Atomic uint32_t inside; /* it is between the look at gate_word and the end of the call */
    _Atomic uint64_t count;  /* of its submissions */
    uint64_t seen;           /* gate_word, when `recent` was right */
    uint64_t recent[RECENT]; /* streams whose use is known */
    uint32_t left;           /* submissions before it is time to look at the backlog */
    uint32_t window;         /* between two looks */
    uint64_t looked_ns;
    bool listed;
    struct slot *next;
};
extern _Thread_local struct slot gate_slot;

void threads_list(struct slot *slot); /* the calling thread's; once */
bool threads_inside(void);
uint64_t threads_count(void); /* submissions of all threads, ever */
void threads_forget(void);    /* in a forked child */

/* Make what this thread wrote visible to all, and see what they wrote: after it, who is not inside has seen it. */
void threads_fence(void);

/* --- lanes.c --- */

/* The calling thread, inside, submits to this stream: remember it. */
void lanes_use(uint64_t stream);
/* It has submitted `window` times since it looked last, and does so now to this stream: hold it back while there is too much
 * under way. */
void lanes_bound(struct slot *slot, uint64_t stream);
bool lanes_capturing(uint64_t stream);
/* For the service: put an event behind all that was submitted; has it all ended?  Then begin anew. */
void lanes_mark(void);
bool lanes_done(void);
void lanes_clear(void);
/* Around calls that end streams and contexts: no event is looked at meanwhile. */
void lanes_lock(void);
void lanes_unlock(void);
void lanes_end_stream(uint64_t stream);
void lanes_end_context(uint64_t context);
void lanes_end_device(uint64_t device);
void lanes_forget(void);
/* The GPU of the context that was used last. */
struct gate_gpu {
    uint32_t number;
    unsigned char uuid[16];
};
struct gate_gpu lanes_gpu(bool *known);
void lanes_learn_gpu(void); /* of the calling thread, unless one is known */
void lanes_name_gpu(uint64_t device);

/* --- service.c --- */

void service_begin(void);          /* start it, where the environment says so; else the gate stands open */
void service_want(uint64_t bytes); /* ask for the GPU, unless the gate is open, and for so much memory */
void service_wait(void);           /* until it is */
bool service_tracks(void);
uint64_t service_quantum_us(void); /* for the bound on what is under way */
void service_notice(void);         /* a call that is not gated: if the gate is shut, ask for the GPU */
void service_renew(void);          /* streams have gone: threads are to look anew which they use */
void service_bypass(void);         /* somebody got a call that the gate does not know */
uint64_t service_now_ns(void);

/* For grant.c, from the service's thread. */
void service_open(bool tracked); /* tracked: by a grant, so that its end waits for what was submitted */
void service_shut(void);         /* from then on, who is not inside sees that it is shut */
void service_set_away(bool yes); /* yes: the process may be taken off the GPU, so that any call asks for it */
void service_set_quantum_us(uint64_t us);
bool service_was_open(void); /* ever, in this process */
bool service_wanted(void);
uint64_t service_take_bytes(void); /* the most that was wanted since the last time */
uint64_t service_bypasses(void);

/* --- grant.c: of the service's thread alone; `now` is service_now_ns --- */

/* Nothing is said yet.  path: the daemon's socket; closed: without a daemon the gate stays shut. */
void grant_begin(const char *path, bool closed, uint64_t silence_ns);
/* Do what is due by itself; when to come again, unless something happens: UINT64_MAX, never. */
uint64_t grant_step(uint64_t now);
void grant_listen(uint64_t now); /* to what the daemon has said */
void grant_end(void);            /* the program ends: release, take leave */
void grant_forget(void);         /* in a forked child */

/* --- talk.c: the connection, used by the service's thread alone --- */

struct gate_frame;
bool talk_connect(const char *path); /* and say HELLO */
bool talk_connected(void);
int talk_socket(void);
void talk_close(void);
/* False: the daemon is gone. */
bool talk_say(const struct gate_frame *frame);
/* 1: a frame of the daemon; 0: none has come; -1: it is gone, or talks nonsense. */
int talk_hear(struct gate_frame *frame);

#endif
