/* import.c - the table of trace formats, and what their importers share. */
#include "traces/import.h"
#include "traces/importers.h"
#include "traces/replay.h"
#include "sim/base/units.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct importer *const importers[] = {
    &import_gst,
    &import_adobe,
    &import_muri,
    &import_philly,
    &import_openb,
    &import_pai,
    &import_gavel,
    &import_azure_llm,
    &import_burstgpt,
    &import_mooncake,
    &import_servegen,
    &import_azure_functions,
    &import_azure_functions_2021,
    &import_genai,
    &import_disb,
    &import_splitwise,
    &import_samples,
};
enum { IMPORTERS = sizeof importers / sizeof *importers };

const struct importer *importer_at(size_t i)
{
    return i < IMPORTERS ? importers[i] : NULL;
}

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return importers[i]->name;
}

const struct importer *importer_find(const char *name, struct error *err)
{
    for (size_t i = 0; i < IMPORTERS; i++)
        if (!strcmp(importers[i]->name, name))
            return importers[i];
    const char *near = units_nearest(name, IMPORTERS, name_at, NULL);
    if (near)
        error_set(err, GS_BAD_INPUT, "unknown trace format '%s'; did you mean '%s'?", name, near);
    else
        error_set(err, GS_BAD_INPUT, "unknown trace format '%s'; 'gpuswap-sim trace formats' lists them", name);
    return NULL;
}

/* The beginning of the file as text, as far as its first NUL. */
static int read_head(const char *file, char head[4097], struct error *err)
{
    struct lines *lines = NULL;
    size_t used = 0, got = 1;
    int code = strcmp(file, "-") ? lines_open(&lines, file, LINES_MAX, err)
                                 : error_set(err, GS_USAGE, "standard input: say its format with '--format'");
    if (code)
        return code;
    while (!code && got && used < 4096) {
        code = lines_read(lines, head + used, 4096 - used, &got, err);
        used += got;
    }
    head[used] = 0;
    lines_close(lines);
    return code;
}

const struct importer *importer_guess(const char *file, struct error *err)
{
    char head[4097];
    const struct importer *found = NULL;
    if (read_head(file, head, err))
        return NULL;
    const char *start = strncmp(head, "\xef\xbb\xbf", 3) ? head : head + 3;
    for (size_t i = 0; i < IMPORTERS; i++) {
        if (!importers[i]->guess || !importers[i]->guess(start))
            continue;
        if (found) {
            error_set(err, GS_BAD_INPUT, "'%s' may be '%s' or '%s'; say which with '--format'", file, found->name,
                      importers[i]->name);
            return NULL;
        }
        found = importers[i];
    }
    if (!found)
        error_set(err, GS_BAD_INPUT,
                  "what format is '%s'? its beginning does not tell; 'gpuswap-sim trace formats' lists those there are",
                  file);
    return found;
}

/* --- for importers --- */

int import_no_memory(const struct import *in, struct error *err)
{
    return error_set(err, GS_SYSTEM, "'%s': out of memory", in->file);
}

bool import_assume(struct import *in, const char *key, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = text; *p; p++)
        if (*p == ',')
            *p = ';'; /* header values hold no list of fields, but a reader may split them at commas */
    return trace_add_note(in->trace, in->arena, true, key, "%s", text);
}

const char *import_id(const struct import *in, const char *text)
{
    char id[GST_ID_MAX + 1] = "";
    for (size_t i = 0; text[i] && i < GST_ID_MAX; i++)
        id[i] = isalnum((unsigned char)text[i]) || strchr("._-", text[i]) ? text[i] : '_';
    return arena_strdup(in->arena, *id ? id : "_");
}

struct trace_workload *import_workload(struct import *in, const char *name, enum gst_class class, int64_t attach_ns)
{
    const char *copy = import_id(in, name);
    struct trace_workload *w = trace_add_workload(in->trace, in->arena);
    if (!copy || !w)
        return NULL;
    *w = (struct trace_workload){.name = copy,
                                 .group = "",
                                 .class = class,
                                 .closed = class == GST_NOTEBOOK,
                                 .swappable = true,
                                 .gpus = 1,
                                 .memory_bytes = -1,
                                 .context_bytes = -1,
                                 .request_share = -1,
                                 .limit_share = -1,
                                 .priority = -1,
                                 .attach_ns = attach_ns,
                                 .detach_ns = TRACE_NEVER};
    return w;
}

int64_t import_ns(double value, double unit_ns)
{
    double us = value * unit_ns / 1e3;
    if (!(us > 0))
        return 0;
    return us < (double)GST_TIME_MAX ? (int64_t)(us + 0.5) * 1000 : GST_TIME_MAX * 1000;
}
