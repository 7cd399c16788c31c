/* units.c - read quantities with their units, exactly and strictly. */
#include "sim/base/units.h"

#include "sim/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__extension__ typedef unsigned __int128 wide; /* 19 digits times any unit fit with room to spare */

static const int64_t longest_ns = INT64_C(3155760000) * 1000000000; /* 100 years of 365.25 days */
static const int64_t largest_bytes = INT64_C(1) << 60;

enum kind { TIME, SIZE };

static const struct unit {
    const char *name;
    enum kind kind;
    uint64_t factor; /* in nanoseconds or bytes */
} units[] = {
    {"ns", TIME, 1},
    {"us", TIME, 1000},
    {"\u00b5s", TIME, 1000}, /* the micro sign and the Greek letter look alike */
    {"\u03bcs", TIME, 1000},
    {"ms", TIME, 1000000},
    {"s", TIME, 1000000000},
    {"m", TIME, 60000000000},
    {"min", TIME, 60000000000},
    {"h", TIME, 3600000000000},
    {"d", TIME, 86400000000000},
    {"B", SIZE, 1},
    {"kB", SIZE, 1000},
    {"KB", SIZE, 1000},
    {"MB", SIZE, 1000000},
    {"GB", SIZE, 1000000000},
    {"TB", SIZE, 1000000000000},
    {"KiB", SIZE, UINT64_C(1) << 10},
    {"MiB", SIZE, UINT64_C(1) << 20},
    {"GiB", SIZE, UINT64_C(1) << 30},
    {"TiB", SIZE, UINT64_C(1) << 40},
};
enum { UNITS = sizeof units / sizeof units[0] };

static const struct {
    const char *noun, *list;
} kinds[] = {
    [TIME] = {"time", "ns, us, ms, s, m, h or d"},
    [SIZE] = {"size", "B, KB, MB, GB, TB, KiB, MiB, GiB or TiB"},
};

/* What a number looked like: digits * 10^exponent. */
struct decimal {
    bool negative;
    uint64_t digits;
    int exponent;
};

/* A piece of text without the blanks around it. */
struct span {
    const char *start;
    int length;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct span span_trim(const char *start, const char *end)
{
    while (start < end && blank(*start))
        start++;
    while (end > start && blank(end[-1]))
        end--;
    return (struct span){start, (int)(end - start)};
}

static bool span_is(struct span span, const char *text)
{
    return (size_t)span.length == strlen(text) && memcmp(span.start, text, (size_t)span.length) == 0;
}

/* How much of a span an error quotes, so that the whole message fits. */
static int quoted(struct span span)
{
    return span.length < 40 ? span.length : 40;
}

__attribute__((format(printf, 2, 3))) static int refuse(char why[UNITS_WHY], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, UNITS_WHY, format, args);
    va_end(args);
    return GS_BAD_INPUT;
}

/* Digits past the 19th cannot change a rounded result and only count for the exponent. */
static const char *scan_digits(const char *p, struct decimal *number, bool fraction)
{
    for (; digit(*p); p++) {
        if (number->digits <= (UINT64_MAX - 9) / 10) {
            number->digits = number->digits * 10 + (uint64_t)(*p - '0');
            number->exponent -= fraction;
        } else {
            number->exponent += !fraction;
        }
    }
    return p;
}

/* Read a decimal number; returns where it ends, or NULL if there is none. */
static const char *scan(const char *p, struct decimal *number)
{
    *number = (struct decimal){0};
    while (blank(*p))
        p++;
    number->negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    if (!digit(*p) && !(*p == '.' && digit(p[1])))
        return NULL;
    p = scan_digits(p, number, false);
    if (*p == '.')
        p = scan_digits(p + 1, number, true);

    const char *e = p + 1;
    if (*p != 'e' && *p != 'E')
        return p;
    bool down = *e == '-';
    if (*e == '-' || *e == '+')
        e++;
    if (!digit(*e))
        return p;
    int exponent = 0;
    for (; digit(*e); e++)
        if (exponent < 100000)
            exponent = exponent * 10 + (*e - '0');
    number->exponent += down ? -exponent : exponent;
    return e;
}

/* digits * 10^exponent * factor to the nearest integer, halves up; false if above `most`. */
static bool to_integer(struct decimal number, uint64_t factor, int64_t most, int64_t *out)
{
    wide value = (wide)number.digits * factor;
    if (number.exponent < -38) {
        value = 0;
    } else if (number.exponent < 0) {
        wide power = 1;
        for (int i = number.exponent; i < 0; i++)
            power *= 10;
        wide rest = value % power;
        value = value / power + (rest >= power - rest);
    }
    for (int i = 0; i < number.exponent && value > 0 && value <= (wide)most; i++)
        value *= 10;
    if (value > (wide)most)
        return false;
    *out = (int64_t)value;
    return true;
}

/* The same as a double: exact factors give a correctly rounded result.  The text for strtod bears no decimal point,
 * so no locale can misread it. */
static double to_double(struct decimal number, uint64_t factor)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    wide product = (wide)number.digits * factor;
    double value;
    if (product < (wide)1 << 53 && number.exponent >= -22 && number.exponent <= 22) {
        value = (double)(uint64_t)product;
        value = number.exponent < 0 ? value / power[-number.exponent] : value * power[number.exponent];
    } else {
        char text[48];
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)number.digits, number.exponent);
        value = strtod(text, NULL) * (double)factor;
    }
    return number.negative ? -value : value;
}

/* The factor of the unit that `span` names, which must be of `kind`. */
static int find_unit(struct span span, enum kind kind, uint64_t *factor, char why[UNITS_WHY])
{
    const char *near = NULL;
    for (size_t i = 0; i < UNITS; i++) {
        if (span_is(span, units[i].name)) {
            *factor = units[i].factor;
            if (units[i].kind == kind)
                return GS_OK;
            return refuse(why, "'%s' is a unit of %s, but a %s is due; use %s", units[i].name,
                          kinds[units[i].kind].noun, kinds[kind].noun, kinds[kind].list);
        }
        if (units[i].kind == kind && strncasecmp(span.start, units[i].name, (size_t)span.length) == 0)
            near = units[i].name; /* "gi": of GB and GiB the later one, the binary */
    }
    if (span.length == 0)
        return refuse(why, "a unit of %s is missing; use %s", kinds[kind].noun, kinds[kind].list);
    if (near != NULL)
        return refuse(why, "'%.*s' is not a unit of %s; did you mean '%s'?", quoted(span), span.start, kinds[kind].noun,
                      near);
    return refuse(why, "'%.*s' is not a unit of %s; use %s", quoted(span), span.start, kinds[kind].noun,
                  kinds[kind].list);
}

/* Read the number in front; the rest of the text goes to `rest`.  A quantity must not be negative. */
static int begin(const char *text, const char *noun, const char *example, struct decimal *number, struct span *rest,
                 char why[UNITS_WHY])
{
    const char *end = text + strlen(text);
    struct span all = span_trim(text, end);
    if (all.length == 0)
        return refuse(why, "a %s is missing; write it like '%s'", noun, example);
    const char *p = scan(text, number);
    if (p == NULL)
        return refuse(why, "'%.*s' is not a %s; write it like '%s'", quoted(all), all.start, noun, example);
    if (number->negative && number->digits > 0)
        return refuse(why, "a %s must not be negative", noun);
    number->negative = false;
    *rest = span_trim(p, end);
    if (rest->length == 0 && number->digits > 0)
        return refuse(why, "a %s needs a unit, such as '%s'", noun, example);
    return GS_OK;
}

static int measure(const char *text, enum kind kind, struct decimal *number, uint64_t *factor, char why[UNITS_WHY])
{
    struct span unit;
    int rc = begin(text, kinds[kind].noun, kind == TIME ? "30s" : "80GiB", number, &unit, why);
    *factor = 1;
    return rc != GS_OK || unit.length == 0 ? rc : find_unit(unit, kind, factor, why);
}

int units_time(const char *text, int64_t *ns, char why[UNITS_WHY])
{
    struct decimal number;
    uint64_t factor;
    int rc = measure(text, TIME, &number, &factor, why);
    if (rc == GS_OK && !to_integer(number, factor, longest_ns, ns))
        return refuse(why, "a time must not exceed 100 years");
    return rc;
}

int units_time_real(const char *text, double *ns, char why[UNITS_WHY])
{
    struct decimal number;
    uint64_t factor;
    int rc = measure(text, TIME, &number, &factor, why);
    if (rc != GS_OK)
        return rc;
    *ns = to_double(number, factor);
    return *ns <= (double)longest_ns ? GS_OK : refuse(why, "a time must not exceed 100 years");
}

int units_size(const char *text, int64_t *bytes, char why[UNITS_WHY])
{
    struct decimal number;
    uint64_t factor;
    int rc = measure(text, SIZE, &number, &factor, why);
    if (rc == GS_OK && !to_integer(number, factor, largest_bytes, bytes))
        return refuse(why, "a size must not exceed 1048576TiB");
    return rc;
}

/* `number` of `factor` for each unit of time named after the slash, as a value per second. */
static int per_second(struct decimal number, uint64_t factor, struct span time, double *value, char why[UNITS_WHY])
{
    uint64_t ns;
    int rc = find_unit(time, TIME, &ns, why);
    if (rc != GS_OK)
        return rc;
    *value = to_double(number, factor);
    if (ns < 1000000000)
        *value *= (double)(1000000000 / ns);
    else
        *value /= (double)(ns / 1000000000);
    return *value <= 1e30 ? GS_OK : refuse(why, "a rate must not exceed 1e30 a second");
}

int units_rate(const char *text, double *bytes_per_s, char why[UNITS_WHY])
{
    struct decimal number;
    struct span rest;
    int rc = begin(text, "rate", "25GB/s", &number, &rest, why);
    if (rc != GS_OK)
        return rc;
    *bytes_per_s = 0;
    if (rest.length == 0)
        return GS_OK;
    const char *end = rest.start + rest.length;
    const char *slash = memchr(rest.start, '/', (size_t)rest.length);
    uint64_t factor;
    rc = find_unit(span_trim(rest.start, slash == NULL ? end : slash), SIZE, &factor, why);
    if (rc != GS_OK)
        return rc;
    if (slash == NULL)
        return refuse(why, "a rate is a size per time, such as '25GB/s'");
    return per_second(number, factor, span_trim(slash + 1, end), bytes_per_s, why);
}

int units_frequency(const char *text, double *per_s, char why[UNITS_WHY])
{
    struct decimal number;
    struct span rest;
    int rc = begin(text, "rate", "0.5/s", &number, &rest, why);
    if (rc != GS_OK)
        return rc;
    *per_s = 0;
    if (rest.length == 0)
        return GS_OK;
    if (rest.start[0] != '/')
        return refuse(why, "a rate of events is a number per time, such as '0.5/s' or '30/min'");
    return per_second(number, 1, span_trim(rest.start + 1, rest.start + rest.length), per_s, why);
}

/* A number and what follows it. */
static int plain(const char *text, const char *noun, const char *example, double *value, struct span *rest,
                 char why[UNITS_WHY])
{
    const char *end = text + strlen(text);
    struct span all = span_trim(text, end);
    struct decimal number;
    const char *p = scan(text, &number);
    if (p == NULL)
        return refuse(why, "'%.*s' is not a %s; write it like %s", quoted(all), all.start, noun, example);
    *value = to_double(number, 1);
    if (!(*value >= -1e300 && *value <= 1e300))
        return refuse(why, "'%.*s' is too large", quoted(all), all.start);
    *rest = span_trim(p, end);
    return GS_OK;
}

int units_share(const char *text, double *share, char why[UNITS_WHY])
{
    struct span rest;
    double value;
    int rc = plain(text, "share", "'0.25' or '25%'", &value, &rest, why);
    if (rc != GS_OK)
        return rc;
    if (rest.length > 0 && !span_is(rest, "%"))
        return refuse(why, "'%.*s' after a share; write it like '0.25' or '25%%'", quoted(rest), rest.start);
    *share = rest.length == 0 ? value : value / 100;
    return GS_OK;
}

int units_number(const char *text, double *number, char why[UNITS_WHY])
{
    struct span rest;
    double value;
    int rc = plain(text, "number", "'1.5'", &value, &rest, why);
    if (rc != GS_OK)
        return rc;
    if (rest.length > 0)
        return refuse(why, "'%.*s' after a number that takes no unit", quoted(rest), rest.start);
    *number = value;
    return GS_OK;
}

int units_integer(const char *text, int64_t *integer, char why[UNITS_WHY])
{
    struct span all = span_trim(text, text + strlen(text));
    const char *p = all.start, *end = all.start + all.length;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *first = p;
    uint64_t value = 0, most = (uint64_t)INT64_MAX + negative;
    bool over = false;
    for (; p < end && digit(*p); p++) {
        uint64_t next = (uint64_t)(*p - '0');
        over = over || value > (most - next) / 10;
        value = over ? 0 : value * 10 + next;
    }
    if (p == first || p < end)
        return refuse(why, "'%.*s' is not a whole number; write it like '42'", quoted(all), all.start);
    if (over)
        return refuse(why, "'%.*s' is beyond the range of whole numbers, %s", quoted(all), all.start,
                      negative ? "down to -9223372036854775808" : "up to 9223372036854775807");
    *integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    return GS_OK;
}

int units_boolean(const char *text, bool *yes, char why[UNITS_WHY])
{
    struct span all = span_trim(text, text + strlen(text));
    bool is_yes = span_is(all, "yes");
    if (!is_yes && !span_is(all, "no"))
        return refuse(why, "'%.*s' is neither 'yes' nor 'no'", quoted(all), all.start);
    *yes = is_yes;
    return GS_OK;
}
