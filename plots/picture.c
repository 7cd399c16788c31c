/* picture.c - ask the database, choose what fits into a picture, write strings and axes for gnuplot. */
#include "plots/picture.h"

#include "sim/base/units.h"
#include "sim/results/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void picture_fini(struct picture *picture)
{
    text_fini(&picture->data);
    text_fini(&picture->set);
    text_fini(&picture->title);
}

int album_no_memory(struct album *album)
{
    return error_set(album->err, GS_SYSTEM, "no memory for the pictures of '%s'", album->path);
}

static int failed(struct album *album)
{
    schema_error(album->db, album->path, album->err);
    if (album->err->code == GS_CANT_CREATE)
        album->err->code = GS_IO; /* it is read, not written */
    return album->err->code;
}

int album_query(struct album *album, sqlite3_stmt **statement, const char *sql)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(album->db, sql, -1, statement, NULL) != SQLITE_OK)
        return failed(album);
    sqlite3_bind_int64(*statement, 1, album->report->number);
    return GS_OK;
}

bool album_next(struct album *album, sqlite3_stmt *statement, int *rc)
{
    int step = sqlite3_step(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        *rc = failed(album);
    return step == SQLITE_ROW;
}

int album_number(struct album *album, const char *sql, double *number)
{
    sqlite3_stmt *s;
    int rc = album_query(album, &s, sql);
    *number = NAN;
    if (rc == GS_OK && album_next(album, s, &rc) && sqlite3_column_type(s, 0) != SQLITE_NULL)
        *number = sqlite3_column_double(s, 0);
    sqlite3_finalize(s);
    return rc;
}

size_t *album_pick(struct album *album, size_t n, size_t most, double (*weight)(const struct report *report, size_t i),
                   size_t *shown)
{
    size_t *pick = arena_array(&album->arena, most + 1, sizeof *pick);
    *shown = 0;
    for (size_t i = 0; pick && i < n; i++) {
        if (!(weight(album->report, i) >= 0))
            continue;
        pick[(*shown)++] = i;
        if (*shown <= most)
            continue;
        size_t least = 0; /* leaves again; of equals the last */
        for (size_t k = 1; k < *shown; k++)
            if (weight(album->report, pick[k]) <= weight(album->report, pick[least]))
                least = k;
        memmove(pick + least, pick + least + 1, (--*shown - least) * sizeof *pick);
    }
    return pick;
}

/* Bytes of the UTF-8 character at `s`, 0 if it is none (a control character is none either). */
static size_t character(const char *s)
{
    const unsigned char *c = (const unsigned char *)s;
    size_t n = c[0] < 0x20 || c[0] == 0x7f ? 0
               : c[0] < 0x80               ? 1
               : c[0] < 0xc2               ? 0
               : c[0] < 0xe0               ? 2
               : c[0] < 0xf0               ? 3
               : c[0] < 0xf5               ? 4
                                           : 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Within single quotes gnuplot knows one special character, the quote itself, which is doubled. */
static void quoted(struct text *out, const char *string, bool is_tick)
{
    text_add(out, "'");
    while (*string) {
        size_t n = character(string);
        if (*string == '\'')
            text_add(out, "''");
        else if (*string == '%' && is_tick)
            text_add(out, "%%");
        else if (n == 0)
            text_add(out, "?");
        else
            text_printf(out, "%.*s", (int)n, string);
        string += n ? n : 1;
    }
    text_add(out, "'");
}

void put_string(struct text *out, const char *string)
{
    quoted(out, string, false);
}

void put_tick(struct text *out, const char *string)
{
    quoted(out, string, true);
}

static const char *cut(char out[NAME_BYTES], const char *name, size_t most)
{
    size_t length = 0, characters = 0, keep = 0;
    while (name[length] && characters <= most) {
        size_t n = character(name + length);
        if (++characters == most - 1)
            keep = length;
        length += n ? n : 1;
    }
    bool fits = characters <= most;
    snprintf(out, NAME_BYTES, "%.*s%s", (int)(fits ? length : keep), name, fits ? "" : "..");
    return out;
}

const char *short_name(char out[NAME_BYTES], const char *name)
{
    return cut(out, name, NAME_MOST);
}

const char *short_title(char out[NAME_BYTES], const char *name)
{
    return cut(out, name, TITLE_MOST);
}

double nice_step(double span, double parts)
{
    double power = pow(10, floor(log10(span / parts)));
    static const double step[] = {1, 2, 5, 10};
    size_t i = 0;
    while (i < 3 && step[i] * power * parts < span * 0.999)
        i++;
    return step[i] * power;
}

/* Steps of time that people count in, in seconds; below a second they go 1, 2, 5. */
static const double nice_time[] = {1e-3, 2e-3,  5e-3,  0.01,  0.02,  0.05,   0.1,    0.2,     0.5,    1,    2,
                                   5,    10,    20,    30,    60,    120,    300,    600,     1200,   1800, 3600,
                                   7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000};
enum { NICE_TIMES = sizeof nice_time / sizeof nice_time[0] };

double nice_time_below(double s)
{
    size_t i = NICE_TIMES;
    while (i > 0 && nice_time[i - 1] > s)
        i--;
    return i ? nice_time[i - 1] : s;
}

/* "4:10" of 15,000 s in steps of minutes; plain numbers where the step is a multiple of the unit. */
static void put_time_tick(struct text *out, double s, double step, double unit)
{
    long long whole = llround(s);
    bool plain = unit < 60 || fabs(fmod(step, unit)) < 1e-9;
    if (plain)
        text_printf(out, "'%.6g'", s / unit);
    else if (unit >= 86400)
        text_printf(out, "'%lld d %lld:%02lld'", whole / 86400, whole / 3600 % 24, whole / 60 % 60);
    else if (unit < 3600)
        text_printf(out, "'%lld:%02lld'", whole / 60, whole % 60);
    else if (step >= 60)
        text_printf(out, "'%lld:%02lld'", whole / 3600, whole / 60 % 60);
    else
        text_printf(out, "'%lld:%02lld:%02lld'", whole / 3600, whole / 60 % 60, whole % 60);
}

void put_time_axis(struct text *out, double from_s, double to_s)
{
    static const struct {
        const char *name, *clock, *fine; /* fine: steps below a minute */
        double seconds, to_s;            /* used for axes that end below */
    } unit[] = {
        {"us", "us", "us", 1e-6, 2e-3},
        {"ms", "ms", "ms", 1e-3, 2},
        {"s", "s", "s", 1, 180},
        {"min", "min:s", "min:s", 60, 10800},
        {"h", "h:min", "h:min:s", 3600, 3 * 86400},
        {"d", "d h:min", "d h:min", 86400, INFINITY},
    };
    enum { STEPS = 10 };
    size_t u = 0, i = 0;
    while (to_s >= unit[u].to_s)
        u++;
    while (i < NICE_TIMES && nice_time[i] * STEPS < to_s - from_s)
        i++;
    double step = i == 0 || i == NICE_TIMES ? nice_step(to_s - from_s, STEPS) : nice_time[i];
    bool plain = unit[u].seconds < 60 || fabs(fmod(step, unit[u].seconds)) < 1e-9;
    text_printf(out, "x_from = %.9g\nx_to = %.9g\nx_name = '%s'\nx_ticks = \"(", from_s, to_s,
                plain       ? unit[u].name
                : step < 60 ? unit[u].fine
                            : unit[u].clock);
    const char *comma = "";
    for (double k = fabs(ceil(from_s / step - 1e-6)); k * step <= to_s + 1e-6 * step; k++) {
        text_add(out, comma);
        put_time_tick(out, k * step, step, unit[u].seconds);
        text_printf(out, " %.9g", k * step);
        comma = ", ";
    }
    text_add(out, ")\"\n");
}

/* Ticks that people read on an axis that runs over decades; `is_main`: enough for a long one. */
static void log_axis(struct text *out, double from, double to)
{
    static const struct {
        double s;
        const char *label;
        bool is_main;
    } tick[] = {
        {1e-6, "1 us", true},     {1e-5, "10 us", true},  {1e-4, "100 us", true}, {2e-4, "200 us", false},
        {5e-4, "500 us", false},  {1e-3, "1 ms", true},   {2e-3, "2 ms", false},  {5e-3, "5 ms", false},
        {0.01, "10 ms", true},    {0.02, "20 ms", false}, {0.05, "50 ms", false}, {0.1, "100 ms", true},
        {0.2, "200 ms", false},   {0.5, "500 ms", false}, {1, "1 s", true},       {2, "2 s", false},
        {5, "5 s", false},        {10, "10 s", true},     {20, "20 s", false},    {60, "1 min", true},
        {120, "2 min", false},    {300, "5 min", false},  {600, "10 min", true},  {1200, "20 min", false},
        {3600, "1 h", true},      {7200, "2 h", false},   {18000, "5 h", false},  {36000, "10 h", true},
        {86400, "1 d", true},     {172800, "2 d", false}, {432000, "5 d", false}, {864000, "10 d", true},
        {8640000, "100 d", true},
    };
    enum { TICKS = sizeof tick / sizeof tick[0], FEW = 5 };
    static const double room = 0.048; /* of a label, as a share of the axis */
    size_t main = 0;
    for (size_t i = 0; i < TICKS; i++)
        main += tick[i].is_main && tick[i].s >= from && tick[i].s <= to;
    text_add(out, "set logscale x\nx_ticks = \"(");
    const char *comma = "";
    double before = 0;
    for (size_t i = 0; i < TICKS; i++)
        if (tick[i].s >= from && tick[i].s <= to && (tick[i].is_main || main < FEW) &&
            (before <= 0 || log(tick[i].s / before) > room * log(to / from))) {
            text_printf(out, "%s'%s' %.9g", comma, tick[i].label, tick[i].s);
            comma = ", ";
            before = tick[i].s;
        }
    text_printf(out, ")\"\nx_from = %.9g\nx_to = %.9g\nx_name = 'logarithmic scale'\n", from, to);
}

void put_times_axis(struct text *out, double least, double most)
{
    enum { LOG_FROM = 30 };
    if (least > 0 && most / least > LOG_FROM) {
        log_axis(out, fmax(least, most * 1e-12) / 1.1, most * 1.1);
        return;
    }
    put_time_axis(out, 0, most > 0 ? most * 1.05 : 1);
}

const char *show_span(char out[32], double s)
{
    return units_show_time(out, s * 1e9);
}
