/* gst_rules.h - what reader and writer of the native format share: the table of fields, the ids, the rules. */
#ifndef GS_TRACES_GST_RULES_H
#define GS_TRACES_GST_RULES_H

#include "traces/gst.h"

enum gst_type { GST_INTEGER, GST_CHOICE, GST_TEXT };

struct gst_field {
    const char *name;
    enum gst_type type;
    bool required;
    int64_t min, max, fallback;
    const char *choice; /* GST_CHOICE: names parted by blanks; the value is the index */
};
struct gst_layout {
    char letter; /* 0: no such record */
    uint8_t fields;
    struct gst_field field[GST_VALUES];
};
extern const struct gst_layout gst_layout[GST_KINDS];

/* Index of the name of `length` bytes among `choice`, -1 if it is none of them. */
int64_t gst_choice_find(const char *choice, const char *text, size_t length);

/* The i-th name and its length. */
const char *gst_choice_name(const char *choice, int64_t i, size_t *length);

/* true for the bytes of ids, groups and tags: A-Z a-z 0-9 . _ - */
extern const bool gst_id_byte[256];

struct gst_id { /* a declared workload */
    const char *name;
    uint64_t hash;
    int64_t kept;     /* sum of keep since W or the last M */
    int64_t req, lim; /* req -1: not given */
    int64_t fixed_us, in_ns, out_ns;
    uint8_t length; /* of the name */
    bool live, has_service;
};
struct gst_rules {
    struct gst_id *id;
    size_t capacity;
    uint32_t count;
    uint32_t *slot; /* open addressing: index + 1 of `id`, 0 = free; at most half full */
    size_t slots;   /* a power of two */
    struct arena names;
    int64_t last_us, horizon_us; /* horizon -1: none */
};

/* What is wrong with a record: in which field, and why. */
struct gst_breach {
    const char *field;
    char why[200];
};

/* The id of a name, GST_NO_ID if it was never declared. */
#define GST_NO_ID UINT32_MAX
uint32_t gst_rules_find(const struct gst_rules *rules, const char *name, size_t length);

/* Declare a name; `id` gets the next number.  GS_OK or GS_SYSTEM (no memory). */
int gst_rules_declare(struct gst_rules *rules, const char *name, size_t length, uint32_t *id);

/* Hold `record`, whose fields are each in range, against the rules that reach over records: GS_OK, or GS_BAD_INPUT with
 * the breach.  A W is checked before its name is declared, with id GST_NO_ID unless the name was declared before. */
int gst_rules_check(const struct gst_rules *rules, const struct gst_record *record, struct gst_breach *breach);

/* Take a checked record into account. */
void gst_rules_enter(struct gst_rules *rules, const struct gst_record *record);

void gst_rules_fini(struct gst_rules *rules);

#endif
