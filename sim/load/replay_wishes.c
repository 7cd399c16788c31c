/* replay_wishes.c - recorded requests and bursts of open loops: they come when they came, one trace beside the other. */
#include "sim/load/sources.h"

/* The next one of a trace. */
static void advance(struct load *load, struct cursor *c)
{
    const struct replay *replay = c->replay;
    bool more = false;

    if (c->reader.block != NULL &&
        (stored_wish(replay->stored, &c->reader, &c->wish, &more, &load->failed) != GS_OK || !more)) {
        c->wish.at_ns = GS_NEVER;
    } else if (c->reader.block == NULL && c->next == replay->count) {
        c->wish.at_ns = GS_NEVER;
    } else if (c->reader.block == NULL) {
        const struct recorded *r = &replay->recorded[c->next++];
        const struct trace_workload *w = &replay->trace.workload[r->member];
        c->wish = (struct stored_wish){.at_ns = r->at_ns, .member = r->member};
        if (r->item < w->bursts) {
            c->wish.work_ns = w->burst[r->item].work_ns;
            c->wish.grow_bytes = w->burst[r->item].grow_bytes;
            c->wish.keep_bytes = w->burst[r->item].keep_bytes;
        } else {
            c->wish.work_ns = w->request[r->item - w->bursts].work_ns;
            c->wish.first_ns = w->request[r->item - w->bursts].first_ns;
        }
    }
}

bool replay_start(struct load *load)
{
    for (size_t i = 0; i < load->cursors; i++) {
        struct cursor *c = &load->cursor[i];
        uint64_t first = c->replay->stored != NULL ? c->replay->stored->wishes : 0;
        c->reader = (struct spool_reader){.next = first, .block = replay_block(load, first)};
        advance(load, c);
        if (c->wish.at_ns < load->clock.next_ns)
            load->clock.next_ns = c->wish.at_ns;
    }
    return !load->out_of_memory;
}

/* The trace whose next wish is the earliest. */
static struct cursor *earliest(const struct load *load)
{
    struct cursor *best = &load->cursor[0];

    for (size_t i = 1; i < load->cursors; i++)
        if (load->cursor[i].wish.at_ns < best->wish.at_ns)
            best = &load->cursor[i];
    return best;
}

gs_ns replay_wish_ns(const struct load *load)
{
    return earliest(load)->wish.at_ns;
}

void replay_take(struct load *load, struct load_event *event)
{
    struct cursor *cursor = earliest(load);
    const struct stored_wish wish = cursor->wish;

    event->at_ns = wish.at_ns;
    event->workload = cursor->first_workload + wish.member;
    advance(load, cursor);
    if (load->source[event->workload].status == STATUS_GONE)
        return;
    load_burst(load, event->workload, wish.work_ns, wish.grow_bytes, event);
    if (event->kind != LOAD_BURST)
        return;
    load->source[event->workload].open++;
    event->job->paced = false;
    event->job->token_ns = wish.first_ns;
    event->job->keep_bytes = wish.keep_bytes;
}
