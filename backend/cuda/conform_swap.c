/* conform_swap.c - checks of transfers: out and back, two at a time, both ways at once. */
#include "backend/cuda/conform_parts.h"
#include "backend/cuda/mover.h"

#include <string.h>

enum { DEPTH = 2, COPIES = 4, REPEATS = 3 };

struct swap {
    struct slots slots;
    struct mover mover;
    struct memory memory[2];
};

static struct error err;

static bool begin(struct conform *c, struct swap *s, unsigned workloads, uint32_t chunks, uint32_t slots)
{
    memset(s, 0, sizeof *s);
    memset(&err, 0, sizeof err);
    if (!conform_done(c, slots_open(&s->slots, &c->gpu, &(struct slots_options){.count = slots}, &err), &err))
        return false;
    mover_init(&s->mover, &c->gpu, 1, &s->slots, DEPTH, 1000000000);
    for (unsigned i = 0; i < workloads; i++)
        if (!conform_done(c, memory_open(&s->memory[i], &c->gpu, &s->slots, chunks * c->gpu.chunk_bytes, 9, i, &err),
                          &err))
            return false;
    return true;
}

static bool end(struct conform *c, struct swap *s)
{
    for (unsigned i = 0; i < 2; i++)
        memory_close(&s->memory[i]);
    slots_close(&s->slots);
    return c->result->ok;
}

/* Until nothing is under way; the account of memory must hold all the time. */
static bool finish(struct conform *c, struct swap *s)
{
    struct memory *ended;
    bool failed = false;

    while (!mover_is_idle(&s->mover)) {
        if (!conform_done(c, mover_pump(&s->mover, c->now_ns(), &ended, &failed, &err), &err))
            return false;
        if (failed)
            return conform_fail(c, "there was no memory for a swap-in, or no slot for a swap-out");
        if (c->gpu.free_bytes < 0)
            return conform_fail(c, "more chunks were mapped at once than there is room for");
        if (ended == NULL && !mover_wait(&s->mover))
            c->cu->stream_query(c->gpu.in); /* memory may be late */
    }
    return true;
}

static bool move(struct conform *c, struct swap *s, unsigned who, enum move_kind kind)
{
    return conform_done(c, mover_begin(&s->mover, &s->memory[who], kind, 0, &err), &err);
}

static bool intact(struct conform *c, struct swap *s, unsigned who)
{
    struct mix_found found;

    if (!conform_done(c, memory_check(&s->memory[who], &found, &err), &err))
        return false;
    if (found.sum == 0) /* the sum of all words */
        return conform_fail(c, "the check's findings did not come back");
    return found.bad == 0 || conform_fail(c, "%llu words came back wrong, the first at %llu",
                                          (unsigned long long)found.bad, (unsigned long long)found.first);
}

static bool there_and_back(struct conform *c, struct swap *s)
{
    int64_t free_bytes = c->gpu.free_bytes, began_ns;

    if (!move(c, s, 0, MOVE_IN) || !finish(c, s) || !intact(c, s, 0) ||
        !conform_done(c, memory_burst(&s->memory[0], 1000, 0, s->memory[0].count / 2, &err), &err))
        return false;
    for (int i = 0; i < REPEATS; i++) {
        began_ns = c->now_ns();
        if (!move(c, s, 0, MOVE_OUT) || !finish(c, s))
            return false;
        conform_figure(c, "out_ns", (double)(c->now_ns() - began_ns));
        if (c->gpu.free_bytes != free_bytes)
            return conform_fail(c, "swapped out, it still holds memory");
        began_ns = c->now_ns();
        if (!move(c, s, 0, MOVE_IN) || !finish(c, s))
            return false;
        conform_figure(c, "in_ns", (double)(c->now_ns() - began_ns));
        if (!intact(c, s, 0))
            return false;
    }
    return true;
}

bool conform_swap(struct conform *c)
{
    uint32_t chunks = (uint32_t)(c->budget_bytes / c->gpu.chunk_bytes);
    struct swap s;

    conform_figure(c, "bytes", (double)chunks * (double)c->gpu.chunk_bytes);
    if (begin(c, &s, 1, chunks, chunks))
        there_and_back(c, &s);
    return end(c, &s);
}

/* Each goes out for the other, again and again; there is room for one of them and two chunks, and one spare slot. */
static bool change_places(struct conform *c, struct swap *s)
{
    int64_t began_ns;

    if (!move(c, s, 1, MOVE_IN) || !finish(c, s) || !move(c, s, 1, MOVE_OUT) || !move(c, s, 0, MOVE_IN) ||
        !finish(c, s))
        return false;
    for (unsigned i = 0; i < REPEATS; i++) {
        unsigned leaves = i % 2, comes = 1 - leaves;

        began_ns = c->now_ns();
        if (!move(c, s, leaves, MOVE_OUT) || !move(c, s, comes, MOVE_IN) || !finish(c, s))
            return false;
        conform_figure(c, "exchange_ns", (double)(c->now_ns() - began_ns));
        if (!intact(c, s, comes))
            return false;
    }
    return true;
}

bool conform_exchange(struct conform *c)
{
    uint32_t chunks = (uint32_t)(c->budget_bytes / c->gpu.chunk_bytes) - DEPTH;
    int64_t all_bytes = c->gpu.free_bytes;
    struct swap s;

    conform_figure(c, "bytes", (double)chunks * (double)c->gpu.chunk_bytes);
    c->gpu.free_bytes = (chunks + DEPTH) * c->gpu.chunk_bytes;
    if (begin(c, &s, 2, chunks, chunks + 1))
        change_places(c, &s);
    end(c, &s);
    c->gpu.free_bytes = all_bytes;
    return c->result->ok;
}

/* --- both ways at once --------------------------------------------------------------------------------------------- */

struct both {
    struct swap swap;
    CUevent before, in, out;
};

/* Milliseconds of copies in, out, or both; from before the first to after the last of either. */
static bool time_copies(struct conform *c, struct both *b, bool in, bool out, float *ms)
{
    const struct driver *cu = c->cu;
    struct swap *s = &b->swap;
    size_t bytes = (size_t)c->gpu.chunk_bytes;
    CUresult result = cu->event_record(b->before, c->gpu.in);
    float in_ms = 0, out_ms = 0;

    if (result == CUDA_SUCCESS)
        result = cu->stream_after(c->gpu.out, b->before, CU_EVENT_WAIT_DEFAULT);
    for (unsigned i = 0; i < COPIES && result == CUDA_SUCCESS; i++) {
        if (in)
            result = cu->copy_in(memory_at(&s->memory[0], 0), slots_at(&s->slots, 0), bytes, c->gpu.in);
        if (out && result == CUDA_SUCCESS)
            result = cu->copy_out(slots_at(&s->slots, 1), memory_at(&s->memory[0], 1), bytes, c->gpu.out);
    }
    if (result == CUDA_SUCCESS)
        result = cu->event_record(b->in, c->gpu.in);
    if (result == CUDA_SUCCESS)
        result = cu->event_record(b->out, c->gpu.out);
    if (!conform_wait(c, c->gpu.in, NULL) || !conform_wait(c, c->gpu.out, NULL) || !conform_try(c, result, "copies") ||
        !conform_try(c, cu->event_elapsed(&in_ms, b->before, b->in), "cuEventElapsedTime") ||
        !conform_try(c, cu->event_elapsed(&out_ms, b->before, b->out), "cuEventElapsedTime"))
        return false;
    *ms = in_ms > out_ms ? in_ms : out_ms;
    return true;
}

static bool compare(struct conform *c, struct both *b)
{
    float in = 0, out = 0, both = 0, best = 0, alone = 0;

    if (!time_copies(c, b, true, true, &both)) /* a first time, which does not count */
        return false;
    for (int i = 0; i < REPEATS; i++) {
        if (!time_copies(c, b, true, false, &in) || !time_copies(c, b, false, true, &out) ||
            !time_copies(c, b, true, true, &both))
            return false;
        conform_figure(c, "in_ms", (double)in);
        conform_figure(c, "out_ms", (double)out);
        conform_figure(c, "both_ms", (double)both);
        best = i == 0 || both < best ? both : best;
        alone = i == 0 || in + out < alone ? in + out : alone;
    }
    if (!((double)in > 0) || !((double)out > 0))
        return conform_fail(c, "copies took no time");
    return (double)best <= 1.3 * (double)alone + 0.1 ||
           conform_fail(c, "both ways at once took %.3f ms, one after the other %.3f", (double)best, (double)alone);
}

bool conform_duplex(struct conform *c)
{
    struct both b = {0};
    CUevent *const event[] = {&b.before, &b.in, &b.out};
    unsigned flags = CU_EVENT_DEFAULT;

    conform_figure(c, "bytes", COPIES * (double)c->gpu.chunk_bytes);
    if (begin(c, &b.swap, 1, 2, 2) && move(c, &b.swap, 0, MOVE_IN) && finish(c, &b.swap) &&
        conform_try(c, c->cu->event_create(&b.before, flags), "cuEventCreate") &&
        conform_try(c, c->cu->event_create(&b.in, flags), "cuEventCreate") &&
        conform_try(c, c->cu->event_create(&b.out, flags), "cuEventCreate"))
        compare(c, &b);
    if (!c->gpu.hangs)
        conform_wait(c, c->gpu.in, NULL);
    if (!c->gpu.hangs)
        conform_wait(c, c->gpu.out, NULL);
    for (size_t i = 0; i < sizeof event / sizeof *event && !c->gpu.hangs; i++)
        if (*event[i] != NULL)
            c->cu->event_destroy(*event[i]);
    return end(c, &b.swap);
}
