/* scripts.h - the gnuplot scripts of this folder, compiled in, and how to run one. */
#ifndef GS_SCRIPTS_H
#define GS_SCRIPTS_H

#include "sim/base/error.h"

struct script {
    const char *name, *text;
};

/* Ended by an empty name. */
extern const struct script plots_script[];

/* Run `gnuplot SCRIPT` in `folder`.  GS_SYSTEM: there is no gnuplot, or it failed. */
int gnuplot_run(const char *folder, const char *script, struct error *err);

#endif
