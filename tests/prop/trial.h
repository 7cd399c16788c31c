/* trial.h - run a scenario from its text and look for what must never happen. */
#ifndef GS_TEST_TRIAL_H
#define GS_TEST_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trial { TRIAL_GOOD, TRIAL_REFUSED, TRIAL_BAD }; /* REFUSED: no scenario, cannot be satisfied, or too long a run */

enum { TRIAL_WHY = 512 };

struct trial_options {
    const char *folder; /* for the trace and the database */
    bool audited;       /* also record every event, and audit the log */
    uint64_t bursts;    /* out: that ended, of all trials with these options */
};

/* Run it with one thread and again with several: the same bytes must come out, the books must balance, nobody may be lost,
 * nobody may be overtaken more often than the slicer promises, and where there is enough of everything nobody may starve.
 * `why` says what was bad, or why it was refused. */
enum trial trial_run(const char *text, size_t length, struct trial_options *options, char why[TRIAL_WHY]);

/* Remove the files that trials left in `folder`. */
void trial_clean(const char *folder);

#endif
