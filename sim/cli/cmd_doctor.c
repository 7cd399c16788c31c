/* cmd_doctor.c - `gpuswap-sim doctor`: what works on this machine, what is missing, what to do about it. */
#include "sim/cli/commands.h"
#include "sim/cli/doctor.h"

#include <argp.h>
#include <stdarg.h>
#include <stdio.h>

enum { OPTION_LIVE = 256, OPTION_ROOT };

struct wanted {
    bool live;
    const char *root;
};

static const struct argp_option options[] = {
    {"live", OPTION_LIVE, NULL, 0, "exit with 69 if live mode on a GPU lacks something", 0},
    {"root", OPTION_ROOT, "DIR", OPTION_HIDDEN, "read DIR/proc and DIR/sys, for tests", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wanted *wanted = state->input;

    switch (key) {
    case OPTION_LIVE:
        wanted->live = true;
        return 0;
    case OPTION_ROOT:
        wanted->root = arg;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void doctor_add(struct findings *findings, enum verdict verdict, const char *subject, const char *format, ...)
{
    struct finding *finding = &findings->item[findings->count];
    va_list args;

    if (findings->count == DOCTOR_FINDINGS)
        return;
    findings->count++;
    finding->verdict = verdict;
    snprintf(finding->subject, sizeof finding->subject, "%s", subject);
    va_start(args, format);
    vsnprintf(finding->text, sizeof finding->text, format, args);
    va_end(args);
}

/* Returns how much is missing. */
static int show(const char *title, const struct findings *findings)
{
    static const char *const word[] = {"ok", "note", "missing"};
    int missing = 0;

    printf("%s\n", title);
    for (int i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->item[i];
        printf("  %-8s %-11s %s\n", word[finding->verdict], finding->subject, finding->text);
        missing += finding->verdict == DOCTOR_MISSING;
    }
    return missing;
}

int cmd_doctor(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options, parse, NULL, "Tell what works on this machine, what is missing, and what to do about it.",
        NULL,    NULL,  NULL};
    static struct findings simulation, live, record;
    struct wanted wanted = {.root = ""};
    int missing;

    if (argp_parse(&argp, argc, argv, 0, NULL, &wanted) != 0)
        return GS_USAGE;
    doctor_simulation(&simulation, wanted.root);
    doctor_live(&live, wanted.root);
    doctor_record(&record, wanted.root);
    show("For simulations", &simulation);
    missing = show("\nFor live mode on a GPU ('live --device double' needs none)", &live);
    show("\nFor recording a node ('record')", &record);
    if (wanted.live && missing > 0)
        return error_set(err, GS_NO_DEVICE, "live mode lacks %d thing%s on this machine; see 'missing' above", missing,
                         missing > 1 ? "s" : "");
    return GS_OK;
}
