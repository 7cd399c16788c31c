/* servegen.c - windowed statistics of clients become requests: gaps drawn from the fitted law of each window. */
#include "traces/csv.h"
#include "traces/importers.h"
#include "traces/models.h"
#include "sim/base/dist.h"
#include "sim/base/exact.h"
#include <stdio.h>
#include <string.h>

enum column { CLIENT, WINDOW_START, RATE, CV, LAW, PARAM1, COLUMNS };
static const char *const column_name[COLUMNS] = {"client", "window_start_s", "rate_rps", "iat_cv", "dist", "param1"};

enum { RATE_SCALE = MODELS_SERVICE_OPTIONS, MAX_REQUESTS, INPUT, OUTPUT, WINDOW, START, LENGTH };

#define SECONDS_MAX (GST_TIME_MAX / 1000000 / 4)

enum { SHAPE_MAX = 1000000 };

/* The law of the gaps of one window, its mean the window's own: that of the fit is often far off. */
struct law {
    struct dist gap;    /* seconds */
    struct dist biased; /* of the gap that a random instant falls into */
    double power;       /* ... which is scale * biased^power */
    double scale;
};

/* A random instant sees a gap in proportion to its length.  Length-biased, a Gamma of shape a is one of shape a + 1, and
 * of a Weibull x = s y^(1/k), y exponential, y becomes a Gamma of shape 1 + 1/k. */
static struct law make_law(bool weibull, double shape, double mean)
{
    struct law law = {.power = 1, .scale = 1};
    if (weibull) {
        struct dist unit = {.kind = DIST_WEIBULL, .a = shape, .b = 1};
        double scale = mean / dist_mean(&unit);
        law.gap = (struct dist){.kind = DIST_WEIBULL, .a = shape, .b = scale};
        law.biased = (struct dist){.kind = DIST_GAMMA, .a = 1 + 1 / shape, .b = 1 + 1 / shape};
        law.power = 1 / shape;
        law.scale = scale;
    } else {
        law.gap = (struct dist){.kind = DIST_GAMMA, .a = shape, .b = mean};
        law.biased = (struct dist){.kind = DIST_GAMMA, .a = shape + 1, .b = mean * (shape + 1) / shape};
    }
    return law;
}

/* From the start of the window to its first request, as if requests had always been coming: a window has, on average, as
 * many as its rate says, however bursty they are. */
static double first_gap(const struct law *law, struct stream *stream)
{
    double gap = dist_draw(&law->biased, stream);
    if (law->power > 1 || law->power < 1)
        gap = gap > 0 ? exact_pow(gap, law->power) : 0;
    return stream_uniform(stream) * law->scale * gap;
}

static int64_t draw_tokens(const struct dist *dist, struct stream *stream)
{
    double x = dist_draw(dist, stream);
    return x < 1 ? 1 : x < (double)MODELS_TOKENS_MAX ? (int64_t)(x + 0.5) : MODELS_TOKENS_MAX;
}

/* The requests of one window, which begins `start` seconds into the trace. */
static int draw_window(struct models *models, size_t index, int64_t start, const struct law *law, struct stream *stream,
                       struct error *err)
{
    const union import_value *value = models->in->value;
    double length = (double)value[WINDOW].i / 1e9;
    int code = GS_OK;
    for (double t = first_gap(law, stream); !code && t < length; t += dist_draw(&law->gap, stream)) {
        int64_t in = draw_tokens(value[INPUT].dist, stream), out = draw_tokens(value[OUTPUT].dist, stream);
        code = models_request(models, index, start * 1000000000 + import_ns(t, 1e9), in, out, err);
    }
    return code;
}

/* The law's name and shape; where too few requests were seen for a fit, the Gamma law of their coefficient of variation,
 * or else of none. */
static int read_shape(const struct import *in, const struct csv *csv, bool *weibull, double *shape, struct error *err)
{
    const char *law = csv_text(csv, LAW);
    double cv;
    *weibull = !strcmp(law, "Weibull");
    *shape = 1;
    if (*weibull)
        return csv_number(csv, PARAM1, 0.1, SHAPE_MAX, shape, err);
    if (!strcmp(law, "Gamma"))
        return csv_number(csv, PARAM1, 0.001, SHAPE_MAX, shape, err);
    if (*law)
        return import_fail(in, err, "column 'dist': must be 'Gamma', 'Weibull' or empty, not '%.40s'", law);
    if (!*csv_text(csv, CV))
        return GS_OK;
    int code = csv_number(csv, CV, 0, 30, &cv, err);
    if (!code && cv > 0)
        *shape = cv > 0.001 ? 1 / (cv * cv) : SHAPE_MAX;
    return code;
}

/* The stream of a client's window, whatever else is in the file (FNV-1a of the name). */
static void window_stream(struct stream *stream, uint64_t seed, const char *client, int64_t start)
{
    uint32_t hash = UINT32_C(0x811c9dc5);
    for (const char *p = client; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT32_C(0x01000193);
    stream_init(stream, seed, (uint32_t)start + 2, hash, PURPOSE_TRACE);
}

static int read_row(struct models *models, const struct csv *csv, int64_t *end, struct error *err)
{
    const struct import *in = models->in;
    int64_t start, from = in->value[START].i / 1000000000, length = in->value[LENGTH].i / 1000000000;
    double rate, shape;
    bool weibull;
    size_t index;
    char show[GST_ID_MAX + 1];
    struct stream stream;
    int code = csv_integer(csv, WINDOW_START, 0, SECONDS_MAX, &start, err);
    if (!code)
        code = csv_number(csv, RATE, 0, 1e9, &rate, err);
    if (!code)
        code = read_shape(in, csv, &weibull, &shape, err);
    if (code)
        return code;
    if (start < from || start - from >= length)
        return GS_OK;
    snprintf(show, sizeof show, "client-%.40s", csv_text(csv, CLIENT));
    if ((code = models_find(models, csv_text(csv, CLIENT), show, &index, err)))
        return code;
    *end = start - from > *end ? start - from : *end;
    rate *= in->value[RATE_SCALE].d;
    if (!(rate > 1e-9))
        return GS_OK;
    struct law law = make_law(weibull, shape, 1 / rate);
    window_stream(&stream, in->seed, csv_text(csv, CLIENT), start);
    return draw_window(models, index, start - from, &law, &stream, err);
}

static int read_servegen(struct import *in, struct error *err)
{
    struct csv csv;
    struct models models;
    int64_t end = 0;
    bool more;
    models_init(&models, in, true);
    models.most = in->value[MAX_REQUESTS].i;
    int code = csv_open(&csv, in->lines, column_name, COLUMNS, err);
    while (!code && !(code = csv_next(&csv, &more, err)) && more)
        code = read_row(&models, &csv, &end, err);
    if (!code)
        code = models_finish(&models, NULL, err);
    if (code)
        return code;
    in->trace->horizon_ns = end * 1000000000 + in->value[WINDOW].i / 1000 * 1000;
    bool said =
        import_assume(in, "model", "a client stands for a model") &&
        import_assume(in, "t", "gaps of the law fitted to each window; with mean 1/rate") &&
        import_assume(in, "rate", "recorded ones times %g; the shape of the gaps stays", in->value[RATE_SCALE].d) &&
        import_assume(in, "tokens", "drawn; the recording has none");
    return said ? GS_OK : import_no_memory(in, err);
}

static bool is_servegen(const char *head)
{
    return csv_header_has(head, "client,window_start_s,rate_rps,iat_cv,dist,param1");
}

/* Tokens: medians and 90th percentiles of the Azure conversations of 2023 (1,020 and 2,735 in, 129 and 424 out). */
static const struct import_option options[] = {
    MODELS_SERVICE_ROWS,
    MODELS_RATE_ROWS("0.001"),
    {.key = "input_tokens",
     .kind = IMPORT_NUMBER_DIST,
     .fallback = "trunc(lognormal(1020,0.77),1,16384)",
     .help = "tokens of a prompt"},
    {.key = "output_tokens",
     .kind = IMPORT_NUMBER_DIST,
     .fallback = "trunc(lognormal(129,0.93),1,4096)",
     .help = "tokens of an answer"},
    {.key = "window",
     .kind = IMPORT_TIME,
     .fallback = "600s",
     .min = 1e9,
     .max = 86400e9,
     .help = "what a row is the statistics of"},
    {.key = "start", .kind = IMPORT_TIME, .fallback = "0s", .max = 3155760000e9, .help = "first window to draw"},
    {.key = "length",
     .kind = IMPORT_TIME,
     .fallback = "14d",
     .min = 1e9,
     .max = 3155760000e9,
     .help = "draw the windows that begin within this after 'start'"},
    {0}};

const struct importer import_servegen = {.name = "servegen",
                                         .help =
                                             "clients of ServeGen, CSV: rate and law of the gaps in windows of 600 s",
                                         .memory = "14GiB",
                                         .option = options,
                                         .guess = is_servegen,
                                         .read = read_servegen};
