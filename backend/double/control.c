/* control.c - what tests hold the double by. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"
#include "sim/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int begin(const char *options, char why[DOUBLE_WHY])
{
    struct options parsed;

    the.begun = false;
    if (options_parse(&parsed, options, why) != 0)
        return -1;
    the.options = parsed;
    if (*parsed.folder != '\0' && *parsed.ledger == '\0')
        snprintf(parsed.ledger, sizeof parsed.ledger, "%.240s/ledger", parsed.folder);
    if (!ledger_open(parsed.ledger, parsed.gpus, parsed.gpu_bytes)) {
        snprintf(why, DOUBLE_WHY, "the ledger '%.100s' cannot be opened", parsed.ledger);
        return -1;
    }
    clock_begin();
    the.begun = true;
    return 0;
}

static int reset(const char *options, char why[DOUBLE_WHY])
{
    int rc;

    enter_lock();
    modules_forget();
    streams_forget();
    memory_forget();
    chunks_free_late(true);
    enter_forget();
    violation_forget();
    memset(the.gpu, 0, sizeof the.gpu);
    the.init_pid = 0;
    the.process = CU_PROCESS_STATE_RUNNING;
    the.stored = false;
    the.epoch++;
    rc = begin(options, why);
    leave(CUDA_SUCCESS);
    return rc;
}

/* The environment says what it is like, unless somebody resets it. */
__attribute__((constructor)) static void begin_by_environment(void)
{
    const char *options = getenv("GPUSWAP_DOUBLE");
    char none[DOUBLE_WHY];

    if (begin(options != NULL ? options : "", the.why) != 0) {
        options_parse(&the.options, "", none);
        violation("argument", "GPUSWAP_DOUBLE: %s", the.why);
    }
}

static uint64_t now_ns(void)
{
    uint64_t now;

    enter_lock();
    if (the.options.real_clock)
        clock_advance();
    now = the.now_ns;
    leave(CUDA_SUCCESS);
    return now;
}

static int rest(uint64_t until_ns)
{
    int virtual;

    enter_lock();
    virtual = !the.options.real_clock;
    if (virtual)
        clock_rest(until_ns);
    leave(CUDA_SUCCESS);
    return virtual;
}

static unsigned violations(void)
{
    unsigned count;

    enter_lock();
    count = violation_count();
    leave(CUDA_SUCCESS);
    return count;
}

static void copy_log(char *out, size_t size)
{
    enter_lock();
    violation_copy(out, size);
    leave(CUDA_SUCCESS);
}

static unsigned complain(unsigned count, const char *what)
{
    if (count > 0)
        violation("leak", "%u %s", count, what);
    return count;
}

static unsigned leaks(void)
{
    unsigned chunks = 0, streams = 0, events = 0, modules = 0, contexts = 0, count;

    enter_lock();
    for (unsigned i = 0; i < CHUNKS; i++)
        chunks += the.chunk[i].live;
    for (unsigned i = 0; i < STREAMS; i++)
        streams += the.stream[i].live;
    for (unsigned i = 0; i < EVENTS; i++)
        events += the.event[i].live;
    for (unsigned i = 0; i < MODULES; i++)
        modules += the.module[i].live;
    for (unsigned i = 0; i < GPUS; i++)
        contexts += the.gpu[i].retained;
    count = complain(chunks, "pieces of memory") + complain((unsigned)the.reservations, "reservations of addresses") +
            complain((unsigned)the.registrations, "registered ranges") + complain(streams, "streams") +
            complain(events, "events") + complain(modules, "modules") + complain(contexts, "contexts");
    leave(CUDA_SUCCESS);
    return count;
}

static uint64_t calls(const char *call)
{
    uint64_t made;

    enter_lock();
    made = enter_calls(call);
    leave(CUDA_SUCCESS);
    return made;
}

static int move(uint64_t address, void *out, const void *in, size_t bytes)
{
    int rc = 0;

    enter_lock();
    for (size_t done = 0, run; done < bytes && rc == 0; done += run) {
        unsigned char *at = mapping_find(address + done, &run, true);

        if (at == NULL) {
            rc = -1;
            break;
        }
        run = run < bytes - done ? run : bytes - done;
        if (out != NULL)
            memcpy((char *)out + done, at, run);
        else
            memcpy(at, (const char *)in + done, run);
    }
    leave(CUDA_SUCCESS);
    return rc;
}

static int peek(uint64_t address, void *out, size_t bytes)
{
    return move(address, out, NULL, bytes);
}

static int poke(uint64_t address, const void *bytes, size_t count)
{
    return move(address, NULL, bytes, count);
}

static uint64_t used_bytes(unsigned gpu)
{
    return ledger_held(gpu);
}

__attribute__((visibility("default"))) extern const struct double_control gpuswap_double_control;
const struct double_control gpuswap_double_control = {
    .reset = reset,
    .now_ns = now_ns,
    .rest = rest,
    .violations = violations,
    .log = copy_log,
    .leaks = leaks,
    .calls = calls,
    .peek = peek,
    .poke = poke,
    .used_bytes = used_bytes,
};
