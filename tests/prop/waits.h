/* waits.h - who waits is not overtaken more often than its slicer promises, in any run of this program. */
#ifndef GS_TEST_WAITS_H
#define GS_TEST_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Forget what was found. */
void waits_reset(void);
/* What was found first, in at most `size` bytes; false: nothing. */
bool waits_broken(char *why, size_t size);
/* How many turns have been held against a promise so far, in all runs. */
uint64_t waits_checked(void);

#endif
