/* azure_llm.c - rows of LLM requests with their token counts become requests to one model, or are dealt over several. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include "traces/stamp.h"

enum column { TIMESTAMP, CONTEXT, GENERATED, COLUMNS };
static const char *const column_name[COLUMNS] = {"TIMESTAMP", "ContextTokens", "GeneratedTokens"};

static int read_row(struct models *models, const struct csv *csv, struct error *err)
{
    int64_t us = 0, context, generated;
    if (!stamp_parse(csv_text(csv, TIMESTAMP), &us))
        return import_fail(models->in, err, "column 'TIMESTAMP': must be " STAMP_FORM ", not '%.40s'",
                           csv_text(csv, TIMESTAMP));
    int code = csv_integer(csv, CONTEXT, 0, MODELS_TOKENS_MAX, &context, err);
    if (!code)
        code = csv_integer(csv, GENERATED, 0, MODELS_TOKENS_MAX, &generated, err);
    return code ? code : models_request(models, models_next(models), us * 1000, context, generated, err);
}

static int read_azure_llm(struct import *in, struct error *err)
{
    struct csv csv;
    struct models models;
    bool more;
    models_init(&models, in, true);
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    if (!code)
        code = models_deal(&models, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&models, &csv, err);
    return code ? code : models_finish(&models, STAMP_ORIGIN, err);
}

static bool is_azure_llm(const char *head)
{
    return csv_header_has(head, "TIMESTAMP,ContextTokens,GeneratedTokens");
}

static const struct import_option options[] = {MODELS_SERVICE_ROWS, MODELS_DEAL_ROWS, {0}};

const struct importer import_azure_llm = {.name = "azure-llm",
                                          .help = "LLM requests of Azure 2023 and 2024, CSV: time and token counts",
                                          .memory = "14GiB",
                                          .option = options,
                                          .guess = is_azure_llm,
                                          .read = read_azure_llm};
