/* state.h - all that the double remembers; one lock guards it.  Shared by its own files only. */
#ifndef GS_DOUBLE_STATE_H
#define GS_DOUBLE_STATE_H

#include "backend/double/double.h"

#pragma GCC visibility push(default) /* what is defined as the header declares it is exported */
#include <cuda.h>
#pragma GCC visibility pop
#include <stdbool.h>

enum {
    GPUS = DOUBLE_GPUS,
    STREAMS = 512,
    EVENTS = 16384,
    CHUNKS = 65536,
    MODULES = 64,
    FUNCTIONS = 8,
    PARAMETERS = 8,
    FAULTS = 32
};

/* --- options (options.c) --- */

enum fault_effect { FAULT_RETURN, FAULT_LATER, FAULT_LOST, FAULT_HANG, FAULT_SKIP, FAULT_SPOIL };

struct fault {
    char call[48];
    uint64_t nth; /* call, counted from 1 */
    bool onwards; /* and all after it */
    enum fault_effect effect;
    CUresult code;
};

struct options {
    unsigned gpus;
    uint64_t gpu_bytes, granularity_bytes, context_bytes;
    double in_bytes_per_s, out_bytes_per_s; /* host to device, device to host */
    double duplex;                          /* share of its rate that a direction keeps while the other is busy */
    double plain_bytes_per_s;               /* copies with host memory that is not registered, at most */
    double memory_bytes_per_s;              /* kernels */
    uint64_t latency_ns;                    /* of each copy and kernel */
    uint64_t free_lag_ns;                   /* until memory that was released is free */
    uint64_t chaos;                         /* seed of random delays; 0: none */
    int driver_version;
    bool real_clock;
    bool interpret; /* run kernels from their PTX instead of as C */
    bool no_binary; /* no image but PTX loads */
    bool unseen;    /* the management library does not tell how much this process holds */
    bool strict;    /* the first violation ends the program */
    char ledger[256], folder[256];
    /* what the management library tells */
    uint64_t sample_ns; /* how long utilisation is averaged over */
    unsigned stride;    /* of its list of processes */
    bool mig, persistence, no_use;
    struct fault fault[FAULTS];
    unsigned faults;
};
int options_parse(struct options *options, const char *text, char why[DOUBLE_WHY]);
bool call_exists(const char *name); /* calls.c */

/* --- memory --- */

struct chunk { /* what cuMemCreate makes */
    unsigned generation;
    bool live; /* created and not released, or still mapped */
    bool released;
    bool managed; /* the host may reach it, too */
    bool shared;  /* other processes may */
    unsigned mappings;
    unsigned gpu;
    size_t bytes;
    unsigned char *data;
};

struct mapping {
    uint64_t address;
    size_t bytes;
    unsigned chunk;
    bool accessible;
    bool plain; /* of cuMemAlloc: address range, mapping and chunk in one */
};

struct range {
    uint64_t address;
    size_t bytes;
};

/* --- work --- */

enum op_kind { OP_RECORD, OP_WAIT, OP_IN, OP_OUT, OP_KERNEL };
enum op_state { OP_QUEUED, OP_RUNNING, OP_DONE };
enum engine { ENGINE_IN, ENGINE_OUT, ENGINE_COMPUTE, ENGINES };

struct touch { /* bytes that work reads or writes; addresses of host and device never overlap */
    struct range range;
    bool writes;
};

struct function;
struct op {
    uint64_t id;
    uint64_t before; /* the one that came before it in its stream; 0: none */
    uint64_t after;  /* OP_WAIT: what it waits for; 0: nothing */
    enum op_kind kind;
    enum op_state state;
    bool marked; /* scratch of order.c */
    bool hangs, skips, spoils;
    unsigned stream, gpu;
    unsigned event, event_generation; /* OP_RECORD */
    struct touch touch[2];
    unsigned touches;
    uint64_t device;
    unsigned char *host;
    size_t bytes;
    const struct function *function;
    uint64_t parameter[PARAMETERS];
    unsigned grid, block;
    uint64_t not_before_ns;
    double left_ns; /* of its engine, alone */
    CUresult fails; /* with this, when it is its turn */
};

struct stream {
    unsigned generation;
    bool live;
    unsigned gpu;
    uint64_t last; /* op; 0: none yet */
};

struct event {
    unsigned generation;
    bool live, timed;
    unsigned gpu;
    uint64_t op; /* of its last record; 0: never recorded */
    uint64_t at_ns;
};

struct ptx_kernel;
struct function {
    char name[64];
    unsigned module;
    unsigned parameters, parameter_bytes[PARAMETERS];
    const struct twin *twin;
    struct ptx_kernel *ptx; /* NULL: of a binary */
};

struct module {
    unsigned generation;
    bool live;
    unsigned gpu, functions;
    struct function function[FUNCTIONS];
};

struct gpu {
    unsigned retained; /* of the primary context */
    unsigned flags;
    CUresult broken; /* the context is lost with this; 0: it is not */
    struct op *running[ENGINES];
    uint64_t late_bytes, late_until_ns; /* released, and not free yet */
};

struct state {
    struct options options;
    CUprocessState process; /* of this one, by what others do to it */
    bool stored;            /* its bytes are with whoever saved it, and not here */
    bool begun;             /* options are read */
    char why[DOUBLE_WHY];   /* or not, and why */
    int init_pid;           /* who called cuInit; 0: nobody */
    unsigned epoch;
    struct gpu gpu[GPUS];
    struct stream stream[STREAMS];
    struct event event[EVENTS];
    struct chunk chunk[CHUNKS];
    struct module module[MODULES];
    struct mapping *mapping; /* by address */
    struct range *reserved, *registered;
    size_t mappings, mapping_capacity, reservations, reserved_capacity, registrations, registered_capacity;
    struct op **op; /* by id; those of which the host has not seen the end */
    size_t ops, op_capacity;
    uint64_t next_op;
    uint64_t ended, ended_at_rest;               /* how many ops */
    uint64_t calls, unready_call;                /* so far; which of them said last that something is not ready */
    unsigned unready;                            /* in a row */
    bool stirred;                                /* something has come or ended: other ops may begin */
    uint64_t now_ns, clock_base_ns, day_base_ns; /* the last: the time of day then */
    uint64_t chaos;
};
extern struct state the;

/* --- entering (enter.c): every call begins with enter and ends with leave --- */

enum enter_need { ENTER_ANYHOW, ENTER_INIT, ENTER_CONTEXT };
/* Lock, count the call, let it fail if it is to; the GPU of the current context goes into *gpu (may be NULL). */
CUresult enter(const char *call, enum enter_need need, unsigned *gpu);
CUresult leave(CUresult result);
CUresult enter_pending(void); /* what the work that this call issues is to fail with, later; and is it to hang? */
bool enter_hangs(void);
bool enter_skips(void);
bool enter_spoils(void);
void enter_forget(void);
uint64_t enter_calls(const char *call);
/* Let no call begin, and wait until none is under way, `timeout_ms` at most (0: for ever); false: there still was one. */
bool enter_hold(uint64_t timeout_ms);
void enter_unhold(void);
void enter_wait_until(uint64_t at_ns); /* real clock: sleep, unlocked, at most until then */
void enter_lock(void);                 /* for control.c, which is no call of the driver */
void enter_set_current(unsigned gpu, bool none);
bool enter_current(unsigned *gpu);
CUcontext enter_context(unsigned gpu);
bool enter_find_context(CUcontext context, unsigned *gpu);

/* --- other processes (checkpoint.c, serve.c) --- */

/* What is asked of a process, and what it answers; between processes of the same build. */
struct checkpoint_order {
    enum checkpoint_call {
        CHECKPOINT_STATE,
        CHECKPOINT_LOCK,
        CHECKPOINT_SAVE,
        CHECKPOINT_RESTORE,
        CHECKPOINT_UNLOCK,
        CHECKPOINT_SHOW, /* and these where who asks copies the bytes himself: from here they are shown to him, */
        CHECKPOINT_SAVED,
        CHECKPOINT_FILL, /* and here he is shown where they are to be */
        CHECKPOINT_FILLED
    } call;
    uint64_t timeout_ms;
};
struct checkpoint_answer {
    CUresult result;
    CUprocessState state;
    uint64_t shown[GPUS]; /* bytes of each GPU, in a file beside the socket */
};
struct checkpoint_answer checkpoint_obey(struct checkpoint_order order);
bool checkpoint_refuses(void);       /* it has memory that no driver takes off the GPU, or not this one */
void checkpoint_finish_work(void);   /* all that was issued ends first; what fails then has failed */
bool checkpoint_take_capacity(void); /* of the GPUs: everything that is needed, or nothing */
void checkpoint_leave_gpus(void);    /* the share of its contexts, and who is told of it */

enum { SHARED_SINCE = 13030 };  /* drivers from 610 on move processes that share memory */
enum { STORAGE_SINCE = 13040 }; /* drivers know it from this CUDA version on */
/* storage.c: memory that who saves a process copies himself */
CUresult storage_obey(enum checkpoint_call call, uint64_t shown[GPUS]);
CUresult storage_begin(const char *call, int pid, bool fills, void *out);
void serve_begin(void); /* take such orders, where there is a folder for it; once a process */
/* CUDA_ERROR_INVALID_VALUE: there is no such process; NOT_INITIALIZED: it has never called cuInit. */
CUresult serve_ask(int pid, struct checkpoint_order order, struct checkpoint_answer *answer);

/* --- violations (violation.c) --- */

void violation(const char *kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
void violation_forget(void);
unsigned violation_count(void);
void violation_copy(char *out, size_t size);
/* A violation that is an error, too: returns `result`. */
#define WRONG(result, ...) (violation(__VA_ARGS__), (result))

/* --- handles: kind, generation and index, so that an old one is told from a new one --- */

enum handle_kind {
    HANDLE_CONTEXT = 1,
    HANDLE_STREAM,
    HANDLE_EVENT,
    HANDLE_CHUNK,
    HANDLE_MODULE,
    HANDLE_FUNCTION,
    HANDLE_OPERATION
};
uint64_t handle_make(enum handle_kind kind, unsigned generation, unsigned index);
bool handle_split(uint64_t handle, enum handle_kind kind, unsigned limit, unsigned *generation, unsigned *index);

/* --- memory (chunks.c, mappings.c, host.c) --- */

void *memory_grow(void *array, size_t *capacity, size_t need, size_t size);
bool ranges_meet(uint64_t a, size_t a_bytes, uint64_t b, size_t b_bytes);
void *chunk_pages(size_t bytes);
CUresult chunk_make(unsigned gpu, size_t bytes, unsigned *index);
void chunks_free_late(bool all); /* what was released, when its time has come */
void chunk_drop(unsigned index); /* where neither handle nor mapping is left */
void chunks_forget(void);
CUresult mapping_add(struct mapping mapping);
/* cuMemAlloc, and its like; *index: the chunk under it. */
CUresult mapping_alloc(const char *call, CUdeviceptr *ptr, size_t size, unsigned *index);
/* The chunk that cuMemAlloc made at that address; NULL: none. */
struct chunk *mapping_chunk(uint64_t address);
void mapping_end(uint64_t address); /* that of which the first byte lies there */
/* Where `address` lies, and how many bytes on from there; NULL if it is not mapped or, unless `any`, not accessible. */
unsigned char *mapping_find(uint64_t address, size_t *run, bool any);
void *address_take(size_t bytes, size_t alignment);
void address_give(uint64_t address, size_t bytes);
bool host_registered(const void *address, size_t bytes);
void memory_forget(void);

/* --- work (work.c, order.c, clock.c, perform.c) --- */

struct stream *stream_find(CUstream handle, unsigned gpu, unsigned *index);
bool stream_take(unsigned gpu, unsigned *index); /* a new one; false: there are too many */
void streams_forget(void);
/* A new op at the end of the stream; NULL: no memory.  Fill it in, then op_submit. */
struct op *op_new(unsigned stream, enum op_kind kind);
void op_submit(struct op *op);
struct op *op_find(uint64_t id); /* NULL: done, and the host knows */
void op_touch(struct op *op, uint64_t address, size_t bytes, bool writes);
CUresult op_perform(struct op *op);
void ops_drop(unsigned gpu); /* the context broke: nothing of it happens any more */

void order_check(struct op *op);
/* The host has seen the end of it, and so of all that it came after. */
void order_known(uint64_t id);
bool order_inflight(uint64_t address, size_t bytes);

void clock_begin(void);
void clock_rest(uint64_t until_ns);             /* let the next thing happen, or time pass until then */
void clock_advance(void);                       /* let happen what is due */
void clock_asked(void);                         /* in vain; who asks and asks is waiting: let the next thing happen */
CUresult clock_wait(uint64_t id, unsigned gpu); /* let happen what must until that op is done */

/* --- kernels (modules.c, binary.c, ptx*.c, twins.c) --- */

struct twin {
    const char *name;
    unsigned parameters;
    /* The bytes it touches and the time it takes. */
    void (*plan)(struct op *op);
    CUresult (*run)(const struct op *op);
};
const struct twin *twin_find(const char *name);

CUresult binary_read(const void *image, struct module *module);
CUresult ptx_read(const char *text, struct module *module);
void ptx_free(struct ptx_kernel *kernel);
CUresult ptx_run(const struct op *op);
void modules_forget(void);

#endif
