/* axis.c - axes of times for gnuplot: steps and labels as people count time; the same once more for narrow pictures. */
#include "plots/picture.h"

#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>

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
enum { NICE_TIMES = sizeof nice_time / sizeof nice_time[0], STEPS = 10, FEW_STEPS = 4 };

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

/* The ticks of an axis in about so many steps: the variables NAME_ticks and NAME_name. */
static void put_time_ticks(struct text *out, const char *name, double from_s, double to_s, int steps)
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
    size_t u = 0, i = 0;
    while (to_s >= unit[u].to_s)
        u++;
    while (i < NICE_TIMES && nice_time[i] * steps < to_s - from_s)
        i++;
    double step = i == 0 || i == NICE_TIMES ? nice_step(to_s - from_s, steps) : nice_time[i];
    bool plain = unit[u].seconds < 60 || fabs(fmod(step, unit[u].seconds)) < 1e-9;
    text_printf(out, "%s_name = '%s'\n%s_ticks = \"(", name,
                plain       ? unit[u].name
                : step < 60 ? unit[u].fine
                            : unit[u].clock,
                name);
    const char *comma = "";
    for (double k = fabs(ceil(from_s / step - 1e-6)); k * step <= to_s + 1e-6 * step; k++) {
        text_add(out, comma);
        put_time_tick(out, k * step, step, unit[u].seconds);
        text_printf(out, " %.9g", k * step);
        comma = ", ";
    }
    text_add(out, ")\"\n");
}

void put_time_axis(struct text *out, double from_s, double to_s)
{
    text_printf(out, "x_from = %.9g\nx_to = %.9g\n", from_s, to_s);
    put_time_ticks(out, "x", from_s, to_s, STEPS);
    put_time_ticks(out, "few", from_s, to_s, FEW_STEPS);
}

/* Ticks that people read on an axis that runs over decades, each with `room` for its label; `is_main`: enough for a long
 * axis. */
static void put_log_ticks(struct text *out, const char *name, double from, double to, double room)
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
    size_t main = 0;
    for (size_t i = 0; i < TICKS; i++)
        main += tick[i].is_main && tick[i].s >= from && tick[i].s <= to;
    text_printf(out, "%s_name = 'logarithmic scale'\n%s_ticks = \"(", name, name);
    const char *comma = "";
    double before = 0;
    for (size_t i = 0; i < TICKS; i++)
        if (tick[i].s >= from && tick[i].s <= to && (tick[i].is_main || main < FEW) &&
            (before <= 0 || log(tick[i].s / before) > room * log(to / from))) {
            text_printf(out, "%s'%s' %.9g", comma, tick[i].label, tick[i].s);
            comma = ", ";
            before = tick[i].s;
        }
    text_add(out, ")\"\n");
}

static void log_axis(struct text *out, double from, double to)
{
    /* Room of a label, as a share of the axis. */
    static const double room = 0.048, narrow_room = 0.13;
    text_printf(out, "set logscale x\nx_from = %.9g\nx_to = %.9g\n", from, to);
    put_log_ticks(out, "x", from, to, room);
    put_log_ticks(out, "few", from, to, narrow_room);
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
