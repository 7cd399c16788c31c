/* import_options.c - options of importers: KEY=VALUE, ... held against the importer's own table. */
#include "traces/import.h"
#include "sim/base/dist.h"
#include "sim/base/units.h"
#include <stdio.h>
#include <string.h>

static const char *key_at(size_t i, const void *context)
{
    return ((const struct import_option *)context)[i].key;
}

static int choose(const struct import_option *o, const char *text, int64_t *index, char why[UNITS_WHY])
{
    size_t n = 0;
    for (; o->choice[n]; n++)
        if (!strcmp(o->choice[n], text)) {
            *index = (int64_t)n;
            return 0;
        }
    int used = snprintf(why, UNITS_WHY, "must be one of");
    for (n = 0; o->choice[n] && used < UNITS_WHY; n++)
        used += snprintf(why + used, (size_t)(UNITS_WHY - used), "%s '%s'", n ? "," : "", o->choice[n]);
    return -1;
}

static int parse_dist(const struct import_option *o, const char *text, union import_value *v, struct arena *arena,
                      struct error *err)
{
    struct dist *dist = arena_alloc(arena, sizeof *dist);
    if (!dist)
        return error_set(err, GS_SYSTEM, "out of memory");
    v->dist = dist;
    return dist_parse(dist, text, o->kind == IMPORT_TIME_DIST ? DIST_TIME : DIST_NUMBER, NULL, arena, err);
}

static int parse(const struct import_option *o, const char *text, union import_value *v, struct arena *arena,
                 struct error *err)
{
    char why[UNITS_WHY] = "";
    bool yes = false;
    int bad = 0;
    switch (o->kind) {
    case IMPORT_TIME:
        bad = units_time(text, &v->i, why);
        break;
    case IMPORT_SIZE:
        bad = units_size(text, &v->i, why);
        break;
    case IMPORT_INTEGER:
        bad = units_integer(text, &v->i, why);
        break;
    case IMPORT_NUMBER:
        bad = units_number(text, &v->d, why);
        break;
    case IMPORT_SHARE:
        bad = units_share(text, &v->d, why);
        break;
    case IMPORT_BOOLEAN:
        bad = units_boolean(text, &yes, why);
        v->i = yes;
        break;
    case IMPORT_CHOICE:
        bad = choose(o, text, &v->i, why);
        break;
    case IMPORT_TEXT:
        v->text = text;
        break;
    case IMPORT_TIME_DIST:
    case IMPORT_NUMBER_DIST:
        return parse_dist(o, text, v, arena, err);
    }
    if (bad)
        return error_set(err, GS_BAD_INPUT, "option '%s': '%s': %s", o->key, text, why);
    double d = o->kind == IMPORT_NUMBER || o->kind == IMPORT_SHARE ? v->d : (double)v->i;
    bool has_range = o->kind <= IMPORT_SHARE;
    if (has_range && !(d >= o->min && d <= o->max))
        return error_set(err, GS_BAD_INPUT, "option '%s': '%s' is not within %g to %g%s", o->key, text, o->min, o->max,
                         o->kind == IMPORT_TIME   ? " ns"
                         : o->kind == IMPORT_SIZE ? " bytes"
                                                  : "");
    return GS_OK;
}

static int unknown(const struct importer *importer, size_t options, const char *key, struct error *err)
{
    if (!options)
        return error_set(err, GS_BAD_INPUT, "format '%s' has no options; remove '%s'", importer->name, key);
    const char *near = units_nearest(key, options, key_at, importer->option);
    if (near)
        return error_set(err, GS_BAD_INPUT, "format '%s' has no option '%s'; did you mean '%s'?", importer->name, key,
                         near);
    return error_set(err, GS_BAD_INPUT, "format '%s' has no option '%s'; 'gpuswap-sim trace formats %s' lists them",
                     importer->name, key, importer->name);
}

/* Cut the next KEY=VALUE off; a comma within parentheses belongs to the value. */
static char *next_pair(char **rest)
{
    char *start = *rest + strspn(*rest, " ,"), *p = start;
    int depth = 0;
    for (; *p && (*p != ',' || depth > 0); p++)
        depth += (*p == '(') - (*p == ')');
    *rest = *p ? p + 1 : p;
    while (p > start && p[-1] == ' ')
        p--;
    *p = 0;
    return *start ? start : NULL;
}

const union import_value *import_values(const struct importer *importer, const char *text, struct arena *arena,
                                        struct error *err)
{
    const struct import_option *option = importer->option;
    size_t n = 0;
    while (option && option[n].key)
        n++;
    union import_value *value = arena_array(arena, n + 1, sizeof *value);
    const char **given = arena_array(arena, n + 1, sizeof *given);
    char *rest = arena_strdup(arena, text ? text : "");
    if (!value || !given || !rest) {
        error_set(err, GS_SYSTEM, "out of memory");
        return NULL;
    }
    for (char *pair; (pair = next_pair(&rest));) {
        size_t key = strcspn(pair, "="), i = 0;
        if (!pair[key]) {
            error_set(err, GS_BAD_INPUT, "option '%s' has no value; write KEY=VALUE", pair);
            return NULL;
        }
        char *set = pair + key + 1 + strspn(pair + key + 1, " ");
        while (key > 0 && pair[key - 1] == ' ')
            key--;
        pair[key] = 0;
        while (i < n && strcmp(option[i].key, pair) != 0)
            i++;
        if (i == n) {
            unknown(importer, n, pair, err);
            return NULL;
        }
        given[i] = set;
    }
    for (size_t i = 0; i < n; i++) {
        const char *set = given[i] ? given[i] : option[i].fallback;
        if (!set) {
            error_set(err, GS_BAD_INPUT, "format '%s' needs option '%s': %s", importer->name, option[i].key,
                      option[i].help);
            return NULL;
        }
        if (parse(&option[i], set, &value[i], arena, err))
            return NULL;
    }
    return value;
}
