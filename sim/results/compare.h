/* compare.h - alternatives against the first of them, replication by replication.
 *
 * Every alternative ran with the same seed and numbers of replications, so that the r-th replications of all of them saw
 * the same users (docs/statistics.md).  Values are those of the alternatives' reports: means over replications, and ratios
 * of sums, for which each replication stands with its linearised value, value + (x_r - value y_r) / mean of y.
 */
#ifndef GS_COMPARE_H
#define GS_COMPARE_H

#include "sim/results/report.h"
#include "sim/stats/paired.h"

struct alternative {
    const char *name; /* for people: "victim=cost" */
    const struct scenario *scenario;
    struct tally *const *tally; /* of its replications, in the order of their numbers */
    size_t count;
    const struct report *report;
};

enum verdict {
    VERDICT_NONE,      /* nothing to judge: a value is missing, or there is one replication */
    VERDICT_UNCLEAR,   /* may be chance */
    VERDICT_IDENTICAL, /* the same in every replication */
    VERDICT_PARTIAL,   /* in favour of one whose values leave out the refused, the stuck or the unended */
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_LESS, /* of what is neither good nor bad */
    VERDICT_MORE
};

enum compare_unit { UNIT_SECONDS, UNIT_RATIO, UNIT_SHARE, UNIT_BYTES };
enum compare_aim { AIM_LOW, AIM_HIGH, AIM_NONE };

/* What an alternative has of a metric; from `state` on against the first one, and of no meaning for the first itself. */
struct compared {
    struct interval value;
    bool there; /* the alternative has the group, or the SLA, at all */
    const struct report_sla *sla;
    enum paired_state state;
    bool exact;                 /* neither has any chance in it: every replication is the same, and there is no test */
    struct interval difference; /* less the first's; the interval has `confidence` and goes with the verdict */
    struct interval plain;      /* the same at 95 %, as if it were the only one */
    double confidence;
    double share; /* of the first's value in those replications; NAN if that is 0 */
    double p, p_holm, variance_ratio;
    enum verdict verdict;
    bool partial; /* its values leave out so many that there is an alarm in its report */
};

struct compare_metric {
    const char *scope, *name; /* "group", "sla" or "run"; name of the group or SLA, "" */
    const char *metric;       /* "response_mean" */
    enum compare_unit unit;
    enum compare_aim aim;
    size_t family;       /* comparisons that are judged together */
    struct compared *of; /* one an alternative */
};

struct comparison {
    const char *title; /* of what all are alternatives: the scenario */
    const struct alternative *alternative;
    size_t alternatives;
    bool against_itself;           /* the first is the scenario as it is, which nobody named */
    struct compare_metric *metric; /* groups, then SLAs of the first alternative, then the run */
    size_t metrics;
    size_t replications;
};

/* The alternatives must have as many replications each.  All memory from `arena`; alternatives stay the caller's.
 * Fails only for want of memory. */
int compare_build(struct comparison *c, const char *title, const struct alternative *alternative, size_t alternatives,
                  struct arena *arena, struct error *err);

/* "better", ...; NULL of VERDICT_NONE. */
const char *verdict_name(enum verdict verdict);

void compare_text(struct text *out, const struct comparison *c);
void compare_json(struct text *out, const struct comparison *c);

#endif
