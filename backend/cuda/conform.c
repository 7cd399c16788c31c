/* conform.c - the table of checks, and how one is run. */
#include "backend/cuda/conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct conform_check checks[] = {
    {"granularity", "memory is mapped in pieces of a size that divides chunks", conform_granularity},
    {"remap", "physical memory keeps its words while it is unmapped and mapped elsewhere", conform_remap},
    {"free", "memory that is released is free again", conform_free},
    {"out-of-memory", "too large a request is refused as such, and leaves nothing behind", conform_out_of_memory},
    {"kernels", "words are written, moved on and checked; a single wrong one is found", conform_kernels},
    {"ptx", "the kernels as text do what the compiled ones do", conform_ptx},
    {"busy", "the GPU is busy for as long as it is asked, by its own events", conform_busy},
    {"events", "events end when the work before them has, and order streams", conform_events},
    {"priorities", "streams of the least and the greatest priority can be made", conform_priorities},
    {"swap", "every word survives the way out and back", conform_swap},
    {"exchange", "two workloads change places chunk by chunk, with little room to spare", conform_exchange},
    {"duplex", "copies both ways at once are not slower than one after the other", conform_duplex},
};

const struct conform_check *conform_at(unsigned i)
{
    return i < sizeof checks / sizeof *checks ? &checks[i] : NULL;
}

bool conform_fail(struct conform *conform, const char *format, ...)
{
    va_list args;

    if (!conform->result->ok)
        return false;
    conform->result->ok = false;
    va_start(args, format);
    vsnprintf(conform->result->text, sizeof conform->result->text, format, args);
    va_end(args);
    return false;
}

bool conform_done(struct conform *conform, int rc, const struct error *err)
{
    return rc == GS_OK || conform_fail(conform, "%s", err->text);
}

bool conform_try(struct conform *conform, CUresult result, const char *call)
{
    static struct error err;

    if (result == CUDA_SUCCESS)
        return true;
    memset(&err, 0, sizeof err);
    return conform_done(conform, driver_fail(conform->cu, result, call, &err), &err);
}

void conform_figure(struct conform *conform, const char *name, double value)
{
    struct conform_result *result = conform->result;

    if (result->figures == CONFORM_FIGURES)
        return;
    result->figure[result->figures].name = name;
    result->figure[result->figures++].value = value;
}

void conform_run(struct conform *conform, const struct conform_check *check, struct conform_result *result)
{
    enum { PIECES = 24 };
    const struct gpu_options options = {.ordinal = conform->ordinal, .chunk_bytes = conform->budget_bytes / PIECES + 1};
    static struct error err;

    memset(&err, 0, sizeof err);
    *result = (struct conform_result){.ok = true};
    conform->result = result;
    if (conform_done(conform, gpu_open(&conform->gpu, conform->cu, &options, &err), &err)) {
        if (conform->gpu.chunk_bytes * 4 > conform->budget_bytes)
            conform_fail(conform, "%lld MiB are too little for it", (long long)(conform->budget_bytes >> 20));
        else if (!check->run(conform))
            conform_fail(conform, "failed");
        gpu_close(&conform->gpu);
    }
    arena_fini(&conform->arena);
}
