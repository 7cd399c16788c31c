/* models.c - inference models of a trace and their requests, for importers. */
#include "traces/models.h"
#include "sim/base/exact.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void models_init(struct models *models, struct import *in, bool service)
{
    *models = (struct models){.in = in, .service = service};
    stream_init(&models->stream, in->seed, 0, 0, PURPOSE_TRACE);
}

/* --- names ------------------------------------------------------------------------------------------------------- */

/* `show`, a valid id, or where another model has it, with the model's number behind. */
static void choose_id(const struct names *ids, const char *show, char id[GST_ID_MAX + 1])
{
    size_t n = strlen(show);
    memcpy(id, show, n + 1);
    for (size_t number = ids->count + 1; names_find(ids, id) != NAMES_NONE; number++) {
        char suffix[24];
        int length = snprintf(suffix, sizeof suffix, "-%zu", number);
        size_t keep = n + (size_t)length <= GST_ID_MAX ? n : GST_ID_MAX - (size_t)length;
        memcpy(id + keep, suffix, (size_t)length + 1);
    }
}

int models_find(struct models *models, const char *key, const char *show, size_t *index, struct error *err)
{
    struct import *in = models->in;
    char id[GST_ID_MAX + 1];
    *index = names_find(&models->keys, key);
    if (*index != NAMES_NONE)
        return GS_OK;
    *index = in->trace->workloads;
    if (!(show = import_id(in, show)))
        return import_no_memory(in, err);
    choose_id(&models->ids, show, id);
    struct trace_workload *w = import_workload(in, id, GST_INFERENCE, 0);
    if (!w || !names_add(&models->keys, key, *index, in->arena) || !names_add(&models->ids, id, *index, in->arena))
        return import_no_memory(in, err);
    if (models->service) {
        w->service.fixed_ns = in->value[MODELS_FIXED].i / 1000 * 1000;
        w->service.in_ns = in->value[MODELS_PREFILL].i;
        w->service.out_ns = in->value[MODELS_DECODE].i;
        w->service.kv_bytes = in->value[MODELS_KV].i;
        w->service.slots = in->value[MODELS_SLOTS].i;
    }
    return GS_OK;
}

/* --- dealing ----------------------------------------------------------------------------------------------------- */

int models_deal(struct models *models, struct error *err)
{
    struct import *in = models->in;
    double sum = 0;
    models->dealt = in->value[MODELS_COUNT].i;
    models->share = arena_array(in->arena, (size_t)models->dealt, sizeof *models->share);
    if (!models->share)
        return import_no_memory(in, err);
    for (int64_t i = 0; i < models->dealt; i++) {
        char name[24] = "llm";
        size_t index;
        if (models->dealt > 1)
            snprintf(name, sizeof name, "llm%lld", (long long)i + 1);
        int code = models_find(models, name, name, &index, err);
        if (code)
            return code;
        sum += exact_pow((double)(i + 1), -in->value[MODELS_ZIPF].d);
        models->share[i] = sum;
    }
    return GS_OK;
}

size_t models_next(struct models *models)
{
    double u = stream_uniform(&models->stream) * models->share[models->dealt - 1];
    size_t low = 0, high = (size_t)models->dealt - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (u < models->share[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* --- requests ---------------------------------------------------------------------------------------------------- */

static int add(struct models *models, size_t index, struct trace_request value, struct error *err)
{
    struct import *in = models->in;
    if (models->most && (int64_t)models->requests >= models->most)
        return import_fail(in, err, "more than %lld requests; lower 'rate_scale' or raise 'max_requests'",
                           (long long)models->most);
    struct trace_request *request = trace_add_request(&in->trace->workload[index], in->arena);
    if (!request)
        return import_no_memory(in, err);
    *request = value;
    models->requests++;
    return GS_OK;
}

int models_request(struct models *models, size_t index, int64_t ready_ns, int64_t in, int64_t out, struct error *err)
{
    const struct trace_workload *w = &models->in->trace->workload[index];
    struct trace_request request = {.ready_ns = ready_ns, .in = in, .out = out};
    trace_serve(w, &request);
    if (request.work_ns < 1000) {
        models->empty++;
        return GS_OK;
    }
    return add(models, index, request, err);
}

int models_work(struct models *models, size_t index, int64_t ready_ns, int64_t work_ns, struct error *err)
{
    if (work_ns < 1000)
        work_ns = 1000;
    struct trace_request request = {.ready_ns = ready_ns, .work_ns = work_ns, .has_work = true};
    return add(models, index, request, err);
}

struct order {
    int64_t ready_ns;
    size_t index;
};

static int by_time(const void *a, const void *b)
{
    const struct order *x = a, *y = b;
    if (x->ready_ns != y->ready_ns)
        return x->ready_ns < y->ready_ns ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static bool sort_requests(struct trace_workload *w)
{
    bool sorted = true;
    for (size_t i = 1; i < w->requests && sorted; i++)
        sorted = w->request[i - 1].ready_ns <= w->request[i].ready_ns;
    if (sorted)
        return true;
    struct order *order = heap_resize(NULL, w->requests * sizeof *order);
    struct trace_request *copy = heap_resize(NULL, w->requests * sizeof *copy);
    if (order && copy) {
        memcpy(copy, w->request, w->requests * sizeof *copy);
        for (size_t i = 0; i < w->requests; i++)
            order[i] = (struct order){copy[i].ready_ns, i};
        qsort(order, w->requests, sizeof *order, by_time);
        for (size_t i = 0; i < w->requests; i++)
            w->request[i] = copy[order[i].index];
    }
    sorted = order && copy;
    heap_free(order);
    heap_free(copy);
    return sorted;
}

static bool shift(struct import *in, const char *origin)
{
    struct trace *trace = in->trace;
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < trace->workloads; i++)
        if (trace->workload[i].requests && trace->workload[i].request[0].ready_ns < first)
            first = trace->workload[i].request[0].ready_ns;
    for (size_t i = 0; i < trace->workloads; i++)
        for (size_t j = 0; j < trace->workload[i].requests; j++)
            trace->workload[i].request[j].ready_ns -= first;
    return trace_add_note(trace, in->arena, false, "origin", "%lld us%s", (long long)first / 1000, origin);
}

static bool assume(const struct models *models)
{
    struct import *in = models->in;
    const union import_value *value = in->value;
    if (models->service &&
        !import_assume(
            in, "service", "%g ms and %g us a token in; %g ms a token out; %lld KV bytes a token; %lld slots",
            (double)value[MODELS_FIXED].i / 1e6, (double)value[MODELS_PREFILL].i / 1e3,
            (double)value[MODELS_DECODE].i / 1e6, (long long)value[MODELS_KV].i, (long long)value[MODELS_SLOTS].i))
        return false;
    if (models->dealt > 1 &&
        !import_assume(in, "model", "rows dealt over %lld by zipf(%g)", (long long)models->dealt, value[MODELS_ZIPF].d))
        return false;
    return !models->empty ||
           import_assume(in, "requests", "%llu that come to no work left out", (unsigned long long)models->empty);
}

int models_finish(struct models *models, const char *origin, struct error *err)
{
    struct trace *trace = models->in->trace;
    if (!models->requests)
        return error_set(err, GS_BAD_INPUT, "'%s': no request in it that could be replayed", models->in->file);
    for (size_t i = 0; i < trace->workloads; i++)
        if (!sort_requests(&trace->workload[i]))
            return import_no_memory(models->in, err);
    if (origin && !shift(models->in, origin))
        return import_no_memory(models->in, err);
    return assume(models) ? GS_OK : import_no_memory(models->in, err);
}
