/* samples_metrics.c - metrics with labels: Prometheus range queries, and the text of exporters. */
#include "traces/json.h"
#include "traces/samples.h"
#include "sim/base/units.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- labels: whose metric it is ---------------------------------------------------------------------------------- */

enum { GPU, UUID, INSTANCE, HOST, POD, NAMESPACE, CONTAINER, LABELS };
enum { LABEL_BYTES = 192 };

/* Prometheus puts "exported_" before a label that it sets itself, to what it scraped: that is the exporter, so the
 * exported one counts. */
static const struct {
    const char *name, *exported;
} label_name[LABELS] = {
    {"gpu", NULL},
    {"UUID", NULL},
    {"GPU_I_ID", NULL},
    {"Hostname", NULL},
    {"pod", "exported_pod"},
    {"namespace", "exported_namespace"},
    {"container", "exported_container"},
};

struct labels {
    char value[LABELS][LABEL_BYTES];
    bool exported[LABELS];
};

static void set_label(struct labels *labels, const char *name, const char *value)
{
    for (int i = 0; i < LABELS; i++) {
        bool exported = label_name[i].exported && !strcmp(name, label_name[i].exported);
        if ((!exported && strcmp(name, label_name[i].name) != 0) || (labels->exported[i] && !exported))
            continue;
        labels->exported[i] = exported;
        snprintf(labels->value[i], LABEL_BYTES, "%s", value);
    }
}

static int add(struct samples *samples, const struct labels *l, const struct sample *sample, struct error *err)
{
    char key[LABELS * LABEL_BYTES], show[4 * LABEL_BYTES];
    const char *gpu = l->value[GPU], *instance = l->value[INSTANCE], *pod = l->value[POD];
    snprintf(key, sizeof key, "%s/%s/%s/%s/%s/%s", pod, l->value[NAMESPACE], l->value[CONTAINER], l->value[HOST],
             *l->value[UUID] ? l->value[UUID] : gpu, instance);
    if (*pod)
        snprintf(show, sizeof show, "%s", pod);
    else
        snprintf(show, sizeof show, "%s%sgpu%s%s%s", l->value[HOST], *l->value[HOST] ? "-" : "", gpu,
                 *instance ? "-mig" : "", instance);
    const struct samples_at at = {key, show, l->value[NAMESPACE]};
    samples->no_memory += isnan(sample->mem) && isnan(sample->util);
    return samples_add(samples, &at, sample, err);
}

/* The value of metric `which` into the sample; false: not a value. */
static bool set_value(const struct import *in, int which, const char *text, struct sample *sample)
{
    return which == 0 ? samples_mem(text, samples_mem_unit(in), &sample->mem)
                      : samples_util(text, samples_util_unit(in), &sample->util);
}

/* --- the answer to a range query --------------------------------------------------------------------------------- */

static int bad(const struct samples *samples, struct error *err, size_t series, const char *what)
{
    return error_set(err, GS_BAD_INPUT, "%s: result %zu: %s", samples->in->file, series + 1, what);
}

/* A pair [seconds, "value"]. */
static int read_pair(struct samples *samples, const json_t *pair, int which, const struct labels *labels, size_t series,
                     struct error *err)
{
    struct sample sample = {.mem = NAN, .util = NAN};
    const json_t *time = json_array_get(pair, 0), *value = json_array_get(pair, 1);
    if (!json_is_number(time) || !json_is_string(value))
        return bad(samples, err, series, "'values' must hold pairs of seconds and a value as text");
    double us = json_number_value(time) * 1e6;
    if (!(fabs(us) < 9e15))
        return bad(samples, err, series, "a time is out of range");
    sample.us = llround(us);
    if (!set_value(samples->in, which, json_string_value(value), &sample))
        return bad(samples, err, series,
                   which == 0 ? "a value is no size of memory"
                              : "a value is no utilisation from 0 to 100 %; its unit is the option 'util_unit'");
    return add(samples, labels, &sample, err);
}

static int read_series(struct samples *samples, const json_t *entry, size_t series, struct labels *labels,
                       struct error *err)
{
    const json_t *metric = json_object_get(entry, "metric"), *values = json_object_get(entry, "values");
    const json_t *name = json_object_get(metric, "__name__");
    int code = GS_OK, which = json_is_string(name) ? samples_metric(samples->in, json_string_value(name)) : -1;
    if (which < 0)
        return GS_OK; /* some other metric */
    if (!json_is_array(values))
        return bad(samples, err, series, "'values' is missing; ask for a range of time");
    *labels = (struct labels){0};
    void *at;
    json_t *object = json_object_get(entry, "metric");
    for (at = json_object_iter(object); at; at = json_object_iter_next(object, at))
        if (json_is_string(json_object_iter_value(at)))
            set_label(labels, json_object_iter_key(at), json_string_value(json_object_iter_value(at)));
    for (size_t i = 0; !code && i < json_array_size(values); i++)
        code = read_pair(samples, json_array_get(values, i), which, labels, series, err);
    return code;
}

static int read_answer(struct samples *samples, const json_t *root, struct error *err)
{
    const json_t *data = json_object_get(root, "data"), *status = json_object_get(root, "status");
    const json_t *error = json_object_get(root, "error");
    data = data ? data : root;
    const json_t *type = json_object_get(data, "resultType"), *result = json_object_get(data, "result");
    struct labels labels;
    int code = GS_OK;
    if (json_is_string(status) && strcmp(json_string_value(status), "success") != 0)
        return error_set(err, GS_BAD_INPUT, "%s: the query failed: %.200s", samples->in->file,
                         json_is_string(error) ? json_string_value(error) : "no reason given");
    if (json_is_string(type) && strcmp(json_string_value(type), "matrix") != 0)
        return error_set(err, GS_BAD_INPUT,
                         "%s: result is a '%.40s', not a matrix; ask for a range of time (query_range)",
                         samples->in->file, json_string_value(type));
    if (!json_is_array(result))
        return error_set(err, GS_BAD_INPUT, "%s: no 'result' in it; is it the answer to a range query?",
                         samples->in->file);
    for (size_t i = 0; !code && i < json_array_size(result); i++)
        code = read_series(samples, json_array_get(result, i), i, &labels, err);
    return code;
}

int samples_read_json(struct samples *samples, struct error *err)
{
    json_t *root;
    int code = json_document(samples->in, &root, err);
    if (!code)
        code = read_answer(samples, root, err);
    json_decref(root);
    return code;
}

/* --- the text of an exporter ------------------------------------------------------------------------------------- */

struct scrapes {
    struct samples *samples;
    struct names seen[2]; /* series of each metric that this scrape has given already */
    bool timed;           /* by a line with the time before it */
    int64_t us;           /* of the present scrape */
};

/* name="value", ... up to the closing brace; where it goes on, or NULL. */
static char *parse_labels(char *p, struct labels *labels)
{
    for (;;) {
        p += strspn(p, " ,");
        if (*p == '}')
            return p + 1;
        char *name = p, value[LABEL_BYTES];
        size_t n = 0;
        while (isalnum((unsigned char)*p) || *p == '_')
            p++;
        if (p == name || p[0] != '=' || p[1] != '"')
            return NULL;
        *p = 0;
        for (p += 2; *p && *p != '"'; p++) {
            if (*p == '\\' && p[1])
                p++;
            if (n + 1 < sizeof value)
                value[n++] = *p;
        }
        if (*p++ != '"')
            return NULL;
        value[n] = 0;
        set_label(labels, name, value);
    }
}

/* A series for the second time: the next scrape has begun. */
static int count_scrape(struct scrapes *s, int which, const struct labels *l, struct error *err)
{
    struct import *in = s->samples->in;
    char key[LABELS * LABEL_BYTES];
    snprintf(key, sizeof key, "%s/%s/%s/%s/%s/%s/%s", l->value[POD], l->value[NAMESPACE], l->value[CONTAINER],
             l->value[HOST], l->value[UUID], l->value[GPU], l->value[INSTANCE]);
    if (names_find(&s->seen[which], key) != NAMES_NONE) {
        if (!in->value[SAMPLES_STEP].i)
            return import_fail(in, err,
                               "another scrape begins, and when is not said; put a line with its time before "
                               "each ('date +%%s'), or set the option 'step'");
        s->us += in->value[SAMPLES_STEP].i / 1000;
        s->seen[0] = s->seen[1] = (struct names){0};
    }
    return names_add(&s->seen[which], key, 0, in->arena) ? GS_OK : import_no_memory(in, err);
}

static int read_metric(struct scrapes *s, char *line, struct error *err)
{
    struct import *in = s->samples->in;
    struct sample sample = {.mem = NAN, .util = NAN};
    struct labels labels = {0};
    char *brace = line + strcspn(line, "{ ");
    bool has_labels = *brace == '{';
    char *p = brace + (*brace != 0);
    *brace = 0;
    int which = samples_metric(in, line);
    if (which < 0)
        return GS_OK;
    if (has_labels && !(p = parse_labels(p, &labels)))
        return import_fail(in, err, "labels must be 'name=\"value\", ...' up to a '}'");
    p += strspn(p, " ");
    char *value = p, *end = p + strcspn(p, " ");
    char *time = end + strspn(end, " ");
    bool has_time = *time;
    *end = 0;
    if (!*value || !set_value(in, which, value, &sample))
        return import_fail(in, err, "'%.40s' is no value of '%s'", value, line);
    sample.us = s->us;
    if (has_time && !samples_time(time, 1e3, &sample.us))
        return import_fail(in, err, "'%.40s' is no time in milliseconds", time);
    int code = has_time || s->timed ? GS_OK : count_scrape(s, which, &labels, err);
    if (!has_time)
        sample.us = s->us;
    return code ? code : add(s->samples, &labels, &sample, err);
}

int samples_read_text(struct samples *samples, struct error *err)
{
    struct scrapes s = {.samples = samples};
    struct import *in = samples->in;
    char *line;
    size_t length;
    int code;
    while (!(code = lines_next(in->lines, &line, &length, err)) && line) {
        int64_t us;
        line[length] = 0;
        if (length && line[length - 1] == '\r')
            line[length - 1] = 0;
        if (memchr(line, 0, length) && strlen(line) + 1 < length)
            return import_fail(in, err, "line holds a NUL byte; this is no text file");
        char *p = line + strspn(line, " \t");
        bool comment = *p == '#';
        p += comment;
        if (samples_time(p, samples_time_unit(in), &us)) {
            s.us = us;
            s.timed = true;
        } else if (!comment && *p) {
            code = read_metric(&s, p, err);
        }
        if (code)
            return code;
    }
    return code;
}
