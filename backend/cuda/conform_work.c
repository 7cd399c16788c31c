/* conform_work.c - checks of kernels, streams and events. */
#include "backend/cuda/conform_parts.h"
#include "backend/cuda/kernels.h"
#include "backend/cuda/memory.h"

#include <string.h>

#define MS 1000000

/* A workload of so many chunks, resident and with its first words, and a slot or more of host memory. */
static bool begin(struct conform *c, struct memory *memory, struct slots *slots, uint32_t chunks)
{
    static struct error err;
    bool ok = true;

    memset(&err, 0, sizeof err);
    memset(memory, 0, sizeof *memory);
    memset(slots, 0, sizeof *slots);
    if (!conform_done(c, slots_open(slots, &c->gpu, &(struct slots_options){.count = 1}, &err), &err) ||
        !conform_done(c, memory_open(memory, &c->gpu, slots, chunks * c->gpu.chunk_bytes, 7, 7, &err), &err))
        return false;
    for (uint32_t i = 0; i < chunks && ok; i++) {
        if (!conform_try(c, memory_map(memory, i, true), "cuMemCreate"))
            return false;
        memory->chunk[i].state = CHUNK_RESIDENT;
        ok = conform_try(c, memory_fill(memory, i, memory->work), "cuLaunchKernel");
    }
    return ok;
}

static bool end(struct conform *c, struct memory *memory, struct slots *slots)
{
    memory_close(memory);
    slots_close(slots);
    return c->result->ok;
}

static bool expect_bad(struct conform *c, struct memory *memory, uint64_t bad, const char *when)
{
    static struct error err;
    struct mix_found found;

    memset(&err, 0, sizeof err);
    if (!conform_done(c, memory_check(memory, &found, &err), &err))
        return false;
    if (found.sum == 0) /* the sum of all words */
        return conform_fail(c, "%s: the check's findings did not come back", when);
    return found.bad == bad ||
           conform_fail(c, "%s: %llu words are wrong, not %llu; the first at %llu", when, (unsigned long long)found.bad,
                        (unsigned long long)bad, (unsigned long long)found.first);
}

/* One wrong word, in the last chunk. */
static bool plant(struct conform *c, struct memory *memory, struct slots *slots)
{
    const mix_word wrong = 5;
    CUdeviceptr at = memory_at(memory, memory->count) - 3 * sizeof wrong;

    memcpy(slots_at(slots, 0), &wrong, sizeof wrong);
    return conform_try(c, c->cu->copy_in(at, slots_at(slots, 0), sizeof wrong, memory->work), "cuMemcpyHtoDAsync");
}

bool conform_kernels(struct conform *c)
{
    static struct error err;
    struct memory memory;
    struct slots slots;
    bool ok;

    memset(&err, 0, sizeof err);
    ok = begin(c, &memory, &slots, 3) && expect_bad(c, &memory, 0, "written") &&
         conform_done(c, memory_burst(&memory, 1, 0, 2, &err), &err) && expect_bad(c, &memory, 0, "moved on") &&
         plant(c, &memory, &slots) && expect_bad(c, &memory, 1, "one planted");
    (void)ok;
    return end(c, &memory, &slots);
}

bool conform_ptx(struct conform *c)
{
    CUmodule module = NULL;
    CUfunction compiled = c->gpu.fill, text;
    struct memory memory;
    struct slots slots;
    char log[200] = "";
    CUjit_option option[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    void *value[] = {log, (void *)(uintptr_t)sizeof log};
    int64_t began_ns = c->now_ns();

    if (c->cu->module_load(&module, kernels_ptx, 2, option, value) != CUDA_SUCCESS)
        return conform_fail(c, "the driver does not take it: %s", log);
    conform_figure(c, "compiled_ns", (double)(c->now_ns() - began_ns));
    if (conform_try(c, c->cu->module_function(&text, module, "kernel_fill"), "cuModuleGetFunction")) {
        c->gpu.fill = text;
        if (begin(c, &memory, &slots, 2))
            expect_bad(c, &memory, 0, "written by the text, checked by the compiled kernel");
        end(c, &memory, &slots);
        c->gpu.fill = compiled;
    }
    if (!c->gpu.hangs)
        conform_try(c, c->cu->module_unload(module), "cuModuleUnload");
    return c->result->ok;
}

/* How long the GPU takes for what it is to be busy, by its events. */
static bool time_busy(struct conform *c, uint64_t wanted_ns, CUevent before, CUevent after, float *ms)
{
    return conform_try(c, c->cu->event_record(before, c->gpu.in), "cuEventRecord") &&
           conform_try(c, gpu_launch(&c->gpu, c->gpu.busy, c->gpu.in, &wanted_ns, 1), "cuLaunchKernel") &&
           conform_try(c, c->cu->event_record(after, c->gpu.in), "cuEventRecord") &&
           conform_wait(c, c->gpu.in, after) &&
           conform_try(c, c->cu->event_elapsed(ms, before, after), "cuEventElapsedTime");
}

bool conform_busy(struct conform *c)
{
    static const char *const name[] = {"asked_1_ms", "asked_5_ms", "asked_20_ms"};
    static const unsigned wanted_ms[] = {1, 5, 20};
    CUevent before, after;
    float ms = 0;

    if (!conform_try(c, c->cu->event_create(&before, CU_EVENT_DEFAULT), "cuEventCreate"))
        return false;
    if (conform_try(c, c->cu->event_create(&after, CU_EVENT_DEFAULT), "cuEventCreate")) {
        time_busy(c, MS, before, after, &ms); /* the first launch loads the kernel */
        for (unsigned i = 0; i < 3 && c->result->ok; i++) {
            if (!time_busy(c, (uint64_t)wanted_ms[i] * MS, before, after, &ms))
                break;
            conform_figure(c, name[i], (double)ms);
            if ((double)ms < 0.95 * wanted_ms[i] || (double)ms > 1.5 * wanted_ms[i] + 2)
                conform_fail(c, "asked for %u ms, it took %.3f", wanted_ms[i], (double)ms);
        }
        if (c->gpu.hangs || (!conform_wait(c, c->gpu.in, NULL) && c->gpu.hangs))
            return false;
        conform_try(c, c->cu->event_destroy(after), "cuEventDestroy");
    }
    conform_try(c, c->cu->event_destroy(before), "cuEventDestroy");
    return c->result->ok;
}

/* A kernel of 50 ms, and then others; on the other stream a copy that must wait for them. */
static bool order(struct conform *c, struct memory *memory, struct slots *slots, CUevent event)
{
    size_t bytes = (size_t)c->gpu.chunk_bytes;
    uint64_t long_ns = 50 * MS, seed = mix_seed(memory->run, memory->id, 2);
    static struct error err;
    mix_word word;
    CUresult early;

    memset(&err, 0, sizeof err);
    memset(slots_at(slots, 0), 0, bytes);
    if (!conform_wait(c, memory->work, NULL) || !conform_done(c, memory_burst(memory, long_ns, 0, 1, &err), &err) ||
        !conform_try(c, c->cu->event_record(event, memory->work), "cuEventRecord"))
        return false;
    early = c->cu->event_query(event);
    if (early != CUDA_ERROR_NOT_READY)
        return early == CUDA_SUCCESS ? conform_fail(c, "an event ended before the work of 50 ms that it comes after")
                                     : conform_try(c, early, "cuEventQuery");
    if (!conform_try(c, c->cu->stream_after(c->gpu.out, event, CU_EVENT_WAIT_DEFAULT), "cuStreamWaitEvent") ||
        !conform_try(c, c->cu->copy_out(slots_at(slots, 0), memory_at(memory, 0), bytes, c->gpu.out),
                     "cuMemcpyDtoHAsync") ||
        !conform_wait(c, c->gpu.out, NULL))
        return false;
    for (size_t i = 0; i < bytes / sizeof word; i++) {
        memcpy(&word, slots_at(slots, 0) + i * sizeof word, sizeof word);
        if (word != mix_at(seed, i))
            return conform_fail(c, "a copy that waits for an event took word %zu from before it", i);
    }
    return conform_try(c, c->cu->event_query(event), "cuEventQuery after what waited for it");
}

bool conform_events(struct conform *c)
{
    struct memory memory;
    struct slots slots;
    CUevent event;

    if (!conform_try(c, c->cu->event_create(&event, CU_EVENT_DISABLE_TIMING), "cuEventCreate"))
        return false;
    if (begin(c, &memory, &slots, 1))
        order(c, &memory, &slots, event);
    end(c, &memory, &slots);
    if (!c->gpu.hangs)
        conform_try(c, c->cu->event_destroy(event), "cuEventDestroy");
    return c->result->ok;
}

bool conform_priorities(struct conform *c)
{
    int least = 0, greatest = 0;
    CUstream stream;

    if (!conform_try(c, c->cu->priority_range(&least, &greatest), "cuCtxGetStreamPriorityRange"))
        return false;
    conform_figure(c, "least", least);
    conform_figure(c, "greatest", greatest);
    if (least < greatest) /* the lower number wins */
        return conform_fail(c, "the least priority, %d, is above the greatest, %d", least, greatest);
    for (int i = 0; i < 2; i++)
        if (!conform_try(c, c->cu->stream_create(&stream, CU_STREAM_NON_BLOCKING, i == 0 ? least : greatest),
                         "cuStreamCreateWithPriority") ||
            !conform_try(c, c->cu->stream_destroy(stream), "cuStreamDestroy"))
            return false;
    return true;
}
