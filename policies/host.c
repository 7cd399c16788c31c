/* host.c - the books of the swap file: room is booked before bytes move, redundant copies give way to what needs the room,
 * a copy may be written ahead of the swap-out, and models that lie in the file and on disk alike may be left to the disk.
 *
 * Who comes in leaves room behind.  Where there is no other, those who leave for him take it, chunk by chunk by way of a
 * bounce buffer outside of the file, which takes as long as one after the other.  So a GPU and a file that are both full do
 * not block each other.  Room that is lent in this way counts once: used = sum of host_bytes - sum of lent_bytes.  Should
 * the one who lent not come in after all, the file holds more than its cap until he does. */
#include "state.h"

static void add(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    const struct gs_cap_policy *cap = ctl->setup->policies.cap;
    struct gs_workload *w = &ctl->workload[workload];

    ctl->node[w->node].swap_used_bytes += bytes;
    w->host_bytes += bytes;
    if (cap->changed != NULL && bytes != 0)
        cap->changed(&ctl->cap, workload, bytes);
}

/* Has it a copy on the node of what is on the GPU anyway, and is not about to need it? */
static bool has_spare_copy(const struct controller *ctl, uint32_t workload, uint32_t node)
{
    const struct gs_workload *w = &ctl->workload[workload];
    const struct seat *seat = &ctl->seat[workload];

    return w->node == node && w->state == GS_RESIDENT && w->host_bytes > 0 && !seat->cleaning && !seat->booked;
}

/* Those that were used last are the least likely to leave soon, which is what a copy is good for. */
static uint32_t least_useful_copy(const struct controller *ctl, uint32_t node, uint32_t but)
{
    uint32_t least = GS_NONE;

    for (uint32_t i = 0; i < ctl->view.workloads; i++) {
        const struct gs_workload *w = &ctl->workload[i];
        if (i == but || !has_spare_copy(ctl, i, node))
            continue;
        const struct gs_workload *l = least == GS_NONE ? NULL : &ctl->workload[least];
        if (l == NULL || w->granted > l->granted || (w->granted == l->granted && w->last_use_ns > l->last_use_ns))
            least = i;
    }
    return least;
}

static int64_t redundant_bytes(const struct controller *ctl, uint32_t node, uint32_t but)
{
    int64_t bytes = 0;

    for (uint32_t i = 0; i < ctl->view.workloads; i++)
        if (i != but && has_spare_copy(ctl, i, node))
            bytes += ctl->workload[i].host_bytes;
    return bytes;
}

void host_drop(struct controller *ctl, uint32_t workload, uint8_t reason)
{
    emit(ctl, GS_DROP, workload, reason)->bytes = ctl->workload[workload].host_bytes;
    host_leave(ctl, workload);
}

/* Does the disk have all of what lies in the file, which nobody is about to need? */
static bool can_be_demoted(const struct controller *ctl, uint32_t workload, uint32_t node)
{
    const struct gs_workload *w = &ctl->workload[workload];
    const struct seat *seat = &ctl->seat[workload];

    return w->node == node && w->state == GS_HOST && w->gpu_bytes == 0 && w->class == GS_INFERENCE && !(w->dirty > 0) &&
           !w->wants && !seat->leaving && seat->lent_bytes == 0 && seat->borrowed_bytes == 0;
}

static int64_t demotable_bytes(const struct controller *ctl, uint32_t node)
{
    int64_t bytes = 0;

    for (uint32_t i = 0; i < ctl->view.workloads; i++)
        if (can_be_demoted(ctl, i, node))
            bytes += ctl->workload[i].host_bytes;
    return bytes;
}

/* Who was used longest ago lies on disk alone from now on. */
static void demote(struct controller *ctl, uint32_t node)
{
    uint32_t last = GS_NONE;

    for (uint32_t i = 0; i < ctl->view.workloads; i++)
        if (can_be_demoted(ctl, i, node) &&
            (last == GS_NONE || ctl->workload[i].last_use_ns < ctl->workload[last].last_use_ns))
            last = i;
    host_drop(ctl, last, GS_BECAUSE_SPILL);
    ctl->workload[last].state = GS_DISK;
    ctl->seat[last].spilled = true;
}

/* Give copies up until `bytes` more fit; there are enough of them. */
static void drop_copies(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    uint32_t id = ctl->workload[workload].node;
    const struct gs_node *node = &ctl->node[id];

    while (bytes > node->swap_cap_bytes - node->swap_used_bytes)
        host_drop(ctl, least_useful_copy(ctl, id, workload), GS_BECAUSE_CAP);
}

static enum gs_room ask(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    int answer = (int)ctl->setup->policies.cap->admit(&ctl->cap, workload, bytes);

    if (answer >= (int)GS_ROOM_NO && answer <= (int)GS_ROOM_OR_DEMOTE)
        return (enum gs_room)answer;
    nonsense(ctl, GS_SLOT_CAP);
    return GS_ROOM_YES;
}

static bool is_in_file(enum gs_room answer)
{
    return answer == GS_ROOM_YES || answer == GS_ROOM_OR_DISK || answer == GS_ROOM_OR_DEMOTE;
}

/* For a copy of `bytes`; an old one is brought up to date in place. */
static int64_t room_needed(const struct gs_workload *w, int64_t bytes)
{
    return bytes > w->host_bytes ? bytes - w->host_bytes : 0;
}

/* What the requester leaves behind and has not lent yet. */
static int64_t lendable(const struct controller *ctl, uint32_t requester)
{
    const struct gs_workload *r = &ctl->workload[requester];

    return r->state == GS_HOST || r->state == GS_SWAPPING_IN ? r->host_bytes - ctl->seat[requester].lent_bytes : 0;
}

int64_t controller_lent_bytes(const struct controller *ctl, uint32_t workload)
{
    return ctl->seat[workload].lent_bytes;
}

static void repay(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    struct seat *seat = &ctl->seat[workload];

    bytes = bytes < seat->borrowed_bytes ? bytes : seat->borrowed_bytes;
    if (bytes == 0)
        return;
    seat->borrowed_bytes -= bytes;
    ctl->seat[seat->lender].lent_bytes -= bytes;
    ctl->node[ctl->workload[workload].node].swap_used_bytes += bytes;
}

/* Its loans end.  What it has borrowed itself and leaves to others they owe to its lender from now on. */
static void end_loans(struct controller *ctl, uint32_t lender, bool leaves)
{
    struct seat *l = &ctl->seat[lender];

    for (uint32_t i = 0; l->lent_bytes > 0 && i < ctl->view.workloads; i++) {
        struct seat *seat = &ctl->seat[i];
        if (seat->borrowed_bytes == 0 || seat->lender != lender)
            continue;
        int64_t passed = !leaves                                    ? 0
                         : l->borrowed_bytes < seat->borrowed_bytes ? l->borrowed_bytes
                                                                    : seat->borrowed_bytes;
        repay(ctl, i, seat->borrowed_bytes - passed);
        l->lent_bytes -= passed;
        ctl->node[ctl->workload[lender].node].swap_used_bytes += passed;
        l->borrowed_bytes -= passed;
        seat->lender = l->lender;
    }
}

void host_call_in(struct controller *ctl, uint32_t workload)
{
    const struct gs_node *node = &ctl->node[ctl->workload[workload].node];

    end_loans(ctl, workload, false);
    ctl->overfull |= node->swap_used_bytes > node->swap_cap_bytes;
}

struct room {
    int64_t free, lent; /* with copies that give way; what the requester is to lend */
    bool enough;
};

/* Is there room, if `more` bytes came free? */
static struct room look_for_room(const struct controller *ctl, uint32_t workload, uint32_t requester, int64_t bytes,
                                 int64_t more)
{
    const struct seat *seat = &ctl->seat[workload];
    uint32_t id = ctl->workload[workload].node;
    struct room r = {.free = ctl->node[id].swap_cap_bytes - ctl->node[id].swap_used_bytes + more};

    if (bytes > r.free)
        r.free += redundant_bytes(ctl, id, workload);
    if (bytes > r.free)
        r.lent = r.free > 0 ? bytes - r.free : bytes;
    r.enough = r.lent == 0 || (requester != GS_NONE && r.lent <= lendable(ctl, requester) &&
                               (seat->borrowed_bytes == 0 || seat->lender == requester)); /* one lender each */
    return r;
}

/* Free room first, then copies, then what the requester leaves; false, and nothing done, if that is not enough. */
static bool find_room(struct controller *ctl, uint32_t workload, uint32_t requester, int64_t bytes)
{
    struct seat *seat = &ctl->seat[workload];
    struct gs_node *node = &ctl->node[ctl->workload[workload].node];
    struct room room = look_for_room(ctl, workload, requester, bytes, 0);
    int64_t lent = room.lent;

    if (!room.enough)
        return false;
    if (room.free >= 0) /* else the file holds more than its cap, and no copy helps */
        drop_copies(ctl, workload, bytes - lent);
    if (lent > 0) {
        ctl->seat[requester].lent_bytes += lent;
        seat->lender = requester;
        seat->borrowed_bytes += lent;
        node->swap_used_bytes -= lent;
    }
    return true;
}

/* The same, and if need be the models in the file that were used longest ago give way. */
static bool make_room(struct controller *ctl, uint32_t workload, uint32_t requester, int64_t bytes)
{
    uint32_t node = ctl->workload[workload].node;

    if (!look_for_room(ctl, workload, requester, bytes, demotable_bytes(ctl, node)).enough)
        return false;
    while (!find_room(ctl, workload, requester, bytes))
        demote(ctl, node);
    return true;
}

bool host_book(struct controller *ctl, uint32_t workload, uint32_t requester)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    bool whole = seat->leave_bytes == w->bytes || !memory_on_gpu(ctl, workload);
    const struct gs_workload_spec *spec = &ctl->setup->workload[workload];
    int64_t room = room_needed(w, w->bytes - w->gpu_bytes + seat->leave_bytes - spec->drop_bytes);

    seat->to_disk = false;
    seat->booked_bytes = 0;
    seat->booked = room == 0 || spec->stops;
    seat->to_disk = spec->stops;
    if (seat->booked)
        return true;
    enum gs_room answer = ask(ctl, workload, room);
    bool found = answer == GS_ROOM_OR_DEMOTE ? make_room(ctl, workload, requester, room)
                                             : is_in_file(answer) && find_room(ctl, workload, requester, room);
    if (found) {
        seat->booked_bytes = room;
        seat->booked = true;
        add(ctl, workload, room);
        return true;
    }
    /* What is being written to the file, or lies there in part, cannot go to disk at the same time. */
    bool disk = answer == GS_ROOM_ON_DISK || answer == GS_ROOM_OR_DISK || answer == GS_ROOM_OR_DEMOTE;
    seat->to_disk = seat->booked = disk && !seat->cleaning && whole;
    return seat->booked;
}

void host_unbook(struct controller *ctl, uint32_t workload)
{
    struct seat *seat = &ctl->seat[workload];

    add(ctl, workload, -seat->booked_bytes);
    repay(ctl, workload, seat->booked_bytes);
    seat->booked_bytes = 0;
    seat->booked = seat->to_disk = false;
}

void host_leave(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (w->host_bytes > 0)
        ctl->room_freed = true;
    add(ctl, workload, -w->host_bytes);
    end_loans(ctl, workload, true);
    repay(ctl, workload, ctl->seat[workload].borrowed_bytes);
    w->has_host_copy = w->clean = false;
}

void host_shrink(struct controller *ctl, uint32_t workload, int64_t bytes)
{
    struct gs_workload *w = &ctl->workload[workload];

    if (w->host_bytes <= bytes)
        return;
    int64_t less = w->host_bytes - bytes;
    add(ctl, workload, -less);
    repay(ctl, workload, less);
    ctl->seat[workload].clean_bytes -= less < ctl->seat[workload].clean_bytes ? less : ctl->seat[workload].clean_bytes;
    ctl->room_freed = true;
}

/* What is to be written where it has `grown` since its copy was made. */
static int64_t stale_bytes(const struct gs_workload *w, int64_t bytes, int64_t grown)
{
    if (!w->has_host_copy)
        return bytes;
    return w->clean ? grown : (int64_t)(w->dirty * (double)(bytes - grown) + 0.5) + grown;
}

int64_t host_stale_bytes(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];

    int64_t drop = ctl->setup->workload[workload].drop_bytes;

    return w->has_host_copy ? stale_bytes(w, w->bytes - drop, ctl->seat[workload].booked_bytes)
                            : ctl->seat[workload].leave_bytes - drop;
}

bool host_clean(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];
    const struct gs_node *node = &ctl->node[w->node];
    int64_t bytes = w->bytes - ctl->setup->workload[workload].drop_bytes;
    int64_t room = room_needed(w, bytes);

    if (ctl->setup->workload[workload].stops || room > node->swap_cap_bytes - node->swap_used_bytes)
        return false;
    enum gs_room answer = room > 0 ? ask(ctl, workload, room) : GS_ROOM_YES;
    if (!is_in_file(answer))
        return false;
    seat->clean_bytes = room;
    add(ctl, workload, room);
    seat->cleaning = true;
    seat->soiled = false;
    struct gs_command *command = emit(ctl, GS_CLEAN, workload, GS_BECAUSE_IDLE);
    command->bytes = bytes;
    command->moved_bytes = stale_bytes(w, bytes, room);
    return true;
}

void host_cleaned(struct controller *ctl, uint32_t workload, bool ok)
{
    struct gs_workload *w = &ctl->workload[workload];
    struct seat *seat = &ctl->seat[workload];

    seat->cleaning = false;
    if (!ok) {
        add(ctl, workload, -seat->clean_bytes);
        ctl->room_freed = true;
    } else {
        w->has_host_copy = true;
        w->clean = !seat->soiled;
        if (seat->soiled && !w->keeps_host_copy && !seat->deferred)
            host_drop(ctl, workload, GS_BECAUSE_NOTHING);
    }
    seat->clean_bytes = 0;
}

/* It runs: what copy it has grows old. */
void host_soil(struct controller *ctl, uint32_t workload)
{
    struct gs_workload *w = &ctl->workload[workload];

    w->clean = false;
    if (ctl->seat[workload].cleaning)
        ctl->seat[workload].soiled = true;
    else if (w->has_host_copy && !w->keeps_host_copy)
        host_drop(ctl, workload, GS_BECAUSE_NOTHING);
}
