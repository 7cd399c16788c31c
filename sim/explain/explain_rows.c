/* explain_rows.c - spells out of the tables: when each workload had something to do; and, where there is no event log, who was
 * on which GPU and who had it. */
#include "sim/explain/explain_parts.h"

#include <string.h>

int explain_read_rows(struct explain *e, struct error *err)
{
    static const struct {
        const char *state;
        uint8_t kind;
    } kinds[] = {{"running", EXPLAIN_RUN}, {"swapping_in", EXPLAIN_SWAP_IN}, {"swapping_out", SPELL_OUT}};
    sqlite3_stmt *s;
    int rc = explain_query(e, &s,
                           "SELECT workload, gpu, state, from_ns, to_ns FROM residency WHERE run = ?1"
                           " AND replication = ?2 AND to_ns > ?3 AND from_ns < ?4 ORDER BY from_ns, residency",
                           err);

    sqlite3_bind_int64(s, 3, e->from_ns);
    sqlite3_bind_int64(s, 4, e->to_ns);
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        const char *state = (const char *)sqlite3_column_text(s, 2);
        struct spell spell = {
            .requester = GS_NONE,
            .workload = (uint32_t)sqlite3_column_int64(s, 0),
            .gpu = sqlite3_column_type(s, 1) == SQLITE_NULL ? GS_NONE : (uint32_t)sqlite3_column_int64(s, 1),
            .from_ns = sqlite3_column_int64(s, 3),
            .to_ns = sqlite3_column_int64(s, 4),
        };
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            if (strcmp(state, kinds[i].state) != 0)
                continue;
            spell.kind = kinds[i].kind;
            spell_add(e, spell);
            if (spell.kind == EXPLAIN_SWAP_IN) { /* a phase of its own, a transfer to the others */
                spell.kind = SPELL_IN;
                spell_add(e, spell);
            }
        }
    }
    sqlite3_finalize(s);
    return rc;
}

/* When the workloads have something to do; bursts that became ready in the warm-up are not among the rows. */
int explain_read_busy(struct explain *e, struct error *err)
{
    sqlite3_stmt *s;
    struct spell busy = {.kind = SPELL_BUSY, .workload = GS_NONE, .gpu = GS_NONE};
    gs_ns *first_ready_ns = arena_array(&e->story, e->about.workloads, sizeof *first_ready_ns), warm_ns = 0;
    int rc = explain_query(e, &s,
                           "SELECT workload, ready_ns, end_ns, from_ns FROM burst JOIN replication"
                           " USING(run, replication) WHERE run = ?1 AND replication = ?2 AND ready_ns < ?3"
                           " ORDER BY workload, ready_ns",
                           err);
    if (first_ready_ns == NULL)
        rc = explain_no_memory(e, err);
    for (uint32_t i = 0; rc == GS_OK && i < e->about.workloads; i++)
        first_ready_ns[i] = GS_NEVER;
    sqlite3_bind_int64(s, 3, e->to_ns);
    while (rc == GS_OK && explain_row(e, s, &rc, err)) {
        uint32_t workload = (uint32_t)sqlite3_column_int64(s, 0);
        gs_ns from_ns = sqlite3_column_int64(s, 1), to_ns = sqlite3_column_int64(s, 2);
        warm_ns = sqlite3_column_int64(s, 3);
        if (workload < e->about.workloads && first_ready_ns[workload] == GS_NEVER)
            first_ready_ns[workload] = from_ns;
        if (workload != busy.workload || from_ns > busy.to_ns) {
            spell_add(e, busy);
            busy.workload = workload;
            busy.from_ns = from_ns;
            busy.to_ns = to_ns;
        }
        busy.to_ns = to_ns > busy.to_ns ? to_ns : busy.to_ns;
    }
    spell_add(e, busy);
    sqlite3_finalize(s);
    if (rc == GS_OK && !explain_use(e, first_ready_ns, warm_ns))
        rc = explain_no_memory(e, err);
    return rc;
}
