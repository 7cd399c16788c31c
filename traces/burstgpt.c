/* burstgpt.c - rows of requests to ChatGPT and GPT-4 become requests to one model each. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"

enum column { TIMESTAMP, MODEL, REQUEST, RESPONSE, COLUMNS };
static const char *const column_name[COLUMNS] = {"Timestamp", "Model", "Request tokens", "Response tokens"};

enum { KEEP_FAILED = MODELS_SERVICE_OPTIONS };
static const char *const failed_choice[] = {"drop", "keep", NULL};

static int read_row(struct models *models, const struct csv *csv, uint64_t *failed, struct error *err)
{
    const char *name = csv_text(csv, MODEL);
    double seconds;
    int64_t request, response;
    size_t index;
    int code = csv_number(csv, TIMESTAMP, 0, (double)GST_TIME_MAX / 1e6, &seconds, err);
    if (!code)
        code = csv_integer(csv, REQUEST, 0, MODELS_TOKENS_MAX, &request, err);
    if (!code)
        code = csv_integer(csv, RESPONSE, 0, MODELS_TOKENS_MAX, &response, err);
    if (code)
        return code;
    if (!*name)
        return import_fail(models->in, err, "column 'Model' is empty");
    *failed += !response;
    if (!response && !models->in->value[KEEP_FAILED].i)
        return GS_OK;
    code = models_find(models, name, name, &index, err);
    return code ? code : models_request(models, index, import_ns(seconds, 1e9), request, response, err);
}

static int read_burstgpt(struct import *in, struct error *err)
{
    struct csv csv;
    struct models models;
    uint64_t failed = 0;
    bool more;
    models_init(&models, in, true);
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&models, &csv, &failed, err);
    if (!code)
        code = models_finish(&models, "", err);
    if (!code && failed &&
        !import_assume(in, "failed", "%llu requests without response %s", (unsigned long long)failed,
                       in->value[KEEP_FAILED].i ? "kept with no token out" : "left out"))
        code = import_no_memory(in, err);
    return code;
}

static bool is_burstgpt(const char *head)
{
    return csv_header_has(head, "Timestamp,Model,Request tokens,Response tokens");
}

static const struct import_option options[] = {MODELS_SERVICE_ROWS,
                                               {.key = "failed",
                                                .kind = IMPORT_CHOICE,
                                                .fallback = "drop",
                                                .choice = failed_choice,
                                                .help = "requests whose response has no token"},
                                               {0}};

const struct importer import_burstgpt = {.name = "burstgpt",
                                         .help = "requests to ChatGPT and GPT-4 of BurstGPT, CSV of 6 or 8 columns",
                                         .memory = "14GiB",
                                         .option = options,
                                         .guess = is_burstgpt,
                                         .read = read_burstgpt};
