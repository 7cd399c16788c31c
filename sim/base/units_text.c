/* units_text.c - write quantities for people and for files, and find the name that was meant. */
#include "sim/base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Three significant digits, with the zeros that show them: "1.50", "41.2", "123". */
static void show_digits(char out[UNITS_TEXT], double value, const char *unit)
{
    int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(out, UNITS_TEXT, "%.*f %s", decimals, value, unit);
}

/* What is no finite number of a readable length has a short text of its own; true if `out` was written. */
static bool show_odd(char out[UNITS_TEXT], double value, double most, const char *unit)
{
    if (isnan(value))
        snprintf(out, UNITS_TEXT, "-");
    else if (isinf(value))
        snprintf(out, UNITS_TEXT, "%s", value < 0 ? "-inf" : "inf");
    else if (fabs(value) > most)
        snprintf(out, UNITS_TEXT, "%.3g%s", value, unit);
    else
        return false;
    return true;
}

char *units_show_time(char out[UNITS_TEXT], double ns)
{
    static const struct {
        const char *big_name, *small_name;
        double big_s, small_s;
    } pair[] = {{"min", "s", 60, 1}, {"h", "min", 3600, 60}, {"d", "h", 86400, 3600}};

    if (show_odd(out, ns, 86400e9 * 1e6, " ns"))
        return out;
    if (ns < 0) {
        out[0] = '-';
        char positive[UNITS_TEXT];
        snprintf(out + 1, UNITS_TEXT - 1, "%.30s", units_show_time(positive, -ns));
        return out;
    }
    if (ns < 0.0005) {
        snprintf(out, UNITS_TEXT, "0 s");
        return out;
    }
    static const char *const below_minute[] = {"ns", "us", "ms"};
    double value = ns;
    for (size_t i = 0; i < 3; i++, value /= 1000) {
        if (value < 999.5) {
            show_digits(out, value, below_minute[i]);
            return out;
        }
    }
    if (value < 59.95) {
        show_digits(out, value, "s");
        return out;
    }
    size_t i = 0;
    while (i < 2 && round(value / pair[i].small_s) * pair[i].small_s >= pair[i + 1].big_s)
        i++;
    double small = round(value / pair[i].small_s), each = round(pair[i].big_s / pair[i].small_s);
    double big = floor(small / each);
    small -= big * each;
    if (small > 0)
        snprintf(out, UNITS_TEXT, "%.0f %s %.0f %s", big, pair[i].big_name, small, pair[i].small_name);
    else
        snprintf(out, UNITS_TEXT, "%.0f %s", big, pair[i].big_name);
    return out;
}

char *units_show_size(char out[UNITS_TEXT], double bytes)
{
    static const char *const name[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (show_odd(out, bytes, 0x1p70, " B"))
        return out;
    if (fabs(bytes) < 1023.5) {
        snprintf(out, UNITS_TEXT, "%.0f B", bytes + 0.0);
        return out;
    }
    double value = fabs(bytes);
    size_t i = 0;
    for (; i < 6 && value >= 1023.5; i++)
        value /= 1024;
    show_digits(out + (bytes < 0), value, name[i]);
    if (bytes < 0)
        out[0] = '-';
    return out;
}

char *units_show_count(char out[UNITS_TEXT], double n)
{
    if (show_odd(out, n, 1e18, ""))
        return out;
    char digits[UNITS_TEXT];
    int length = snprintf(digits, sizeof digits, "%.0f", fabs(n));
    char *p = out;
    if (n <= -0.5)
        *p++ = '-';
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

struct scale {
    const char *name;
    int64_t factor;
};

/* In the largest unit of which `value` is a whole multiple; `scale` falls, its last factor is 1. */
static char *write_exact(char out[UNITS_TEXT], int64_t value, const struct scale *scale, const char *zero)
{
    if (value == 0) {
        snprintf(out, UNITS_TEXT, "%s", zero);
        return out;
    }
    while (value % scale->factor != 0)
        scale++;
    snprintf(out, UNITS_TEXT, "%lld%s", (long long)(value / scale->factor), scale->name);
    return out;
}

char *units_write_time(char out[UNITS_TEXT], int64_t ns)
{
    static const struct scale scale[] = {
        {"d", 86400000000000}, {"h", 3600000000000}, {"m", 60000000000}, {"s", 1000000000},
        {"ms", 1000000},       {"us", 1000},         {"ns", 1},
    };
    return write_exact(out, ns, scale, "0s");
}

char *units_write_size(char out[UNITS_TEXT], int64_t bytes)
{
    static const struct scale scale[] = {
        {"TiB", INT64_C(1) << 40},
        {"TB", 1000000000000},
        {"GiB", INT64_C(1) << 30},
        {"GB", 1000000000},
        {"MiB", INT64_C(1) << 20},
        {"MB", 1000000},
        {"KiB", INT64_C(1) << 10},
        {"KB", 1000},
        {"B", 1},
    };
    return write_exact(out, bytes, scale, "0B");
}

enum { NAME_MAX_LENGTH = 63 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance with each place edited once (optimal string alignment), letter case ignored: rows i-2, i-1, i. */
static size_t distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
    size_t row[3][NAME_MAX_LENGTH + 1];
    size_t *before = row[0], *above = row[1], *here = row[2];
    for (size_t j = 0; j <= length_b; j++)
        above[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        here[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            here[j] = least(above[j - 1] + (x != y), least(above[j], here[j - 1]) + 1);
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                here[j] = least(here[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = here;
        here = oldest;
    }
    return above[length_b];
}

const char *units_nearest(const char *text, size_t count, const char *(*name_at)(size_t i, const void *context),
                          const void *context)
{
    size_t length = strlen(text), bound = length / 3 + 1;
    const char *nearest = NULL;
    if (length == 0 || length > NAME_MAX_LENGTH)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const char *name = name_at(i, context);
        size_t name_length = strlen(name);
        if (name_length > NAME_MAX_LENGTH)
            continue;
        size_t d = distance(text, length, name, name_length);
        if (d <= bound && (nearest == NULL || d < bound)) {
            nearest = name;
            bound = d;
        }
    }
    return nearest;
}
