/* draft.h - a random scenario as lines of text: made from a seed, and made simpler line by line.
 *
 * The policies come from the table, with values within the bounds of their own parameter tables, so that a new policy or
 * parameter takes part unasked. */
#ifndef GS_TEST_DRAFT_H
#define GS_TEST_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DRAFT_LINES = 300, DRAFT_WIDTH = 120 };

/* Comments that are more than that: a line of the trace that the scenario replays, and which swaps fail (fault.h):
 * ";! swap_out FIRST EVERY". */
#define DRAFT_TRACE ";~"
#define DRAFT_FAULT ";!"

struct draft {
    size_t lines;
    char line[DRAFT_LINES][DRAFT_WIDTH];
};

/* Three kinds by turns: anything; finite jobs that must all end; users with so much room that nobody waits for long. */
void draft_make(struct draft *draft, uint64_t seed);

/* The text of the scenario, into `text` of at least DRAFT_LINES * DRAFT_WIDTH bytes; returns its length. */
size_t draft_text(const struct draft *draft, char *text);

/* The `i`-th way to make `from` simpler: without a section, without a line, a smaller or plainer value.  False past the
 * last one.  What comes out need not be a scenario at all. */
bool draft_simpler(const struct draft *from, size_t i, struct draft *simpler);

#endif
