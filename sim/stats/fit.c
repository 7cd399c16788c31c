/* fit.c - from a sample to the law of least BIC, and how far it is off. */
#include "sim/stats/fit.h"
#include "sim/stats/fit_parts.h"
#include "sim/stats/law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    FEW = 8,         /* values, or different ones, that are repeated rather than fitted */
    CLOCK = 3,       /* so few different values tell no resolution: a clock ticks every two seconds exactly */
    GRAINS = 1000,   /* a value of so many units of resolution is taken as exact */
    NEIGHBOURS = 32, /* of values, of which there is one more on the same side, one stands for a cell */
};

const double fit_tail[FIT_TAILS] = {0.50, 0.95, 0.99};

static int no_memory(struct error *err)
{
    return error_set(err, GS_SYSTEM, "out of memory for the fit; use 'sample', 'from' or 'to'");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The greatest unit of which all values are multiples. */
static double resolution_of(const double *value, size_t n, double grain)
{
    uint64_t unit = 0;
    for (size_t i = 0; i < n && unit != 1; i++) {
        uint64_t a = (uint64_t)(value[i] / grain + 0.5);
        while (a) {
            uint64_t rest = unit % a;
            unit = a;
            a = rest;
        }
    }
    return unit > 1 ? (double)unit * grain : grain;
}

double fit_likelihood(const struct fit_cells *cells, const struct dist *dist)
{
    const struct dist *law = dist->kind == DIST_TRUNC ? dist->part : dist;
    double norm = dist->kind == DIST_TRUNC ? law_mass(law, dist->a, dist->b) : 1, sum = -cells->n * log(norm);
    for (size_t i = 0; i < cells->count; i++) {
        const struct fit_cell *c = &cells->cell[i];
        if (c->wide && dist->kind == DIST_TRUNC) {
            double low = c->low > dist->a ? c->low : dist->a, high = c->high < dist->b ? c->high : dist->b;
            sum += c->n * log(law_mass(law, low, high) / cells->resolution);
        } else if (c->wide) {
            sum += c->n * log(law_mass(law, c->low, c->high) / cells->resolution);
        } else if (dist->kind == DIST_TRUNC && (c->x < dist->a || c->x > dist->b)) {
            return -(double)INFINITY;
        } else {
            sum += c->n * law_log_density(law, c->x);
        }
    }
    return sum;
}

/* Sorted values to cells: equal ones where the resolution shows, else groups of neighbours that grow from both ends. */
static bool make_cells(struct fit_cells *cells, const double *value, size_t n, double resolution, struct arena *arena)
{
    size_t capacity = 0;
    *cells = (struct fit_cells){.n = (double)n, .resolution = resolution};
    for (size_t i = 0, next; i < n; i = next) {
        double v = value[i], half = 0.5 * resolution, sum = 0;
        bool wide = v < GRAINS * resolution;
        size_t side = i < n - 1 - i ? i : n - 1 - i;
        if (wide)
            for (next = i + 1; next < n && value[next] == v;)
                next++;
        else
            next = i + 1 + side / NEIGHBOURS;
        for (size_t k = i; k < next; k++)
            sum += value[k];
        struct fit_cell *grown = arena_grow(arena, cells->cell, &capacity, cells->count + 1, sizeof *grown);
        if (!grown)
            return false;
        cells->cell = grown;
        grown[cells->count++] = (struct fit_cell){sum / (double)(next - i), v > half ? v - half : 0,
                                                  value[next - 1] + half, (double)(next - i), wide};
    }
    return true;
}

/* --- what is not fitted -------------------------------------------------------------------------------------- */

/* Number of different values, at most FEW + 1. */
static size_t different(const double *value, size_t n)
{
    size_t count = 1;
    for (size_t i = 1; i < n && count <= FEW; i++)
        count += value[i] != value[i - 1];
    return count;
}

/* The values themselves, each with its share. */
static bool repeat_values(struct fit *fit, const double *value, size_t n, struct arena *arena)
{
    char shown[LAW_QUANTITY];
    const char *text = NULL;
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && value[next] == value[i];)
            next++;
        law_write_quantity(shown, fit->unit, value[i], 0);
        if (next - i == n)
            text = arena_strdup(arena, shown);
        else if (i == 0)
            text = arena_printf(arena, "mix(%zu:%s", next - i, shown);
        else
            text = arena_printf(arena, "%s, %zu:%s%s", text, next - i, shown, next == n ? ")" : "");
        if (!text)
            return false;
    }
    fit->text = text;
    return true;
}

/* --- candidates ---------------------------------------------------------------------------------------------- */

static double log_unit(enum dist_unit unit)
{
    return unit == DIST_TIME ? log(1e9) : unit == DIST_SIZE ? log(0x1p30) : 0;
}

static int by_bic(const void *a, const void *b)
{
    const struct fit_candidate *x = a, *y = b;
    if (x->bic != y->bic)
        return x->bic < y->bic ? -1 : 1;
    return x->parameters - y->parameters;
}

/* Judge a proposal by its rounded text, as that is what will be drawn from. */
static int enter(struct fit *fit, const struct fit_proposal *proposal, double zeros, const struct fit_cells *all,
                 struct arena *arena, struct error *err)
{
    struct fit_candidate *c = &fit->candidate[fit->candidates];
    struct error unused = {0};
    struct dist law;
    c->text = law_write(&proposal->dist, fit->unit, arena);
    if (c->text && zeros > 0)
        c->text = arena_printf(arena, "mix(%.4g:%s, %.4g:%s)", zeros,
                               fit->unit == DIST_TIME   ? "0s"
                               : fit->unit == DIST_SIZE ? "0B"
                                                        : "0",
                               1 - zeros, c->text);
    if (!c->text)
        return no_memory(err);
    int code = dist_parse(&law, c->text, fit->unit, NULL, arena, &unused);
    if (code == GS_SYSTEM)
        return no_memory(err);
    c->likelihood = code ? -(double)INFINITY : fit_likelihood(all, &law) + all->n * log_unit(fit->unit);
    if (!isfinite(c->likelihood))
        return GS_OK;
    c->parameters = proposal->parameters + (zeros > 0);
    c->bic = c->parameters * log(all->n) - 2 * c->likelihood;
    fit->candidates++;
    return GS_OK;
}

static double mean_off(const struct fit *fit, const struct fit_candidate *c, struct arena *arena)
{
    struct error unused = {0};
    struct dist law;
    if (dist_parse(&law, c->text, fit->unit, NULL, arena, &unused))
        return (double)INFINITY;
    return fabs(dist_mean(&law) / fit->sample_mean - 1);
}

/* A tail that goes on beyond all that was seen may rule the mean, and the load of a simulation with it.  Where the mean
 * of the best is far off, one takes its place whose is not, if its BIC is nearly as good (a difference of 10 would be
 * very strong evidence: Kass & Raftery, Journal of the American Statistical Association 90(430), 1995). */
static void prefer_right_mean(struct fit *fit, struct arena *arena)
{
    static const double far = 0.2, nearly = 10;
    if (mean_off(fit, &fit->candidate[0], arena) <= far)
        return;
    for (int i = 1; i < fit->candidates && fit->candidate[i].bic <= fit->candidate[0].bic + nearly; i++) {
        if (mean_off(fit, &fit->candidate[i], arena) > far)
            continue;
        struct fit_candidate better = fit->candidate[i];
        memmove(&fit->candidate[1], &fit->candidate[0], (size_t)i * sizeof better);
        fit->candidate[0] = better;
        return;
    }
}

static int choose(struct fit *fit, const double *value, size_t n, enum fit_choice choice, struct arena *arena,
                  struct error *err)
{
    struct fit_proposal proposal[FIT_CANDIDATES];
    struct fit_cells all, positive;
    size_t zero = 0;
    while (zero < n && value[zero] == 0)
        zero++;
    bool apart = choice == FIT_ANY && zero > 5 && zero * 100 > n && n - zero >= FEW &&
                 value[zero + (n - zero) / 2] > GRAINS * fit->resolution;
    zero = apart ? zero : 0;
    if (!make_cells(&all, value, n, fit->resolution, arena) ||
        !make_cells(&positive, value + zero, n - zero, fit->resolution, arena))
        return no_memory(err);
    int proposals = fit_propose(proposal, &positive, fit->unit, choice, arena), code = GS_OK;
    if (proposals < 0)
        return no_memory(err);
    for (int i = 0; i < proposals && !code; i++)
        code = enter(fit, &proposal[i], (double)zero / (double)n, &all, arena, err);
    if (!code && fit->candidates == 0)
        code = error_set(err, GS_BUG, "no law fits the sample at all");
    if (code)
        return code;
    qsort(fit->candidate, (size_t)fit->candidates, sizeof *fit->candidate, by_bic);
    prefer_right_mean(fit, arena);
    fit->text = fit->candidate[0].text;
    fit->fitted = true;
    return GS_OK;
}

/* --- how far it is off --------------------------------------------------------------------------------------- */

static double distance(const struct fit *fit, const double *value, size_t n)
{
    double most = 0, half = 0.5 * fit->resolution;
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && value[next] == value[i];)
            next++;
        double before = fabs((double)i / (double)n - law_mass(&fit->law, 0, value[i] - half));
        double after = fabs((double)next / (double)n - law_mass(&fit->law, 0, value[i] + half));
        most = before > most ? before : most;
        most = after > most ? after : most;
    }
    return most;
}

static void measure(struct fit *fit, const double *value, size_t n)
{
    fit->ks = fit->fitted ? distance(fit, value, n) : 0;
    for (int i = 0; i < FIT_TAILS; i++) {
        size_t rank = (size_t)ceil(fit_tail[i] * (double)n);
        double x = fit->sample[i] = value[rank < 1 ? 0 : rank - 1];
        double y = fit->fitted ? law_quantile(&fit->law, fit_tail[i]) : x;
        if (y < GRAINS * fit->resolution) /* recorded, it would be a multiple, too */
            y = floor(y / fit->resolution + 0.5) * fit->resolution;
        fit->model[i] = y;
        fit->off[i] = x > 0 ? y / x - 1 : y > 0 ? (double)NAN : 0;
    }
    fit->model_mean = dist_mean(&fit->law);
    fit->greatest = value[n - 1];
}

int fit_sample(struct fit *fit, double *value, size_t n, enum dist_unit unit, double grain, enum fit_choice choice,
               struct arena *arena, struct error *err)
{
    int code = GS_OK;
    *fit = (struct fit){.n = n, .unit = unit, .resolution = grain};
    if (n == 0)
        return error_set(err, GS_BUG, "nothing to fit a law to");
    qsort(value, n, sizeof *value, by_value);
    for (size_t i = 0; i < n; i++)
        fit->sample_mean += value[i] / (double)n;
    size_t kinds = different(value, n);
    if (n < FEW || (choice == FIT_ANY && kinds <= FEW && n >= 2 * kinds)) {
        if (!repeat_values(fit, value, n, arena))
            return no_memory(err);
    } else {
        fit->resolution = kinds > CLOCK ? resolution_of(value, n, grain) : grain;
        code = choose(fit, value, n, choice, arena, err);
    }
    if (!code)
        code = dist_parse(&fit->law, fit->text, unit, NULL, arena, err);
    if (!code)
        measure(fit, value, n);
    return code;
}
