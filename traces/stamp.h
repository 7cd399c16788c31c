/* stamp.h - date and time as text, always UTC. */
#ifndef GS_TRACES_STAMP_H
#define GS_TRACES_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#define STAMP_FORM "YYYY-MM-DD HH:MM:SS[.fraction] in UTC, of the years 2000 to 2099"
#define STAMP_ORIGIN " since 2000-01-01"

/* "2023-11-16 18:15:46.6805900", with a blank or 'T' between, a fraction of up to 9 digits or none, and nothing, 'Z' or
 * "+00:00" behind, as microseconds since the start of 2000; digits past the microsecond are cut off.  False if `text` is
 * anything else.  Any two such times are less than 100 years apart. */
bool stamp_parse(const char *text, int64_t *us);

#endif
