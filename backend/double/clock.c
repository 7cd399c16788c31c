/* clock.c - when work happens: in each stream one thing after another, on each GPU one copy a direction and one kernel at
 * a time, both directions together slowed by `duplex`.
 *
 * Time moves when a call asks: by the virtual clock each call takes a microsecond and waiting jumps to the end of what is
 * waited for; by the real clock, as it goes.  Nothing happens in between, since nobody could see it. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"

#include <math.h>
#include <time.h>

enum { CALL_NS = 1000, HANG_NS = 10000000 };

static uint64_t read_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t real_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

void clock_begin(void)
{
    the.now_ns = 0;
    the.clock_base_ns = real_ns();
    the.day_base_ns = read_ns(CLOCK_REALTIME);
    the.chaos = the.options.chaos * UINT64_C(0x9E3779B97F4A7C15) + 1;
}

static double speed(const struct gpu *gpu, enum engine engine)
{
    return engine != ENGINE_COMPUTE && gpu->running[ENGINE_IN] != NULL && gpu->running[ENGINE_OUT] != NULL
               ? the.options.duplex
               : 1;
}

static enum engine engine_of(const struct op *op)
{
    return op->kind == OP_IN ? ENGINE_IN : op->kind == OP_OUT ? ENGINE_OUT : ENGINE_COMPUTE;
}

static bool over(uint64_t id)
{
    const struct op *op = op_find(id);

    return op == NULL || op->state == OP_DONE;
}

static bool ready(const struct op *op)
{
    return op->state == OP_QUEUED && over(op->before) && over(op->after);
}

static void end(struct op *op)
{
    struct event *event = &the.event[op->event];
    CUresult result;

    op->state = OP_DONE;
    the.stirred = true;
    the.ended++;
    if (op->kind == OP_RECORD && event->generation == op->event_generation && event->op == op->id)
        event->at_ns = the.now_ns;
    if ((result = op_perform(op)) != CUDA_SUCCESS) {
        the.gpu[op->gpu].broken = result;
        ops_drop(op->gpu);
    }
}

static void start(struct op *op)
{
    struct op **running = &the.gpu[op->gpu].running[engine_of(op)];

    if (op->not_before_ns > the.now_ns || !ready(op))
        return;
    if (op->kind == OP_RECORD || op->kind == OP_WAIT) {
        if (!op->hangs)
            end(op);
        return;
    }
    if (*running != NULL)
        return;
    *running = op;
    op->state = OP_RUNNING;
    if (op->kind == OP_KERNEL && the.options.real_clock && !op->hangs)
        ledger_busy(op->gpu, the.day_base_ns + the.now_ns,
                    the.day_base_ns + the.now_ns + (uint64_t)op->left_ns); /* kernels are not slowed by anything */
}

/* Where nothing has come or ended, what could not begin before cannot now, until `next_at`. */
static void start_all(void)
{
    while (the.stirred) {
        the.stirred = false;
        for (size_t i = 0; i < the.ops; i++)
            start(the.op[i]);
    }
}

/* When the next thing happens of itself; false: nothing will. */
static bool next_at(uint64_t *at_ns)
{
    bool found = false;

    for (unsigned g = 0; g < the.options.gpus; g++)
        for (int e = 0; e < ENGINES; e++) {
            const struct op *op = the.gpu[g].running[e];
            uint64_t at;

            if (op == NULL || op->hangs)
                continue;
            at = the.now_ns + (uint64_t)ceil(op->left_ns / speed(&the.gpu[g], (enum engine)e));
            if (!found || at < *at_ns)
                *at_ns = at;
            found = true;
        }
    for (size_t i = 0; i < the.ops; i++)
        if (the.op[i]->not_before_ns > the.now_ns && (!found || the.op[i]->not_before_ns < *at_ns) &&
            ready(the.op[i])) {
            *at_ns = the.op[i]->not_before_ns;
            found = true;
        }
    return found;
}

static void pass(uint64_t until_ns)
{
    double elapsed_ns = (double)(until_ns - the.now_ns), rate[GPUS][ENGINES];

    for (unsigned g = 0; g < the.options.gpus; g++)
        for (int e = 0; e < ENGINES; e++)
            rate[g][e] = speed(&the.gpu[g], (enum engine)e);
    the.now_ns = until_ns;
    for (unsigned g = 0; g < the.options.gpus; g++)
        for (int e = 0; e < ENGINES; e++) {
            struct op *op = the.gpu[g].running[e];

            if (op == NULL || op->hangs)
                continue;
            op->left_ns -= elapsed_ns * rate[g][e];
            if (op->left_ns > 0.5)
                continue;
            the.gpu[g].running[e] = NULL;
            end(op);
        }
}

static void run_to(uint64_t until_ns)
{
    uint64_t at;

    start_all();
    while (next_at(&at) && at <= until_ns) {
        pass(at);
        the.stirred = true;
        start_all();
    }
    if (the.now_ns < until_ns)
        pass(until_ns);
}

static uint64_t due(void)
{
    return the.options.real_clock ? real_ns() - the.clock_base_ns : the.now_ns + CALL_NS;
}

void clock_advance(void)
{
    run_to(due());
}

void clock_asked(void)
{
    enum { IN_VAIN = 1000 }; /* more than anybody has things to ask for */
    uint64_t at;

    the.unready = the.calls == the.unready_call + 1 ? the.unready + 1 : 1;
    the.unready_call = the.calls;
    if (!the.options.real_clock && the.unready > IN_VAIN && next_at(&at))
        run_to(at);
}

void clock_rest(uint64_t until_ns)
{
    uint64_t at;

    run_to(the.now_ns);
    if (the.ended == the.ended_at_rest) { /* else something has ended while the host was looking at others */
        if (next_at(&at) && at < until_ns)
            until_ns = at;
        if (until_ns > the.now_ns)
            run_to(until_ns);
    }
    the.ended_at_rest = the.ended;
}

CUresult clock_wait(uint64_t id, unsigned gpu)
{
    uint64_t at;

    run_to(the.options.real_clock ? due() : the.now_ns);
    while (!over(id) && the.gpu[gpu].broken == CUDA_SUCCESS) {
        bool comes = next_at(&at);

        if (!the.options.real_clock && !comes)
            the.gpu[gpu].broken = CUDA_ERROR_LAUNCH_TIMEOUT; /* it would wait for ever; by the real clock it does */
        else if (!the.options.real_clock)
            run_to(at);
        else {
            enter_wait_until(comes ? at : the.now_ns + HANG_NS);
            run_to(due());
        }
    }
    return the.gpu[gpu].broken;
}
