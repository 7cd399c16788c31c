/* explain_books.c - the controller's books as they were: its log is read, and the same events lead to the same books.  Where
 * they do not, the log tells all but who held room in a swap file. */
#include "sim/explain/explain_parts.h"

#include <string.h>

static void give_up(struct explain *e, const char *why)
{
    e->untold = arena_printf(&e->story, "%.*s", (int)strcspn(why, "\n"), why);
    e->no_memory |= e->untold == NULL;
}

int books_open(struct explain *e, struct error *err)
{
    struct error why = {0};
    int rc = event_log_open(&e->log, e->path, e->about.run, e->arena, err);

    if (rc != GS_OK || replayed_open(&e->replayed, e->log, e->arena, &why) == GS_OK)
        return rc;
    e->unreplayed = arena_strdup(e->arena, why.text);
    return why.code == GS_SYSTEM || e->unreplayed == NULL ? explain_no_memory(e, err) : GS_OK;
}

int books_begin(struct explain *e, struct error *err)
{
    struct error why = {0};

    e->untold = NULL;
    if (e->replayed == NULL)
        give_up(e, e->unreplayed);
    else if (replayed_begin(e->replayed, e->replication, &why) != GS_OK)
        give_up(e, why.text);
    else if (controller_view(replayed_controller(e->replayed))->workloads != e->about.workloads)
        give_up(e, "its scenario has other workloads now");
    return e->no_memory || why.code == GS_SYSTEM ? explain_no_memory(e, err) : GS_OK;
}

/* They are right as long as what is decided now is what was decided. */
void books_keep(struct explain *e, const struct gs_event *event, const struct gs_commands *recorded)
{
    const struct gs_commands *now = NULL;
    uint32_t same = 0;

    if (e->untold != NULL)
        return;
    if (!replayed_step(e->replayed, event, &now)) {
        give_up(e, "the event log is damaged");
        return;
    }
    while (same < recorded->count && same < now->count && replayed_same(&recorded->item[same], &now->item[same]))
        same++;
    if (same < recorded->count || same < now->count)
        give_up(e, "its policies decide otherwise now; 'gpuswap-sim audit' tells where");
}

const struct gs_workload *books_of(const struct explain *e, uint32_t workload)
{
    return e->untold != NULL ? NULL : &controller_view(replayed_controller(e->replayed))->workload[workload];
}

int64_t books_room_bytes(const struct explain *e, uint32_t workload)
{
    return books_of(e, workload)->host_bytes - controller_lent_bytes(replayed_controller(e->replayed), workload);
}
