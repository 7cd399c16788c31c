/* import.h - the formats a trace can come in: one table, one row and one file each.
 *
 * An importer fills a struct trace from the lines of a file and says what it had to assume.  Everything else is done for
 * all of them by trace_load (replay.h): opening the file, parsing options, the header lines that name the source, the
 * order of workloads, memory that the recording lacks, window, sample and scale.
 */
#ifndef GS_TRACES_IMPORT_H
#define GS_TRACES_IMPORT_H

#include "traces/lines.h"
#include "traces/trace.h"

enum import_kind {
    IMPORT_TIME,    /* i: ns */
    IMPORT_SIZE,    /* i: bytes */
    IMPORT_INTEGER, /* i */
    IMPORT_NUMBER,  /* d */
    IMPORT_SHARE,   /* d: 0 .. 1 */
    IMPORT_BOOLEAN, /* i: 0, 1 */
    IMPORT_CHOICE,  /* i: index */
    IMPORT_TEXT,    /* text */
    IMPORT_TIME_DIST,
    IMPORT_NUMBER_DIST, /* dist */
};

/* An option of an importer: `-O KEY=VALUE` on the command line, `options = KEY=VALUE, ...` in [trace.NAME]. */
struct import_option {
    const char *key;
    enum import_kind kind;
    const char *fallback; /* default, as text; NULL: must be given */
    double min, max;      /* in base units (ns, bytes), both allowed; of kinds with i and d but booleans and choices */
    const char *const *choice; /* IMPORT_CHOICE: names, NULL ends */
    const char *help;
};
union import_value {
    int64_t i;
    double d;
    const char *text;
    const struct dist *dist;
};

struct import { /* one run of an importer */
    struct trace *trace;
    const char *file;
    struct lines *lines;             /* of `file`, opened; NULL for "gst", which opens it itself */
    const union import_value *value; /* in the order of the importer's options */
    uint64_t seed;                   /* of all that the recording lacks: streams of PURPOSE_TRACE */
    struct arena *arena;
};

struct importer {
    const char *name; /* as in `format = NAME` and `trace import --format NAME` */
    const char *help;
    const char *memory; /* default distribution of what the format does not say; NULL: the trace says it */
    const struct import_option *option; /* ended by a row with key NULL; NULL: none */
    /* Could a file that begins with these bytes (up to 4 KiB, NUL-terminated) be of this format?  Formats that cannot be
     * told apart by their content have none and must be asked for. */
    bool (*guess)(const char *head);
    /* Read all lines into `in->trace` (zeroed, horizon_ns = TRACE_NEVER).  Bursts and requests of a workload are in order
     * of time; workloads in any order.  Errors: GS_BAD_INPUT with file and line, GS_SYSTEM. */
    int (*read)(struct import *in, struct error *err);
};

/* The i-th importer, NULL past the end; "gst" is the first. */
const struct importer *importer_at(size_t i);

/* By name; NULL with the error set (GS_BAD_INPUT, with a suggestion). */
const struct importer *importer_find(const char *name, struct error *err);

/* By the beginning of a file; NULL with the error set (GS_NO_INPUT, GS_BAD_INPUT: none fits, or several do). */
const struct importer *importer_guess(const char *file, struct error *err);

/* The values of all options, those not in `text` ("KEY=VALUE, KEY=VALUE", NULL or "" = none) by default; NULL with the
 * error set. */
const union import_value *import_values(const struct importer *importer, const char *text, struct arena *arena,
                                        struct error *err);

/* --- for importers --- */

/* GS_BAD_INPUT "FILE:LINE: ..." at the present line. */
#define import_fail(in, err, ...) lines_fail((in)->lines, err, __VA_ARGS__)
int import_no_memory(const struct import *in, struct error *err);

/* A `#assume` line: what was taken for `key`, which the recording does not say.  False when there is no memory. */
bool import_assume(struct import *in, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `text` made a valid id and copied: other characters become '_', at most 63 stay.  NULL when there is no memory. */
const char *import_id(const struct import *in, const char *text);

/* A new workload of `class`, that stays to the end, with one GPU and all that is unknown as not said.  `name` is made a
 * valid id (import_id); it must be unique, which is the caller's business.  NULL when there is no memory. */
struct trace_workload *import_workload(struct import *in, const char *name, enum gst_class class, int64_t attach_ns);

/* Nanoseconds, whole microseconds, from a time in units of `unit_ns`; what does not fit is clipped to [0, 100 years]. */
int64_t import_ns(double value, double unit_ns);

#endif
