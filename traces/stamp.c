/* stamp.c - read date and time. */
#include "traces/stamp.h"
#include <string.h>

/* Exactly `digits` digits of a number from `min` to `max`; where they end, or NULL. */
static const char *part(const char *p, int digits, int min, int max, int *value)
{
    *value = 0;
    for (int i = 0; p && i < digits; i++, p++) {
        if (*p < '0' || *p > '9')
            return NULL;
        *value = *value * 10 + (*p - '0');
    }
    return p && *value >= min && *value <= max ? p : NULL;
}

static const char *mark(const char *p, const char *marks)
{
    return p && *p && strchr(marks, *p) ? p + 1 : NULL;
}

/* Days since the start of 2000; every fourth year from then to 2096 is a leap year.  -1: no such day. */
static int day_number(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    int leap = year % 4 == 0, since = year - 2000;
    if (day > before[month] - before[month - 1] + (leap && month == 2))
        return -1;
    return since * 365 + (since + 3) / 4 + before[month - 1] + (leap && month > 2) + day - 1;
}

bool stamp_parse(const char *text, int64_t *us)
{
    int year, month, day, hour, minute, second;
    const char *p = part(text, 4, 2000, 2099, &year);
    p = part(mark(p, "-"), 2, 1, 12, &month);
    p = part(mark(p, "-"), 2, 1, 31, &day);
    p = part(mark(p, " T"), 2, 0, 23, &hour);
    p = part(mark(p, ":"), 2, 0, 59, &minute);
    p = part(mark(p, ":"), 2, 0, 59, &second);
    int days = p ? day_number(year, month, day) : -1;
    if (days < 0)
        return false;
    int64_t fraction = 0;
    if (*p == '.') {
        int digits = 0;
        for (p++; *p >= '0' && *p <= '9'; p++, digits++)
            if (digits < 6)
                fraction = fraction * 10 + (*p - '0');
        if (digits < 1 || digits > 9)
            return false;
        for (; digits < 6; digits++)
            fraction *= 10;
    }
    *us = (((int64_t)days * 24 + hour) * 60 + minute) * 60000000 + (int64_t)second * 1000000 + fraction;
    return !*p || !strcmp(p, "Z") || !strcmp(p, "+00:00");
}
