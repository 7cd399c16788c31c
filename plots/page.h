/* page.h - from a picture to its files: data, script, and what gnuplot draws of them. */
#ifndef GS_PLOTS_PAGE_H
#define GS_PLOTS_PAGE_H

#include "plots/picture.h"

#include <stdio.h>

struct page {       /* what the pictures of a folder have in common */
    const char *of; /* what they are of, first in each title */
    const char *subtitle;
    const char *set;   /* gnuplot statements for the scripts that need them */
    const char *forms; /* that are drawn, as page.gp knows them: "svg png", "wide narrow" */
};

/* Make the folder if need be. */
int page_folder(const char *folder, struct error *err);

/* What an earlier run left under a name is not mistaken for this one's. */
void page_remove_old(const char *folder, const char *name);

/* NAME.csv and NAME.gp. */
int page_write(const struct page *page, const char *folder, const char *name, const struct picture *picture,
               struct error *err);

/* NAME.svg and NAME.png; `talk` (may be NULL) hears what they show. */
int page_draw(const char *folder, const char *name, const char *shows, FILE *talk, struct error *err);

#endif
