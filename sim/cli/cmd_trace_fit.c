/* cmd_trace_fit.c - `gpuswap-sim trace fit FILE [-o OUT.ini]`: a scenario whose load resembles a trace. */
#include "sim/cli/cmd_trace.h"
#include "sim/run/fit_trace.h"
#include "traces/replay.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_scenario(const struct trace_fit *fit, const struct trace *trace, const char *file, const char *output,
                          struct arena *arena, struct error *err)
{
    bool standard = !strcmp(output, "-");
    FILE *out = standard ? stdout : fopen(output, "w");
    if (!out)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", output, strerror(errno));
    int code = fit_scenario(out, fit, trace, file, arena, err);
    bool bad = ferror(out);
    bad = (standard ? fflush(out) : fclose(out)) || bad;
    if (bad && !code)
        code = error_set(err, GS_IO, "cannot write '%s'", standard ? "standard output" : output);
    if (code && !standard)
        remove(output);
    return code;
}

int trace_fit_command(struct trace_options *options, uint64_t seed, const char *output, struct arena *arena,
                      struct error *err)
{
    struct trace trace;
    struct trace_fit fit;
    options->single = true; /* the groups of what is fitted use one GPU */
    int code = trace_load(&trace, options, seed, arena, err);
    if (!code)
        code = fit_trace(&fit, &trace, arena, err);
    if (code)
        return code;
    fit_report(output && !strcmp(output, "-") ? stderr : stdout, &fit);
    if (trace.multi_gpu_dropped)
        fprintf(stderr, "note: %llu workloads use several GPUs and are left out\n",
                (unsigned long long)trace.multi_gpu_dropped);
    return output ? write_scenario(&fit, &trace, options->file, output, arena, err) : GS_OK;
}
