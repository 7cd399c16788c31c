/* quantity.c - quantities of Kubernetes, exactly: a decimal number, then a binary or decimal prefix or an exponent.
 *
 * The grammar is that of apimachinery's resource.Quantity: [+-] digits [. digits] suffix, where the suffix is one of
 * Ki Mi Gi Ti Pi Ei, n u m (none) k M G T P E, or e or E with a whole exponent.  "E" with digits behind it is an
 * exponent, alone it is 10^18.
 */
#include "sim/cluster/quantity.h"
#include "sim/base/error.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static const int64_t most = INT64_C(1) << 60;

static const struct {
    const char *suffix;
    int binary, decimal; /* powers of 2 and of 10 */
} suffixes[] = {
    {"", 0, 0},    {"Ki", 10, 0}, {"Mi", 20, 0}, {"Gi", 30, 0}, {"Ti", 40, 0}, {"Pi", 50, 0},
    {"Ei", 60, 0}, {"n", 0, -9},  {"u", 0, -6},  {"m", 0, -3},  {"k", 0, 3},   {"M", 0, 6},
    {"G", 0, 9},   {"T", 0, 12},  {"P", 0, 15},  {"E", 0, 18},
};

__attribute__((format(printf, 2, 3))) static int refuse(char why[QUANTITY_WHY], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, QUANTITY_WHY, format, args);
    va_end(args);
    return GS_BAD_INPUT;
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits into *value and *exponent; past the 19th they only count for the exponent, and for rounding up. */
static const char *digits(const char *p, bool fraction, uint64_t *value, int *exponent, bool *more)
{
    for (; digit(*p); p++) {
        if (*value <= (UINT64_MAX - 9) / 10) {
            *value = *value * 10 + (uint64_t)(*p - '0');
            *exponent -= fraction;
        } else {
            *more = *more || *p != '0';
            *exponent += !fraction && *exponent < 1000;
        }
    }
    return p;
}

/* The suffix, as powers of 2 and 10; false if there is no such suffix. */
static bool scale(const char *p, int *binary, int *decimal)
{
    if ((*p == 'e' || *p == 'E') && (digit(p[1]) || p[1] == '-' || p[1] == '+')) {
        bool down = p[1] == '-';
        const char *q = p + 1 + (p[1] == '-' || p[1] == '+');
        int power = 0;
        if (!digit(*q))
            return false;
        for (; digit(*q); q++)
            power = power < 1000 ? power * 10 + (*q - '0') : power;
        *decimal = down ? -power : power;
        return *q == '\0';
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcmp(p, suffixes[i].suffix) == 0) {
            *binary = suffixes[i].binary;
            *decimal = suffixes[i].decimal;
            return true;
        }
    return false;
}

/* value x 2^binary x 10^exponent, rounded up; false if it is too much. */
static bool whole(uint64_t value, int binary, int exponent, bool more, int64_t *out)
{
    wide product = (wide)value << binary; /* below 2^64 x 2^60 */
    bool rest = more;
    if (value == 0) {
        *out = 0;
        return true;
    }
    for (; exponent < 0; exponent++) {
        rest = rest || product % 10;
        product /= 10;
    }
    for (; exponent > 0 && product <= (wide)most; exponent--)
        product *= 10;
    product += rest;
    *out = product <= (wide)most ? (int64_t)product : 0;
    return product <= (wide)most;
}

int quantity_read(const char *text, int64_t *value, char why[QUANTITY_WHY])
{
    uint64_t number = 0;
    int exponent = 0, binary = 0, decimal = 0;
    bool more = false, negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+'), *first = p;
    p = digits(p, false, &number, &exponent, &more);
    bool any = p > first;
    if (*p == '.') {
        first = ++p;
        p = digits(p, true, &number, &exponent, &more);
        any = any || p > first;
    }
    if (!any)
        return refuse(why, "'%.40s' is no quantity; write it like '100Gi'", text);
    if (!scale(p, &binary, &decimal))
        return refuse(why, "'%.20s' after a quantity; use Ki, Mi, Gi, Ti, k, M, G, T or an exponent", p);
    if (negative && number > 0)
        return refuse(why, "'%.40s' is negative", text);
    if (!whole(number, binary, exponent + decimal, more, value))
        return refuse(why, "'%.40s' is more than 2^60", text);
    return GS_OK;
}
