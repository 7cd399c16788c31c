/* sweep_design.c - the points of a sweep: every combination, or a Latin hypercube (McKay, Beckman & Conover, Technometrics
 * 21(2), 1979). */
#include "sim/base/random.h"
#include "sim/scenario/sweep.h"

#include <math.h>

const char *sweep_design_name(const struct sweep *sweep)
{
    return sweep->design == DESIGN_LATIN ? "latin" : "grid";
}

/* Each part of the range once, in random order, and a random place in it. */
static int scatter(struct sweep_axis *axis, const struct sweep *sweep, uint32_t number, struct arena *arena)
{
    struct stream stream;
    size_t n = (size_t)sweep->points;

    axis->at = arena_array(arena, n, sizeof *axis->at);
    if (axis->at == NULL)
        return GS_SYSTEM;
    stream_init(&stream, sweep->seed, 0, number, PURPOSE_SWEEP);
    for (size_t i = 0; i < n; i++) {
        size_t k = (size_t)(stream_uniform(&stream) * (double)(i + 1));
        axis->at[i] = axis->at[k];
        axis->at[k] = (double)i;
    }
    for (size_t i = 0; i < n; i++)
        axis->at[i] += stream_uniform(&stream);
    return GS_OK;
}

/* A hundredth of a part of the range is told apart. */
static int decimals(const struct sweep_axis *axis, int64_t points)
{
    enum { MOST = 12 };
    double part = (axis->high - axis->low) / (double)points;
    int digits = 0;

    for (double step = 1; step > part / 100 && digits < MOST; step /= 10)
        digits++;
    return digits;
}

int sweep_lay_out(struct sweep *sweep, struct arena *arena, struct error *err)
{
    if (sweep->design == DESIGN_GRID) {
        sweep->points = 1;
        for (size_t i = 0; i < sweep->axes && sweep->points <= SWEEP_POINTS_MAX; i++)
            sweep->points *= (int64_t)sweep->axis[i].values;
        return GS_OK;
    }
    for (size_t i = 0; i < sweep->axes; i++) {
        if (scatter(&sweep->axis[i], sweep, (uint32_t)i, arena) != GS_OK)
            return error_set(err, GS_SYSTEM, "no memory for the points of the sweep");
        sweep->axis[i].decimals = decimals(&sweep->axis[i], sweep->points);
    }
    return GS_OK;
}

static const double HAIR = 1e-6;

/* Of a range, a number with few decimals that lies in the part that `at` does. */
static const char *between(const struct sweep_axis *axis, double at, int64_t points, struct arena *arena)
{
    double part = (axis->high - axis->low) / (double)points, whole = floor(at), scale = 1;

    if (axis->whole) {
        double value = axis->low + floor(at / (double)points * (axis->high - axis->low + 1));
        return arena_printf(arena, "%.0f%s", value < axis->high ? value : axis->high, axis->unit);
    }
    for (int i = 0; i < axis->decimals; i++)
        scale *= 10;
    /* The beginning of a part belongs to it, also where rounding has lifted it a hair. */
    double first = ceil((axis->low + whole * part) * scale - HAIR);
    double last = ceil((axis->low + (whole + 1) * part) * scale - HAIR) - 1;
    double chosen = first + floor((at - whole) * (last - first + 1));
    return arena_printf(arena, "%.*f%s", axis->decimals, (chosen < last ? chosen : last) / scale, axis->unit);
}

int sweep_choose(const struct sweep *sweep, int64_t point, struct sweep_choice *choice, struct arena *arena,
                 struct error *err)
{
    uint64_t rest = (uint64_t)(point - 1);

    for (size_t i = sweep->axes; i-- > 0;) {
        const struct sweep_axis *axis = &sweep->axis[i];
        choice[i] = (struct sweep_choice){.key = axis->key, .place = axis->place, .set = axis->set};
        if (sweep->design == DESIGN_GRID) {
            choice[i].value = axis->value[rest % axis->values];
            rest /= axis->values;
        } else if (axis->value != NULL) {
            double share = axis->at[point - 1] / (double)sweep->points;
            choice[i].value = axis->value[(size_t)(share * (double)axis->values)];
        } else {
            choice[i].value = between(axis, axis->at[point - 1], sweep->points, arena);
        }
        if (choice[i].value == NULL)
            return error_set(err, GS_SYSTEM, "no memory for the points of the sweep");
    }
    return GS_OK;
}

const char *sweep_point_name(const struct sweep_choice *choice, size_t choices, struct arena *arena)
{
    const char *name = "";

    for (size_t i = 0; i < choices && name != NULL; i++)
        name = arena_printf(arena, "%s%s%s=%s", name, i > 0 ? " " : "", choice[i].key, choice[i].value);
    return name;
}
