/* keys.h - the one table of scenario keys: reader, checks, `gpuswap-sim keys`, and the manual come from it. */
#ifndef GS_KEYS_H
#define GS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* How a value is parsed, and into a field of which type. */
enum key_kind {
    KEY_TEXT,      /* const char * */
    KEY_NAME,      /* const char *: one of the names in `type` */
    KEY_CHOICE,    /* int: index of the name in `type` */
    KEY_BOOLEAN,   /* bool */
    KEY_INTEGER,   /* int64_t */
    KEY_TIME,      /* gs_ns */
    KEY_SECONDS,   /* double: a time in seconds */
    KEY_SIZE,      /* int64_t: bytes */
    KEY_RATE,      /* double: bytes per second */
    KEY_NUMBER,    /* double */
    KEY_SHARE,     /* double */
    KEY_DIST_TIME, /* struct dist */
    KEY_DIST_SIZE,
    KEY_DIST_NUMBER,
    KEY_ARRIVAL, /* struct arrival */
    KEY_ROUTER,  /* struct router */
    KEY_POLICY,  /* a policy of the slot of this name; no field */
};

#define KEY_NO_FIELD ((size_t)-1)

struct key {
    const char *section; /* "scenario", "node", "policy", "workload", "trace", "sla", "sweep" */
    const char *name;
    const char *type;     /* as shown: "time", "dist of time", "concurrent | exclusive", "rate | unlimited" */
    const char *fallback; /* default as text; NULL = required; "" = none */
    const char *classes;  /* "all", or the workload class it belongs to */
    const char *help;     /* one line */
    enum key_kind kind;
    size_t offset;   /* of its field in the section's struct, or KEY_NO_FIELD */
    double min, max; /* bounds in base units; of a distribution: its greatest value must exceed `min` */
    bool above;      /* `min` itself is out of bounds */
    double word;     /* numbers: what the word after " | " in `type` stands for */
};

/* The i-th key in manual order, NULL past the end. */
const struct key *keys_at(size_t i);

/* By section and name, NULL if there is none. */
const struct key *keys_find(const char *section, const char *name);

#endif
