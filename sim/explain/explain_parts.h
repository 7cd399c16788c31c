/* explain_parts.h - what the files that explain a burst share: spells, what a replication left behind. */
#ifndef GS_EXPLAIN_PARTS_H
#define GS_EXPLAIN_PARTS_H

#include "sim/explain/explain.h"
#include "sim/run/replayed.h"

#include <sqlite3.h>

/* Kinds of spells besides the phases of workloads, which are enum explain_kind; in EXPLAIN_SWITCH and EXPLAIN_RUN a
 * workload has the GPU. */
enum spell_kind {
    SPELL_IN = EXPLAIN_KINDS, /* transfers */
    SPELL_OUT,
    SPELL_CLEAN,
    SPELL_ROOM,    /* holds room of the swap file, told while somebody waits for it */
    SPELL_REFUSED, /* its bursts were refused; as long as a spell must be */
    SPELL_BUSY,    /* some burst of the workload is ready or runs */
    SPELL_USED,    /* has the GPU and something to do */
    SPELL_LINGER,  /* has the GPU and nothing to do */
    SPELL_KEPT     /* nothing executes or moves on the GPU, as one lingers there; of nobody */
};

struct spell {
    gs_ns from_ns, to_ns;
    uint32_t workload, gpu, requester;
    uint8_t kind, reason;
    int64_t bytes;
    const struct explain_choice *choice;
};

struct explain {
    sqlite3 *db;
    const char *path;
    struct arena *arena;
    struct explain_run about;
    struct event_log *log;     /* of a run with events, from the first reading on */
    struct replayed *replayed; /* what decided, NULL if it cannot be asked again, */
    const char *unreplayed;    /* and why */
    /* What explain_read has read: */
    struct arena story;
    uint32_t replication;
    gs_ns from_ns, to_ns;
    struct spell *spell;
    size_t spells, capacity;
    size_t kept;        /* of them, from here on those that are SPELL_KEPT: by GPU, in order */
    const char *untold; /* why the controller's books are not known; NULL: they are */
    bool no_memory;
};

/* A statement for the run: ?1 is its number, ?2 the replication. */
int explain_query(struct explain *e, sqlite3_stmt **s, const char *sql, struct error *err);
/* The next row; false at the end, and then *rc says whether that was an error. */
bool explain_row(struct explain *e, sqlite3_stmt *s, int *rc, struct error *err);
int explain_no_memory(struct explain *e, struct error *err);

/* Keep a spell, if any of it lies within what is read. */
void spell_add(struct explain *e, struct spell spell);

/* The event log, and the controller's books as it was written (explain_books.c): open both; begin the replication; keep them
 * over an event.  From then on e->untold tells why they are not known, NULL if they are. */
int books_open(struct explain *e, struct error *err);
int books_begin(struct explain *e, struct error *err);
void books_keep(struct explain *e, const struct gs_event *event, const struct gs_commands *recorded);
const struct gs_workload *books_of(const struct explain *e, uint32_t workload); /* NULL: not known */
/* Of its node's swap file, if the books are known; what it lends counts as theirs who have it. */
int64_t books_room_bytes(const struct explain *e, uint32_t workload);

/* From the event log (explain_log.c), or from the rows of residency; then those of bursts (explain_rows.c). */
int explain_read_log(struct explain *e, struct error *err);
int explain_read_rows(struct explain *e, struct error *err);
int explain_read_busy(struct explain *e, struct error *err);

/* Once all spells are read: what the GPUs were used for (explain_use.c).  `from_ns`: bursts that became ready earlier have
 * no rows. */
bool explain_use(struct explain *e, const gs_ns *first_ready_ns, gs_ns from_ns);
/* The first time in a stretch at which a GPU was kept for nothing; false: never. */
bool explain_kept(const struct explain *e, uint32_t gpu, gs_ns from_ns, gs_ns to_ns, gs_ns *kept_from_ns,
                  gs_ns *kept_to_ns);

/* The parts that others had in its pieces (explain_others.c). */
bool explain_others(struct explain *e, struct explain_burst *b);

#endif
