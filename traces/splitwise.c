/* splitwise.c - measured prompt and token times of a model become its service model, by least squares. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { MODEL, HARDWARE, PROMPT, BATCH, PROMPT_TIME, TOKEN_TIME, TENSOR_PARALLEL, COLUMNS };
static const char *const column_name[COLUMNS] = {"model",       "hardware",   "prompt_size",    "batch_size",
                                                 "prompt_time", "token_time", "tensor_parallel"};

enum { O_MODEL, O_HARDWARE, O_TENSOR_PARALLEL, O_MIN_PROMPT, O_MAX_PROMPT, O_PARAMETERS, O_KV, O_SLOTS };

struct reading {
    struct import *in;
    double n, x, y, xx, xy; /* sums over the rows with a prompt in range: prompt size, prompt time in ms */
    double *token_ms;       /* of all rows */
    size_t tokens, token_capacity;
};
struct fit { /* ns */
    double fixed, prompt, token;
};

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int read_row(struct reading *r, const struct csv *csv, struct error *err)
{
    const union import_value *value = r->in->value;
    int64_t prompt, batch, tensor_parallel;
    double prompt_ms, token_ms;
    int code = csv_integer(csv, PROMPT, 1, MODELS_TOKENS_MAX, &prompt, err);
    if (!code)
        code = csv_integer(csv, BATCH, 1, MODELS_TOKENS_MAX, &batch, err);
    if (!code)
        code = csv_integer(csv, TENSOR_PARALLEL, 1, 1024, &tensor_parallel, err);
    if (!code)
        code = csv_number(csv, PROMPT_TIME, 0, 1e9, &prompt_ms, err);
    if (!code)
        code = csv_number(csv, TOKEN_TIME, 0, 1000, &token_ms, err);
    if (code)
        return code;
    if (batch != 1 || tensor_parallel != value[O_TENSOR_PARALLEL].i ||
        strcmp(csv_text(csv, MODEL), value[O_MODEL].text) != 0 ||
        strcmp(csv_text(csv, HARDWARE), value[O_HARDWARE].text) != 0)
        return GS_OK;
    double *token = arena_grow(r->in->arena, r->token_ms, &r->token_capacity, r->tokens + 1, sizeof *token);
    if (!token)
        return import_no_memory(r->in, err);
    r->token_ms = token;
    r->token_ms[r->tokens++] = token_ms;
    if (prompt >= value[O_MIN_PROMPT].i && prompt <= value[O_MAX_PROMPT].i) {
        double x = (double)prompt;
        r->n += 1;
        r->x += x;
        r->y += prompt_ms;
        r->xx += x * x;
        r->xy += x * prompt_ms;
    }
    return GS_OK;
}

/* The line of least squares, through 0 if it would start below; decoding takes the median, which few slow rows leave
 * alone. */
static bool make_fit(const struct reading *r, struct fit *fit)
{
    double spread = r->n * r->xx - r->x * r->x;
    if (!(spread > 0) || !r->tokens)
        return false;
    double slope = (r->n * r->xy - r->x * r->y) / spread, start = (r->y - slope * r->x) / r->n;
    if (start < 0) {
        start = 0;
        slope = r->xy / r->xx;
    }
    qsort(r->token_ms, r->tokens, sizeof *r->token_ms, by_value);
    double median = (r->token_ms[(r->tokens - 1) / 2] + r->token_ms[r->tokens / 2]) / 2;
    *fit = (struct fit){start * 1e6, slope * 1e6, median * 1e6};
    return slope >= 0 && slope <= 1000;
}

/* G parameters by the name, as in "llama2-70b"; 0 = the name does not tell. */
static double parameters(const char *model)
{
    size_t end = strlen(model);
    if (!end || (model[end - 1] | 32) != 'b')
        return 0;
    double value = 0, weight = 1;
    for (size_t i = end - 1; i > 0 && model[i - 1] >= '0' && model[i - 1] <= '9' && weight < 1e4; i--, weight *= 10)
        value += weight * (model[i - 1] - '0');
    return value;
}

/* As measured, or scaled to a model of other size on one GPU: times in proportion to parameters, the work of all GPUs on
 * one. */
static int add_model(struct reading *r, struct fit fit, struct error *err)
{
    struct import *in = r->in;
    const union import_value *value = in->value;
    double size = parameters(value[O_MODEL].text), target = value[O_PARAMETERS].d;
    double gpus = (double)value[O_TENSOR_PARALLEL].i, factor = 1;
    if (target > 0 && !(size > 0))
        return error_set(err, GS_BAD_INPUT, "option 'parameters': the name '%s' does not tell the model's own size",
                         value[O_MODEL].text);
    struct trace_workload *w = import_workload(in, value[O_MODEL].text, GST_INFERENCE, 0);
    if (!w)
        return import_no_memory(in, err);
    w->gpus = value[O_TENSOR_PARALLEL].i;
    if (target > 0) {
        factor = gpus * target / size;
        w->gpus = 1;
        size = target;
    }
    if (size > 0)
        w->memory_bytes = (int64_t)(size * 2e9);
    fit.prompt *= factor;
    fit.token *= factor;
    if (fit.prompt > 1e9 || fit.token > 1e9)
        return error_set(err, GS_BAD_INPUT, "'%s': more than a second a token", in->file);
    w->service.fixed_ns = (int64_t)(fit.fixed / 1e3) * 1000;
    w->service.in_ns = (int64_t)(fit.prompt + 0.5);
    w->service.out_ns = (int64_t)(fit.token + 0.5);
    w->service.kv_bytes = value[O_KV].i;
    w->service.slots = value[O_SLOTS].i;
    bool said =
        import_assume(in, "service", "%s; %s; %lld GPUs; batch 1", value[O_MODEL].text, value[O_HARDWARE].text,
                      (long long)value[O_TENSOR_PARALLEL].i) &&
        import_assume(in, "service", "%.1f ms and %.1f us a token in by %g rows; %.2f ms a token out by %zu rows%s",
                      fit.fixed / 1e6, fit.prompt / 1e3, r->n, fit.token / 1e6, r->tokens,
                      target > 0 ? "; scaled to one GPU" : "") &&
        (!(size > 0) || import_assume(in, "mem", "2 bytes a parameter; shared evenly by the GPUs"));
    return said ? GS_OK : import_no_memory(in, err);
}

static int read_splitwise(struct import *in, struct error *err)
{
    struct csv csv;
    struct reading r = {.in = in};
    struct fit fit;
    bool more;
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&r, &csv, err);
    if (code)
        return code;
    if (!make_fit(&r, &fit))
        return error_set(err, GS_BAD_INPUT,
                         "'%s': no line through %zu rows of model '%s' on %lld of '%s'; say which rows with options "
                         "'model', 'hardware', 'tensor_parallel'",
                         in->file, r.tokens, in->value[O_MODEL].text, (long long)in->value[O_TENSOR_PARALLEL].i,
                         in->value[O_HARDWARE].text);
    return add_model(&r, fit, err);
}

static bool is_splitwise(const char *head)
{
    return csv_header_has(head, "model,hardware,prompt_size,batch_size,prompt_time,token_time,tensor_parallel");
}

static const struct import_option options[] = {
    {.key = "model", .kind = IMPORT_TEXT, .fallback = "llama2-70b", .help = "rows with this 'model'"},
    {.key = "hardware", .kind = IMPORT_TEXT, .fallback = "a100-80gb", .help = "rows with this 'hardware'"},
    {.key = "tensor_parallel",
     .kind = IMPORT_INTEGER,
     .fallback = "2",
     .min = 1,
     .max = 1024,
     .help = "rows with this 'tensor_parallel', the GPUs of the model"},
    {.key = "min_prompt",
     .kind = IMPORT_INTEGER,
     .fallback = "512",
     .max = 1 << 30,
     .help = "shortest prompt to fit; below, fixed costs hide the slope"},
    {.key = "max_prompt",
     .kind = IMPORT_INTEGER,
     .fallback = "4096",
     .max = 1 << 30,
     .help = "longest prompt to fit; above, times grow faster than prompts"},
    {.key = "parameters",
     .kind = IMPORT_NUMBER,
     .fallback = "0",
     .max = 10000,
     .help = "scale to a model of so many G parameters on one GPU; 0 = as measured"},
    {.key = "kv_per_token",
     .kind = IMPORT_SIZE,
     .fallback = "128KiB",
     .max = 0x1p29,
     .help = "memory of a token while its request is served"},
    {.key = "slots",
     .kind = IMPORT_INTEGER,
     .fallback = "16",
     .min = 1,
     .max = 65536,
     .help = "requests that a model serves together"},
    {0}};

const struct importer import_splitwise = {.name = "splitwise",
                                          .help = "times of LLMs by Splitwise, CSV: no requests, one service model",
                                          .memory = "14GiB",
                                          .option = options,
                                          .guess = is_splitwise,
                                          .read = read_splitwise};
