/* mooncake.c - JSON lines of LLM requests become requests to one model, or are dealt over several. */
#include "traces/importers.h"
#include "traces/json.h"
#include "traces/models.h"
#include <string.h>

enum { SPREAD = MODELS_DEAL_OPTIONS };

#define MS_MAX (GST_TIME_MAX / 1000 / 2) /* with the spread still inside the format's range */

/* A member that must be a number from 0 to `max`. */
static int number(const struct import *in, const json_t *line, const char *key, double max, double *value,
                  struct error *err)
{
    const json_t *member = json_object_get(line, key);
    if (!member)
        return import_fail(in, err, "member '%s' is missing; is this the right format?", key);
    *value = json_number_value(member);
    if (!json_is_number(member) || !(*value >= 0 && *value <= max))
        return import_fail(in, err, "member '%s': must be a number from 0 to %.15g", key, max);
    return GS_OK;
}

static int tokens(const struct import *in, const json_t *line, const char *key, int64_t *value, struct error *err)
{
    double real = 0;
    int code = number(in, line, key, (double)MODELS_TOKENS_MAX, &real, err);
    if (code)
        return code;
    *value = (int64_t)real;
    return (double)*value < real ? import_fail(in, err, "member '%s': must be a whole number", key) : GS_OK;
}

static int read_line(struct models *models, const json_t *line, struct stream *stream, struct error *err)
{
    const struct import *in = models->in;
    double ms = 0, spread_ms = (double)in->value[SPREAD].i / 1e6;
    int64_t prompt = 0, answer = 0;
    if (!json_is_object(line))
        return import_fail(in, err, "line is no JSON object");
    int code = number(in, line, "timestamp", (double)MS_MAX, &ms, err);
    if (!code)
        code = tokens(in, line, "input_length", &prompt, err);
    if (!code)
        code = tokens(in, line, "output_length", &answer, err);
    if (code)
        return code;
    ms += stream_uniform(stream) * spread_ms;
    return models_request(models, models_next(models), import_ns(ms, 1e6), prompt, answer, err);
}

static int read_mooncake(struct import *in, struct error *err)
{
    struct models models;
    struct stream stream;
    json_t *line = NULL;
    models_init(&models, in, true);
    stream_init(&stream, in->seed, 0, 1, PURPOSE_TRACE);
    int code = models_deal(&models, err);
    while (!code && !(code = json_line(in, &line, err)) && line) {
        code = read_line(&models, line, &stream, err);
        json_decref(line);
    }
    if (!code)
        code = models_finish(&models, NULL, err);
    if (!code &&
        (!import_assume(in, "t", "uniform within %g s after the time stamp", (double)in->value[SPREAD].i / 1e9) ||
         !import_assume(in, "in", "whole prompts; nothing is saved by shared prefixes")))
        code = import_no_memory(in, err);
    return code;
}

/* The first line, or what is there of it. */
static bool is_mooncake(const char *head)
{
    static const char *const member[] = {"\"timestamp\"", "\"input_length\"", "\"output_length\""};
    if (*head != '{')
        return false;
    for (size_t i = 0; i < sizeof member / sizeof *member; i++) {
        const char *found = strstr(head, member[i]);
        if (!found || found > head + strcspn(head, "\n"))
            return false;
    }
    return true;
}

static const struct import_option options[] = {MODELS_SERVICE_ROWS,
                                               MODELS_DEAL_ROWS,
                                               {.key = "spread",
                                                .kind = IMPORT_TIME,
                                                .fallback = "3s",
                                                .max = 86400e9,
                                                .help = "requests come anywhere within this after their time stamp"},
                                               {0}};

const struct importer import_mooncake = {.name = "mooncake",
                                         .help = "LLM requests of Mooncake (Kimi), JSON lines: time and token counts",
                                         .memory = "14GiB",
                                         .option = options,
                                         .guess = is_mooncake,
                                         .read = read_mooncake};
