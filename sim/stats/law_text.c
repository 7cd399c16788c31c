/* law_text.c - a distribution as a scenario writes it. */
#include "sim/stats/law.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct scale {
    const char *name;
    double factor;
};

/* The unit in which `value` has one to three digits before the point; above the greatest it has more. */
static struct scale scale_of(enum dist_unit unit, double value)
{
    static const struct scale time[] = {{"ns", 1},   {"us", 1e3},   {"ms", 1e6},    {"s", 1e9},
                                        {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {NULL, 0}};
    static const struct scale size[] = {{"B", 1},        {"KiB", 0x1p10}, {"MiB", 0x1p20},
                                        {"GiB", 0x1p30}, {"TiB", 0x1p40}, {NULL, 0}};
    const struct scale *scale = unit == DIST_TIME ? time : size;
    if (unit == DIST_NUMBER)
        return (struct scale){"", 1};
    if (unit == DIST_TIME && value >= 1e9 && value < 600e9) /* seconds, up to ten minutes */
        return time[3];
    while (scale[1].name && value >= scale[1].factor)
        scale++;
    return *scale;
}

/* 4 significant digits. */
static double rounded(double x, int direction)
{
    if (!(x > 0) || isinf(x))
        return x;
    int places = 3 - (int)floor(log10(x));
    double unit = pow(10, abs(places)), scaled = places < 0 ? x / unit : x * unit;
    if (direction == 0 || fabs(scaled - round(scaled)) < 1e-6) /* what is round already stays */
        scaled = round(scaled);
    else
        scaled = direction < 0 ? floor(scaled) : ceil(scaled);
    return places < 0 ? scaled * unit : scaled / unit;
}

double law_round(enum dist_unit unit, double value, int direction)
{
    struct scale scale = scale_of(unit, value);
    return rounded(value / scale.factor, direction) * scale.factor;
}

char *law_write_quantity(char out[LAW_QUANTITY], enum dist_unit unit, double value, int direction)
{
    struct scale scale = scale_of(unit, value);
    double shown = rounded(value / scale.factor, direction);
    if (shown == 0)
        scale.name = unit == DIST_TIME ? "s" : unit == DIST_SIZE ? "B" : "";
    snprintf(out, LAW_QUANTITY, shown >= 1e4 && shown < 1e15 ? "%.0f%s" : "%.4g%s", shown, scale.name);
    return out;
}

static char *write_mix(const struct dist *dist, enum dist_unit unit, struct arena *arena)
{
    char *text = NULL;
    double before = 0;
    for (uint32_t i = 0; i < dist->count; i++) {
        char *part = law_write(&dist->part[i], unit, arena);
        if (!part)
            return NULL;
        double share = dist->value[i] - before;
        before = dist->value[i];
        text = i == 0 ? arena_printf(arena, "mix(%.4g:%s", share, part)
                      : arena_printf(arena, "%s, %.4g:%s", text, share, part);
        if (!text)
            return NULL;
    }
    return arena_printf(arena, "%s)", text);
}

char *law_write(const struct dist *dist, enum dist_unit unit, struct arena *arena)
{
    char a[LAW_QUANTITY], b[LAW_QUANTITY], *inner;
    switch (dist->kind) {
    case DIST_EXP:
        return arena_printf(arena, "exp(%s)", law_write_quantity(a, unit, dist->a, 0));
    case DIST_UNIFORM:
        return arena_printf(arena, "uniform(%s,%s)", law_write_quantity(a, unit, dist->a, -1),
                            law_write_quantity(b, unit, dist->b, 1));
    case DIST_LOGNORMAL:
        return arena_printf(arena, "lognormal(%s,%.4g)", law_write_quantity(a, unit, dist->a, 0), dist->b);
    case DIST_GAMMA:
        return arena_printf(arena, "gamma(%.4g,%s)", dist->a, law_write_quantity(b, unit, dist->b, 0));
    case DIST_ERLANG:
        return arena_printf(arena, "erlang(%.0f,%s)", dist->a, law_write_quantity(b, unit, dist->b, 0));
    case DIST_HYPEREXP:
        return arena_printf(arena, "hyperexp(%.4g,%s,%s)", dist->a, law_write_quantity(a, unit, dist->b, 0),
                            law_write_quantity(b, unit, dist->c, 0));
    case DIST_WEIBULL:
        return arena_printf(arena, "weibull(%.4g,%s)", dist->a, law_write_quantity(b, unit, dist->b, 0));
    case DIST_PARETO:
        return arena_printf(arena, "pareto(%s,%.4g)", law_write_quantity(a, unit, dist->a, -1), dist->b);
    case DIST_MIX:
        return write_mix(dist, unit, arena);
    case DIST_TRUNC:
        inner = law_write(dist->part, unit, arena);
        return inner ? arena_printf(arena, "trunc(%s,%s,%s)", inner, law_write_quantity(a, unit, dist->a, -1),
                                    law_write_quantity(b, unit, dist->b, 1))
                     : NULL;
    default:
        return arena_printf(arena, "%s", law_write_quantity(a, unit, dist->a, 0));
    }
}
