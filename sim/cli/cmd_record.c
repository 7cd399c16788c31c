/* cmd_record.c - `gpuswap-sim record`: sample a real node into a trace. */
#include "sim/base/units.h"
#include "sim/base/machine.h"
#include "sim/cli/commands.h"
#include "sim/cli/record.h"
#include "sim/cli/simulate.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_GPU = 256, OPTION_PERIOD, OPTION_DURATION, OPTION_KEEP };

/* The driver renews what it tells six times a second at most; asking it more often than 50 times a second disturbs the
 * processes that are recorded. */
enum { LEAST_PERIOD_MS = 20, MOST_PERIOD_S = 60 };

struct wanted {
    const char *gpu[WATCH_GPUS];
    unsigned gpus;
    int64_t period_ns, duration_ns; /* duration 0: until interrupted */
    bool quiet;
    struct recording recording;
    struct arena arena;
};

static const struct argp_option options[] = {
    {"output", 'o', "OUT.gst", 0, "trace to write; .gz and .zst compress", 0},
    {"gpu", OPTION_GPU, "N|UUID", 0, "a GPU to record; may be given several times (default: all)", 0},
    {"period", OPTION_PERIOD, "TIME", 0, "how often to look (default 100ms, not under 20ms)", 0},
    {"duration", OPTION_DURATION, "TIME", 0, "how long (default: until Ctrl-C)", 0},
    {"option", 'O', "KEY=VALUE", 0, "an option of the format 'samples', as class=training; several times", 0},
    {"keep-samples", OPTION_KEEP, NULL, 0, "the samples stay as OUT.gst.samples.csv", 0},
    {"quiet", 'q', NULL, 0, "no progress", 0},
    {0},
};

static void parse_period(struct wanted *wanted, const char *arg, struct argp_state *state)
{
    char why[UNITS_WHY];

    if (units_time(arg, &wanted->period_ns, why) != 0)
        argp_error(state, "--period '%s': %s", arg, why);
    else if (wanted->period_ns < INT64_C(1000000) * LEAST_PERIOD_MS)
        argp_error(state,
                   "--period '%s': at least %dms; the driver averages over 167ms to 1s, so that looking more often "
                   "shows nothing more and disturbs who is recorded",
                   arg, LEAST_PERIOD_MS);
    else if (wanted->period_ns > INT64_C(1000000000) * MOST_PERIOD_S)
        argp_error(state, "--period '%s': at most %ds", arg, MOST_PERIOD_S);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wanted *wanted = state->input;
    struct recording *recording = &wanted->recording;
    char why[UNITS_WHY];

    switch (key) {
    case 'o':
        recording->path = arg;
        break;
    case OPTION_GPU:
        if (wanted->gpus == WATCH_GPUS)
            argp_error(state, "at most %d GPUs", WATCH_GPUS);
        else
            wanted->gpu[wanted->gpus++] = arg;
        break;
    case OPTION_PERIOD:
        parse_period(wanted, arg, state);
        break;
    case OPTION_DURATION:
        if (units_time(arg, &wanted->duration_ns, why) != 0)
            argp_error(state, "--duration '%s': %s", arg, why);
        else if (wanted->duration_ns <= 0)
            argp_error(state, "--duration '%s': must be above 0", arg);
        break;
    case 'O':
        recording->import = recording->import != NULL ? arena_printf(&wanted->arena, "%s, %s", recording->import, arg)
                                                      : arena_printf(&wanted->arena, "%s", arg);
        break;
    case OPTION_KEEP:
        recording->keep = true;
        break;
    case 'q':
        wanted->quiet = true;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected '%s'", arg);
        break;
    case ARGP_KEY_END:
        if (recording->path == NULL || *recording->path == '\0' || strcmp(recording->path, "-") == 0)
            argp_error(state, "say where the trace goes: -o OUT.gst, a file");
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static int64_t time_of_day_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void sleep_until(int64_t at_ns, const volatile int *stop)
{
    struct timespec until = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};

    while (*stop == 0 && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

/* --- progress ----------------------------------------------------------------------------------------------------- */

static void show_progress(const struct recording *recording, int64_t spent_ns)
{
    char used[UNITS_TEXT];
    int64_t bytes = 0;
    size_t there = 0;

    for (unsigned i = 0; i < recording->watch.gpus; i++) {
        bytes += recording->watch.gpu[i].used_bytes;
        there += recording->watch.gpu[i].count;
    }
    fprintf(stderr, "\rrecording %u GPU%s: %lld s, %zu process%s there, %s in use; Ctrl-C ends it   ",
            recording->watch.gpus, recording->watch.gpus > 1 ? "s" : "", (long long)(spent_ns / 1000000000), there,
            there == 1 ? "" : "es", units_show_size(used, (double)bytes));
}

static int watch_on(struct wanted *wanted, struct error *err)
{
    struct recording *recording = &wanted->recording;
    const volatile int *stop = simulate_catch();
    int64_t start_ns = machine_ns(), next_ns = start_ns, shown_ns = start_ns;
    bool shows = !wanted->quiet && isatty(STDERR_FILENO), over = false;
    int rc = GS_OK, lost = GS_OK;

    recording->began_us = time_of_day_us();
    while (rc == GS_OK && lost == GS_OK && !over) {
        over = *stop != 0 || (wanted->duration_ns > 0 && machine_ns() - start_ns >= wanted->duration_ns);
        recording->now_us = time_of_day_us();
        lost = watch_look(&recording->watch, recording->now_us, err);
        if ((rc = recording_flush(recording, err)) != GS_OK)
            break;
        if (shows && machine_ns() - shown_ns >= 1000000000)
            show_progress(recording, (shown_ns = machine_ns()) - start_ns);
        next_ns += wanted->period_ns;
        if (next_ns < machine_ns()) /* late: the missed looks are not made up for, and the driver is not pressed */
            next_ns = machine_ns() + INT64_C(1000000) * LEAST_PERIOD_MS;
        if (!over && lost == GS_OK)
            sleep_until(next_ns, stop);
    }
    if (shows)
        fprintf(stderr, "\r%*s\r", 78, "");
    return rc != GS_OK ? rc : lost;
}

/* --- what was met ------------------------------------------------------------------------------------------------- */

static void tell_notes(const struct recording *recording)
{
    const struct watch_met *met = &recording->watch.met;

    for (unsigned i = 0; i < recording->watch.gpus; i++) {
        const struct watch_gpu *gpu = &recording->watch.gpu[i];

        if (gpu->mig)
            fprintf(stderr,
                    "note: GPU %u is parted (MIG): the driver tells memory of its processes, and not their use\n",
                    gpu->index);
        else if (!gpu->has_use)
            fprintf(stderr,
                    "note: GPU %u does not tell its processes' use: where one was alone, it is charged for all; where "
                    "there were several, nobody is\n",
                    gpu->index);
    }
    if (met->unseen > 0)
        fprintf(stderr,
                "note: %llu of %llu processes are not to be seen in /proc: record on the host, outside of containers; "
                "whether a number was used again is not known of them\n",
                (unsigned long long)met->unseen, (unsigned long long)met->processes);
    if (met->strangers > 0)
        fprintf(stderr,
                "note: in %llu periods processes ran that the driver does not list (hidden from this user, or "
                "graphics); they are not in the trace\n",
                (unsigned long long)met->strangers);
    if (met->refused > 0)
        fprintf(stderr, "note: %llu times the list of processes was refused: %s\n", (unsigned long long)met->refused,
                nvml_why(met->refusal));
    if (met->no_memory > 0)
        fprintf(stderr, "note: of %llu processes the driver does not tell how much memory they hold\n",
                (unsigned long long)met->no_memory);
}

static int record(struct wanted *wanted, struct error *err)
{
    struct recording *recording = &wanted->recording;
    static struct error why; /* why it ended */
    char span[UNITS_TEXT], resolution[UNITS_TEXT];
    int rc, ended;

    if ((rc = recording_open(recording, err)) != GS_OK)
        return rc;
    fprintf(stderr, "recording to %s%s; working set is not seen, only what is allocated\n", recording->path,
            wanted->duration_ns > 0 ? "" : " until Ctrl-C");
    ended = watch_on(wanted, &why);
    rc = recording_finish(recording, err);
    tell_notes(recording);
    if (rc == GS_OK)
        fprintf(stderr, "%s: %llu process%s, %llu burst%s, %s; resolution %s\n", recording->path,
                (unsigned long long)recording->workloads, recording->workloads == 1 ? "" : "es",
                (unsigned long long)recording->bursts, recording->bursts == 1 ? "" : "s",
                units_show_time(span, (double)(recording->now_us - recording->began_us) * 1e3),
                units_show_time(resolution, (double)recording_resolution_us(recording) * 1e3));
    if (rc == GS_OK && ended != GS_OK)
        return error_set(err, ended, "%s; what was recorded until then is in '%s'", why.text, recording->path);
    return rc;
}

static int open_watch(struct wanted *wanted, struct error *err)
{
    struct watch *watch = &wanted->recording.watch;
    int rc = wanted->gpus == 0 ? watch_add(watch, NULL, err) : GS_OK;

    for (unsigned i = 0; i < wanted->gpus && rc == GS_OK; i++) {
        for (unsigned k = 0; k < i; k++)
            if (strcmp(wanted->gpu[i], wanted->gpu[k]) == 0)
                return error_set(err, GS_USAGE, "--gpu '%s' is given twice", wanted->gpu[i]);
        rc = watch_add(watch, wanted->gpu[i], err);
    }
    return rc;
}

int cmd_record(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {options,
                                     parse,
                                     NULL,
                                     "Sample a real node into a trace: memory and use of each process on its GPUs, as "
                                     "the driver's management library tells them.  It takes no GPU memory.",
                                     NULL,
                                     NULL,
                                     NULL};
    static struct wanted wanted = {.period_ns = 100000000};
    struct recording *recording = &wanted.recording;
    static char driver[96] = "unknown";
    struct nvml nvml;
    int rc;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    if ((rc = nvml_open(&nvml, err)) != GS_OK)
        return rc;
    nvml.driver_version(driver, sizeof driver);
    recording->driver = driver;
    recording->period_us = wanted.period_ns / 1000;
    recording->samples = arena_printf(&wanted.arena, "%s.samples.csv", recording->path);
    recording->watch =
        (struct watch){.nvml = &nvml, .root = "", .arena = &wanted.arena, .row = recording_row, .context = recording};
    rc = recording->samples == NULL ? error_set(err, GS_SYSTEM, "out of memory") : open_watch(&wanted, err);
    if (rc == GS_OK)
        rc = record(&wanted, err);
    nvml_close(&nvml);
    arena_fini(&wanted.arena);
    return rc;
}
