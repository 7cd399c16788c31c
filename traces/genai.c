/* genai.c - rows of image generation requests become requests to the base models that they name. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include "traces/stamp.h"
#include <string.h>

enum column { MODEL, CREATED, EXECUTION, COLUMNS };
static const char *const column_name[COLUMNS] = {"checkpoint_model_version_id", "gmt_create", "exec_time_seconds"};

struct reading {
    struct models models;
    struct stream stream; /* where in its second a request came */
    uint64_t left_out;
};

static bool is_null(const char *text)
{
    return !*text || !strcmp(text, "NULL") || !strcmp(text, "nan");
}

static int read_row(struct reading *r, const struct csv *csv, struct error *err)
{
    const struct import *in = r->models.in;
    const char *model = csv_text(csv, MODEL), *created = csv_text(csv, CREATED);
    int64_t us = 0, within = (int64_t)(stream_uniform(&r->stream) * 1e6);
    double seconds = 0;
    size_t index;
    if (!stamp_parse(created, &us))
        return import_fail(in, err, "column 'gmt_create': must be " STAMP_FORM ", not '%.40s'", created);
    int code = is_null(csv_text(csv, EXECUTION)) ? GS_OK : csv_number(csv, EXECUTION, 0, 1e6, &seconds, err);
    if (code)
        return code;
    if (!(seconds > 0) || is_null(model)) {
        r->left_out++;
        return GS_OK;
    }
    code = models_find(&r->models, model, model, &index, err);
    return code ? code : models_work(&r->models, index, (us + within) * 1000, import_ns(seconds, 1e9), err);
}

static int read_genai(struct import *in, struct error *err)
{
    struct csv csv;
    struct reading r = {.left_out = 0};
    bool more;
    models_init(&r.models, in, false);
    stream_init(&r.stream, in->seed, 0, 1, PURPOSE_TRACE);
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&r, &csv, err);
    if (!code)
        code = models_finish(&r.models, STAMP_ORIGIN, err);
    if (code)
        return code;
    bool said = import_assume(in, "t", "uniform within the recorded second") &&
                import_assume(in, "work", "the whole execution time; loading of models included") &&
                (!r.left_out || import_assume(in, "requests", "%llu without model or execution time left out",
                                              (unsigned long long)r.left_out));
    return said ? GS_OK : import_no_memory(in, err);
}

static bool is_genai(const char *head)
{
    return csv_header_has(head, "checkpoint_model_version_id,gmt_create,exec_time_seconds");
}

/* Memory: that of the pods (5 % 14.8, half 23.1, 95 % 31.3 GiB). */
const struct importer import_genai = {.name = "genai-2026",
                                      .help = "image generation requests of Alibaba GenAI 2026, CSV",
                                      .memory = "trunc(lognormal(23GiB,0.22),8GiB,40GiB)",
                                      .guess = is_genai,
                                      .read = read_genai};
