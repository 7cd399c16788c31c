/* sequential.c - one look at the replications so far. */
#include "sim/stats/sequential.h"

#include <math.h>

size_t sequential_until(size_t first, int look)
{
    return first << look;
}

struct sequential sequential_look(const double *x, const double *y, size_t n, double target, double zone, double error)
{
    struct sequential out = {.state = SEQUENTIAL_OPEN,
                             .value = interval_ratio(x, y, n, 1 - 2 * error / SEQUENTIAL_LOOKS)};

    if (out.value.high <= target)
        out.state = SEQUENTIAL_BELOW;
    else if (out.value.low > target)
        out.state = SEQUENTIAL_ABOVE;
    else if (out.value.high - out.value.value <= zone)
        out.state = SEQUENTIAL_CLOSE;
    return out;
}
