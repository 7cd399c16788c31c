/* keys.h - the one table of scenario keys: reader, checks, `gpuswap-sim keys`, and the manual come from it. */
#ifndef GS_KEYS_H
#define GS_KEYS_H

#include <stddef.h>

struct key {
    const char *section;        /* "scenario", "node", "policy", "workload", "trace", "sla" */
    const char *name;
    const char *type;           /* as shown: "time", "size", "dist of time", "concurrent | exclusive" */
    const char *fallback;       /* default as text; NULL = required; "" = none */
    const char *classes;        /* "all", or the workload classes it belongs to */
    const char *help;           /* one line */
};

/* The i-th key in manual order, NULL past the end. */
const struct key *keys_at(size_t i);

#endif
