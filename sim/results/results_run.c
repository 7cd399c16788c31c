/* results_run.c - bind the rows of a run: what is known before it starts, and its report at the end. */
#include "sim/results/results_parts.h"

#include "policies/controller.h"
#include "sim/results/report_parts.h"
#include "sim/results/schema.h"

#include <stdio.h>
#include <time.h>

static const char *const record_name[] = {"summary", "bursts", "events"};

/* `section.key = value` lines of every key that was given, as --set takes them. */
static void keys(struct text *out, const struct scenario *scenario)
{
    text_add(out, "");
    for (size_t i = 0; i < scenario->settings; i++) {
        const struct setting *s = &scenario->setting[i];
        text_printf(out, "%s.%s = %s\n", s->section, s->key, s->value);
    }
}

static int run_row(struct results *r, const struct scenario *scenario, const char *version, const char *provenance,
                   struct error *err)
{
    struct text key = {0};
    keys(&key, scenario);
    if (key.failed) {
        text_fini(&key);
        return error_set(err, GS_SYSTEM, "no memory for the keys of '%s'", scenario->name);
    }
    char started[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(started, sizeof started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    struct row row = row_begin(r, INSERT_RUN);
    put_text(&row, NULL);
    put_text(&row, "incomplete");
    put_text(&row, started);
    put_text(&row, scenario->name);
    put_text(&row, scenario->file ? scenario->file : "");
    put_text(&row, scenario->text);
    put_text(&row, key.data);
    for (int slot = 0; slot < GS_SLOTS; slot++)
        put_text(&row, policy_choice_name(&scenario->policy[slot]));
    put_text(&row, NULL);
    put_text(&row, NULL);
    put_integer(&row, (int64_t)scenario->seed);
    put_integer(&row, scenario->precision > 0 ? scenario->max_replications : scenario->replications);
    put_text(&row, record_name[scenario->record]);
    put_text(&row, version);
    put_text(&row, provenance);
    for (int i = 0; i < 4; i++)
        put_text(&row, NULL);
    put_integer(&row, scenario_is_random(scenario));
    put_text(&row, NULL);
    int rc = row_end(r, &row, err);
    text_fini(&key);
    r->run = sqlite3_last_insert_rowid(r->store->db);
    return rc;
}

static int workload_rows(struct results *r, const struct scenario *scenario, const struct gs_workload_spec *spec,
                         uint32_t workloads, struct error *err)
{
    int rc = GS_OK;
    for (size_t i = 0; i < scenario->workloads && rc == GS_OK; i++) {
        struct row row = row_begin(r, INSERT_GROUP);
        put_integer(&row, r->run);
        put_integer(&row, (int64_t)i);
        put_text(&row, scenario->workload[i].name);
        put_text(&row, gs_class_name((uint8_t)scenario->workload[i].class));
        rc = row_end(r, &row, err);
    }
    for (uint32_t i = 0; i < workloads && rc == GS_OK; i++) {
        struct row row = row_begin(r, INSERT_WORKLOAD);
        put_integer(&row, r->run);
        put_integer(&row, i);
        put_integer(&row, spec[i].group);
        put_text(&row, gs_class_name(spec[i].class));
        put_integer(&row, spec[i].priority);
        put_integer(&row, spec[i].bytes);
        put_integer(&row, spec[i].context_bytes);
        put_real(&row, spec[i].request);
        put_real(&row, spec[i].limit);
        put_real(&row, spec[i].dirty);
        put_integer(&row, spec[i].swappable);
        rc = row_end(r, &row, err);
    }
    return rc;
}

static int node_row(struct results *r, const struct scenario *scenario, size_t node, struct arena *names,
                    struct error *err)
{
    const struct node_group *group = node_group_of(scenario, node);
    const char *name = label_node(names, scenario, node);
    if (!name)
        return error_set(err, GS_SYSTEM, "no memory for the nodes of '%s'", scenario->name);
    struct row row = row_begin(r, INSERT_NODE);
    put_integer(&row, r->run);
    put_integer(&row, (int64_t)node);
    put_text(&row, name);
    put_integer(&row, group->swap ? group->swap_file : 0);
    return row_end(r, &row, err);
}

static int gpu_row(struct results *r, const struct scenario *scenario, size_t gpu, size_t node, struct arena *names,
                   struct error *err)
{
    const struct node_group *group = node_group_of(scenario, node);
    const char *name = label_gpu(names, scenario, gpu);
    if (!name)
        return error_set(err, GS_SYSTEM, "no memory for the GPUs of '%s'", scenario->name);
    struct row row = row_begin(r, INSERT_GPU);
    put_integer(&row, r->run);
    put_integer(&row, (int64_t)gpu);
    put_integer(&row, (int64_t)node);
    put_text(&row, name);
    put_integer(&row, group->gpu_memory);
    put_integer(&row, group->gpu_reserved);
    return row_end(r, &row, err);
}

static int device_rows(struct results *r, const struct scenario *scenario, struct arena *names, struct error *err)
{
    size_t gpu = 0;
    const struct node_group *group;
    for (size_t node = 0; (group = node_group_of(scenario, node)); node++) {
        int rc = node_row(r, scenario, node, names, err);
        for (int64_t i = 0; i < group->gpus && rc == GS_OK; i++)
            rc = gpu_row(r, scenario, gpu++, node, names, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

int rows_run(struct results *r, const struct scenario *scenario, const struct gs_workload_spec *spec,
             uint32_t workloads, const char *version, const char *provenance, struct error *err)
{
    struct arena names = {0};
    int rc = run_row(r, scenario, version, provenance, err);
    if (rc == GS_OK)
        rc = workload_rows(r, scenario, spec, workloads, err);
    if (rc == GS_OK)
        rc = device_rows(r, scenario, &names, err);
    arena_fini(&names);
    return rc;
}

struct metrics {
    struct results *results;
    struct error *err;
};

static int metric_row(void *context, const char *scope, const char *name, const char *metric, struct interval *value)
{
    struct metrics *m = context;
    char full[256];
    snprintf(full, sizeof full, *name ? "%s:%s" : "%s", scope, name);
    struct row row = row_begin(m->results, INSERT_METRIC);
    put_integer(&row, m->results->run);
    put_text(&row, full);
    put_text(&row, metric);
    put_real(&row, value->value);
    put_real(&row, value->low);
    put_real(&row, value->high);
    put_integer(&row, (int64_t)value->n);
    return row_end(m->results, &row, m->err);
}

static int sla_rows(struct results *r, const struct report *report, struct error *err)
{
    for (size_t i = 0; i < report->slas; i++) {
        const struct report_sla *s = &report->sla[i];
        struct row row = row_begin(r, INSERT_SLA);
        put_integer(&row, r->run);
        put_integer(&row, (int64_t)i);
        put_text(&row, s->name);
        put_text(&row, s->group);
        put_text(&row, s->class);
        put_text(&row, s->metric);
        put_integer(&row, s->is_floor);
        put_real(&row, s->target);
        put_real(&row, s->value.value);
        put_real(&row, s->value.low);
        put_real(&row, s->value.high);
        put_integer(&row, (int64_t)s->value.n);
        put_integer(&row, s->met);
        put_real(&row, s->attainment);
        put_text(&row, s->missed);
        put_real(&row, s->alone);
        put_real(&row, s->goodput_per_s.value);
        put_real(&row, s->goodput_per_s.low);
        put_real(&row, s->goodput_per_s.high);
        int rc = row_end(r, &row, err);
        if (rc != GS_OK)
            return rc;
    }
    return GS_OK;
}

int rows_device(struct results *r, const char *device, struct error *err)
{
    sqlite3_stmt *update = NULL;
    int rc = store_statement(r->store, &update, "UPDATE run SET device = ? WHERE run = ?", err);
    if (rc != GS_OK)
        return rc;
    struct row row = {update, 0};
    put_text(&row, device);
    put_integer(&row, r->run);
    rc = row_end(r, &row, err);
    sqlite3_finalize(update);
    return rc;
}

int rows_report(struct results *r, const struct report *report, struct error *err)
{
    struct report walked = *report;
    struct metrics metrics = {r, err};
    int rc = report_each(&walked, metric_row, &metrics);
    if (rc == GS_OK)
        rc = sla_rows(r, report, err);
    if (rc == GS_OK)
        rc = pool_rows(r, err);
    if (rc != GS_OK)
        return rc;
    sqlite3_stmt *update = NULL;
    if (sqlite3_prepare_v2(r->store->db,
                           "UPDATE run SET status = ?, policy = ?, parameters = ?, length = ?, limits = ?, next = ?,"
                           " policy_faults = ?, replications = ? WHERE run = ?",
                           -1, &update, NULL) != SQLITE_OK)
        return schema_error(r->store->db, r->store->path, err);
    struct row row = {update, 0};
    put_text(&row, report->interrupted ? "interrupted" : "complete");
    put_text(&row, report->policy);
    put_text(&row, report->parameters);
    put_text(&row, report->length);
    put_text(&row, report->limits);
    put_text(&row, report->next);
    put_integer(&row, (int64_t)report_faults(report));
    put_integer(&row, (int64_t)report->run.replications.value);
    put_integer(&row, r->run);
    rc = row_end(r, &row, err);
    sqlite3_finalize(update);
    return rc;
}
