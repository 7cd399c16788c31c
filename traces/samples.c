/* samples.c - memory and utilisation of GPUs or processes as monitors sample them: tables, and who reads what. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/samples.h"
#include "traces/stamp.h"
#include "sim/base/units.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- values ------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    double factor;
} units[] = {{"B", 1},        {"kB", 1e3},     {"KB", 1e3},     {"MB", 1e6}, {"GB", 1e9},
             {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"%", 0.01}};
enum { UNITS = sizeof units / sizeof *units, PERCENT = UNITS - 1 };

/* The factor of a unit in a header, as "MiB" or "%"; 0: no such unit. */
static double unit_of(const char *name, bool memory)
{
    if (!memory)
        return !strcmp(name, units[PERCENT].name) ? units[PERCENT].factor : 0;
    for (size_t i = 0; i < PERCENT; i++)
        if (!strcmp(units[i].name, name))
            return units[i].factor;
    return 0;
}

static bool is_no_value(const char *text)
{
    return !*text || *text == '[' || !strcasecmp(text, "n/a") || !strcasecmp(text, "nan");
}

static bool quantity(const char *text, double unit, bool memory, double *value)
{
    char number[64], why[UNITS_WHY];
    *value = NAN;
    text += strspn(text, " ");
    if (is_no_value(text))
        return true;
    size_t n = strspn(text, "+-.0123456789eE"), rest = n + strspn(text + n, " ");
    if (!n || n >= sizeof number)
        return false;
    memcpy(number, text, n);
    number[n] = 0;
    if (text[rest] && !(unit = unit_of(text + rest, memory)))
        return false;
    if (units_number(number, value, why))
        return false;
    *value *= unit;
    return *value >= 0;
}

bool samples_mem(const char *text, double unit, double *bytes)
{
    return quantity(text, unit, true, bytes) && !(*bytes > (double)GST_BYTES_MAX);
}

bool samples_util(const char *text, double unit, double *share)
{
    if (!quantity(text, unit, false, share) || *share > 1.01)
        return false;
    if (*share > 1)
        *share = 1; /* counters may be off by a little */
    return true;
}

bool samples_time(const char *text, double unit_us, int64_t *us)
{
    char stamp[64], why[UNITS_WHY];
    double value;
    text += strspn(text, " ");
    size_t n = strlen(text);
    if (n < sizeof stamp) {
        memcpy(stamp, text, n + 1);
        for (char *p = stamp; *p; p++)
            if (*p == '/')
                *p = '-';
        if (stamp_parse(stamp, us))
            return true;
    }
    if (units_number(text, &value, why) || !(fabs(value * unit_us) < 9e15))
        return false;
    *us = llround(value * unit_us);
    return true;
}

/* --- options ----------------------------------------------------------------------------------------------------- */

static const char *const classes[] = {"notebook", "training", "inference", "other", NULL};
static const char *const loops[] = {"closed", "open", NULL};
static const char *const time_units[] = {"s", "ms", "us", "ns", "min", NULL};
static const char *const mem_units[] = {"MiB", "B", "KiB", "GiB", "kB", "MB", "GB", NULL};
static const char *const util_units[] = {"percent", "share", NULL};

double samples_time_unit(const struct import *in)
{
    static const double us[] = {1e6, 1e3, 1, 1e-3, 60e6};
    return us[in->value[SAMPLES_TIME_UNIT].i];
}

double samples_mem_unit(const struct import *in)
{
    return unit_of(mem_units[in->value[SAMPLES_MEM_UNIT].i], true);
}

double samples_util_unit(const struct import *in)
{
    return in->value[SAMPLES_UTIL_UNIT].i ? 1 : 0.01;
}

/* --- tables ------------------------------------------------------------------------------------------------------ */

enum column { TIME, ID, MEM, UTIL, PROCESS, UUID, COLUMNS };
enum { KNOWN = 8 };

/* Names of columns, the first that is there counts. */
static const struct {
    int option; /* that names it; -1: none */
    const char *name[KNOWN];
} known[COLUMNS] = {
    [TIME] = {SAMPLES_TIME, {"timestamp", "time", "t"}},
    [ID] = {SAMPLES_ID, {"id", "pid", "index", "uuid", "gpu_uuid", "gpu"}},
    [MEM] = {SAMPLES_MEM, {"memory.used", "used_gpu_memory", "used_memory", "mem", "memory"}},
    [UTIL] = {SAMPLES_UTIL, {"utilization.gpu", "util", "utilization"}},
    [PROCESS] = {-1, {"process_name"}},
    [UUID] = {-1, {"gpu_uuid", "gpu_serial"}},
};

struct table {
    struct samples *samples;
    struct csv csv;
    int column[COLUMNS]; /* -1: not there */
    const char *id_name; /* of the column of ids */
    double mem_unit, util_unit;
};

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
        text[--n] = 0;
    return text;
}

/* Column `name` of the header, with or without its unit in brackets, which goes to `unit`. */
static int find(struct csv *csv, const char *name, const char **unit)
{
    for (int i = 0; i < csv->columns; i++) {
        char *bracket = strstr(csv->field[i], " [");
        size_t n = strlen(name);
        if (strncmp(csv->field[i], name, n) != 0 || (csv->field[i][n] && csv->field[i] + n != bracket))
            continue;
        *unit = bracket ? bracket + 2 : "";
        return i;
    }
    return -1;
}

static void take_unit(const char *unit, bool memory, double *factor)
{
    char name[8];
    size_t n = strcspn(unit, "]");
    if (!n || n >= sizeof name)
        return;
    memcpy(name, unit, n);
    name[n] = 0;
    double of_header = unit_of(name, memory);
    if (of_header > 0)
        *factor = of_header;
}

static int find_columns(struct table *t, struct error *err)
{
    struct import *in = t->samples->in;
    t->mem_unit = samples_mem_unit(in);
    t->util_unit = samples_util_unit(in);
    for (int i = 0; i < t->csv.columns; i++)
        t->csv.field[i] = trimmed(t->csv.field[i]);
    for (int c = 0; c < COLUMNS; c++) {
        const char *asked = known[c].option < 0 ? "" : in->value[known[c].option].text, *unit = "";
        t->column[c] = *asked ? find(&t->csv, asked, &unit) : -1;
        if (*asked && t->column[c] < 0)
            return import_fail(in, err, "column '%s' is missing", asked);
        for (size_t i = 0; !*asked && t->column[c] < 0 && i < KNOWN && known[c].name[i]; i++) {
            t->column[c] = find(&t->csv, known[c].name[i], &unit);
            if (c == ID)
                t->id_name = known[c].name[i];
        }
        if (c == MEM)
            take_unit(unit, true, &t->mem_unit);
        if (c == UTIL)
            take_unit(unit, false, &t->util_unit);
    }
    if (t->column[TIME] < 0)
        return import_fail(in, err, "no column 'timestamp' or 'time'; say which it is with the option 'time'");
    if (t->column[MEM] < 0 && t->column[UTIL] < 0)
        return import_fail(in, err,
                           "no column 'memory.used', 'mem', 'utilization.gpu' or 'util'; say which they are "
                           "with the options 'mem' and 'util'");
    return GS_OK;
}

static char *field(const struct table *t, enum column c)
{
    return t->column[c] < 0 ? NULL : trimmed(t->csv.field[t->column[c]]);
}

/* Who the row is about: a process, a GPU, or whatever the column says. */
static void identify(const struct table *t, struct samples_at *at, char key[2][512])
{
    const char *id = field(t, ID), *process = field(t, PROCESS), *uuid = field(t, UUID);
    *at = (struct samples_at){key[0], key[1], ""};
    if (!id) {
        at->key = at->show = "gpu";
        return;
    }
    bool is_pid = t->id_name && !strcmp(t->id_name, "pid");
    snprintf(key[0], sizeof key[0], "%s/%s", id, is_pid && uuid ? uuid : "");
    if (process && is_pid) {
        const char *base = strrchr(process, '/');
        snprintf(key[1], sizeof key[1], "%.40s-%.20s", base ? base + 1 : process, id);
    } else {
        bool is_index =
            t->id_name && isdigit((unsigned char)*id) && (!strcmp(t->id_name, "index") || !strcmp(t->id_name, "gpu"));
        snprintf(key[1], sizeof key[1], "%s%s", is_index ? "gpu" : "", id);
    }
}

static int add_row(struct table *t, struct error *err)
{
    struct import *in = t->samples->in;
    struct sample sample = {.mem = NAN, .util = NAN};
    struct samples_at at;
    char text[2][512];
    const char *time = field(t, TIME), *mem = field(t, MEM), *util = field(t, UTIL);
    if (!samples_time(time, samples_time_unit(in), &sample.us))
        return import_fail(in, err, "'%.40s' is no time: a number, or " STAMP_FORM, time);
    if (mem && !samples_mem(mem, t->mem_unit, &sample.mem))
        return import_fail(in, err, "'%.40s' is no size of memory, such as '1024 MiB'", mem);
    if (util && !samples_util(util, t->util_unit, &sample.util))
        return import_fail(in, err, "'%.40s' is no utilisation from 0 to 100 %%; its unit is the option 'util_unit'",
                           util);
    t->samples->no_memory += mem && isnan(sample.mem);
    t->samples->no_util += util && isnan(sample.util);
    identify(t, &at, text);
    return samples_add(t->samples, &at, &sample, err);
}

static int read_table(struct samples *samples, struct error *err)
{
    struct table *t = arena_alloc(samples->in->arena, sizeof *t);
    bool more;
    if (!t)
        return import_no_memory(samples->in, err);
    t->samples = samples;
    int code = csv_open(&t->csv, samples->in->lines, NULL, 0, err);
    if (!code)
        code = find_columns(t, err);
    while (!code && !(code = csv_next(&t->csv, &more, err)) && more)
        code = add_row(t, err);
    return code;
}

/* --- the importer ------------------------------------------------------------------------------------------------ */

int samples_metric(const struct import *in, const char *name)
{
    const char *mem = in->value[SAMPLES_MEM].text, *util = in->value[SAMPLES_UTIL].text;
    if (!strcmp(name, *mem ? mem : "DCGM_FI_DEV_FB_USED"))
        return 0;
    return !strcmp(name, *util ? util : "DCGM_FI_DEV_GPU_UTIL") ? 1 : -1;
}

/* What the first line that is not blank looks like tells the reader. */
static int read_samples(struct import *in, struct error *err)
{
    struct samples samples = {.in = in};
    char first[64];
    int code = lines_peek(in->lines, first, sizeof first, err);
    if (code)
        return code;
    const char *start = strncmp(first, "\xef\xbb\xbf", 3) ? first : first + 3;
    start += strspn(start, " \t\r\n");
    first[start - first + (ptrdiff_t)strcspn(start, "\r\n")] = 0;
    char why[UNITS_WHY];
    double number;
    bool is_text = *start == '#' || strchr(start, '{') || (!strchr(start, ',') && !units_number(start, &number, why));
    if (*start == '{' || *start == '[')
        code = samples_read_json(&samples, err);
    else if (is_text)
        code = samples_read_text(&samples, err);
    else
        code = read_table(&samples, err);
    return code ? code : samples_finish(&samples, err);
}

static bool guess(const char *head)
{
    size_t line = strcspn(head, "\n");
    const char *used = strstr(head, "memory.used"), *process = strstr(head, "used_gpu_memory");
    bool table = (used && used < head + line) || (process && process < head + line);
    return table || strstr(head, "DCGM_FI_DEV_FB_USED") || strstr(head, "DCGM_FI_DEV_GPU_UTIL");
}

static const struct import_option options[] = {
    {.key = "class", .kind = IMPORT_CHOICE, .fallback = "notebook", .choice = classes, .help = "what they are"},
    {.key = "loop",
     .kind = IMPORT_CHOICE,
     .fallback = "closed",
     .choice = loops,
     .help = "closed: a burst waits for the one before; open: it comes at its time"},
    {.key = "idle", .kind = IMPORT_SHARE, .fallback = "5%", .max = 1, .help = "utilisation up to this is none"},
    {.key = "min_samples",
     .kind = IMPORT_INTEGER,
     .fallback = "1",
     .min = 1,
     .max = 1e9,
     .help = "fewer busy samples in a row are no burst"},
    {.key = "mem_change",
     .kind = IMPORT_SIZE,
     .fallback = "64MiB",
     .max = 0x1p60,
     .help = "changes of memory up to this are none"},
    {.key = "gap",
     .kind = IMPORT_TIME,
     .fallback = "5m",
     .min = 1e3,
     .max = 3e18,
     .help = "who is not sampled for longer has left, and comes back as somebody new"},
    {.key = "step",
     .kind = IMPORT_TIME,
     .fallback = "0s",
     .max = 3e18,
     .help = "time between samples; 0s: the median of the recording"},
    {.key = "length",
     .kind = IMPORT_TIME,
     .fallback = "0s",
     .max = 3e18,
     .help = "of the recording, from its first sample; 0s: to a step after the last"},
    {.key = "keep_pace",
     .kind = IMPORT_BOOLEAN,
     .fallback = "no",
     .help = "what a burst leaves of the GPU unused is added to the think after it"},
    {.key = "time", .kind = IMPORT_TEXT, .fallback = "", .help = "column of times"},
    {.key = "id", .kind = IMPORT_TEXT, .fallback = "", .help = "column of ids"},
    {.key = "mem", .kind = IMPORT_TEXT, .fallback = "", .help = "column, or metric, of memory"},
    {.key = "util", .kind = IMPORT_TEXT, .fallback = "", .help = "column, or metric, of utilisation"},
    {.key = "time_unit",
     .kind = IMPORT_CHOICE,
     .fallback = "s",
     .choice = time_units,
     .help = "of times that are plain numbers"},
    {.key = "mem_unit",
     .kind = IMPORT_CHOICE,
     .fallback = "MiB",
     .choice = mem_units,
     .help = "of memory without a unit of its own"},
    {.key = "util_unit",
     .kind = IMPORT_CHOICE,
     .fallback = "percent",
     .choice = util_units,
     .help = "of utilisation without a unit of its own"},
    {0}};

const struct importer import_samples = {
    .name = "samples",
    .help = "samples of GPU memory and use: nvidia-smi, DCGM exporter, Prometheus range query, any CSV",
    .option = options,
    .guess = guess,
    .read = read_samples};
