/* explain_rows.c - spells without an event log: who was on which GPU and who had it, as the rows of residency have it. */
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
