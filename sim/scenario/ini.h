/* ini.h - scenario files as sections of keys and values, with the place of each; no meaning yet.
 *
 * `;` and `#` start a comment at the start of a line or after a blank.  A key of an including file overrides the
 * included one's, --set overrides both; the same key or section twice in one file is an error.  Text is UTF-8.
 */
#ifndef GS_INI_H
#define GS_INI_H

#include "sim/base/arena.h"
#include "sim/base/error.h"
#include "sim/scenario/scenario.h"

/* Where something was written, for messages. */
struct spot {
    struct place place;
    const char *set; /* the text after --set; NULL: in a file */
};

struct ini_source { /* one file as opened; an include of the same file again is another source */
    const char *file, *folder;
    const struct ini_source *parent; /* the one that includes it */
    int depth;                       /* 0 the scenario, 1 what it includes, ...; -1 the command line */
    uint64_t device, inode;          /* both 0: not a file */
    char *text;
    size_t length;
    struct ini_source *next; /* in order of opening */
};

struct ini_entry {
    const char *key, *value;
    struct spot spot;
    const struct ini_source *source;
    bool bad;     /* its value was refused */
    bool dropped; /* parameter of a policy that an override has replaced */
};

struct ini_section {
    const char *title; /* "workload.NB" */
    struct spot spot;
    const struct ini_source *source;
    struct ini_entry *entry;
    size_t entries, capacity;
    const char *kind, *name; /* build.c: "workload" and "NB"; kind NULL: not looked at, or refused */
    bool refused;
};

struct ini {
    struct arena *arena;
    struct error *err;
    struct ini_section **section; /* in order of first mention */
    size_t sections, capacity;
    struct ini_section ignored; /* takes the keys of sections that were refused */
    struct ini_source *first, *last;
    size_t sources;
    const char *load;              /* replay: the section that is the whole load; NULL: the scenario has its own */
    struct ini_section **left_out; /* the loads that stand back for it */
    size_t lefts_out;
    bool broken; /* a section's head was refused: what seems to be missing may stand there */
    bool stop;   /* nothing more to be done: no memory, or no scenario at all */
};

/* Read `file` ("-": standard input) and what it includes.  Errors are added to ini->err: GS_BAD_INPUT, GS_NO_INPUT,
 * GS_SYSTEM. */
int ini_read(struct ini *ini, const char *file);

/* The same from memory. */
int ini_parse(struct ini *ini, const char *text, size_t length, const char *file, const char *folder);

/* Lay `--set section.key=value` texts over it: keys in sections that exist, or in [scenario] and [policy], for a replay
 * also in new [sla.NAME]. */
int ini_override(struct ini *ini, const struct overrides *overrides);

/* Lay the values of a point of a sweep over it, on top of all else. */
int ini_choose(struct ini *ini, const struct sweep_choice *choice, size_t choices);

/* "policy.slicer.quantum": cut `text` where its key begins; NULL if it does not read SECTION.KEY.  Keys of [policy] and
 * [sweep] may hold a dot themselves, names of other sections too. */
char *ini_key_split(char *text);

struct ini_section *ini_section_find(const struct ini *ini, const char *title);
struct ini_section *ini_section_add(struct ini *ini, const char *title, const struct spot *spot,
                                    const struct ini_source *source);
/* Set a key, or override one of an included file. */
void ini_entry_put(struct ini *ini, struct ini_section *section, const struct ini_entry *fresh);
struct ini_entry *ini_entry_find(const struct ini_section *section, const char *key);

/* All files as read, one behind the other; NULL without memory. */
const char *ini_text(const struct ini *ini);

/* `file` as seen from `folder`; NULL without memory. */
const char *ini_path(struct arena *arena, const char *folder, const char *file);

/* Add "FILE:LINE: message" to `err`; returns its code. */
int ini_error(struct error *err, const struct spot *spot, int code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int ini_no_memory(struct ini *ini);

#endif
