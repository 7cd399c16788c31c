/* gst.h - the native trace format, version 1 (docs/trace-format.md): records, a streaming reader, a canonical writer.
 *
 * One event per line, `t,KIND,id,fields...`, integers only.  The reader hands out one checked record at a time and never
 * holds more than a buffer and one entry for each id.  The writer makes the one canonical form: reading a canonical file
 * and writing it again gives the same bytes.
 */
#ifndef GS_TRACES_GST_H
#define GS_TRACES_GST_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GST_LINE_MAX = 1023, GST_ID_MAX = 63, GST_VALUES = 10 };

#define GST_TIME_MAX INT64_C(3155760000000000) /* us: 100 years */
#define GST_BYTES_MAX (INT64_C(1) << 60)
#define GST_PPM INT64_C(1000000)

enum gst_kind {
    GST_END, /* no more records */
    GST_WORKLOAD,
    GST_BURST,
    GST_ITERATE,
    GST_MEMORY,
    GST_SERVICE,
    GST_REQUEST,
    GST_UPDATE,
    GST_DEPART,
    GST_KINDS
};

/* Order of the letters in the file; the first three are those of enum gs_class. */
enum gst_class { GST_NOTEBOOK, GST_TRAINING, GST_INFERENCE, GST_OTHER };
enum gst_loop { GST_CLOSED, GST_OPEN };
enum gst_update { GST_UPDATE_PRIO, GST_UPDATE_SWAP, GST_UPDATE_REQ, GST_UPDATE_LIM };
enum gst_why { GST_WHY_END, GST_WHY_KILL, GST_WHY_TRUNC };

struct gst_record {
    enum gst_kind kind;
    uint32_t id;    /* dense from 0, in order of the W records */
    uint32_t given; /* bit i: field i (after `t,KIND,id`) was written; the others hold their default */
    int64_t t_us;
    const char *name; /* the id as text; valid until gst_close */
    const char *text; /* W: group, R: tag, "" if none; valid until the next record */
    /* In the order of the file's fields; times us unless said, sizes bytes, fractions ppm. */
    /* clang-format off */
    union {
        int64_t value[GST_VALUES];
        struct { int64_t class, gpus, mem, floor, req, lim, prio, swap, loop; } w;  /* mem, req, prio: -1 = not given */
        struct { int64_t work, think, grow, keep; } b;
        struct { int64_t iters, iter_work, gap, jitter; } t;
        struct { int64_t bytes; } m;
        struct { int64_t fixed_us, in_ns, out_ns, kv_bytes, slots; } s;
        struct { int64_t in, out, work; } r;                                        /* work: 0 = by the service model */
        struct { int64_t field, value; } u;
        struct { int64_t why; } d;
    };
    /* clang-format on */
};

/* A header line: `#meta,KEY,VALUE` or `#assume,KEY,VALUE`. */
struct gst_note {
    bool assume;
    const char *key, *value;
};
struct gst_header {
    const struct gst_note *note; /* all of them, in order of the file */
    size_t notes;
    const char *name, *source; /* of the notes: #meta,name and #meta,source; NULL = none */
    const char *ref_gpu;       /* its name; NULL = none */
    int64_t ref_gpu_bytes;     /* -1 = none */
    int64_t horizon_us;        /* -1 = none */
};

/* --- reading --- */
struct gst;

/* Open `path` ("-" = standard input) and read its header.  Plain, gzip or zstd.  Errors: GS_NO_INPUT, GS_IO, GS_SYSTEM, and
 * GS_BAD_INPUT with "FILE:LINE: field 'work': ..." for whatever breaks a rule of the format. */
int gst_open(struct gst **gst, const char *path, struct error *err);
int gst_open_memory(struct gst **gst, const void *data, size_t size, const char *name, struct error *err);

const struct gst_header *gst_header(const struct gst *gst); /* valid until gst_close */

/* The next record, checked; kind GST_END once there is none. */
int gst_next(struct gst *gst, struct gst_record *record, struct error *err);

uint64_t gst_line(const struct gst *gst);    /* number of the last line read */
uint64_t gst_skipped(const struct gst *gst); /* extension records (kind starting with 'x') passed over */
uint32_t gst_ids(const struct gst *gst);     /* workloads declared so far */
void gst_close(struct gst *gst);             /* takes NULL */

/* --- writing --- */
struct gst_writer;

/* Start a file beside `path`, which gets its name at gst_commit; until then an older file of that name stands untouched.
 * "-" is standard output, and a `path` that exists but is no regular file (a device, a pipe) is written directly.  A
 * name ending in ".gz" or ".zst" is compressed. */
int gst_create(struct gst_writer **writer, const char *path, const struct gst_note *note, size_t notes,
               struct error *err);

/* Add a record; `id` of a W must be the next free one, and its name is record->name (other kinds need only the id).
 * The reader's rules hold: a record that would not be read back is refused. */
int gst_put(struct gst_writer *writer, const struct gst_record *record, struct error *err);

/* Finish and give the file its name; the writer is gone after either, and after gst_discard nothing is left behind. */
int gst_commit(struct gst_writer *writer, struct error *err);
void gst_discard(struct gst_writer *writer); /* takes NULL */

#endif
