/* cmd_calibrate.c - `gpuswap-sim calibrate`: measure a GPU, keep what was measured, make a [node] of it. */
#include "backend/device.h"
#include "sim/base/units.h"
#include "sim/cli/calibrate.h"
#include "sim/cli/commands.h"
#include "sim/cli/device_option.h"
#include "sim/cli/output.h"
#include "sim/results/calibration.h"
#include "version.h"

#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_DEVICE = 256, OPTION_DB, OPTION_CHUNK, OPTION_FORCE, OPTION_QUIET };

struct arguments {
    const char *device, *db, *out;
    char named[16]; /* the device, in full */
    struct measure_options options;
    bool quiet;
};

static const struct argp_option options[] = {
    {"device", OPTION_DEVICE, "DEVICE", 0,
     "what to measure: cuda:0, cuda:1, ..., or double, for tests (default: cuda:0)", 0},
    {"db", OPTION_DB, "FILE", 0, "database that it is added to (default: results.db)", 0},
    {"output", 'o', "FILE", 0, "write a [node] that scenarios include; '-' is standard output, instead of the text", 0},
    {"chunk", OPTION_CHUNK, "SIZE", 0, "chunks of swaps (default: 64MiB, less on small GPUs)", 0},
    {"force", OPTION_FORCE, NULL, 0, "measure though other processes use the GPU", 0},
    {"quiet", OPTION_QUIET, NULL, 0, "no text and no progress", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];

    switch (key) {
    case OPTION_DEVICE:
        a->device = arg;
        return 0;
    case OPTION_DB:
        if (*arg == '\0')
            argp_error(state, "--db needs the name of a file");
        a->db = arg;
        return 0;
    case 'o':
        a->out = arg;
        return 0;
    case OPTION_CHUNK:
        if (units_size(arg, &a->options.chunk_bytes, why) != GS_OK)
            argp_error(state, "--chunk '%s': %s", arg, why);
        if (a->options.chunk_bytes < 1)
            argp_error(state, "--chunk '%s': a chunk has bytes", arg);
        return 0;
    case OPTION_FORCE:
        a->options.force = true;
        return 0;
    case OPTION_QUIET:
        a->quiet = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static volatile sig_atomic_t drawn; /* a line that is to be drawn over */
static const char *unwritten;       /* a new file, for what is not known yet; NULL: none */

static void clear_line(void)
{
    static const char clear[] = "\r\033[K";

    if (drawn)
        (void)!write(STDERR_FILENO, clear, sizeof clear - 1);
    drawn = 0;
}

/* Work on the GPU is waited for by asking (gpu_wait).  A call that does not come back itself cannot be asked. */
static void give_up(int signal_number)
{
    static const char text[] =
        "gpuswap-sim: the driver has not come back from a call for 300 s: the GPU hangs; see what "
        "'dmesg' says of 'Xid', and reset it\n";

    (void)signal_number;
    clear_line();
    if (unwritten != NULL)
        unlink(unwritten);
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(GS_IO);
}

static void tell_step(void *context, const char *step, const struct measure_row *row)
{
    enum { PATIENCE_S = 300 };
    const struct arguments *a = context;
    char size[UNITS_TEXT];

    alarm(PATIENCE_S);
    if (a->quiet || !isatty(STDERR_FILENO))
        return;
    clear_line();
    drawn = 1;
    fprintf(stderr, "measuring %s", step);
    if (row == NULL)
        return;
    fprintf(stderr, ": %s", row->kind);
    if (row->size > 0)
        fprintf(stderr, " of %s",
                strcmp(row->kind, "busy") == 0 ? units_show_time(size, (double)row->size)
                                               : units_show_size(size, (double)row->size));
    fprintf(stderr, ", sample %u", row->n + 1);
}

static int measure(struct arguments *a, struct measured *measured, struct error *err)
{
    int rc = calibration_check(a->db, err);

    if (rc != GS_OK)
        return rc;
    signal(SIGALRM, give_up);
    rc = measure_gpu(&a->options, measured, err);
    alarm(0);
    clear_line();
    return rc;
}

static int store(const struct arguments *a, const struct calibrated *c, const char *node, int64_t *number,
                 struct error *err)
{
    static struct calibration_meas meas[MEASURE_ROWS];
    static struct calibration_fit fit[MEASURE_FITS];
    const struct measured *m = c->measured;
    struct calibration row = {.made = c->made,
                              .host = c->host,
                              .device = c->device,
                              .gpu = m->name,
                              .uuid = m->uuid,
                              .pci = m->pci,
                              .driver = m->driver[0] != '\0' ? m->driver : NULL,
                              .version = GPUSWAP_VERSION,
                              .provenance = c->provenance,
                              .cuda = m->cuda,
                              .memory_bytes = m->total_bytes,
                              .chunk_bytes = m->chunk_bytes,
                              .duplex = m->duplex,
                              .node = node,
                              .meas = meas,
                              .fit = fit,
                              .meases = m->rows,
                              .fits = m->fits};
    int rc;

    for (unsigned i = 0; i < m->rows; i++) {
        const struct measure_row *from = &m->row[i];

        meas[i] = (struct calibration_meas){from->kind, from->unit, from->size, !from->unsteady, from->n,
                                            from->p50,  from->p95,  from->min,  from->max,       from->sample};
    }
    for (unsigned i = 0; i < m->fits; i++) {
        const struct measure_fit *from = &m->fit[i];

        fit[i] = (struct calibration_fit){from->kind, from->fixed_ns, from->per_s, from->worst,
                                          from->n,    from->from,     from->to};
    }
    rc = calibration_store(&row, a->db, err);
    *number = row.number;
    return rc;
}

/* Where it is, and what it is good for. */
static void tell_kept(struct text *out, const struct arguments *a, int64_t number)
{
    const char *file = a->out != NULL ? a->out : "node.ini";

    text_printf(out, "kept as calibration %lld of '%s': 'gpuswap-sim predict %s' simulates a live run with it\n",
                (long long)number, a->db, a->db);
    if (a->out != NULL)
        text_printf(out, "its [node] is in '%s'", file);
    else
        text_printf(out, "for simulations write a [node] of it: calibrate again with '-o %s'", file);
    text_printf(out, "; a scenario takes it with the line 'include = %s'%s\n", file,
                a->options.is_double
                    ? ", and, as it is the double's (node.calibrated = double), runs with --allow-synthetic"
                    : ", and says where it is from (node.calibrated = cuda)");
}

static int print(const struct arguments *a, const struct calibrated *c, struct output *file, const struct text *node,
                 struct error *err)
{
    struct text words = {0};
    int64_t number = 0;
    int rc = GS_OK;

    calibrate_text(&words, c);
    if (node->failed || words.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    if (rc == GS_OK)
        rc = store(a, c, node->data, &number, err);
    tell_kept(&words, a, number);
    if (rc == GS_OK && words.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory");
    if (rc == GS_OK && a->out != NULL)
        rc = output_write(file, node->data, node->length, err);
    if (rc == GS_OK && !a->quiet && (a->out == NULL || strcmp(a->out, "-") != 0))
        rc = write_text("-", words.data, words.length, err);
    text_fini(&words);
    return rc;
}

static int read_device(struct arguments *a, struct error *err)
{
    struct live_device device = {.ordinals = 0};

    if (!device_option(&device, a->device, 1))
        return error_set(err, GS_USAGE, "--device is cuda:N or double, not '%s'", a->device);
    a->options.is_double = device.is_double;
    a->options.ordinal = (int)device.ordinal[0];
    snprintf(a->named, sizeof a->named, "%s:%d", device.is_double ? "double" : "cuda", a->options.ordinal);
    return device.is_double ? device_use_double(err) : GS_OK;
}

static int calibrate(struct arguments *a, struct error *err)
{
    static struct measured measured;
    struct output file = {0};
    struct text node = {0};
    char made[32], host[256] = "?";
    struct calibrated c = {.measured = &measured,
                           .made = made,
                           .host = host,
                           .device = a->named,
                           .provenance = a->options.is_double ? "double" : "cuda"};
    time_t now = time(NULL);
    struct tm utc;
    int rc = output_open(&file, a->out, err);

    unwritten = file.is_new ? a->out : NULL;
    gmtime_r(&now, &utc);
    strftime(made, sizeof made, "%Y-%m-%dT%H:%M:%SZ", &utc);
    gethostname(host, sizeof host - 1);
    if (rc == GS_OK && (rc = measure(a, &measured, err)) == GS_OK) {
        calibrate_node(&node, &c);
        rc = print(a, &c, &file, &node, err);
    }
    text_fini(&node);
    output_close(&file);
    return rc;
}

int cmd_calibrate(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Measure what swapping costs on a GPU: links by direction and size, pinned and not, both ways at once, the "
        "calls that map memory, whole swaps, contexts; some seconds.  Nobody else should use the GPU meanwhile.",
        NULL,
        NULL,
        NULL};
    struct arguments a = {.device = "cuda:0", .db = "results.db"};
    int rc;

    a.options.progress = tell_step;
    a.options.context = &a;
    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    rc = read_device(&a, err);
    return rc == GS_OK ? calibrate(&a, err) : rc;
}
