/* azure_functions_2021.c - single invocations of serverless functions become requests to models. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include <stdio.h>

enum column { APP, FUNC, END, DURATION, COLUMNS };
static const char *const column_name[COLUMNS] = {"app", "func", "end_timestamp", "duration"};

enum { WORK_SCALE };

#define SECONDS_MAX ((double)GST_TIME_MAX / 1e6)

static int read_row(struct models *models, const struct csv *csv, uint64_t *clipped, struct error *err)
{
    struct import *in = models->in;
    double end, duration;
    size_t index;
    char show[32];
    int code = csv_number(csv, END, 0, SECONDS_MAX, &end, err);
    if (!code)
        code = csv_number(csv, DURATION, 0, 1e6, &duration, err);
    if (code)
        return code;
    /* A name of a function is unique only within its app. */
    const char *key = arena_printf(in->arena, "%s/%s", csv_text(csv, APP), csv_text(csv, FUNC));
    if (!key)
        return import_no_memory(in, err);
    snprintf(show, sizeof show, "%.8s.%.8s", csv_text(csv, APP), csv_text(csv, FUNC));
    if ((code = models_find(models, key, show, &index, err)))
        return code;
    *clipped += end < duration;
    return models_work(models, index, import_ns(end - duration, 1e9),
                       import_ns(duration * in->value[WORK_SCALE].d, 1e9), err);
}

static int read_azure_functions_2021(struct import *in, struct error *err)
{
    struct csv csv;
    struct models models;
    uint64_t clipped = 0;
    bool more;
    models_init(&models, in, false);
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&models, &csv, &clipped, err);
    if (!code)
        code = models_finish(&models, NULL, err);
    if (code)
        return code;
    bool said =
        import_assume(in, "model", "a function stands for a model") &&
        import_assume(in, "t", "end less duration; %llu before the start moved to it", (unsigned long long)clipped) &&
        import_assume(in, "work", "run time on a CPU; times %g", in->value[WORK_SCALE].d);
    return said ? GS_OK : import_no_memory(in, err);
}

static bool is_azure_functions_2021(const char *head)
{
    return csv_header_has(head, "app,func,end_timestamp,duration");
}

static const struct import_option options[] = {{.key = "work_scale",
                                                .kind = IMPORT_NUMBER,
                                                .fallback = "1",
                                                .min = 1e-6,
                                                .max = 1e6,
                                                .help = "GPU work in place of a second of CPU time"},
                                               {0}};

const struct importer import_azure_functions_2021 = {.name = "azure-functions-2021",
                                                     .help = "Azure Functions 2021, CSV: a row an invocation",
                                                     .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                                     .option = options,
                                                     .guess = is_azure_functions_2021,
                                                     .read = read_azure_functions_2021};
