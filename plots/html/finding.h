/* finding.h - what `capacity`, `compare` and `regret` found and wrote as JSON, shown on the page.
 *
 * A file is recognised by its members.  Numbers that are null, or missing, are NAN and shown as "-"; what a section cannot
 * do without is in the table of kinds (finding.c).
 */
#ifndef GS_FINDING_H
#define GS_FINDING_H

#include "plots/html/sections.h"

#include <jansson.h>

struct finding {
    const char *path;
    const struct finding_kind *kind;
    json_t *json;
};

/* GS_NO_INPUT; GS_BAD_INPUT: it is damaged, of another version, or none of them.  finding_close in any case. */
int finding_read(struct finding *finding, const char *path, const char *version, struct error *err);
void finding_close(struct finding *finding);

const char *finding_command(const struct finding *finding); /* "capacity" */

/* Its section; pictures have `name` and are drawn in `work`. */
int finding_section(struct text *out, const struct finding *finding, struct page_run *run, const char *name,
                    const char *work, struct error *err);

/* Members of an object. */
double finding_number(const json_t *object, const char *key);
const char *finding_word(const json_t *object, const char *key); /* "" for want of one */
void finding_bounds(const json_t *object, const char *key, double bounds[2]);
/* "[1.20 s, 1.40 s]"; "" for want of bounds. */
const char *finding_interval(char out[2 * CELL + 8], show_fn show, const double bounds[2]);
/* How numbers of "response_p95" are shown. */
show_fn finding_show(const char *metric);
/* "response p95" */
const char *finding_metric(char out[CELL], const char *metric);

/* The kinds: capacity.c, comparison.c, waterfall.c. */
int section_capacity(struct text *out, const struct finding *finding, struct page_run *run, const char *name,
                     const char *work, struct error *err);
int section_comparison(struct text *out, const struct finding *finding, struct page_run *run, const char *name,
                       const char *work, struct error *err);
int section_regret(struct text *out, const struct finding *finding, struct page_run *run, const char *name,
                   const char *work, struct error *err);

#endif
