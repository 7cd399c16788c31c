/* move.c - swaps: all parts of a workload go to the mover together, and the controller hears of it when all have ended.
 *
 * A swap of several GPUs is done or had no effect: where it failed on one of them, the others turn back. */
#include "backend/live/state.h"

static enum move_kind kind_of(const struct gs_command *command)
{
    return command->kind == GS_SWAP_IN ? MOVE_IN : command->kind == GS_SWAP_OUT ? MOVE_OUT : MOVE_CLEAN;
}

/* Bytes leave from the end, in whole chunks; what it says it can do without leaves without a copy. */
static uint32_t chunks_that_stay(struct backend *be, struct process *p, struct memory *part)
{
    const struct gs_workload_spec *spec = &be->setup->setup->workload[live_id(be, p)];
    int64_t chunk = part->gpu->chunk_bytes;
    uint32_t dropped = (uint32_t)(spec->drop_bytes / p->parts / chunk);

    if (p->command.kind != GS_SWAP_OUT)
        return 0;
    if (spec->stops || dropped > 0)
        memory_discard(part, spec->stops || dropped > part->count ? 0 : part->count - dropped);
    return p->command.bytes < p->gpu_bytes ? (uint32_t)((p->gpu_bytes - p->command.bytes) / p->parts / chunk) : 0;
}

/* Whoever comes in may wait for the memory of one that is about to leave. */
static void await_room(struct backend *be, const struct process *p, int swaps)
{
    for (uint32_t i = 0; i < p->parts && p->command.kind == GS_SWAP_OUT; i++)
        be->gpu[p->gpu + i].awaited += (uint32_t)swaps;
}

static int begin_move(struct backend *be, struct process *p, struct error *err)
{
    enum move_kind kind = kind_of(&p->command);
    int rc = GS_OK;

    p->move_at_ns = GS_NEVER;
    await_room(be, p, -1);
    p->failed_parts = 0;
    p->streams = p->halted = false;
    if (kind == MOVE_IN)
        rc = live_hold(p, p->command.bytes, err);
    for (p->moving_parts = 0; p->moving_parts < p->parts && rc == GS_OK; p->moving_parts++) {
        struct memory *part = &p->part[p->moving_parts];

        rc = mover_begin(&be->mover, part, kind, chunks_that_stay(be, p, part), err);
    }
    return rc;
}

int live_no_disk(struct error *err)
{
    return error_set(err, GS_UNSATISFIABLE,
                     "live mode has no disk to spill to: choose another 'cap', or a 'swap_file' that is large enough");
}

int live_swap(struct backend *be, const struct gs_command *command, struct error *err)
{
    struct process *p = &be->process[command->workload];
    const struct gs_workload_spec *spec = &be->setup->setup->workload[command->workload];
    const struct workload_group *group = &be->setup->scenario->workload[spec->group];
    gs_ns overhead_ns = be->node->swap_overhead;

    if (command->reason == GS_BECAUSE_SPILL)
        return live_no_disk(err);
    live_account(be, p->gpu);
    be->device[p->gpu].switching += command->kind != GS_CLEAN;
    p->command = *command;
    p->moving = true;
    if (command->kind == GS_SWAP_IN && command->moved_bytes == 0)
        overhead_ns = 0; /* the first residency allocates; nothing is swapped */
    else if (command->kind == GS_SWAP_IN && !gs_by_disk(command->reason))
        overhead_ns += group->warm_start;
    if (command->reason == GS_BECAUSE_COLD) /* stands for the load from disk, which there is none of */
        overhead_ns = group->cold_start;
    p->move_at_ns = be->clock.now_ns + overhead_ns;
    await_room(be, p, 1);
    return overhead_ns > 0 ? GS_OK : begin_move(be, p, err);
}

/* --- the end --- */

static int finish(struct backend *be, struct process *p, bool failed, struct error *err)
{
    int rc;

    live_account(be, p->gpu);
    be->device[p->gpu].switching -= p->command.kind != GS_CLEAN;
    p->moving = false;
    p->ready_at_ns = GS_NEVER;
    if (p->command.kind == GS_SWAP_IN && !failed && (rc = live_verify_arrived(be, p, err)) != GS_OK)
        return rc;
    if (!failed && p->command.kind == GS_SWAP_IN)
        p->gpu_bytes = p->command.bytes;
    else if (!failed && p->command.kind == GS_SWAP_OUT)
        p->gpu_bytes -= p->command.bytes < p->gpu_bytes ? p->command.bytes : p->gpu_bytes;
    if (failed && p->streams)
        live_halt(be, p);
    for (uint32_t i = 0; failed && p->command.kind == GS_CLEAN && i < p->parts; i++)
        if (!p->part[i].keeps_copy) /* one of them has none: the others have one for nothing */
            memory_drop_copies(&p->part[i]);
    p->streams = p->halted = false;
    live_post(be, failed ? GS_FAILED : GS_DONE, live_id(be, p))->event.command = p->command.kind;
    return live_settle(be, p, err);
}

/* Those parts that have moved go back to where they were; once more those for which there was no memory or slot. */
static int reverse(struct backend *be, struct process *p, struct error *err)
{
    enum move_kind back = p->command.kind == GS_SWAP_IN ? MOVE_OUT : MOVE_IN;
    int rc = GS_OK;

    for (uint32_t i = 0; i < p->parts && rc == GS_OK; i++) {
        struct memory *part = &p->part[i];

        if ((p->failed_parts >> i & 1) != 0)
            continue;
        p->moving_parts++;
        rc = mover_begin(&be->mover, part, back, back == MOVE_OUT ? part->move.from : 0, err);
        part->move.failed = true; /* as one that the mover turns back itself */
    }
    return rc;
}

static int part_ended(struct backend *be, struct memory *part, bool failed, struct error *err)
{
    struct process *p = &be->process[part->id / be->gpus];
    uint64_t bit = UINT64_C(1) << (part - p->part), all = p->parts == 64 ? UINT64_MAX : (UINT64_C(1) << p->parts) - 1;

    p->halted |= failed && p->command.kind != GS_CLEAN;
    if (failed) /* it is where it was before the swap */
        p->failed_parts |= bit;
    if (--p->moving_parts > 0)
        return GS_OK;
    if (p->failed_parts == 0)
        return finish(be, p, false, err);
    if (p->failed_parts == all)
        return finish(be, p, true, err);
    return p->command.kind == GS_CLEAN ? finish(be, p, true, err) : reverse(be, p, err);
}

/* --- running while the rest of it is on its way --- */

/* When it may begin, as the simulated node has it (backend/stream.c): so late that it never waits for the next chunk, by
 * the pace at which the last ones came. */
static gs_ns ready_at(const struct memory *part, gs_ns work_ns)
{
    const struct move *t = &part->move;

    if (t->kind != MOVE_IN)
        return 0;
    if (t->copied == 0 || t->failed)
        return GS_NEVER;
    double chunks = (double)(t->to - t->from), pace_ns = (double)(t->copied_ns - t->began_ns) / t->copied;
    double left_ns = (double)(t->to - t->ended) * pace_ns - (double)work_ns * (1.0 - 1.0 / chunks);

    return t->copied_ns + (left_ns > 0 ? (gs_ns)left_ns : 0);
}

static void look_at_stream(struct backend *be, struct process *p)
{
    gs_ns at_ns = 0;

    if (!p->moving || p->streams || p->head == NULL || p->command.kind != GS_SWAP_IN || !p->command.yield ||
        p->move_at_ns != GS_NEVER || p->halted || p->command.moved_bytes == 0) /* nothing to wait for but room */
        return;
    gs_ns alone_ns = p->head->started_ns < 0 ? p->head->work_ns : p->head->alone_ns;
    for (uint32_t i = 0; i < p->parts; i++) {
        gs_ns part_ns = ready_at(&p->part[i], alone_ns - p->head->done_ns);

        at_ns = part_ns > at_ns ? part_ns : at_ns;
    }
    p->ready_at_ns = at_ns;
    if (at_ns > be->clock.now_ns)
        return;
    p->ready_at_ns = GS_NEVER;
    p->streams = true;
    live_post(be, GS_READY, live_id(be, p));
}

int live_look_at_moves(struct backend *be, struct error *err)
{
    struct memory *ended;
    bool failed;
    int rc;

    for (uint32_t i = 0; i < be->workloads; i++)
        if (be->process[i].move_at_ns <= be->clock.now_ns && (rc = begin_move(be, &be->process[i], err)) != GS_OK)
            return rc;
    do {
        if ((rc = mover_pump(&be->mover, be->clock.now_ns, &ended, &failed, err)) != GS_OK ||
            (ended != NULL && (rc = part_ended(be, ended, failed, err)) != GS_OK))
            return rc;
    } while (ended != NULL);
    for (uint32_t i = 0; i < be->workloads; i++)
        look_at_stream(be, &be->process[i]);
    return GS_OK;
}
