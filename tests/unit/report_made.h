/* report_made.h - a report of hand-made tallies, for the tests of reports. */
#ifndef GS_TEST_REPORT_MADE_H
#define GS_TEST_REPORT_MADE_H

#include "sim/results/report.h"

#include "tests/unit/run_fixture.h"

enum { MOST = 12 };

struct made {
    struct arena arena;
    struct scenario scenario;
    struct tally *tally[MOST];
    size_t count;
    struct report report;
};

static const struct report_about about = {"0.1.0", "sim", NULL, 0.314, NULL};

static inline void make(struct made *m, size_t count)
{
    *m = (struct made){.count = count};
    fixture_scenario(&m->scenario, &m->arena);
    for (size_t r = 0; r < count; r++)
        m->tally[r] = fixture_tally((uint32_t)r, &m->arena);
}

static inline void build(struct made *m)
{
    struct error err = {0};
    if (report_build(&m->report, &m->scenario, m->tally, m->count, &about, &m->arena, &err) != GS_OK)
        fail_msg("%s", err.text);
}

static inline void drop(struct made *m)
{
    for (size_t r = 0; r < m->count; r++)
        fixture_tally_fini(m->tally[r]);
    arena_fini(&m->arena);
}

#endif
