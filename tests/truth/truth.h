/* truth.h - run a scenario and hold what comes out against a closed form.
 *
 * Means and percentiles: each replication gives one value, independent of the others, and these give a Student interval
 * of 99 %.  truth_expect() asks for two things: the closed form lies in the interval, and the interval is so narrow (half
 * of it within 1 % of the value) that a wrong simulator would be caught.  If simulator and theory agree, a check fails for
 * one seed in a hundred; the seed is fixed, so it fails always or never.  The environment variable TRUTH_MORE = n takes n
 * times the replications and intervals of 99.99 %: a run that looks closer, with one false alarm in ten thousand.
 *
 * Timelines: a scenario without chance gives rows of bursts that are compared to the nanosecond.
 */
#ifndef GS_TRUTH_H
#define GS_TRUTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/load/load.h"
#include "sim/run/run.h"
#include "sim/stats/interval.h"

struct truth {
    struct arena arena;
    struct scenario scenario;
    struct load_traces *traces;
    struct run_outcome outcome;
};

/* Run the scenario in `text`, overridden by the "section.key=value" texts of `set` (NULL ends; may be NULL).  The test
 * fails if it does not run.  truth_end() frees it all. */
void truth_run(struct truth *t, const char *text, const char *const *set);
void truth_end(struct truth *t);

/* The same under a seed of its own, and with as many replications as the text says. */
void truth_run_seed(struct truth *t, const char *text, const char *const *set, uint64_t own_seed);
int64_t truth_more(void); /* TRUTH_MORE, or 1 */

/* What a replication measured of group (or GPU) `which`, in seconds where it is a time. */
typedef double truth_metric(struct tally *tally, uint32_t which);
double truth_mean(struct tally *tally, uint32_t group); /* response */
double truth_p95(struct tally *tally, uint32_t group);
double truth_wait(struct tally *tally, uint32_t group);       /* response less work */
double truth_throughput(struct tally *tally, uint32_t group); /* bursts a second */
double truth_share(struct tally *tally, uint32_t group);      /* throughput_share of the report */
double truth_warm(struct tally *tally, uint32_t group);       /* share of bursts that found their bytes swapped out */
double truth_useful(struct tally *tally, uint32_t gpu);

/* Over the replications; and the same of the paired differences a - b, for runs with the same seeds. */
struct interval truth_interval(const struct truth *t, truth_metric *metric, uint32_t which);
struct interval truth_difference(const struct truth *a, const struct truth *b, truth_metric *metric, uint32_t which);

double truth_confidence(void);
double truth_half_width(struct interval interval);

/* Print the check and make it: `closed` within the interval, half-width <= 1 % of it. */
void truth_expect(const char *what, struct interval is, double closed);

/* --- timelines --- */

/* A burst as it should be: times and stalls in seconds, exact to the nanosecond. */
struct truth_burst {
    uint32_t workload;
    double ready, start, end; /* start: first ran; below 0: never */
    double queue, swap_out, swap_in, cap, preempted, detect, cold;
    double first;        /* its first token; 0: none */
    const char *outcome; /* NULL: "done" */
};

/* Run `text` with `record = bursts` and compare all rows, in the order of their ends.  The rows take the way of every
 * result: recorder, database, query. */
void truth_timeline(const char *text, const char *const *set, const struct truth_burst *due, size_t bursts);
#define TRUTH_TIMELINE(text, set, due) truth_timeline(text, set, due, sizeof(due) / sizeof((due)[0]))

/* The nearest nanosecond. */
int64_t truth_ns(double seconds);

#endif
