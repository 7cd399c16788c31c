/* oracle.h - the future as policies may ask for it, out of the load of the same replication. */
#ifndef GS_ORACLE_H
#define GS_ORACLE_H

#include "sim/load/foresight.h"

struct oracle {
    struct gs_oracle asked; /* for gs_setup.oracle */
    struct foresight *foresight;
    const struct gs_view *view;
};

/* `o` stays where it is.  Errors as of foresight_open. */
int oracle_open(struct oracle *o, const struct load *load, const struct gs_view *view, struct arena *arena,
                struct error *err);

#endif
