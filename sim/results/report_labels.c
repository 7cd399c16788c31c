/* report_labels.c - what things are called in a report: nodes and GPUs, the policy and its parameters, the run's
 * length. */
#include "sim/results/report_parts.h"

#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

const struct node_group *node_group_of(const struct scenario *scenario, size_t node)
{
    for (size_t i = 0; i < scenario->nodes; i++) {
        if (node < (size_t)scenario->node[i].count)
            return &scenario->node[i];
        node -= (size_t)scenario->node[i].count;
    }
    return NULL;
}

const struct node_group *gpu_group_of(const struct scenario *scenario, size_t gpu)
{
    for (size_t i = 0; i < scenario->nodes; i++) {
        size_t gpus = (size_t)(scenario->node[i].count * scenario->node[i].gpus);
        if (gpu < gpus)
            return &scenario->node[i];
        gpu -= gpus;
    }
    return NULL;
}

static const char *group_name(const struct node_group *group)
{
    return group->name && *group->name ? group->name : "node";
}

const char *label_node(struct arena *arena, const struct scenario *scenario, size_t node)
{
    size_t i = 0;
    while (i + 1 < scenario->nodes && node >= (size_t)scenario->node[i].count)
        node -= (size_t)scenario->node[i++].count;
    return arena_printf(arena, "%s-%zu", group_name(&scenario->node[i]), node);
}

const char *label_gpu(struct arena *arena, const struct scenario *scenario, size_t gpu)
{
    size_t i = 0;
    while (i + 1 < scenario->nodes && gpu >= (size_t)(scenario->node[i].count * scenario->node[i].gpus)) {
        gpu -= (size_t)(scenario->node[i].count * scenario->node[i].gpus);
        i++;
    }
    const struct node_group *group = &scenario->node[i];
    size_t gpus = (size_t)group->gpus;
    return arena_printf(arena, "%s-%zu/gpu-%zu", group_name(group), gpu / gpus, gpu % gpus);
}

static bool is_drawn(const struct dist *dist)
{
    return dist_lowest(dist) < dist_highest(dist);
}

/* What a class does not use is the constant 0.  A trace is the same in every replication, but for the memory that it does
 * not tell.  What people do is never the same again. */
bool scenario_is_random(const struct scenario *scenario)
{
    if (scenario->served)
        return true;
    for (size_t i = 0; i < scenario->workloads; i++) {
        const struct workload_group *w = &scenario->workload[i];
        const struct dist *dist[] = {&w->memory, &w->start,    &w->think,        &w->burst,
                                     &w->grow,   &w->cpu_work, &w->gpu_work,     &w->iteration,
                                     &w->gap,    &w->service,  &w->input_tokens, &w->output_tokens};
        if (w->trace >= 0) {
            const struct trace_source *trace = &scenario->trace[w->trace];
            if (trace->has_memory && is_drawn(&trace->memory))
                return true;
            continue;
        }
        if (w->class == GS_INFERENCE &&
            (w->arrival.kind != ARRIVAL_SCHEDULE || w->router.kind == ROUTER_RANDOM || w->router.kind == ROUTER_ZIPF))
            return true;
        for (size_t d = 0; d < sizeof dist / sizeof dist[0]; d++)
            if (is_drawn(dist[d]))
                return true;
    }
    return false;
}

enum { VALUE_TEXT = 64 };

static void show_value(char out[VALUE_TEXT], const struct gs_param *param, union gs_value value)
{
    char text[UNITS_TEXT];
    switch (param->kind) {
    case GS_TIME:
        snprintf(out, VALUE_TEXT, "%s", value.i == GS_NEVER ? "never" : units_write_time(text, value.i));
        break;
    case GS_SIZE:
        snprintf(out, VALUE_TEXT, "%s", units_write_size(text, value.i));
        break;
    case GS_NUMBER:
        snprintf(out, VALUE_TEXT, "%.9g", value.d);
        break;
    case GS_INTEGER:
        snprintf(out, VALUE_TEXT, "%lld", (long long)value.i);
        break;
    case GS_BOOLEAN:
        snprintf(out, VALUE_TEXT, "%s", value.i ? "yes" : "no");
        break;
    case GS_CHOICE:
        snprintf(out, VALUE_TEXT, "%s", param->choice[value.i]);
        break;
    }
}

static bool is_default(const struct gs_param *param, union gs_value value)
{
    char why[UNITS_WHY];
    union gs_value fallback = {.i = 0};
    bool yes = false;
    switch (param->kind) {
    case GS_TIME:
        return units_time(param->fallback, &fallback.i, why) == GS_OK && fallback.i == value.i;
    case GS_SIZE:
        return units_size(param->fallback, &fallback.i, why) == GS_OK && fallback.i == value.i;
    case GS_NUMBER:
        return units_number(param->fallback, &fallback.d, why) == GS_OK &&
               !(fallback.d < value.d || fallback.d > value.d);
    case GS_INTEGER:
        return units_integer(param->fallback, &fallback.i, why) == GS_OK && fallback.i == value.i;
    case GS_BOOLEAN:
        return units_boolean(param->fallback, &yes, why) == GS_OK && yes == (value.i != 0);
    case GS_CHOICE:
        return strcmp(param->fallback, param->choice[value.i]) == 0;
    }
    return false;
}

/* "nvshare(30s, early_release 2s)": a quantum always, other parameters where they are not the default. */
static void policy_label(struct text *out, const struct policy_choice *choice)
{
    text_add(out, policy_choice_name(choice));
    bool open = false;
    for (size_t i = 0; choice->policy->param && choice->policy->param[i].key; i++) {
        const struct gs_param *param = &choice->policy->param[i];
        bool quantum = strcmp(param->key, "quantum") == 0;
        char value[VALUE_TEXT];
        if (!quantum && is_default(param, choice->param[i]))
            continue;
        show_value(value, param, choice->param[i]);
        text_add(out, open ? ", " : "(");
        open = true;
        if (quantum)
            text_add(out, value);
        else
            text_printf(out, "%s %s", param->key, value);
    }
    if (open)
        text_add(out, ")");
}

/* `"slicer.quantum":"30s",...`, all parameters of all slots. */
static void parameters(struct text *out, const struct scenario *scenario)
{
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        const struct policy_choice *choice = &scenario->policy[slot];
        for (size_t i = 0; choice->policy->param && choice->policy->param[i].key; i++) {
            const struct gs_param *param = &choice->policy->param[i];
            char value[VALUE_TEXT];
            show_value(value, param, choice->param[i]);
            text_printf(out, "%s\"%s.%s\":", out->length ? "," : "", gs_slot_name((enum gs_slot)slot), param->key);
            if (param->kind == GS_BOOLEAN)
                text_add(out, choice->param[i].i ? "true" : "false");
            else if (param->kind == GS_NUMBER)
                text_number(out, choice->param[i].d);
            else if (param->kind == GS_INTEGER)
                text_add(out, value);
            else
                text_json_string(out, value);
        }
        if (choice->hash)
            text_printf(out, "%s\"%s.hash\":\"%s\"", out->length ? "," : "", gs_slot_name((enum gs_slot)slot),
                        choice->hash);
    }
}

/* Move a text into the arena; NULL if either had no memory. */
static const char *keep(struct making *b, struct text *text)
{
    const char *kept = text->failed ? NULL : arena_strdup(b->arena, text->data ? text->data : "");
    text_fini(text);
    return kept;
}

static const char *length_label(struct making *b)
{
    char text[UNITS_TEXT], cell[REPORT_CELL];

    if (b->scenario->served)
        return arena_printf(b->arena, "served for %s", report_time(cell, b->report->run.simulated.value));
    const char *length =
        b->scenario->duration == GS_NEVER ? "to the last job's end" : units_write_time(text, b->scenario->duration);
    return arena_printf(b->arena, "%s x %zu replication%s", length, b->count, b->count == 1 ? "" : "s");
}

int make_labels(struct making *b)
{
    struct report *r = b->report;
    const struct scenario *s = b->scenario;
    r->scenario = s->name;
    r->version = b->about->version;
    r->provenance = b->about->provenance;
    r->device = b->about->device;
    r->interrupted = b->count > 0 && b->tally[0]->cut;
    r->seed = s->seed;
    const char **name[GS_SLOTS] = {
        [GS_SLOT_VICTIM] = &r->victim,     [GS_SLOT_SLICER] = &r->slicer, [GS_SLOT_CAP] = &r->cap,
        [GS_SLOT_PREFETCH] = &r->prefetch, [GS_SLOT_PLACE] = &r->place,
    };
    static const char *const usual[GS_SLOTS] = {
        [GS_SLOT_CAP] = "static",
        [GS_SLOT_PREFETCH] = "none",
        [GS_SLOT_PLACE] = "spread",
    };
    struct text label = {0}, parameter = {0};
    for (int slot = 0; slot < GS_SLOTS; slot++) {
        *name[slot] = policy_choice_name(&s->policy[slot]);
        if (usual[slot] && strcmp(usual[slot], *name[slot]) == 0)
            continue;
        if (label.length)
            text_add(&label, " + ");
        policy_label(&label, &s->policy[slot]);
    }
    parameters(&parameter, s);
    r->policy = keep(b, &label);
    r->parameters = keep(b, &parameter);
    r->length = length_label(b);
    bool whole = r->policy && r->parameters && r->length;
    for (size_t i = 0; i < r->gpus && whole; i++)
        whole = (r->gpu[i].id = label_gpu(b->arena, s, i)) != NULL;
    for (size_t i = 0; i < r->nodes && whole; i++)
        whole = (r->node[i].id = label_node(b->arena, s, i)) != NULL;
    return whole ? GS_OK : error_set(b->err, GS_SYSTEM, "no memory for the report of '%s'", s->name);
}
