/* transfer.c - a swap from its command to its completion: fixed overhead, then chunks over the link as memory allows.
 *
 * Where the node overlaps transfers, a swap-in is submitted together with the swap-outs that make room for it; each chunk
 * that has left frees its memory, and the first swap-in in line takes it.  Else a swap is one chunk. */
#include "backend/sim_state.h"

static uint32_t link_of(const struct backend *be, const struct gs_command *command)
{
    if (gs_by_disk(command->reason))
        return 2 * be->gpus + be->device[command->gpu].node;
    return 2 * command->gpu + (command->kind != GS_SWAP_IN);
}

/* While a copy is written the workload keeps its memory, and the GPU is not kept from anything. */
static bool is_swap(const struct swap *t)
{
    return t->command.kind != GS_CLEAN;
}

static void done(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;
    struct device *device = &be->device[t->command.gpu];

    device_account(be, device);
    device->switching -= is_swap(t);
    t->active = false;
    be->early -= t->command.yield && t->command.kind == GS_SWAP_IN;
    t->ready_word = 0;
    pinned_end(be, workload);
    if (be->process[workload].gone) {
        int64_t rest = be->process[workload].gpu_bytes;
        be->process[workload].gpu_bytes = 0;
        memory_release(be, t->command.gpu, rest);
    }
    sim_post(be, GS_DONE, workload)->event.command = t->command.kind;
    if (t->streams)
        process_go_on(be, workload);
}

static int64_t next_chunk(const struct backend *be, const struct swap *t)
{
    const struct device *device = &be->device[t->command.gpu];
    const struct sim_node *node = &be->node[device->node];
    bool more = node->overlapped && t->left_bytes / device->width > node->chunk_bytes;

    return more ? node->chunk_bytes * device->width : t->left_bytes;
}

static void send(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;
    uint32_t link = link_of(be, &t->command);

    t->chunk_bytes = next_chunk(be, t);
    t->left_bytes -= t->chunk_bytes;
    double weight = (double)t->chunk_bytes;
    if (t->slow_bytes > t->left_bytes) {
        int64_t slow = t->slow_bytes - t->left_bytes;
        t->slow_bytes = t->left_bytes;
        weight = (double)(t->chunk_bytes - slow) + (double)slow * pinned_weight(be, workload, link);
    }
    link_add(be, link, (struct flow){weight, t->order, workload, !is_swap(t)});
}

static void starve(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;
    struct device *device = &be->device[t->command.gpu];

    t->next = GS_NONE;
    if (device->starved_head == GS_NONE)
        device->starved_head = workload;
    else
        be->process[device->starved_tail].swap.next = workload;
    device->starved_tail = workload;
}

/* Free memory that the next step of a swap-in takes: that of a chunk, or at the end what comes without a transfer. */
static int64_t step_bytes(const struct backend *be, uint32_t workload)
{
    const struct process *p = &be->process[workload];

    return p->swap.left_bytes > 0 ? next_chunk(be, &p->swap) : p->swap.command.bytes - p->gpu_bytes;
}

static void step_in(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];
    int64_t bytes = step_bytes(be, workload);

    be->device[p->gpu].free_bytes -= bytes;
    p->gpu_bytes += bytes;
    if (p->swap.left_bytes > 0)
        send(be, workload);
    else
        done(be, workload);
}

static void go_on_in(struct backend *be, uint32_t workload)
{
    const struct device *device = &be->device[be->process[workload].gpu];

    if (device->starved_head == GS_NONE && step_bytes(be, workload) <= device->free_bytes)
        step_in(be, workload);
    else
        starve(be, workload);
}

void memory_release(struct backend *be, uint32_t gpu, int64_t bytes)
{
    struct device *device = &be->device[gpu];

    device->free_bytes += bytes;
    while (device->starved_head != GS_NONE && step_bytes(be, device->starved_head) <= device->free_bytes) {
        uint32_t first = device->starved_head;
        device->starved_head = be->process[first].swap.next;
        step_in(be, first);
    }
}

static void go_on_out(struct backend *be, uint32_t workload)
{
    struct process *p = &be->process[workload];
    struct swap *t = &p->swap;

    if (t->left_bytes > 0) {
        send(be, workload);
        return;
    }
    int64_t rest = p->gpu_bytes - t->stay_bytes; /* what needed no transfer */
    p->gpu_bytes = t->stay_bytes;
    memory_release(be, t->command.gpu, rest);
    done(be, workload);
}

static void go_on(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;

    if (t->command.kind == GS_SWAP_OUT)
        go_on_out(be, workload);
    else if (is_swap(t))
        go_on_in(be, workload);
    else if (t->left_bytes > 0)
        send(be, workload);
    else
        done(be, workload);
}

void transfer_begin(struct backend *be, const struct gs_command *command)
{
    struct swap *t = &be->process[command->workload].swap;
    struct device *device = &be->device[command->gpu];
    const struct sim_node *node = &be->node[device->node];
    /* The first residency of a workload allocates; nothing is swapped. */
    bool first = command->kind == GS_SWAP_IN && command->moved_bytes == 0;
    gs_ns overhead_ns = first ? 0 : node->overhead_ns;

    if (command->reason == GS_BECAUSE_COLD)
        overhead_ns = be->process[command->workload].cold_start_ns;
    else if (command->kind == GS_SWAP_IN && !first && !gs_by_disk(command->reason))
        overhead_ns += be->process[command->workload].warm_start_ns;
    device_account(be, device);
    device->switching += command->kind != GS_CLEAN;
    t->command = *command;
    t->left_bytes = command->moved_bytes;
    t->chunk_bytes = t->slow_bytes = 0;
    t->stay_bytes = command->kind == GS_SWAP_OUT ? be->process[command->workload].gpu_bytes - command->bytes : 0;
    t->order = be->transfers++;
    t->word = t->ready_word = 0;
    t->active = true;
    t->streams = false;
    be->early += command->yield && command->kind == GS_SWAP_IN;
    overhead_ns += pinned_begin(be, command->workload);
    if (overhead_ns > 0)
        sim_push(be, be->clock.now_ns + overhead_ns, SIM_OVERHEAD_OVER, command->workload, &t->word);
    else
        go_on(be, command->workload);
}

void transfer_overhead_over(struct backend *be, uint32_t workload)
{
    be->process[workload].swap.word = 0;
    go_on(be, workload);
}

void transfer_arrived(struct backend *be, uint32_t link)
{
    uint32_t workload = link_end(be, link);
    struct process *p = &be->process[workload];
    struct swap *t = &p->swap;

    if (t->command.kind == GS_SWAP_OUT) {
        p->gpu_bytes -= t->chunk_bytes;
        memory_release(be, t->command.gpu, t->chunk_bytes);
    }
    go_on(be, workload);
}
