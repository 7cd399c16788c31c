/* azure_functions.c - invocations a minute of serverless functions become requests to models. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include "sim/base/dist.h"
#include "sim/base/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { FUNCTION, TRIGGER, COLUMNS };
static const char *const column_name[COLUMNS] = {"HashFunction", "Trigger"};

enum { RATE_SCALE, MAX_REQUESTS, WORK, WORK_SCALE, DURATIONS };

#define MINUTE_NS INT64_C(60000000000)

enum { MINUTE_MAX = 1000000, COUNT_MAX = 100000000 };

/* Run times of a function at the shares of `at`, in ms. */
enum { POINTS = 7 };
static const double at[POINTS] = {0, 0.01, 0.25, 0.5, 0.75, 0.99, 1};
enum { D_FUNCTION, D_POINT, D_COLUMNS = D_POINT + POINTS };
static const char *const duration_name[D_COLUMNS] = {
    "HashFunction",          "percentile_Average_0",  "percentile_Average_1",  "percentile_Average_25",
    "percentile_Average_50", "percentile_Average_75", "percentile_Average_99", "percentile_Average_100"};
struct duration {
    const char *function;
    double ms[POINTS];
};

struct reading {
    struct import *in;
    struct models models;
    struct csv csv;
    int minutes, minute[CSV_COLUMNS], column[CSV_COLUMNS]; /* the columns that are minutes of the day */
    int first, last;                                       /* of these minutes */
    struct duration *duration;                             /* in order of the names */
    size_t durations, duration_capacity;
    uint64_t unknown; /* functions that the durations lack */
};

/* --- run times --------------------------------------------------------------------------------------------------- */

static int by_function(const void *a, const void *b)
{
    const struct duration *x = a, *y = b;
    return strcmp(x->function, y->function);
}

static int read_duration(struct reading *r, const struct csv *csv, struct error *err)
{
    struct arena *arena = r->in->arena;
    struct duration *d = arena_grow(arena, r->duration, &r->duration_capacity, r->durations + 1, sizeof *d);
    if (!d)
        return import_no_memory(r->in, err);
    r->duration = d;
    d += r->durations++;
    if (!(d->function = arena_strdup(arena, csv_text(csv, D_FUNCTION))))
        return import_no_memory(r->in, err);
    for (int i = 0; i < POINTS; i++) {
        int code = csv_number(csv, D_POINT + i, i ? d->ms[i - 1] : 0, 1e9, &d->ms[i], err);
        if (code)
            return code;
    }
    return GS_OK;
}

static int read_durations(struct reading *r, const char *file, struct error *err)
{
    struct lines *lines;
    bool more;
    int code = lines_open(&lines, file, LINES_MAX, err);
    if (code)
        return code;
    code = csv_open(&r->csv, lines, duration_name, D_COLUMNS, err);
    while (!code && !(code = csv_next(&r->csv, &more, err)) && more)
        code = read_duration(r, &r->csv, err);
    lines_close(lines);
    if (!code && r->durations)
        qsort(r->duration, r->durations, sizeof *r->duration, by_function);
    return code;
}

/* Straight lines between the recorded points. */
static double draw_ms(const struct duration *d, struct stream *stream)
{
    double u = stream_uniform(stream);
    int i = 1;
    while (u >= at[i])
        i++;
    return d->ms[i - 1] + (u - at[i - 1]) / (at[i] - at[i - 1]) * (d->ms[i] - d->ms[i - 1]);
}

static int64_t draw_work(const struct reading *r, const struct duration *d, struct stream *stream)
{
    const union import_value *value = r->in->value;
    double ms = d ? draw_ms(d, stream) : dist_draw(value[WORK].dist, stream) / 1e6;
    if (d && ms < 1)
        ms = 1; /* they are whole milliseconds */
    return import_ns(ms * value[WORK_SCALE].d, 1e6);
}

/* --- invocations ------------------------------------------------------------------------------------------------- */

static int find_minutes(struct reading *r, struct error *err)
{
    const struct csv *csv = &r->csv;
    for (int i = 0; i < csv->columns; i++) {
        char why[UNITS_WHY];
        int64_t minute;
        if (csv->field[i][strspn(csv->field[i], "0123456789")] || units_integer(csv->field[i], &minute, why))
            continue;
        if (minute > MINUTE_MAX)
            return import_fail(r->in, err, "column '%.40s': a minute is at most %d", csv->field[i], MINUTE_MAX);
        r->column[r->minutes] = i;
        r->minute[r->minutes++] = (int)minute;
        r->first = r->minutes == 1 || minute < r->first ? (int)minute : r->first;
        r->last = minute > r->last ? (int)minute : r->last;
    }
    return r->minutes ? GS_OK : import_fail(r->in, err, "no column is a minute of the day, as '480'");
}

/* `count` requests in the minute that begins at `start_ns`. */
static int add_minute(struct reading *r, size_t index, int64_t start_ns, int64_t count, struct stream stream[2],
                      const struct duration *d, struct error *err)
{
    bool timer = !strcmp(csv_text(&r->csv, TRIGGER), "timer");
    double scaled = (double)count * r->in->value[RATE_SCALE].d;
    int64_t n = (int64_t)scaled;
    n += stream_uniform(&stream[0]) < scaled - (double)n;
    int code = GS_OK;
    for (int64_t i = 0; !code && i < n; i++) {
        double within = timer ? (double)i / (double)n : stream_uniform(&stream[0]);
        int64_t ready_ns = start_ns + (int64_t)(within * 60e6) * 1000;
        code = models_work(&r->models, index, ready_ns, draw_work(r, d, &stream[1]), err);
    }
    return code;
}

static int read_row(struct reading *r, struct error *err)
{
    const char *function = csv_text(&r->csv, FUNCTION);
    struct duration key = {.function = function};
    struct stream stream[2];
    char show[16];
    size_t index;
    snprintf(show, sizeof show, "%.12s", function);
    int code = models_find(&r->models, function, show, &index, err);
    if (code)
        return code;
    for (uint32_t i = 0; i < 2; i++)
        stream_init(&stream[i], r->in->seed, 2 + i, (uint32_t)index, PURPOSE_TRACE);
    const struct duration *d = r->durations ? bsearch(&key, r->duration, r->durations, sizeof key, by_function) : NULL;
    r->unknown += r->durations && !d;
    for (int i = 0; !code && i < r->minutes; i++) {
        const char *text = r->csv.field[r->column[i]];
        char why[UNITS_WHY];
        int64_t count;
        if (text[0] == '0' && !text[1])
            continue;
        if (units_integer(text, &count, why) || count < 0 || count > COUNT_MAX)
            return import_fail(r->in, err, "column '%d': must be an integer from 0 to %d, not '%.40s'", r->minute[i],
                               COUNT_MAX, text);
        code = add_minute(r, index, (r->minute[i] - r->first) * MINUTE_NS, count, stream, d, err);
    }
    return code;
}

static bool assume(const struct reading *r)
{
    struct import *in = r->in;
    bool ok = import_assume(in, "model", "a function stands for a model") &&
              import_assume(in, "t", "uniform in the recorded minute; of timers evenly from its start; minute %d is 0",
                            r->first);
    if (ok && r->durations)
        ok = import_assume(in, "work", "drawn between the percentiles of the function's run times on a CPU; times %g",
                           in->value[WORK_SCALE].d);
    if (ok && (!r->durations || r->unknown))
        ok = import_assume(in, "work", "drawn from option 'work' for %llu functions",
                           (unsigned long long)(r->durations ? r->unknown : in->trace->workloads));
    return ok;
}

static int read_azure_functions(struct import *in, struct error *err)
{
    struct reading *r = arena_alloc(in->arena, sizeof *r);
    const char *durations = in->value[DURATIONS].text;
    bool more;
    int code = GS_OK;
    if (!r)
        return import_no_memory(in, err);
    r->in = in;
    models_init(&r->models, in, false);
    r->models.most = in->value[MAX_REQUESTS].i;
    if (*durations)
        code = read_durations(r, durations, err);
    if (!code)
        code = csv_open(&r->csv, in->lines, column_name, COLUMNS, err);
    if (!code)
        code = find_minutes(r, err);
    while (!code && !(code = csv_next(&r->csv, &more, err)) && more)
        code = read_row(r, err);
    if (!code)
        code = models_finish(&r->models, NULL, err);
    in->trace->horizon_ns = (r->last - r->first + 1) * MINUTE_NS;
    return code || assume(r) ? code : import_no_memory(in, err);
}

static bool is_azure_functions(const char *head)
{
    return csv_header_has(head, "HashFunction,Trigger");
}

static const struct import_option options[] = {
    MODELS_RATE_ROWS("1"),
    {.key = "work", .kind = IMPORT_TIME_DIST, .fallback = "lognormal(100ms,1)", .help = "GPU work of a request"},
    {.key = "work_scale",
     .kind = IMPORT_NUMBER,
     .fallback = "1",
     .min = 1e-6,
     .max = 1e6,
     .help = "GPU work in place of a second of CPU time, or of 'work'"},
    {.key = "durations",
     .kind = IMPORT_TEXT,
     .fallback = "",
     .help = "the file of run times that belongs to it; functions that it lacks get 'work'"},
    {0}};

const struct importer import_azure_functions = {.name = "azure-functions",
                                                .help =
                                                    "Azure Functions 2019, CSV: invocations of each function a minute",
                                                .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                                .option = options,
                                                .guess = is_azure_functions,
                                                .read = read_azure_functions};
