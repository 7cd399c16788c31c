/* cmd_selftest.c - `gpuswap-sim selftest`: does it do here what it should? */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/device_option.h"
#include "sim/cli/selftest.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

enum { OPTION_GPU = 256, OPTION_DEVICE, OPTION_SHARE, OPTION_FORCE, OPTION_LIKE };

struct arguments {
    struct selftest_gpu gpu;
    bool wants_gpu;
};

static const struct argp_option options[] = {
    {"gpu", OPTION_GPU, NULL, 0, "also hold a GPU and its driver to what live mode relies on", 0},
    {"device", OPTION_DEVICE, "cuda:N|double", 0, "which GPU (default cuda:0), or the driver double", 0},
    {"output", 'o', "FILE", 0, "what the GPU's checks found, to send back (default gpuswap-selftest.json)", 0},
    {"share", OPTION_SHARE, "SHARE", 0, "of the GPU's free memory that they may take (default 25%, never over 4GiB)",
     0},
    {"force", OPTION_FORCE, NULL, 0, "though other processes are on the GPU", 0},
    {"double", OPTION_LIKE, "OPTIONS", OPTION_HIDDEN, "what the driver double is like, for tests", 0},
    {0},
};

static void parse_device(struct arguments *a, const char *arg, struct argp_state *state)
{
    struct live_device *device = &a->gpu.device;

    if (!device_option(device, arg, 1))
        argp_error(state, "--device is cuda:N or double, not '%s'", arg);
    device->ordinals = 1; /* of the double the first, 0, unless it is named */
    a->wants_gpu = true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    char why[UNITS_WHY];

    switch (key) {
    case OPTION_GPU:
        a->wants_gpu = true;
        return 0;
    case OPTION_DEVICE:
        parse_device(a, arg, state);
        return 0;
    case 'o':
        a->gpu.path = arg;
        return 0;
    case OPTION_SHARE:
        if (units_share(arg, &a->gpu.share, why) != 0)
            argp_error(state, "--share '%s': %s", arg, why);
        else if (!(a->gpu.share > 0) || a->gpu.share > 0.9)
            argp_error(state, "--share '%s': above 0 and at most 90%%", arg);
        return 0;
    case OPTION_LIKE:
        a->gpu.device.options = arg;
        return 0;
    case OPTION_FORCE:
        a->gpu.force = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void selftest_tell(const char *name, bool ok, const char *text)
{
    printf("%-6s  %-13s  %s\n", ok ? "ok" : "failed", name, text);
    fflush(stdout);
}

int cmd_selftest(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Tell whether this program does here what it should: a simulation, its database, its audit; with --gpu also a "
        "GPU.",
        NULL,
        NULL,
        NULL};
    static struct arguments a;
    unsigned failed = 0;
    int rc;

    a = (struct arguments){
        .gpu = {.path = "gpuswap-selftest.json", .share = 0.25, .device = {.ordinals = 1, .time_scale = 1}}};
    a.gpu.device.options = "memory=64MiB granularity=256KiB";
    if (argp_parse(&argp, argc, argv, 0, NULL, &a) != 0)
        return GS_USAGE;
    rc = selftest_simulation(&failed, err);
    if (rc == GS_OK && a.wants_gpu && (rc = selftest_gpu(&a.gpu, &failed, err)) == GS_OK)
        fprintf(stderr, "what they found is in '%s'%s\n", a.gpu.path,
                a.gpu.device.is_double ? ", marked as of the driver double" : "; please send it back with a report");
    if (rc == GS_OK && failed > 0)
        return error_set(err, GS_MISSED, "%u check%s failed; see 'failed' above", failed, failed > 1 ? "s" : "");
    return rc;
}
