/* line.c - queues of workloads, threaded through their seats so that nothing is allocated. */
#include "state.h"

static void link_after(struct controller *ctl, struct line *line, uint32_t workload, uint32_t before)
{
    struct seat *seat = ctl->seat;
    uint8_t l = line->link;
    uint32_t after = before == GS_NONE ? line->head : seat[before].link[l].next;

    seat[workload].link[l].previous = before;
    seat[workload].link[l].next = after;
    *(before == GS_NONE ? &line->head : &seat[before].link[l].next) = workload;
    *(after == GS_NONE ? &line->tail : &seat[after].link[l].previous) = workload;
}

void line_append(struct controller *ctl, struct line *line, uint32_t workload)
{
    link_after(ctl, line, workload, line->tail);
}

void line_insert_by_wish(struct controller *ctl, struct line *line, uint32_t workload)
{
    gs_ns since = ctl->workload[workload].since_ns;
    uint32_t before = line->tail;

    while (before != GS_NONE && ctl->workload[before].since_ns > since)
        before = ctl->seat[before].link[line->link].previous;
    link_after(ctl, line, workload, before);
}

void line_remove(struct controller *ctl, struct line *line, uint32_t workload)
{
    struct seat *seat = ctl->seat;
    uint8_t l = line->link;
    uint32_t before = seat[workload].link[l].previous, after = seat[workload].link[l].next;

    *(before == GS_NONE ? &line->head : &seat[before].link[l].next) = after;
    *(after == GS_NONE ? &line->tail : &seat[after].link[l].previous) = before;
}
