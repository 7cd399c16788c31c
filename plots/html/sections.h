/* sections.h - the sections of the page: each writes what it knows of a run, and nothing where it knows nothing.
 *
 * A new one is a function here, a part of the template in write.c, and its heading in page.html or run.html within
 * {{#name}}..{{/name}}.  What other commands found, such as a curve over a count, stands between the runs side by side
 * and the single runs; finding.h has it.
 */
#ifndef GS_SECTIONS_H
#define GS_SECTIONS_H

#include "plots/html/html.h"
#include "plots/picture.h"

/* A run on the page. */
struct page_run {
    const struct report *report;
    struct album album;
    char id[24]; /* "run-1", first in what is unique to a page */
    /* As the database has them; NULL: it does not know. */
    const char *file, *scenario_text, *keys, *started, *record;
    const char *without; /* why the pictures are missing; NULL: they are there */
};

/* answer.c */
void section_verdict(struct text *out, const struct report *report); /* "The promise is missed" */
bool section_is_good(const struct report *report);
void section_answer(struct text *out, const struct report *report);
void section_next(struct text *out, const struct report *report);
void section_alarms(struct text *out, const struct report *report);
void section_tiles(struct text *out, const struct report *report);
void section_notes(struct text *out, const struct report *report);
void section_bound(struct text *out, const struct report *report);

/* numbers.c */
/* "± 655 ms"; "" without an interval, and where nothing is random. */
const char *section_half_width(char out[CELL], const struct report *report, const struct interval *value);
void section_slas(struct text *out, const struct report *report);
void section_groups(struct text *out, const struct report *report);
void section_stalls(struct text *out, const struct report *report);
void section_gpus(struct text *out, struct album *album);
void section_nodes(struct text *out, struct album *album);

/* about.c */
int section_read(struct page_run *run, const char *path, const struct report *report, struct error *err);
void section_facts(struct text *out, const struct page_run *run);
void section_policies(struct text *out, const struct page_run *run);
void section_resolved(struct text *out, const struct page_run *run); /* a scenario that gives this run again; no HTML */

/* figures.c: a picture, drawn in the folder `work`; nothing in `out` where the run does not have it, then its reason in
 * `left_out`. */
int section_figure(struct text *out, struct page_run *run, const struct plot_kind *kind, const char *work,
                   struct text *left_out, struct error *err);
/* The same of a picture that is made already. */
int section_made(struct text *out, struct page_run *run, const char *name, const struct picture *picture,
                 const char *work, struct error *err);

/* several.c: what stands before the runs where there are several */
void section_side_by_side(struct text *out, const struct page_run *run, size_t runs);
void section_differences(struct text *out, const struct page_run *run, size_t runs);
int section_overlay(struct text *out, struct page_run *run, size_t runs, const char *work, struct error *err);

#endif
