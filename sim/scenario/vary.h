/* vary.h - a key of a scenario as a row of numbers: what it is now, which way makes promises harder to keep, the values that a
 * search tries, and how they are written.
 *
 * Places on the row are whole numbers.  Counts, and what is given a step, go in steps; other values go by their leading
 * digits, about 1 % from one to the next: sizes in 64 steps to a doubling, all else in three decimal digits.  So every value
 * can be written exactly, as a user would.  Before the first of them lies 0.
 */
#ifndef GS_VARY_H
#define GS_VARY_H

#include "sim/scenario/scenario.h"

enum vary_unit { VARY_COUNT, VARY_SIZE, VARY_TIME, VARY_RATE, VARY_FREQUENCY, VARY_NUMBER };

enum vary_way { VARY_UNKNOWN, VARY_HARDER, VARY_EASIER }; /* what greater values make of it */

enum { VARY_TEXT = 64, VARY_VALUES = 32 };

struct vary {
    const char *key;  /* "workload.NB.count" */
    const char *form; /* of the value, around the number: "gamma(0.5,%s)"; NULL: the number alone */
    enum vary_unit unit;
    enum vary_way way;
    double now;      /* as in the scenario, in base units (of arrivals: a second); NAN: a word, such as 'none' */
    double min, max; /* what the key may be */
    double low, high;
    double step;              /* 0: by leading digits */
    bool given;               /* low and high are the user's */
    double list[VARY_VALUES]; /* KEY=V1,V2,...: in that order */
    size_t listed;
};

/* "KEY", "KEY=LO..HI" or, where `lists`, "KEY=V1,V2,..."; step NULL: none.  GS_USAGE: no key of this scenario, or no number. */
int vary_read(struct vary *vary, const char *text, const char *step, bool lists, const struct scenario *scenario,
              struct arena *arena, struct error *err);

/* The value at a place; the place of the greatest value that is not above `value`. */
double vary_at(const struct vary *vary, int64_t place);
int64_t vary_place(const struct vary *vary, double value);

/* The number as users write it, and as --set takes the key: "workload.NB.count=9". */
const char *vary_number(char out[VARY_TEXT], const struct vary *vary, double value);
const char *vary_setting(struct arena *arena, const struct vary *vary, double value); /* NULL: no memory */

#endif
