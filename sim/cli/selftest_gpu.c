/* selftest_gpu.c - run the checks of a GPU and write what they found, with all that was measured, into one file. */
#include "backend/cuda/conform.h"
#include "backend/cuda/host.h"
#include "backend/cuda/nvml.h"
#include "sim/base/arena.h"
#include "sim/base/machine.h"
#include "sim/base/units.h"
#include "sim/cli/output.h"
#include "sim/cli/selftest.h"
#include "sim/results/json.h"
#include "version.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum { CHECKS = 64 };
#define MOST_BYTES (INT64_C(4) << 30) /* what more would take is time */

struct outcome {
    struct conform_gpu gpu;
    struct conform_result result[CHECKS];
    double seconds[CHECKS];
    unsigned checks;
    int others;      /* processes on the GPU; -1: not known */
    char driver[96]; /* its version; "": not known */
};

/* --- who else is there -------------------------------------------------------------------------------------------- */

static void ask_others(struct outcome *outcome)
{
    static struct error ignored;
    struct nvml nvml;
    nvml_device device;

    outcome->others = -1;
    if (nvml_open(&nvml, &ignored) != GS_OK)
        return;
    nvml.driver_version(outcome->driver, sizeof outcome->driver);
    if (nvml_find(&nvml, outcome->gpu.pci, &device))
        outcome->others = nvml_others(&nvml, device);
    nvml_close(&nvml);
}

/* Where nobody tells, memory in use does: an idle GPU has nearly all of it free. */
static int refuse_busy(const struct outcome *outcome, const struct selftest_gpu *wanted, struct error *err)
{
    const struct conform_gpu *gpu = &outcome->gpu;

    if (wanted->force)
        return GS_OK;
    if (outcome->others > 0)
        return error_set(err, GS_BUSY,
                         "%d other process%s on the GPU; they would be slowed down, and timings tell nothing: wait, or "
                         "add --force",
                         outcome->others, outcome->others > 1 ? "es are" : " is");
    if (outcome->others < 0 && (double)gpu->free_bytes < 0.8 * (double)gpu->total_bytes)
        return error_set(err, GS_BUSY,
                         "more than a fifth of the GPU's memory is in use, and who uses it is not told: wait, or add "
                         "--force");
    return GS_OK;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static void write_gpu(struct text *out, const struct outcome *outcome)
{
    const struct conform_gpu *gpu = &outcome->gpu;

    text_add(out, ",\"gpu\":");
    json_text(out, "{", "name", gpu->name);
    json_number(out, ",", "compute_capability", gpu->compute / 10.0);
    json_number(out, ",", "multiprocessors", gpu->processors);
    json_number(out, ",", "copy_engines", gpu->copy_engines);
    json_number(out, ",", "total_bytes", (double)gpu->total_bytes);
    json_number(out, ",", "free_bytes", (double)gpu->free_bytes);
    json_number(out, ",", "taken_bytes", (double)gpu->budget_bytes);
    json_number(out, ",", "other_processes", outcome->others);
    text_add(out, "},\"driver\":");
    json_text(out, "{", "version", outcome->driver[0] != '\0' ? outcome->driver : NULL);
    json_number(out, ",", "cuda", gpu->cuda_version);
    text_add(out, "}");
}

static void write_check(struct text *out, unsigned i, const struct outcome *outcome)
{
    const struct conform_result *result = &outcome->result[i];

    json_text(out, i > 0 ? ",{" : "{", "name", conform_name(conform_at(i)));
    json_text(out, ",", "proves", conform_proves(conform_at(i)));
    text_printf(out, ",\"ok\":%s", result->ok ? "true" : "false");
    json_text(out, ",", "why", result->ok ? NULL : result->text);
    json_number(out, ",", "wall_s", outcome->seconds[i]);
    text_add(out, ",\"figures\":[");
    for (unsigned k = 0; k < result->figures; k++) {
        json_number(out, k > 0 ? ",{" : "{", result->figure[k].name, result->figure[k].value);
        text_add(out, "}");
    }
    text_add(out, "]}");
}

static int write_file(struct output *file, const struct outcome *outcome, bool is_double, struct error *err)
{
    struct utsname system;
    struct text out = {0};
    int rc;

    json_number(&out, "{", "selftest", 1);
    json_text(&out, ",", "version", GPUSWAP_VERSION);
    json_text(&out, ",", "provenance", is_double ? "double" : "cuda");
    if (uname(&system) == 0) {
        json_text(&out, ",", "kernel", system.release);
        json_text(&out, ",", "machine", system.machine);
    }
    write_gpu(&out, outcome);
    text_add(&out, ",\"checks\":[");
    for (unsigned i = 0; i < outcome->checks; i++)
        write_check(&out, i, outcome);
    text_add(&out, "]}\n");
    rc = out.failed ? error_set(err, GS_SYSTEM, "out of memory") : output_write(file, out.data, out.length, err);
    text_fini(&out);
    return rc;
}

/* --- the checks --------------------------------------------------------------------------------------------------- */

static void run_all(struct conform *conform, struct outcome *outcome, unsigned *failed)
{
    const struct conform_check *check;

    for (unsigned i = 0; i < CHECKS && (check = conform_at(i)) != NULL; i++) {
        int64_t began_ns = machine_ns();

        conform_run(conform, check, &outcome->result[i]);
        outcome->seconds[i] = (double)(machine_ns() - began_ns) * 1e-9;
        outcome->checks++;
        *failed += !outcome->result[i].ok;
        selftest_tell(conform_name(check), outcome->result[i].ok,
                      outcome->result[i].ok ? conform_proves(check) : outcome->result[i].text);
    }
}

/* The checks take as much memory of the host; of that they leave most alone, too. */
static int64_t most_bytes(void)
{
    struct host_memory memory = host_memory("", 0);
    int64_t left = host_memory_left(&memory);

    return left >= 0 && left / 4 < MOST_BYTES ? left / 4 : MOST_BYTES;
}

int selftest_gpu(struct selftest_gpu *wanted, unsigned *failed, struct error *err)
{
    static struct outcome outcome;
    struct conform_options options = {
        .ordinal = wanted->device.ordinal[0], .share = wanted->share, .most_bytes = most_bytes(), .now_ns = machine_ns};
    struct output file = {0};
    struct conform *conform = NULL;
    char taken[UNITS_TEXT];
    int rc;

    if ((rc = device_open(&wanted->device, err)) != GS_OK || (rc = output_open(&file, wanted->path, err)) != GS_OK)
        return rc;
    if ((rc = conform_open(&conform, &options, &outcome.gpu, err)) == GS_OK) {
        ask_others(&outcome);
        rc = refuse_busy(&outcome, wanted, err);
    }
    if (rc == GS_OK) {
        printf("%s; takes %s of its memory\n", outcome.gpu.name,
               units_show_size(taken, (double)outcome.gpu.budget_bytes));
        run_all(conform, &outcome, failed);
        rc = write_file(&file, &outcome, wanted->device.is_double, err);
    }
    conform_close(conform);
    output_close(&file);
    return rc;
}
