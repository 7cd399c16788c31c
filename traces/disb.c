/* disb.c - the tasks of a DISB workload become inference models with their recorded request times. */
#include "traces/importers.h"
#include "traces/json.h"
#include "traces/models.h"
#include "sim/base/dist.h"
#include <stdio.h>
#include <string.h>

enum { WORK, CONTINUOUS };

#define MS_MAX (GST_TIME_MAX / 1000 / 2)

struct reading {
    struct models models;
    struct stream stream; /* work */
    int64_t end_ns;       /* of the benchmark, or of the last request */
    uint64_t left_out;
};

/* A document has no line to point at: the task is named. */
static int fail(const struct reading *r, struct error *err, size_t task, const char *what)
{
    return error_set(err, GS_BAD_INPUT, "%s: task %zu: %s", r->models.in->file, task + 1, what);
}

static int64_t draw_work(struct reading *r)
{
    int64_t ns = dist_draw_integer(r->models.in->value[WORK].dist, &r->stream);
    return ns < GST_TIME_MAX * 1000 ? ns / 1000 * 1000 : GST_TIME_MAX * 1000;
}

static int read_times(struct reading *r, size_t task, size_t index, const json_t *times, struct error *err)
{
    char what[100];
    if (!json_is_array(times))
        return fail(r, err, task, "load of type 'trace' has no array 'trace' of times");
    for (size_t i = 0; i < json_array_size(times); i++) {
        const json_t *time = json_array_get(times, i);
        double ms = json_number_value(time);
        if (!json_is_number(time) || !(ms >= 0 && ms <= (double)MS_MAX)) {
            snprintf(what, sizeof what, "request %zu: must be a time from 0 to %lld ms", i + 1, (long long)MS_MAX);
            return fail(r, err, task, what);
        }
        int64_t ready_ns = import_ns(ms, 1e6);
        r->end_ns = ready_ns > r->end_ns ? ready_ns : r->end_ns;
        int code = models_work(&r->models, index, ready_ns, draw_work(r), err);
        if (code)
            return code;
    }
    return GS_OK;
}

static int read_task(struct reading *r, size_t task, const json_t *value, struct error *err)
{
    const json_t *load = json_object_get(value, "load");
    const char *id = json_string_value(json_object_get(value, "id"));
    const char *type = json_string_value(json_object_get(load, "type"));
    char key[24];
    size_t index;
    if (!id || !type)
        return fail(r, err, task, "has no 'id' or no 'load' with a 'type'");
    bool continuous = !strcmp(type, "continuous");
    if (!continuous && strcmp(type, "trace") != 0)
        return fail(r, err, task, "its load is of another type than 'trace' and 'continuous'");
    if (continuous && !r->models.in->value[CONTINUOUS].i) {
        r->left_out++;
        return GS_OK;
    }
    snprintf(key, sizeof key, "%zu", task);
    int code = models_find(&r->models, key, id, &index, err);
    if (!code && !continuous)
        code = read_times(r, task, index, json_object_get(load, "trace"), err);
    return code;
}

/* Tasks that always have the next request at hand are jobs of iterations, as many as fit alone.  They are the ones without
 * requests, and get theirs when the end is known. */
static int add_continuous(struct reading *r, const json_t *tasks, struct error *err)
{
    struct trace *trace = r->models.in->trace;
    size_t index = 0;
    for (size_t i = 0; i < json_array_size(tasks); i++) {
        const json_t *load = json_object_get(json_array_get(tasks, i), "load");
        bool continuous = !strcmp(json_string_value(json_object_get(load, "type")), "continuous");
        if (continuous && !r->models.in->value[CONTINUOUS].i)
            continue;
        struct trace_workload *w = &trace->workload[index++];
        if (!continuous)
            continue;
        struct trace_run *run = trace_add_run(w, r->models.in->arena);
        if (!run)
            return import_no_memory(r->models.in, err);
        int64_t work_ns = draw_work(r);
        work_ns = work_ns < 1000 ? 1000 : work_ns;
        *run = (struct trace_run){.iters = r->end_ns > work_ns ? r->end_ns / work_ns : 1, .work_ns = work_ns};
        w->class = GST_TRAINING;
    }
    return GS_OK;
}

static int read_tasks(struct reading *r, const json_t *root, struct error *err)
{
    const struct import *in = r->models.in;
    const json_t *tasks = json_object_get(root, "tasks"), *time = json_object_get(root, "time");
    int code = GS_OK;
    if (!json_is_array(tasks))
        return error_set(err, GS_BAD_INPUT, "%s: member 'tasks' is missing or no array; is this the right format?",
                         in->file);
    if (time && !(json_is_number(time) && json_number_value(time) >= 0 && json_number_value(time) <= 1e9))
        return error_set(err, GS_BAD_INPUT, "%s: member 'time': must be a number from 0 to 1e9", in->file);
    r->end_ns = import_ns(json_number_value(time), 1e9);
    for (size_t i = 0; !code && i < json_array_size(tasks); i++)
        code = read_task(r, i, json_array_get(tasks, i), err);
    if (!code)
        code = add_continuous(r, tasks, err);
    return code;
}

static int read_disb(struct import *in, struct error *err)
{
    struct reading r = {.left_out = 0};
    json_t *root;
    models_init(&r.models, in, false);
    stream_init(&r.stream, in->seed, 0, 1, PURPOSE_TRACE);
    int code = json_document(in, &root, err);
    if (!code)
        code = read_tasks(&r, root, err);
    json_decref(root);
    if (!code)
        code = models_finish(&r.models, NULL, err);
    if (code)
        return code;
    in->trace->horizon_ns = r.end_ns;
    bool said =
        import_assume(in, "work", "drawn; the recording has none") &&
        (!r.left_out || import_assume(in, "tasks", "%llu continuous ones left out", (unsigned long long)r.left_out));
    return said ? GS_OK : import_no_memory(in, err);
}

static bool is_disb(const char *head)
{
    return *head == '{' && strstr(head, "\"tasks\"") && strstr(head, "\"load\"");
}

static const struct import_option options[] = {
    {.key = "work", .kind = IMPORT_TIME_DIST, .fallback = "8ms", .help = "GPU work of a request"},
    {.key = "continuous",
     .kind = IMPORT_BOOLEAN,
     .fallback = "no",
     .help = "tasks of load type 'continuous' become jobs that iterate to the end"},
    {0}};

const struct importer import_disb = {.name = "disb",
                                     .help = "real-time inference tasks of DISB, JSON: request times in ms",
                                     .memory = "1.5GiB",
                                     .option = options,
                                     .guess = is_disb,
                                     .read = read_disb};
