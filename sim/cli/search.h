/* search.h - the least or the greatest whole number that will do, by halving; what "will do" means is the caller's. */
#ifndef GS_SEARCH_H
#define GS_SEARCH_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a value does; `try` gives an exit code, and *does where it is GS_OK. */
struct search {
    int (*try)(void *context, int64_t value, bool *does, struct error *err);
    void *context;
};

/* Between `low`, which is taken not to do, and `high`, which is taken to: the least that does, or, with low > high, the
 * greatest.  Right where from some value on all do. */
int search_bound(int64_t low, int64_t high, const struct search *search, int64_t *bound, struct error *err);

#endif
