/* stream.c - a workload that uses its bytes in their order runs while the rest of them is still on its way.
 *
 * Its burst of length S uses n chunks one after the other, S/n each, and each only when it has arrived: a flow shop of two
 * machines.  Beginning at the first chunk and stalling, or so late that nothing stalls, ends at the same time; here it begins
 * late, and the GPU is free for others until then.  At present rates nothing stalls when S (1 - 1/n) is all that is left to
 * come.  If the link slows down after that, the last chunk's share waits for the last bytes. */
#include "backend/sim_state.h"

static double chunks(const struct backend *be, const struct swap *t)
{
    int64_t chunk = be->node[be->device[t->command.gpu].node].chunk_bytes;

    return (double)((t->command.moved_bytes + chunk - 1) / chunk);
}

void stream_rates(struct backend *be, uint32_t link)
{
    const struct link *l = &be->link[link];

    for (uint32_t i = 0; i < link_served(l); i++) {
        struct process *p = &be->process[l->flow[i].workload];
        struct swap *t = &p->swap;
        if (!t->command.yield || t->command.kind != GS_SWAP_IN || t->streams || p->head == NULL)
            continue;
        double n = chunks(be, t), left = l->flow[i].left_bytes + (double)t->left_bytes;
        double first = left - (double)t->command.moved_bytes * (1.0 - 1.0 / n); /* of the first chunk */
        double work_ns = (double)compute_left(be, t->command.gpu, p->head);
        double wait_ns = left / l->share - work_ns * (1.0 - 1.0 / n);
        wait_ns = wait_ns < first / l->share ? first / l->share : wait_ns;
        t->ready_word = 0;
        if (wait_ns < 0x1p60)
            sim_push(be, be->clock.now_ns + (gs_ns)(wait_ns > 0 ? wait_ns + 0.5 : 0), SIM_READY, l->flow[i].workload,
                     &t->ready_word);
    }
}

void stream_ready(struct backend *be, uint32_t workload)
{
    struct swap *t = &be->process[workload].swap;

    t->ready_word = 0;
    t->streams = true;
    sim_post(be, GS_READY, workload);
}

bool stream_holds(struct backend *be, struct job *job)
{
    const struct swap *t = &be->process[job->workload].swap;

    if (!t->streams)
        return false;
    job->done_ns = job->alone_ns - (gs_ns)((double)job->alone_ns / chunks(be, t));
    process_park(be, job);
    return true;
}
