/* vary.c - find the key, its bounds and its value; read a range. */
#include "sim/scenario/vary.h"

#include "sim/base/units.h"
#include "sim/scenario/build.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Which way is harder.  Of keys that are not here both ends of a range tell. */
static const struct {
    const char *section, *key;
    enum vary_way more;
} ways[] = {
    {"workload", "count", VARY_HARDER},
    {"workload", "memory", VARY_HARDER},
    {"workload", "context", VARY_HARDER},
    {"workload", "dirty", VARY_HARDER},
    {"workload", "burst", VARY_HARDER},
    {"workload", "think", VARY_EASIER},
    {"workload", "service", VARY_HARDER},
    {"workload", "arrival", VARY_HARDER},
    {"workload", "grow", VARY_HARDER},
    {"workload", "cold_start", VARY_HARDER},
    {"workload", "warm_start", VARY_HARDER},
    {"workload", "input_tokens", VARY_HARDER},
    {"workload", "output_tokens", VARY_HARDER},
    {"workload", "prefill_per_token", VARY_HARDER},
    {"workload", "decode_per_token", VARY_HARDER},
    {"workload", "first_token_overhead", VARY_HARDER},
    {"node", "count", VARY_EASIER},
    {"node", "gpus", VARY_EASIER},
    {"node", "gpu_memory", VARY_EASIER},
    {"node", "gpu_reserved", VARY_HARDER},
    {"node", "gpu_speed", VARY_EASIER},
    {"node", "swap_file", VARY_EASIER},
    {"node", "pinned", VARY_EASIER},
    {"node", "pageable", VARY_EASIER},
    {"node", "pin_cost", VARY_HARDER},
    {"node", "h2d", VARY_EASIER},
    {"node", "d2h", VARY_EASIER},
    {"node", "host_bandwidth", VARY_EASIER},
    {"node", "disk", VARY_EASIER},
    {"node", "duplex", VARY_EASIER},
    {"node", "swap_overhead", VARY_HARDER},
    {"node", "idle_detect", VARY_HARDER},
    {"node", "gpu_reserved_per_workload", VARY_HARDER},
    {"policy", "slicer.switch_cost", VARY_HARDER},
    {"trace", "sample", VARY_HARDER},
    {"trace", "memory", VARY_HARDER},
    {"sla", "throughput_share", VARY_HARDER},
};

static enum vary_way way_of(const char *section, const char *key)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (strcmp(ways[i].section, section) == 0 && strcmp(ways[i].key, key) == 0)
            return ways[i].more;
    return strcmp(section, "sla") == 0 ? VARY_EASIER : VARY_UNKNOWN;
}

/* --- the key and its value --- */

struct finding {
    struct vary *vary;
    const struct scenario *scenario;
    const char *kind, *name, *key; /* "workload", "NB", "count"; name NULL: none */
    struct arena *arena;
    struct error *err;
};

static int no_number(struct finding *f, const char *why)
{
    return error_set(f->err, GS_USAGE, "--vary '%s': %s", f->vary->key, why);
}

/* Where the fields of the section are; NULL: there is no such section, or it is no struct. */
static const void *fields_of(const struct finding *f)
{
    const struct scenario *s = f->scenario;

    for (size_t i = 0; i < s->nodes && strcmp(f->kind, "node") == 0; i++)
        if (strcmp(s->node[i].name, f->name == NULL ? "node" : f->name) == 0)
            return &s->node[i];
    for (size_t i = 0; f->name != NULL && i < s->workloads && strcmp(f->kind, "workload") == 0; i++)
        if (strcmp(s->workload[i].name, f->name) == 0 && s->workload[i].trace < 0)
            return &s->workload[i];
    for (size_t i = 0; f->name != NULL && i < s->traces && strcmp(f->kind, "trace") == 0; i++)
        if (strcmp(s->trace[i].name, f->name) == 0)
            return &s->trace[i];
    return NULL;
}

static int read_dist(struct finding *f, const struct dist *dist, enum vary_unit unit)
{
    f->vary->unit = unit;
    f->vary->now = dist->a;
    return dist->kind == DIST_CONSTANT ? GS_OK
                                       : no_number(f, "it is a distribution here; only a constant can be varied");
}

static int read_arrival(struct finding *f, const struct arrival *arrival)
{
    f->vary->unit = VARY_FREQUENCY;
    f->vary->now = arrival->rate_per_s;
    f->vary->max = 1e9;
    f->vary->form =
        arrival->kind == ARRIVAL_GAMMA ? arena_printf(f->arena, "gamma(%.17g,%%s)", arrival->cv) : "poisson(%s)";
    if (arrival->kind != ARRIVAL_POISSON && arrival->kind != ARRIVAL_GAMMA)
        return no_number(f, "only the rates of poisson and gamma can be varied");
    return f->vary->form == NULL ? error_set(f->err, GS_SYSTEM, "out of memory") : GS_OK;
}

/* By the kind of the key, from its field. */
static int read_field(struct finding *f, const struct key *key, const void *fields)
{
    const char *at = (const char *)fields + key->offset;
    struct vary *v = f->vary;
    int64_t whole;
    double real;

    v->min = key->min;
    v->max = key->max;
    memcpy(&whole, at, sizeof whole);
    memcpy(&real, at, sizeof real);
    switch (key->kind) {
    case KEY_INTEGER:
    case KEY_SIZE:
    case KEY_TIME:
        v->unit = key->kind == KEY_SIZE ? VARY_SIZE : key->kind == KEY_TIME ? VARY_TIME : VARY_COUNT;
        v->now = strstr(key->type, " | ") != NULL && (double)whole == key->word ? NAN : (double)whole;
        return GS_OK;
    case KEY_RATE:
    case KEY_NUMBER:
    case KEY_SHARE:
        v->unit = key->kind == KEY_RATE ? VARY_RATE : VARY_NUMBER;
        v->now = strstr(key->type, " | ") != NULL && real == key->word ? NAN : real;
        return GS_OK;
    case KEY_DIST_TIME:
    case KEY_DIST_SIZE:
        return read_dist(f, (const struct dist *)(const void *)at, key->kind == KEY_DIST_TIME ? VARY_TIME : VARY_SIZE);
    case KEY_ARRIVAL:
        return read_arrival(f, (const struct arrival *)(const void *)at);
    default:
        return no_number(f, "it is not a number");
    }
}

/* The target of a promise, which is held in seconds where it is a time. */
static int read_sla(struct finding *f)
{
    const struct scenario *s = f->scenario;
    const struct key *key = keys_find("sla", f->key);

    for (size_t i = 0; f->name != NULL && key != NULL && i < s->slas; i++) {
        if (strcmp(s->sla[i].name, f->name) != 0 || strcmp(sla_metric_name(s->sla[i].metric), f->key) != 0)
            continue;
        bool time = key->kind == KEY_SECONDS;
        f->vary->unit = time ? VARY_TIME : VARY_NUMBER;
        f->vary->now = s->sla[i].target * (time ? 1e9 : 1);
        f->vary->min = key->min * (time ? 1e9 : 1);
        f->vary->max = key->max;
        return GS_OK;
    }
    return no_number(f, "the scenario promises nothing of this name");
}

/* Policies' parameters: "slicer.quantum". */
static int read_param(struct finding *f)
{
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        const struct policy_choice *choice = &f->scenario->policy[slot];
        size_t length = strlen(gs_slot_name((enum gs_slot)slot));
        if (strncmp(f->key, gs_slot_name((enum gs_slot)slot), length) != 0 || f->key[length] != '.')
            continue;
        for (size_t i = 0; choice->policy->param != NULL && choice->policy->param[i].key != NULL; i++) {
            const struct gs_param *param = &choice->policy->param[i];
            static const enum vary_unit unit[] = {
                [GS_TIME] = VARY_TIME, [GS_SIZE] = VARY_SIZE, [GS_NUMBER] = VARY_NUMBER, [GS_INTEGER] = VARY_COUNT};
            if (strcmp(param->key, f->key + length + 1) != 0)
                continue;
            if (param->kind == GS_BOOLEAN || param->kind == GS_CHOICE)
                return no_number(f, "it is not a number");
            f->vary->unit = unit[param->kind];
            f->vary->now = param->kind == GS_NUMBER ? choice->param[i].d : (double)choice->param[i].i;
            f->vary->min = param->min;
            f->vary->max = param->max;
            return GS_OK;
        }
        return no_number(f, "the policy of this slot has no such parameter");
    }
    return no_number(f, "it is not a number");
}

static int find_key(struct finding *f)
{
    const struct key *key = keys_find(f->kind, f->key);
    const void *fields = fields_of(f);

    if (strcmp(f->kind, "policy") == 0)
        return read_param(f);
    if (strcmp(f->kind, "sla") == 0)
        return read_sla(f);
    if (strcmp(f->kind, "scenario") == 0)
        return no_number(f, "keys of [scenario] say what is measured; vary one of a node, a workload or a policy");
    if (fields == NULL)
        return no_number(f, "the scenario has no such section; write it as in 'workload.NB.count'");
    if (key == NULL || key->offset == KEY_NO_FIELD)
        return no_number(f, "there is no such key; 'gpuswap-sim keys' lists them");
    return read_field(f, key, fields);
}

/* "workload.NB.count" to "workload", "NB" and "count"; of a policy all behind the first dot is the key. */
static int split_key(struct finding *f)
{
    char *head = arena_strdup(f->arena, f->vary->key), *dot = head == NULL ? NULL : strchr(head, '.');

    if (head == NULL)
        return error_set(f->err, GS_SYSTEM, "out of memory");
    if (dot == NULL)
        return no_number(f, "name section and key, as in 'workload.NB.count' or 'node.swap_file'");
    *dot = '\0';
    f->kind = head;
    f->key = dot + 1;
    char *last = strrchr(dot + 1, '.');
    if (last != NULL && strcmp(head, "policy") != 0) {
        *last = '\0';
        f->name = dot + 1;
        f->key = last + 1;
    }
    return GS_OK;
}

/* --- ranges --- */

static int parse_number(const struct vary *v, const char *text, double *value, char why[UNITS_WHY])
{
    int64_t whole = 0;
    int rc;

    if (v->unit == VARY_RATE || v->unit == VARY_FREQUENCY || v->unit == VARY_NUMBER)
        return v->unit == VARY_RATE        ? units_rate(text, value, why)
               : v->unit == VARY_FREQUENCY ? units_frequency(text, value, why)
               : strchr(text, '%') != NULL ? units_share(text, value, why)
                                           : units_number(text, value, why);
    rc = v->unit == VARY_COUNT  ? units_integer(text, &whole, why)
         : v->unit == VARY_SIZE ? units_size(text, &whole, why)
                                : units_time(text, &whole, why);
    *value = (double)whole;
    return rc;
}

static int read_number(struct finding *f, const char *option, const char *text, double *value)
{
    char why[UNITS_WHY];

    if (parse_number(f->vary, text, value, why) != GS_OK)
        return error_set(f->err, GS_USAGE, "%s '%s': %s", option, text, why);
    return GS_OK;
}

/* "1..20", or "64GiB,128GiB" */
static int read_range(struct finding *f, char *text, bool lists)
{
    struct vary *v = f->vary;
    char *dots = strstr(text, "..");
    int rc = GS_OK;

    if (dots != NULL) {
        *dots = '\0';
        rc = read_number(f, "--vary", text, &v->low);
        if (rc == GS_OK)
            rc = read_number(f, "--vary", dots + 2, &v->high);
        v->given = true;
        if (rc == GS_OK && !(v->low < v->high && v->low >= v->min && v->high <= v->max))
            rc = no_number(f, "a range goes from a smaller to a greater value, both of which the key may have");
        return rc;
    }
    if (!lists)
        return no_number(f, "give a range, as in 'KEY=1..20', or nothing");
    for (char *next; rc == GS_OK && text != NULL; text = next) {
        if ((next = strchr(text, ',')) != NULL)
            *next++ = '\0';
        if (v->listed == VARY_VALUES)
            return no_number(f, "too many values");
        rc = read_number(f, "--vary", text, &v->list[v->listed++]);
    }
    return rc;
}

/* From 1 to a thousand times as many as there are; of other keys a 64th of what it is to 64 times that. */
static int make_range(struct finding *f)
{
    struct vary *v = f->vary;

    if (v->given || v->listed > 0)
        return GS_OK;
    if (isnan(v->now) || !(v->now > 0))
        return no_number(f, "it has no value to start from; give a range, as in 'KEY=LO..HI'");
    if (v->way == VARY_UNKNOWN)
        return no_number(f, "whether more of it is better is not known; give a range, as in 'KEY=LO..HI'");
    v->low = fmax(v->min, v->unit == VARY_COUNT ? fmin(v->now, 1) : v->now / 64);
    v->high = fmin(v->max, v->now * (v->unit == VARY_COUNT ? 1000 : 64));
    return GS_OK;
}

int vary_read(struct vary *vary, const char *text, const char *step, bool lists, const struct scenario *scenario,
              struct arena *arena, struct error *err)
{
    struct finding f = {.vary = vary, .scenario = scenario, .arena = arena, .err = err};
    char *key = arena_strdup(arena, text), *range = key == NULL ? NULL : strchr(key, '=');
    int rc;

    *vary = (struct vary){.key = key};
    if (key == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    if (range != NULL)
        *range++ = '\0';
    if ((rc = split_key(&f)) != GS_OK || (rc = find_key(&f)) != GS_OK)
        return rc;
    vary->way = way_of(f.kind, f.key);
    vary->step = vary->unit == VARY_COUNT ? 1 : 0;
    if (step != NULL && (rc = read_number(&f, "--step", step, &vary->step)) != GS_OK)
        return rc;
    if (step != NULL && !(vary->step > 0))
        return error_set(err, GS_USAGE, "--step '%s': it must be greater than 0", step);
    if (range != NULL && (rc = read_range(&f, range, lists)) != GS_OK)
        return rc;
    return make_range(&f);
}

const char *vary_setting(struct arena *arena, const struct vary *vary, double value)
{
    char number[VARY_TEXT], text[2 * VARY_TEXT];
    const char *at = vary->form == NULL ? NULL : strstr(vary->form, "%s");

    vary_number(number, vary, value);
    if (at != NULL)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - vary->form), vary->form, number, at + 2);
    return arena_printf(arena, "%s=%s", vary->key, at == NULL ? number : text);
}
