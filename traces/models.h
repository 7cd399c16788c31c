/* models.h - what importers of inference traces share: models, their service, requests, and the options for them.
 *
 * A recording of requests names some models or none, in any order of time, and never says what a model is.  Here models get
 * unique ids, requests without work get it by a service model from options, and at the end everything is put in order.
 */
#ifndef GS_TRACES_MODELS_H
#define GS_TRACES_MODELS_H

#include "traces/import.h"
#include "traces/names.h"
#include "sim/base/random.h"

#define MODELS_TOKENS_MAX (INT64_C(1) << 30) /* of a request: at a second a token its work stays below 100 years */

/* Options that stand first in an importer's table, in this order: the service model, then how rows are dealt.  The default
 * is a model of 7 G parameters on one A100, scaled from the times of Llama 2 70B (Patel et al., Splitwise, ISCA 2024); its
 * KV cache has 32 layers of 8 heads of 128 values of 2 bytes, keys and values. */
enum {
    MODELS_FIXED,
    MODELS_PREFILL,
    MODELS_DECODE,
    MODELS_KV,
    MODELS_SLOTS,
    MODELS_SERVICE_OPTIONS,
    MODELS_COUNT = MODELS_SERVICE_OPTIONS,
    MODELS_ZIPF,
    MODELS_DEAL_OPTIONS
};
#define MODELS_SERVICE_ROWS                                                                                            \
    {.key = "first_token_overhead",                                                                                    \
     .kind = IMPORT_TIME,                                                                                              \
     .fallback = "5ms",                                                                                                \
     .max = 3600e9,                                                                                                    \
     .help = "GPU work of a request before its first token, besides the prompt"},                                      \
        {.key = "prefill_per_token",                                                                                   \
         .kind = IMPORT_TIME,                                                                                          \
         .fallback = "90us",                                                                                           \
         .max = 1e9,                                                                                                   \
         .help = "GPU work of a token of the prompt"},                                                                 \
        {.key = "decode_per_token",                                                                                    \
         .kind = IMPORT_TIME,                                                                                          \
         .fallback = "15ms",                                                                                           \
         .max = 1e9,                                                                                                   \
         .help = "GPU work of a token of the answer"},                                                                 \
        {.key = "kv_per_token",                                                                                        \
         .kind = IMPORT_SIZE,                                                                                          \
         .fallback = "128KiB",                                                                                         \
         .max = 0x1p29,                                                                                                \
         .help = "memory of a token while its request is served"},                                                     \
    {                                                                                                                  \
        .key = "slots", .kind = IMPORT_INTEGER, .fallback = "16", .min = 1, .max = 65536,                              \
        .help = "requests that a model serves together"                                                                \
    }
#define MODELS_DEAL_ROWS                                                                                               \
    {.key = "models",                                                                                                  \
     .kind = IMPORT_INTEGER,                                                                                           \
     .fallback = "1",                                                                                                  \
     .min = 1,                                                                                                         \
     .max = 4096,                                                                                                      \
     .help = "deal the requests over so many models"},                                                                 \
    {                                                                                                                  \
        .key = "zipf", .kind = IMPORT_NUMBER, .fallback = "1", .max = 10,                                              \
        .help = "their popularity: the i-th gets a share in proportion to i^-zipf; 0 = all the same"                   \
    }
#define MODELS_RATE_ROWS(scale)                                                                                        \
    {.key = "rate_scale", .kind = IMPORT_NUMBER, .fallback = scale, .max = 1000, .help = "recorded rates times this"}, \
    {                                                                                                                  \
        .key = "max_requests", .kind = IMPORT_INTEGER, .fallback = "10000000", .min = 1, .max = 1e12,                  \
        .help = "more requests than this are an error"                                                                 \
    }

struct models {
    struct import *in;
    bool service;             /* the first options are those of the service model */
    int64_t most;             /* requests; 0 = no limit */
    uint64_t requests, empty; /* added; left out since they come to no work */
    struct names keys, ids;   /* what the recording calls a model; ids taken */
    double *share;            /* cumulative, of the models that rows are dealt over */
    int64_t dealt;            /* how many these are */
    struct stream stream;     /* deals the rows */
};

void models_init(struct models *models, struct import *in, bool service);

/* The workload of the model that the recording calls `key`: its index in the trace, *index.  A new one serves from the
 * start to the end; its id is `show`, or close to it if another has that already.  All calls: GS_SYSTEM and what is said. */
int models_find(struct models *models, const char *key, const char *show, size_t *index, struct error *err);

/* For recordings of one service: make the models that MODELS_DEAL_ROWS ask for, then find that of the next row. */
int models_deal(struct models *models, struct error *err);
size_t models_next(struct models *models);

/* A request of the model, its work by the service model or given (then at least 1 us).  GS_BAD_INPUT: above `most`. */
int models_request(struct models *models, size_t index, int64_t ready_ns, int64_t in, int64_t out, struct error *err);
int models_work(struct models *models, size_t index, int64_t ready_ns, int64_t work_ns, struct error *err);

/* Requests in order of time, those of one time as they came.  Unless `origin` is NULL, times count from the earliest, and
 * a `#meta,origin` line keeps when that was: microseconds, then `origin`.  Says what was assumed. */
int models_finish(struct models *models, const char *origin, struct error *err);

#endif
