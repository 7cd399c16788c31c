/* units.h - text to numbers and back: times, sizes, rates, shares.  The only place that parses numbers.
 *
 * Every quantity carries its unit (docs/scenario.md); a bare number where a unit is due is an error, 0 excepted.
 *   time   150us 5ms 30s 10m 8h 14d (and ns, min)   -> nanoseconds
 *   size   512MiB 80GiB 30GB 100B                   -> bytes (binary and decimal prefixes K M G T)
 *   rate   25GB/s 24GiB/s                           -> bytes per second
 *   events 0.5/s 30/min 10/h                        -> per second
 *   share  0.25 or 25%                              -> 0..1 (not bounded here)
 *   number 1.5 1e-3, integer 42, boolean yes/no
 * All return GS_OK or GS_BAD_INPUT; on failure `why` (>= 160 bytes) says what is wrong with the text, for example
 * "a time needs a unit, such as '30s'".  Negative times and sizes are errors.  Blanks around the text are allowed.
 */
#ifndef GS_UNITS_H
#define GS_UNITS_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

enum { UNITS_WHY = 160 };

int units_time(const char *text, int64_t *ns, char why[UNITS_WHY]);    /* <= 100 years */
int units_size(const char *text, int64_t *bytes, char why[UNITS_WHY]); /* <= 2^60 */
int units_rate(const char *text, double *bytes_per_s, char why[UNITS_WHY]);
int units_frequency(const char *text, double *per_s, char why[UNITS_WHY]);
int units_share(const char *text, double *share, char why[UNITS_WHY]);
int units_number(const char *text, double *number, char why[UNITS_WHY]);
int units_integer(const char *text, int64_t *integer, char why[UNITS_WHY]);
int units_boolean(const char *text, bool *yes, char why[UNITS_WHY]);

/* A time as a double of nanoseconds, so that distribution parameters keep fractions of a nanosecond. */
int units_time_real(const char *text, double *ns, char why[UNITS_WHY]);

/* For people: "1.50 s", "2 min 5 s", "80.0 GiB", "1,892", each into `out` of UNITS_TEXT bytes; returns `out`. */
enum { UNITS_TEXT = 32 };
char *units_show_time(char out[UNITS_TEXT], double ns);    /* "41.2 s"; from a minute on two units, "2 min 5 s" */
char *units_show_size(char out[UNITS_TEXT], double bytes); /* binary prefixes: "84.0 GiB" */
char *units_show_count(char out[UNITS_TEXT], double n);    /* thousands separated by commas */

/* The exact text that units_time / units_size read back to the same integer, in the largest fitting unit: "30s". */
char *units_write_time(char out[UNITS_TEXT], int64_t ns);
char *units_write_size(char out[UNITS_TEXT], int64_t bytes);

/* Edit distance (Damerau) for "did you mean"; the nearest of `count` names within 1/3 of its length + 1, or NULL.
 * `name_at(i, context)` gives the i-th name. */
const char *units_nearest(const char *text, size_t count, const char *(*name_at)(size_t i, const void *context),
                          const void *context);

#endif
