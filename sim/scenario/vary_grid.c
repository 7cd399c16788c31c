/* vary_grid.c - values at whole places, and how they are written. */
#include "sim/base/units.h"
#include "sim/scenario/vary.h"

#include <math.h>
#include <stdio.h>

enum { DIGITS = 900, LEAST = 100, OCTAVE = 64 }; /* 100 .. 999 times a power of ten; 64 .. 127 times one of two */

/* Leading digits count decimal units: of an hour, for arrivals. */
static double unit_of(const struct vary *v)
{
    return v->unit == VARY_FREQUENCY ? 3600 : 1;
}

/* The least place by leading digits, 64 bytes, 100 ns, a millionth of all else; the one before it is 0. */
static int64_t least_place(const struct vary *v)
{
    return v->unit == VARY_SIZE || v->unit == VARY_TIME ? 0 : -8 * DIGITS;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Powers of ten up to the 22nd are exact, and one division rounds once: the same on every machine. */
static double times_ten_to(double x, int64_t power)
{
    double ten = 1;

    for (int64_t i = 0; i < (power < 0 ? -power : power); i++)
        ten *= 10;
    return power < 0 ? x / ten : x * ten;
}

double vary_at(const struct vary *v, int64_t place)
{
    if (v->step > 0)
        return (double)place * v->step;
    if (place < least_place(v))
        return 0;
    int64_t each = v->unit == VARY_SIZE ? OCTAVE : DIGITS, power = floor_div(place, each), rest = place - power * each;
    if (v->unit == VARY_SIZE)
        return ldexp((double)(OCTAVE + rest), (int)power);
    return times_ten_to((double)(LEAST + rest), power) / unit_of(v);
}

int64_t vary_place(const struct vary *v, double value)
{
    int64_t low = least_place(v) - 1, high = 40 * DIGITS;

    if (v->step > 0)
        return (int64_t)floor(value / v->step + 1e-9);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (vary_at(v, middle) <= value * (1 + 1e-12))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A multiple of a quarter, in the largest unit in which it is one. */
static const char *write_size(char out[VARY_TEXT], double bytes)
{
    static const char *const name[] = {"TiB", "GiB", "MiB", "KiB"};
    char text[UNITS_TEXT];

    for (int i = 0; i < 4; i++) {
        double x = ldexp(bytes, -10 * (4 - i));
        if (x >= 1 && floor(4 * x) == 4 * x) {
            snprintf(out, VARY_TEXT, "%.10g%s", x, name[i]);
            return out;
        }
    }
    snprintf(out, VARY_TEXT, "%s", units_write_size(text, (int64_t)(bytes + 0.5)));
    return out;
}

/* In the largest unit in which it has two decimals at most. */
static const char *write_frequency(char out[VARY_TEXT], double per_s)
{
    static const double scale[] = {1, 1.0 / 60, 1.0 / 3600};
    static const char *const name[] = {"/s", "/min", "/h"};
    int i = 0;

    for (; i < 2; i++) {
        double hundreds = 100 * per_s / scale[i];
        if (hundreds >= 100 && fabs(hundreds - round(hundreds)) < 1e-6)
            break;
    }
    snprintf(out, VARY_TEXT, "%.10g%s", per_s / scale[i], name[i]);
    return out;
}

static const char *scaled(char out[VARY_TEXT], double value, const double *scale, const char *const *name, int n)
{
    int i = 0;

    while (i + 1 < n && value < scale[i] * (1 - 1e-12))
        i++;
    snprintf(out, VARY_TEXT, "%.10g%s", value / scale[i], name[i]);
    return out;
}

const char *vary_number(char out[VARY_TEXT], const struct vary *v, double value)
{
    static const double rate[] = {1e9, 1e6, 1e3, 1};
    static const double time[] = {1e9, 1e6, 1e3, 1};
    static const char *const rates[] = {"GB/s", "MB/s", "KB/s", "B/s"};
    static const char *const times[] = {"s", "ms", "us", "ns"};
    char text[UNITS_TEXT];

    switch (v->unit) {
    case VARY_SIZE:
        return write_size(out, value);
    case VARY_TIME:
        if (fmod(value, 60e9) != 0)
            return scaled(out, value, time, times, 4);
        snprintf(out, VARY_TEXT, "%s", units_write_time(text, (int64_t)value));
        return out;
    case VARY_RATE:
        return scaled(out, value, rate, rates, 4);
    case VARY_FREQUENCY:
        return write_frequency(out, value);
    default:
        snprintf(out, VARY_TEXT, "%.10g", value);
        return out;
    }
}
