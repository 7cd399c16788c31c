/* search.c - halve the interval between what does and what does not. */
#include "sim/cli/search.h"

#include <stdlib.h>

int search_bound(int64_t low, int64_t high, const struct search *search, int64_t *bound, struct error *err)
{
    while (llabs(high - low) > 1) {
        int64_t middle = low + (high - low) / 2;
        bool does = false;
        int rc = search->try(search->context, middle, &does, err);
        if (rc != GS_OK)
            return rc;
        *(does ? &high : &low) = middle;
    }
    *bound = high;
    return GS_OK;
}
