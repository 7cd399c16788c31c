/* trace.h - a trace in memory: what each workload did, whatever format it came from.
 *
 * Importers and the native reader fill it, the selection (window, scale, sample) works on it, the load replays it, and
 * trace_write turns it into a native file.  Times are nanoseconds since the start of the trace and always whole
 * microseconds; sizes are bytes; work is GPU time alone on the reference GPU.  All memory is the caller's arena.
 */
#ifndef GS_TRACES_TRACE_H
#define GS_TRACES_TRACE_H

#include "traces/gst.h"

#define TRACE_NEVER INT64_MAX

struct trace_burst {  /* B */
    int64_t ready_ns; /* as recorded */
    int64_t think_ns; /* closed loop: after the previous burst ended; the first one is ready at ready_ns */
    int64_t work_ns;
    int64_t grow_bytes; /* only for the length of the burst */
    int64_t keep_bytes; /* signed change of the base that remains */
};
struct trace_run {                            /* T: iterations one after the other */
    int64_t ready_ns, iters, work_ns, gap_ns; /* work and gap of one iteration */
    double jitter;                            /* standard deviation over mean of an iteration's work; lognormal */
};
struct trace_request { /* R */
    int64_t ready_ns;
    int64_t work_ns;  /* whole, the service model applied */
    int64_t first_ns; /* of it, until the first token is there; 0: not known, or there is none */
    int64_t in, out;  /* tokens */
    bool has_work;    /* recorded itself, not by the service model */
};
struct trace_resize { /* M: the base becomes so many bytes */
    int64_t at_ns, bytes;
};
struct trace_update { /* U */
    int64_t at_ns;
    enum gst_update field;
    int64_t value; /* as in the file */
};

struct trace_workload {
    const char *name, *group; /* group "" = none */
    enum gst_class class;
    bool closed; /* loop */
    bool swappable;
    int64_t gpus;
    int64_t memory_bytes;              /* swappable bytes at attach, on all GPUs; -1 = the trace does not say */
    uint32_t memory_draw;              /* it was drawn: 1 + the number of its stream; 0 = recorded */
    int64_t context_bytes;             /* stays on the GPU while swapped out; -1 = not said */
    double request_share, limit_share; /* shares of a GPU's memory; -1 = not said */
    int priority;                      /* -1 = not said */
    int64_t attach_ns, detach_ns;      /* TRACE_NEVER: stays to the horizon */
    enum gst_why why;                  /* GST_WHY_END: unfinished work is drained before it leaves; else cancelled */
    struct {
        int64_t fixed_ns, in_ns, out_ns, kv_bytes, slots;
    } service; /* slots 0 = no service model */
    struct trace_burst *burst;
    struct trace_run *run;
    struct trace_request *request;
    struct trace_resize *resize;
    struct trace_update *update;
    size_t bursts, runs, requests, resizes, updates;
    size_t burst_capacity, run_capacity, request_capacity, resize_capacity, update_capacity;
    uint32_t number; /* stored traces (stored.h): of its W record in the file, from 0 */
};

/* So many bytes on each of its GPUs: in all. */
static inline int64_t trace_on_all(const struct trace_workload *workload, int64_t each)
{
    const int64_t most = INT64_C(1) << 60;

    return each < most / workload->gpus ? each * workload->gpus : most;
}

/* The most that a workload says it holds, at arrival or later; -1: it never says.  A recorded process begins with nothing. */
static inline int64_t trace_most_held(const struct trace_workload *workload)
{
    int64_t most = workload->memory_bytes;

    for (size_t i = 0; i < workload->resizes; i++)
        if (workload->resize[i].bytes > most)
            most = workload->resize[i].bytes;
    return most;
}

struct dist;
struct trace {
    struct trace_workload *workload; /* in order of attach_ns, then of the source */
    size_t workloads, workload_capacity;
    struct gst_note *note; /* header lines, in order */
    size_t notes, note_capacity;
    int64_t horizon_ns;         /* TRACE_NEVER = none given */
    uint64_t ref_gpu_bytes;     /* 0 = not said */
    uint64_t multi_gpu;         /* workloads of more than one GPU among them */
    uint64_t multi_gpu_dropped; /* left out by `single` */
    uint64_t extensions;        /* x records passed over */
    const struct dist *memory;  /* what memory that was not recorded was drawn from, or NULL */
};

/* What may be asked of a trace; zero-initialise, then set from_ns .. scale_time by trace_options_init. */
struct trace_options {
    const char *file;          /* "-" = standard input */
    const char *format;        /* a name of the importer table; NULL: told by the beginning of the file */
    const char *import;        /* its options, "KEY=VALUE, ..."; NULL = all by default */
    int64_t from_ns, to_ns;    /* window of the recorded time, [from, to); to = TRACE_NEVER: to the end */
    double scale_time;         /* recorded times, thinks and gaps times this; GPU work stays */
    int64_t sample;            /* keep so many workloads, drawn by the seed; 0 = all */
    const struct dist *memory; /* on each GPU, where the trace lacks it; NULL = the importer's default */
    const char *memory_text;   /* the same as text for the #assume line; NULL = "given" */
    bool single;               /* only workloads of one GPU */
};
void trace_options_init(struct trace_options *options);

/* Append one zeroed item; NULL when there is no memory. */
struct trace_workload *trace_add_workload(struct trace *trace, struct arena *arena);
struct trace_burst *trace_add_burst(struct trace_workload *workload, struct arena *arena);
struct trace_run *trace_add_run(struct trace_workload *workload, struct arena *arena);
struct trace_request *trace_add_request(struct trace_workload *workload, struct arena *arena);
struct trace_resize *trace_add_resize(struct trace_workload *workload, struct arena *arena);
struct trace_update *trace_add_update(struct trace_workload *workload, struct arena *arena);

/* Append a header line, `format` printed as its value; false when there is no memory. */
bool trace_add_note(struct trace *trace, struct arena *arena, bool assume, const char *key, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Workloads in order of attach_ns, those of one time as they were.  False when there is no memory. */
bool trace_sort(struct trace *trace, struct arena *arena);

/* The last recorded time of anything in it, at least the horizon if one is given. */
int64_t trace_end_ns(const struct trace *trace);

/* Cut to the window, drop what `single` drops, sample, scale, in this order (docs/trace-format.md says how each works).
 * In place.  Errors: GS_BAD_INPUT if nothing is left, GS_SYSTEM. */
int trace_select(struct trace *trace, const struct trace_options *options, uint64_t seed, struct arena *arena,
                 struct error *err);

/* A recorded time in a trace whose times are all multiplied by `factor`: whole microseconds, at most 100 years. */
int64_t trace_scaled(int64_t ns, double factor);

/* The window that is asked for, in whole microseconds, as everything in a trace. */
void trace_window(const struct trace_options *options, int64_t *from_ns, int64_t *to_ns);

/* What an update changes, as if it had been declared so. */
void trace_apply_update(struct trace_workload *workload, const struct trace_update *update);

/* Work and first token of a request by its tokens, as the workload serves them; the first token is there after the prompt
 * and one step of decoding. */
void trace_serve(const struct trace_workload *workload, struct trace_request *request);

/* Iterations of a run that its recording, cut off or not, has room for. */
uint64_t trace_iterations(const struct trace_workload *workload, const struct trace_run *run);

/* Write it as a native file, records merged by time; ties in the order of workloads, and W before and D after the rest. */
int trace_write(const struct trace *trace, const char *path, struct error *err);

#endif
