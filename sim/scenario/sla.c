/* sla.c - [sla.NAME] sections: one row for each metric that is promised. */
#include "sim/scenario/build.h"
#include <math.h>
#include <string.h>

static const char *const metric_name[SLA_METRICS] = {
    [SLA_RESPONSE_P50] = "response_p50", [SLA_RESPONSE_P95] = "response_p95",
    [SLA_RESPONSE_P99] = "response_p99", [SLA_RESPONSE_MEAN] = "response_mean",
    [SLA_SLOWDOWN_P50] = "slowdown_p50", [SLA_SLOWDOWN_P95] = "slowdown_p95",
    [SLA_SLOWDOWN_P99] = "slowdown_p99", [SLA_SLOWDOWN_MEAN] = "slowdown_mean",
    [SLA_TTFT_P50] = "ttft_p50",         [SLA_TTFT_P95] = "ttft_p95",
    [SLA_TTFT_P99] = "ttft_p99",         [SLA_THROUGHPUT_SHARE] = "throughput_share",
    [SLA_OOM_KILLS] = "oom_kills",
};

const char *sla_metric_name(enum sla_metric metric)
{
    return metric_name[metric];
}

bool sla_metric_is_floor(enum sla_metric metric)
{
    return metric == SLA_THROUGHPUT_SHARE;
}

bool sla_concerns(const struct scenario *scenario, const struct sla *sla, size_t group)
{
    return sla->group >= 0 ? group == (size_t)sla->group : scenario->workload[group].class == sla->class;
}

static const char *group_at(size_t i, const void *context)
{
    const struct scenario *s = context;
    return s->workload[i].name;
}

/* Index of the group that is promised something, -1: a class, -2: neither. */
static int32_t group_find(struct build *b, const struct ini_section *section, const struct sla_keys *keys)
{
    char hint[HINT_TEXT], shown[SHOWN_TEXT];
    const struct scenario *s = b->scenario;
    for (size_t i = 0; i < s->workloads; i++) {
        if (keys->group && strcmp(s->workload[i].name, keys->group) == 0)
            return (int32_t)i;
        /* The classes within a trace are known only when it is read. */
        bool may_be = s->workload[i].class == keys->class || s->workload[i].trace >= 0;
        if (!keys->group && may_be)
            return -1;
    }
    if (b->ini->broken)
        return -2;
    if (keys->group)
        ini_error(b->err, build_spot(section, "group"), GS_BAD_INPUT, "no workload group '%s'%s",
                  build_shown(shown, keys->group), build_hint(hint, keys->group, s->workloads, group_at, s));
    else
        ini_error(b->err, build_spot(section, "class"), GS_BAD_INPUT, "no workload is of class %s",
                  class_name(keys->class));
    return -2;
}

static void add_rows(struct build *b, const struct ini_section *section, const struct sla_keys *keys, int32_t group,
                     size_t *capacity)
{
    struct scenario *s = b->scenario;
    struct sla *grown = arena_grow(b->arena, s->sla, capacity, s->slas + SLA_METRICS, sizeof *s->sla);
    if (!grown) {
        ini_no_memory(b->ini);
        return;
    }
    s->sla = grown;
    for (int m = 0; m < SLA_METRICS; m++)
        if (!isnan(keys->target[m]))
            s->sla[s->slas++] = (struct sla){
                .name = section->title + strlen("sla."),
                .place = build_spot(section, metric_name[m])->place,
                .group = group,
                .class = group >= 0 ? s->workload[group].class : keys->class,
                .metric = (enum sla_metric)m,
                .target = keys->target[m],
            };
}

static void add_sla(struct build *b, struct ini_section *section, size_t *capacity)
{
    struct sla_keys keys = {.class = -1};
    for (int m = 0; m < SLA_METRICS; m++)
        keys.target[m] = NAN;
    build_apply(b, section, "sla", -1, &keys);
    bool has_group = ini_entry_find(section, "group") != NULL, has_class = ini_entry_find(section, "class") != NULL;
    bool has_metric = false;
    for (int m = 0; m < SLA_METRICS; m++)
        has_metric = has_metric || ini_entry_find(section, metric_name[m]);
    if (!has_metric)
        ini_error(b->err, &section->spot, GS_BAD_INPUT,
                  "[%s] promises nothing; add a metric such as 'response_p95 = 60s'", section->title);
    if (!build_sound(section, "class") || b->scenario->workloads == 0)
        return;
    if (has_group == has_class) {
        ini_error(b->err, build_spot(section, "class"), GS_BAD_INPUT, "[%s] needs either 'group' or 'class'%s",
                  section->title, has_group ? ", not both" : "");
        return;
    }
    int32_t group = group_find(b, section, &keys);
    if (group >= -1)
        add_rows(b, section, &keys, group, capacity);
}

int build_slas(struct build *b)
{
    size_t capacity = 0;
    for (size_t i = 0; i < b->ini->sections && !b->ini->stop; i++) {
        struct ini_section *section = b->ini->section[i];
        if (section->kind && strcmp(section->kind, "sla") == 0)
            add_sla(b, section, &capacity);
    }
    return b->err->code;
}
