/* value.c - parses one value as its key says, checks its bounds, and puts it into its field. */
#include "sim/base/units.h"
#include "sim/scenario/build.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 12, NAME_MAX_BYTES = 24 };

/* The names of a `type` such as "serial | overlapped". */
struct names {
    char name[NAMES_MAX][NAME_MAX_BYTES];
    size_t count;
};

/* Any value, before it goes into its field. */
union value {
    const char *text;
    int choice;
    bool yes;
    int64_t integer;
    double real;
    struct dist dist;
    struct arrival arrival;
    struct router router;
};

const char *build_shown(char out[SHOWN_TEXT], const char *text)
{
    size_t length = strlen(text);
    if (length < SHOWN_TEXT) {
        memcpy(out, text, length + 1);
        return out;
    }
    length = SHOWN_TEXT - 4;
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) /* not within a UTF-8 character */
        length--;
    memcpy(out, text, length);
    memcpy(out + length, "...", 4);
    return out;
}

const char *build_hint(char out[HINT_TEXT], const char *text, size_t count,
                       const char *(*name_at)(size_t i, const void *context), const void *context)
{
    const char *near = strlen(text) < SHOWN_TEXT ? units_nearest(text, count, name_at, context) : NULL;
    out[0] = '\0';
    if (near)
        snprintf(out, HINT_TEXT, "; did you mean '%s'?", near);
    return out;
}

static void names_split(struct names *names, const char *type)
{
    names->count = 0;
    for (const char *p = type; p && names->count < NAMES_MAX;) {
        const char *bar = strstr(p, " | ");
        size_t length = bar ? (size_t)(bar - p) : strlen(p);
        snprintf(names->name[names->count++], NAME_MAX_BYTES, "%.*s", (int)length, p);
        p = bar ? bar + 3 : NULL;
    }
}

static const char *name_at(size_t i, const void *context)
{
    const struct names *names = context;
    return names->name[i];
}

static int choice_parse(const char *type, const char *text, int *choice, char why[VALUE_WHY])
{
    char hint[HINT_TEXT];
    struct names names;
    names_split(&names, type);
    for (size_t i = 0; i < names.count; i++)
        if (strcmp(text, names.name[i]) == 0) {
            *choice = (int)i;
            return GS_OK;
        }
    snprintf(why, VALUE_WHY, "it must be one of %s%s", type, build_hint(hint, text, names.count, name_at, &names));
    return GS_BAD_INPUT;
}

/* A bound as the user would write it. */
static const char *bound(const struct key *key, double value, char out[UNITS_TEXT])
{
    if (value != 0 && (key->kind == KEY_TIME || key->kind == KEY_SIZE || key->kind == KEY_DIST_SIZE))
        return key->kind == KEY_TIME ? units_write_time(out, (int64_t)value) : units_write_size(out, (int64_t)value);
    if (key->kind == KEY_INTEGER && fabs(value) >= 1000)
        return units_show_count(out, value);
    snprintf(out, UNITS_TEXT, "%.10g", value);
    return out;
}

static int bounds_check(const struct key *key, double value, char why[VALUE_WHY])
{
    char low[UNITS_TEXT], high[UNITS_TEXT];
    bool is_high = value > key->max, is_low = key->above ? !(value > key->min) : !(value >= key->min);
    if (!is_high && !is_low)
        return GS_OK;
    const char *least = key->above ? "greater than" : "at least";
    bound(key, key->min, low);
    if (key->max >= NEVER_BOUND)
        snprintf(why, VALUE_WHY, "it must be %s %s", least, low);
    else if (key->above)
        snprintf(why, VALUE_WHY, "it must be greater than %s and at most %s", low, bound(key, key->max, high));
    else
        snprintf(why, VALUE_WHY, "it must be from %s to %s", low, bound(key, key->max, high));
    return GS_BAD_INPUT;
}

static int dist_value(const struct key *key, const char *text, const char *folder, struct dist *dist,
                      struct arena *arena, char why[VALUE_WHY])
{
    struct error err = {0};
    enum dist_unit unit = key->kind == KEY_DIST_TIME ? DIST_TIME : key->kind == KEY_DIST_SIZE ? DIST_SIZE : DIST_NUMBER;
    int code = dist_parse(dist, text, unit, folder, arena, &err);
    if (code != GS_OK) {
        snprintf(why, VALUE_WHY, "%.*s", (int)strcspn(err.text, "\n"), err.text);
        return code;
    }
    if (key->above && !(dist_highest(dist) > key->min)) {
        snprintf(why, VALUE_WHY, "it must be greater than 0");
        return GS_BAD_INPUT;
    }
    return GS_OK;
}

/* Numbers with or without a unit, each kind by its parser; `real` gets the value for the bounds. */
static int number_parse(const struct key *key, const char *text, union value *value, double *real, char why[VALUE_WHY])
{
    int code;
    switch (key->kind) {
    case KEY_INTEGER:
        code = units_integer(text, &value->integer, why);
        break;
    case KEY_SIZE:
        code = units_size(text, &value->integer, why);
        break;
    case KEY_TIME:
    case KEY_SECONDS:
        code = units_time(text, &value->integer, why);
        break;
    case KEY_RATE:
        code = units_rate(text, &value->real, why);
        break;
    case KEY_SHARE:
        code = units_share(text, &value->real, why);
        break;
    default:
        code = units_number(text, &value->real, why);
        break;
    }
    if (code != GS_OK)
        return code;
    bool whole = key->kind == KEY_INTEGER || key->kind == KEY_SIZE || key->kind == KEY_TIME || key->kind == KEY_SECONDS;
    if (key->kind == KEY_SECONDS)
        value->real = (double)value->integer / 1e9;
    *real = whole && key->kind != KEY_SECONDS ? (double)value->integer : value->real;
    return GS_OK;
}

static bool holds_integer(enum key_kind kind)
{
    return kind == KEY_INTEGER || kind == KEY_SIZE || kind == KEY_TIME;
}

static int number_value(const struct key *key, const char *text, union value *value, char why[VALUE_WHY])
{
    const char *bar = strstr(key->type, " | ");
    if (bar && strcmp(text, bar + 3) == 0) {
        if (holds_integer(key->kind))
            value->integer = key->word >= NEVER_BOUND ? INT64_MAX : (int64_t)key->word;
        else
            value->real = key->word;
        return GS_OK;
    }
    double real = 0;
    int code = number_parse(key, text, value, &real, why);
    if (code == GS_OK)
        code = bounds_check(key, real, why);
    if (code != GS_OK && key->kind == KEY_SHARE && real > key->max && real <= 100 && !strchr(text, '%')) {
        size_t used = strlen(why);
        snprintf(why + used, VALUE_WHY - used, "; write '%s%%'", text);
    }
    if (code != GS_OK && bar) {
        size_t used = strlen(why);
        snprintf(why + used, VALUE_WHY - used, ", or '%s'", bar + 3);
    }
    return code;
}

/* Bytes of the field that a kind fills. */
static size_t field_bytes(enum key_kind kind)
{
    switch (kind) {
    case KEY_TEXT:
    case KEY_NAME:
        return sizeof(const char *);
    case KEY_CHOICE:
        return sizeof(int);
    case KEY_BOOLEAN:
        return sizeof(bool);
    case KEY_DIST_TIME:
    case KEY_DIST_SIZE:
    case KEY_DIST_NUMBER:
        return sizeof(struct dist);
    case KEY_ARRIVAL:
        return sizeof(struct arrival);
    case KEY_ROUTER:
        return sizeof(struct router);
    case KEY_POLICY:
        return 0;
    default:
        return sizeof(int64_t);
    }
}

static int parse(const struct key *key, const char *text, const char *folder, union value *value, struct arena *arena,
                 char why[VALUE_WHY])
{
    int ignored;
    switch (key->kind) {
    case KEY_NAME:
        if (choice_parse(key->type, text, &ignored, why) != GS_OK)
            return GS_BAD_INPUT;
        value->text = text;
        return GS_OK;
    case KEY_TEXT:
        value->text = text;
        return GS_OK;
    case KEY_CHOICE:
        return choice_parse(key->type, text, &value->choice, why);
    case KEY_BOOLEAN:
        return units_boolean(text, &value->yes, why);
    case KEY_DIST_TIME:
    case KEY_DIST_SIZE:
    case KEY_DIST_NUMBER:
        return dist_value(key, text, folder, &value->dist, arena, why);
    case KEY_ARRIVAL:
        return arrival_parse(&value->arrival, text, arena, why);
    case KEY_ROUTER:
        return router_parse(&value->router, text, why);
    case KEY_POLICY:
        return GS_OK;
    default:
        return number_value(key, text, value, why);
    }
}

int value_parse(const struct key *key, const char *text, const char *folder, void *base, struct arena *arena,
                char why[VALUE_WHY])
{
    union value value;
    memset(&value, 0, sizeof value);
    why[0] = '\0';
    int code = parse(key, text, folder, &value, arena, why);
    if (code != GS_OK)
        return code;
    if (key->offset != KEY_NO_FIELD)
        memcpy((char *)base + key->offset, &value, field_bytes(key->kind));
    return GS_OK;
}
