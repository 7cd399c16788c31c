/* record.c - samples become a trace by the importer "samples", which also makes one of them where a recording was cut off. */
#include "sim/cli/record.h"
#include "traces/import.h"
#include "traces/replay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    GAP_US = 5000000, /* who is not listed for longer has left; many times a driver's longest period */
    BUFFER = 1 << 16, /* so that rows reach the file whole */
};

#define FORMAT "samples"

/* What the importer will be asked for, so that it does not find out after a day that it does not understand. */
static const char *import_options(const struct recording *recording, struct arena *arena)
{
    int64_t gap_us = recording->period_us > GAP_US / 5 ? 5 * recording->period_us : GAP_US;

    return arena_printf(arena, "idle=0, mem_change=0B, gap=%lldus, step=%lldus, length=%lldus%s%s", (long long)gap_us,
                        (long long)recording_resolution_us(recording),
                        (long long)(recording->now_us - recording->first_us), recording->import != NULL ? ", " : "",
                        recording->import != NULL ? recording->import : "");
}

static int check_options(const struct recording *recording, struct error *err)
{
    const struct importer *importer = importer_find(FORMAT, err);
    struct arena arena = {0};
    const char *options = import_options(recording, &arena);
    int rc = GS_OK;

    if (options == NULL)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    else if (importer == NULL || import_values(importer, options, &arena, err) == NULL)
        rc = err->code;
    arena_fini(&arena);
    return rc;
}

int recording_open(struct recording *recording, struct error *err)
{
    static char buffer[BUFFER];
    int rc = check_options(recording, err);

    if (rc != GS_OK)
        return rc;
    if (access(recording->samples, F_OK) == 0)
        return error_set(err, GS_CANT_CREATE,
                         "'%s' is left of a recording that was cut off; make a trace of it with 'gpuswap-sim trace "
                         "import -O idle=0 -O mem_change=0B %s -o %s', or remove it",
                         recording->samples, recording->samples, recording->path);
    if ((recording->file = fopen(recording->samples, "wxe")) == NULL)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", recording->samples, strerror(errno));
    setvbuf(recording->file, buffer, _IOFBF, sizeof buffer);
    fprintf(recording->file, "timestamp,id,memory.used [B],utilization.gpu [%%],pid,started,gpu\n");
    return recording_flush(recording, err);
}

int recording_flush(struct recording *recording, struct error *err)
{
    if (fflush(recording->file) == 0 && !ferror(recording->file))
        return GS_OK;
    return error_set(err, GS_IO, "cannot write '%s': %s", recording->samples, strerror(errno));
}

void recording_row(void *context, const struct watch_row *row)
{
    struct recording *recording = context;

    if (recording->first_us == 0 || row->at_us < recording->first_us)
        recording->first_us = row->at_us;
    fprintf(recording->file, "%lld.%06lld,%s,", (long long)(row->at_us / 1000000), (long long)(row->at_us % 1000000),
            row->id);
    if (row->used_bytes >= 0)
        fprintf(recording->file, "%lld", (long long)row->used_bytes);
    fputc(',', recording->file);
    if (row->use >= 0)
        fprintf(recording->file, "%.4g", row->use * 100);
    fprintf(recording->file, ",%u,%llu,%u\n", row->pid, (unsigned long long)row->started, row->gpu);
}

int64_t recording_resolution_us(const struct recording *recording)
{
    const struct watch_met *met = &recording->watch.met;

    return met->periods > 0 ? (int64_t)((uint64_t)met->periods_us / met->periods) : 0;
}

/* --- the trace ---------------------------------------------------------------------------------------------------- */

static bool set_note(struct trace *trace, struct arena *arena, bool assume, const char *key, const char *text)
{
    for (size_t i = 0; i < trace->notes; i++)
        if (trace->note[i].assume == assume && strcmp(trace->note[i].key, key) == 0) {
            trace->note[i].value = text;
            return text != NULL;
        }
    return text != NULL && trace_add_note(trace, arena, assume, key, "%s", text);
}

/* The name of a GPU as a value of a header: no commas, which part name and memory. */
static const char *plain(struct arena *arena, const char *name)
{
    char *copy = arena_strdup(arena, name);

    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if (*p < ' ' || *p > '~' || *p == ',')
            *p = '_';
    return copy;
}

/* What was seen, and what could not be. */
static bool describe(const struct recording *recording, struct trace *trace, struct arena *arena)
{
    const struct watch_gpu *gpu = &recording->watch.gpu[0];
    const struct watch_met *met = &recording->watch.met;
    const char *name = plain(arena, gpu->name), *driver = plain(arena, recording->driver);

    if (name == NULL || driver == NULL)
        return false;
    return set_note(trace, arena, false, "name", "record") &&
           set_note(trace, arena, false, "source", arena_printf(arena, "NVML of driver %s", driver)) &&
           set_note(trace, arena, false, "ref_gpu",
                    arena_printf(arena, "%s,%lld", name, (long long)gpu->total_bytes)) &&
           set_note(trace, arena, false, "resolution",
                    arena_printf(arena, "%lld", (long long)recording_resolution_us(recording))) &&
           set_note(trace, arena, false, "coarsest", arena_printf(arena, "%lld", (long long)met->longest_us)) &&
           set_note(trace, arena, false, "period", arena_printf(arena, "%lld", (long long)recording->period_us)) &&
           set_note(trace, arena, true, "resolution",
                    "us: the driver's periods on average; coarsest: the longest. What happens within a period is known "
                    "as one share of it; nothing finer is in this trace") &&
           set_note(trace, arena, true, "mem",
                    "allocated; the context and what caching allocators keep included; not the working set") &&
           set_note(trace, arena, true, "work",
                    "share of the period in which kernels of the process ran times its length; pauses shorter than two "
                    "periods may not be seen: bursts parted by them are one") &&
           set_note(trace, arena, true, "unattributed",
                    arena_printf(arena,
                                 "processes not to be seen in /proc: %llu; periods in which unlisted ones ran: %llu; "
                                 "periods of several processes whose use the driver does not tell apart: %llu",
                                 (unsigned long long)met->unseen, (unsigned long long)met->strangers,
                                 (unsigned long long)met->shared));
}

static int make(struct recording *recording, struct arena *arena, struct error *err)
{
    struct trace_options options;
    struct trace trace;
    int rc;

    trace_options_init(&options);
    options.file = recording->samples;
    options.format = FORMAT;
    options.import = import_options(recording, arena);
    if (options.import == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    if ((rc = trace_load(&trace, &options, 1, arena, err)) != GS_OK)
        return rc;
    if (!describe(recording, &trace, arena))
        return error_set(err, GS_SYSTEM, "out of memory");
    for (size_t i = 0; i < trace.workloads; i++)
        recording->bursts += trace.workload[i].bursts;
    recording->workloads = trace.workloads;
    return trace_write(&trace, recording->path, err);
}

int recording_finish(struct recording *recording, struct error *err)
{
    struct arena arena = {0};
    bool failed = fclose(recording->file) != 0;
    int rc;

    recording->file = NULL;
    if (failed)
        return error_set(err, GS_IO, "cannot write '%s': %s", recording->samples, strerror(errno));
    if (recording->first_us == 0) {
        unlink(recording->samples);
        return error_set(err, GS_NO_INPUT,
                         "no process was seen on the GPU, so there is no trace; other users' processes and those of "
                         "other containers are shown to root on the host only");
    }
    rc = make(recording, &arena, err);
    arena_fini(&arena);
    if (rc == GS_OK && !recording->keep)
        unlink(recording->samples);
    return rc;
}
