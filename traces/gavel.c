/* gavel.c - a table of measured training speeds: each kind of job alone on the chosen GPU becomes a workload. */
#include "traces/importers.h"
#include "traces/jobs.h"
#include "traces/json.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum option { CHOSEN_GPU, ITERATIONS };
static const char *const gpu_name[] = {"v100", "p100", "k80", NULL};

/* "('ResNet-18 (batch size 16)', 2)" becomes the id "ResNet-18_batch_size_16.2" and 2 GPUs; false if it is another. */
static bool take_apart(const char *key, char id[GST_ID_MAX + 1], int64_t *gpus)
{
    const char *end = strrchr(key, '\'');
    size_t n = 0;
    *gpus = 0;
    if (strncmp(key, "('", 2) != 0 || !end || end < key + 3 || strncmp(end, "', ", 3) != 0)
        return false;
    for (const char *p = key + 2; p < end && n < GST_ID_MAX - 6; p++) {
        if (isalnum((unsigned char)*p) || *p == '-' || *p == '.')
            id[n++] = *p;
        else if (n && id[n - 1] != '_')
            id[n++] = '_';
    }
    while (n && id[n - 1] == '_')
        n--;
    for (end += 3; isdigit((unsigned char)*end) && *gpus <= 1024; end++)
        *gpus = 10 * *gpus + (*end - '0');
    snprintf(id + n, GST_ID_MAX + 1 - n, ".%lld", (long long)*gpus);
    return *gpus >= 1 && *gpus <= 1024 && n > 0 && !strcmp(end, ")");
}

static int fail(const struct import *in, struct error *err, const char *gpu, const char *id, const char *what)
{
    return error_set(err, GS_BAD_INPUT, "%s: '%s': '%s': %s", lines_file(in->lines), gpu, id, what);
}

static int add_kind(struct import *in, struct gst_rules *known, const char *key, const json_t *speeds, uint64_t *zeros,
                    struct error *err)
{
    const char *gpu = gpu_name[in->value[CHOSEN_GPU].i];
    char id[GST_ID_MAX + 1];
    struct job job = {.iters = in->value[ITERATIONS].i};
    if (!take_apart(key, id, &job.gpus)) {
        const char *shown = import_id(in, key);
        return shown ? fail(in, err, gpu, shown, "is no kind of job, which looks like (\"('LM', 1)\")")
                     : import_no_memory(in, err);
    }
    const json_t *alone = json_object_get(speeds, "null");
    double speed = json_number_value(alone);
    if (!json_is_number(alone) || !(speed >= 0 && speed <= 1e6))
        return fail(in, err, gpu, id, "needs its speed alone: \"null\": iterations a second, from 0 to 1000000");
    if (!(speed > 0)) { /* did not fit on the GPU, or failed */
        ++*zeros;
        return GS_OK;
    }
    job.work_ns = import_ns(1 / speed, 1e9);
    job.name = jobs_id(in, known, gpu, id, err);
    return job.name && jobs_add(in, &job, err) ? GS_OK : err->code;
}

static int add_all(struct import *in, json_t *root, struct error *err)
{
    const char *gpu = gpu_name[in->value[CHOSEN_GPU].i], *key;
    json_t *table = json_object_get(root, gpu), *speeds;
    struct gst_rules known = {0};
    uint64_t zeros = 0;
    int code = GS_OK;
    if (!json_is_object(table))
        return error_set(err, GS_BAD_INPUT, "%s: no table '%s', which holds the speeds on that GPU",
                         lines_file(in->lines), gpu);
    json_object_foreach(table, key, speeds)
    {
        if ((code = add_kind(in, &known, key, speeds, &zeros, err)))
            break;
    }
    gst_rules_fini(&known);
    bool told = code || (trace_add_note(in->trace, in->arena, false, "ref_gpu", "%s", gpu) &&
                         import_assume(in, "t", "all arrive at once") &&
                         import_assume(in, "iters", "%lld for every kind of job", (long long)in->value[ITERATIONS].i) &&
                         import_assume(in, "iter_work",
                                       "the whole iteration alone on the GPU; %llu kinds without speed "
                                       "left out",
                                       (unsigned long long)zeros));
    return told ? code : import_no_memory(in, err);
}

static int read_gavel(struct import *in, struct error *err)
{
    json_t *root;
    int code = json_document(in, &root, err);
    if (!code)
        code = add_all(in, root, err);
    json_decref(root);
    return code;
}

static bool is_gavel(const char *head)
{
    static const char blank[] = " \t\r\n";
    head += strspn(head, blank);
    if (*head++ != '{')
        return false;
    head += strspn(head, blank);
    for (int i = 0; gpu_name[i]; i++) {
        size_t length = strlen(gpu_name[i]);
        if (*head == '"' && !strncmp(head + 1, gpu_name[i], length) && strchr("\"_", head[1 + length]))
            return strstr(head, "\"('") && strstr(head, "\"null\"");
    }
    return false;
}

static const struct import_option options[] = {
    {.key = "gpu", .kind = IMPORT_CHOICE, .fallback = "v100", .choice = gpu_name, .help = "whose speeds to take"},
    {.key = "iterations",
     .kind = IMPORT_INTEGER,
     .fallback = "1000",
     .min = 1,
     .max = 1e12,
     .help = "that every job runs"},
    {0}};

const struct importer import_gavel = {.name = "gavel",
                                      .help = "training speeds measured by Gavel, JSON: a job of each kind",
                                      .memory = "trunc(lognormal(2.5GiB,0.8),2GiB,40GiB)",
                                      .option = options,
                                      .guess = is_gavel,
                                      .read = read_gavel};
