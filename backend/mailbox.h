/* mailbox.h - what has happened and the controller has not heard yet, in order: a ring of letters, written in place, as copies
 * of events cost more than deciding. */
#ifndef GS_MAILBOX_H
#define GS_MAILBOX_H

#include "backend/backend.h"
#include "sim/base/arena.h"
#include "sim/base/error.h"

struct mailbox {
    struct backend_event *letter;
    uint32_t head, count, capacity;
    bool overflowed; /* more happened at once than there was room for: a letter is lost, and the run cannot go on */
};

/* Room for so many unread letters; false: out of memory. */
static inline bool mailbox_open(struct mailbox *box, uint32_t letters, struct arena *arena)
{
    box->capacity = letters + 1; /* the one just taken stays as it is until the next is */
    box->letter = arena_array(arena, box->capacity, sizeof *box->letter);
    return box->letter != NULL;
}

/* A new letter, for the caller to complete: something that happens now. */
static inline struct backend_event *mailbox_post(struct mailbox *box, uint8_t kind, uint32_t workload, gs_ns now_ns)
{
    uint32_t at = box->head + box->count;

    if (box->count + 1 < box->capacity)
        box->count++;
    else
        box->overflowed = true;
    struct backend_event *letter = &box->letter[at < box->capacity ? at : at - box->capacity];
    letter->kind = BACKEND_EVENT;
    letter->idle = false;
    letter->event.at_ns = now_ns;
    letter->event.since_ns = GS_NEVER;
    letter->event.bytes = 0;
    letter->event.workload = workload;
    letter->event.timer = GS_NONE;
    letter->event.kind = kind;
    letter->event.command = 0;
    letter->job = NULL;
    return letter;
}

/* The oldest one, NULL: there is none. */
static inline struct backend_event *mailbox_take(struct mailbox *box)
{
    struct backend_event *letter = &box->letter[box->head];

    if (box->count == 0)
        return NULL;
    box->head = box->head + 1 == box->capacity ? 0 : box->head + 1;
    box->count--;
    return letter;
}

static inline int mailbox_check(const struct mailbox *box, struct error *err)
{
    return !box->overflowed
               ? GS_OK
               : error_set(err, GS_BUG, "more happened at once than there is room for; please report this");
}

#endif
