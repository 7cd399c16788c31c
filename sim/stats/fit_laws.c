/* fit_laws.c - each law fitted by maximum likelihood: where to begin, what may vary, how far. */
#include "sim/stats/fit_parts.h"
#include "sim/stats/law.h"

#include <math.h>

enum shape { EXP, LOGNORMAL, GAMMA, WEIBULL, PARETO, HYPEREXP, LOGNORMALS };

static const double impossible = 1e100; /* finite, as the simplex calculates with it */

/* What is being fitted to which cells. */
struct model {
    enum shape shape;
    const struct fit_cells *cells;
    double xm; /* PARETO */
    bool cut;  /* trunc to [low, high] */
    double low, high;
    double least_weight; /* of a part */
};

/* A distribution with all that it points to. */
struct made {
    struct dist dist, inner, part[2];
    double share[2];
};

static bool within(double x, double low, double high)
{
    return x >= low && x <= high;
}

/* The distribution of the parameters, logarithms and logits; false where they leave the sensible range. */
static bool make(const struct model *m, const double *at, struct made *out)
{
    struct dist *d = m->cut ? &out->inner : &out->dist;
    double a = exp(at[0]), b = m->shape == EXP || m->shape == PARETO ? 0 : exp(at[1]), share = 0;
    bool good = isfinite(a) && isfinite(b) && a > 0;
    switch (m->shape) {
    case EXP:
        *d = (struct dist){.kind = DIST_EXP, .a = a};
        break;
    case LOGNORMAL:
        *d = (struct dist){.kind = DIST_LOGNORMAL, .a = a, .b = b};
        good = good && within(b, 0.001, 10);
        break;
    case GAMMA:
        *d = (struct dist){.kind = DIST_GAMMA, .a = a, .b = b};
        good = good && within(a, 0.01, 1e4);
        break;
    case WEIBULL:
        *d = (struct dist){.kind = DIST_WEIBULL, .a = a, .b = b};
        good = good && within(a, 0.06, 100);
        break;
    case PARETO:
        *d = (struct dist){.kind = DIST_PARETO, .a = m->xm, .b = a};
        good = good && within(a, 0.1, 100);
        break;
    case HYPEREXP:
        share = 1 / (1 + exp(-at[2]));
        *d = (struct dist){.kind = DIST_HYPEREXP, .a = share, .b = a, .c = b};
        break;
    case LOGNORMALS:
        share = 1 / (1 + exp(-at[4]));
        out->part[0] = (struct dist){.kind = DIST_LOGNORMAL, .a = a, .b = b};
        out->part[1] = (struct dist){.kind = DIST_LOGNORMAL, .a = exp(at[2]), .b = exp(at[3])};
        out->share[0] = share;
        out->share[1] = 1;
        *d = (struct dist){.kind = DIST_MIX, .count = 2, .value = out->share, .part = out->part};
        good = good && isfinite(out->part[1].a) && within(b, 0.02, 10) && within(out->part[1].b, 0.02, 10);
        break;
    }
    if (m->shape == HYPEREXP || m->shape == LOGNORMALS)
        good = good && within(share, m->least_weight, 1 - m->least_weight);
    if (!good || !m->cut)
        return good;
    out->dist = (struct dist){.kind = DIST_TRUNC, .a = m->low, .b = m->high, .count = 1, .part = &out->inner};
    return law_mass(&out->inner, m->low, m->high) > 0.02; /* a scenario refuses to redraw almost always */
}

static double unlikeliness(const double *at, void *context)
{
    const struct model *m = context;
    struct made made;
    if (!make(m, at, &made))
        return impossible;
    double likelihood = fit_likelihood(m->cells, &made.dist);
    return isfinite(likelihood) ? -likelihood : impossible;
}

/* --- where to begin: moments of the logarithm ---------------------------------------------------------------- */

struct moments {
    double n, mean, log_mean, log_deviation;
};

static struct moments moments_of(const struct fit_cell *cell, size_t count)
{
    struct moments m = {0};
    double square = 0;
    for (size_t i = 0; i < count; i++) {
        double x = cell[i].x > 0 ? cell[i].x : 0.5 * cell[i].high;
        m.n += cell[i].n;
        m.mean += cell[i].n * x;
        m.log_mean += cell[i].n * log(x);
        square += cell[i].n * log(x) * log(x);
    }
    m.mean /= m.n;
    m.log_mean /= m.n;
    square = square / m.n - m.log_mean * m.log_mean;
    m.log_deviation = square > 1e-4 ? sqrt(square) : 0.01;
    return m;
}

/* The cell that the share p of the sample lies below; at least one cell on either side. */
static size_t split_at(const struct fit_cells *cells, double p)
{
    double below = 0;
    size_t i = 0;
    while (i + 1 < cells->count && below < p * cells->n)
        below += cells->cell[i++].n;
    return i > 0 ? i : 1;
}

/* Minimise from `at`; the likelihood reached, -INFINITY for none. */
static double climb(struct model *m, double *at, int dimensions)
{
    if (!fit_minimise(unlikeliness, m, at, dimensions))
        return -(double)INFINITY;
    double least = unlikeliness(at, m);
    return least < impossible ? -least : -(double)INFINITY;
}

/* Two parts: begun from several splits of the sample, the best counts. */
static double climb_parts(struct model *m, double *at)
{
    static const double split[] = {0.5, 0.8, 0.95};
    double best = -(double)INFINITY;
    int dimensions = m->shape == HYPEREXP ? 3 : 5;
    for (size_t i = 0; i < sizeof split / sizeof *split; i++) {
        size_t cut = split_at(m->cells, split[i]);
        struct moments low = moments_of(m->cells->cell, cut);
        struct moments high = moments_of(m->cells->cell + cut, m->cells->count - cut);
        double logit = log(low.n / high.n), reached;
        double tried[FIT_DIMENSIONS] = {log(low.mean), log(high.mean), logit};
        if (m->shape == LOGNORMALS) {
            const double start[] = {low.log_mean, log(low.log_deviation), high.log_mean, log(high.log_deviation),
                                    logit};
            for (int k = 0; k < dimensions; k++)
                tried[k] = start[k];
        }
        reached = climb(m, tried, dimensions);
        for (int k = 0; reached > best && k < dimensions; k++)
            at[k] = tried[k];
        best = reached > best ? reached : best;
    }
    return best;
}

static double climb_any(struct model *m, double *at)
{
    struct moments all = moments_of(m->cells->cell, m->cells->count);
    double shape = 1.2 / all.log_deviation; /* a Weibull's logarithm deviates by 1.28 / shape */
    double least = m->cells->cell[0].x > 0 ? m->cells->cell[0].x : 0.5 * m->cells->cell[0].high;
    double over = all.log_mean - log(m->shape == PARETO ? m->xm : least);
    shape = shape < 0.1 ? 0.1 : shape > 50 ? 50 : shape;
    switch (m->shape) {
    case EXP:
        at[0] = log(all.mean);
        return climb(m, at, 1);
    case LOGNORMAL:
        at[0] = all.log_mean;
        at[1] = log(all.log_deviation);
        return climb(m, at, 2);
    case GAMMA:
    case WEIBULL:
        at[0] = log(shape);
        at[1] = log(all.mean);
        return climb(m, at, 2);
    case PARETO:
        at[0] = -log(over > 0.02 ? over : 0.02);
        at[0] = at[0] < log(0.11) ? log(0.11) : at[0];
        return climb(m, at, 1);
    default:
        return climb_parts(m, at);
    }
}

/* --- candidates ---------------------------------------------------------------------------------------------- */

struct proposals {
    struct fit_proposal *out;
    int count;
    const struct fit_cells *cells;
    enum dist_unit unit;
    struct arena *arena;
    bool out_of_memory, never_cut;
    double low, high; /* the least and greatest that was recorded, rounded outwards */
};

static bool keep_inner(struct proposals *p, struct dist *dist, const struct dist *inner)
{
    struct dist *copy = arena_alloc(p->arena, sizeof *copy);
    if (copy)
        *copy = *inner;
    dist->part = copy;
    p->out_of_memory |= !copy;
    return copy != NULL;
}

static bool keep_parts(struct proposals *p, struct dist *dist, const struct dist part[2], double share)
{
    struct dist *copy = arena_array(p->arena, 2, sizeof *copy);
    double *value = arena_array(p->arena, 2, sizeof *value);
    p->out_of_memory |= !copy || !value;
    if (!copy || !value)
        return false;
    copy[0] = part[0];
    copy[1] = part[1];
    value[0] = share;
    value[1] = 1;
    *dist = (struct dist){.kind = DIST_MIX, .count = 2, .value = value, .part = copy};
    return true;
}

static void propose(struct proposals *p, const struct dist *dist, int parameters)
{
    if (p->count < FIT_CANDIDATES)
        p->out[p->count++] = (struct fit_proposal){*dist, parameters};
}

static int parameters_of(enum shape shape)
{
    return shape == EXP ? 1 : shape == HYPEREXP ? 3 : shape == LOGNORMALS ? 5 : 2;
}

/* Fit one shape, and its trunc where the data end sooner than it would. */
static void fit_shape(struct proposals *p, enum shape shape)
{
    enum { TOO_MANY = 8 }; /* values expected beyond an end and none there: by chance once in e^8 samples */
    struct model m = {.shape = shape, .cells = p->cells, .xm = p->low, .least_weight = 2 / p->cells->n};
    double at[FIT_DIMENSIONS] = {0};
    struct made made;
    if ((shape == PARETO && !(p->low > 0)) || !isfinite(climb_any(&m, at)) || !make(&m, at, &made))
        return;
    struct dist dist = made.dist;
    if (shape == LOGNORMALS && !keep_parts(p, &dist, made.part, made.share[0]))
        return;
    propose(p, &dist, parameters_of(shape));
    if (shape == HYPEREXP || shape == LOGNORMALS || p->never_cut)
        return;
    bool short_below = shape != PARETO && p->cells->n * law_mass(&dist, 0, p->low) > TOO_MANY;
    bool short_above = p->cells->n * law_mass(&dist, p->high, (double)INFINITY) > TOO_MANY;
    if (!short_below && !short_above)
        return;
    m.cut = true;
    m.low = shape == PARETO || short_below ? p->low : 0;
    m.high = p->high;
    if (isfinite(climb_any(&m, at)) && make(&m, at, &made) && keep_inner(p, &made.dist, &made.inner))
        propose(p, &made.dist, parameters_of(shape) + 1 + short_below);
}

/* The cells from `from` on, or up to it. */
static struct fit_cells part_of(const struct fit_cells *cells, size_t from, size_t to)
{
    struct fit_cells part = {cells->cell + from, to - from, 0, cells->resolution};
    for (size_t i = from; i < to; i++)
        part.n += cells->cell[i].n;
    return part;
}

struct body_and_tail {
    struct made body;
    struct dist tail; /* the pareto */
    double xm, share, likelihood;
};

/* Body below the xm of cell `cut`, tail from there on.  Given xm, the two are fitted each by itself. */
static bool fit_split(struct proposals *p, enum shape shape, size_t cut, bool cut_tail, struct body_and_tail *out)
{
    struct fit_cells low = part_of(p->cells, 0, cut), high = part_of(p->cells, cut, p->cells->count);
    const struct fit_cell *first = high.cell;
    double xm = law_round(p->unit, first->wide ? first->low : first->x, -1), at[FIT_DIMENSIONS] = {0};
    if (!(xm > low.cell[low.count - 1].x)) /* rounding took it beyond its neighbour */
        return false;
    struct model body = {.shape = shape, .cells = &low, .cut = true, .high = xm, .least_weight = 2 / low.n};
    struct model tail = {.shape = PARETO, .cells = &high, .xm = xm, .cut = cut_tail, .low = xm, .high = p->high};
    struct made made;
    out->likelihood = climb_any(&body, at);
    if (!isfinite(out->likelihood) || !make(&body, at, &made))
        return false;
    out->body = made;
    out->likelihood += climb_any(&tail, at);
    if (!isfinite(out->likelihood) || !make(&tail, at, &made))
        return false;
    out->tail = cut_tail ? made.inner : made.dist;
    out->xm = xm;
    out->share = low.n / p->cells->n;
    out->likelihood += low.n * log(out->share) + high.n * log1p(-out->share);
    return true;
}

/* The body is a lognormal, or two where there is enough to tell them apart; fewer splits are tried then: they cost. */
static void fit_body_and_tail(struct proposals *p, enum shape shape, bool cut_tail)
{
    static const double share[] = {0.8, 0.9, 0.95, 0.98, 0.5, 0.6, 0.7, 0.75, 0.85, 0.925, 0.97, 0.99, 0.995};
    enum { FEW = 10, MANY = 500 };
    size_t splits = shape == LOGNORMAL ? sizeof share / sizeof *share : p->cells->n < MANY ? 0 : 4;
    struct body_and_tail best = {.likelihood = -(double)INFINITY}, tried;
    for (size_t i = 0; i < splits; i++) {
        size_t cut = split_at(p->cells, share[i]);
        if (cut < FEW || (1 - share[i]) * p->cells->n < 2 * FEW || p->cells->count - cut < FEW)
            continue;
        if (fit_split(p, shape, cut, cut_tail, &tried) && tried.likelihood > best.likelihood)
            best = tried;
    }
    if (!isfinite(best.likelihood))
        return;
    struct dist part[2] = {{.kind = DIST_TRUNC, .a = 0, .b = best.xm, .count = 1}, best.tail}, mix;
    struct dist body = best.body.inner;
    if (cut_tail)
        part[1] = (struct dist){.kind = DIST_TRUNC, .a = best.xm, .b = p->high, .count = 1};
    if ((shape == LOGNORMAL || keep_parts(p, &body, best.body.part, best.body.share[0])) &&
        keep_inner(p, &part[0], &body) && (!cut_tail || keep_inner(p, &part[1], &best.tail)) &&
        keep_parts(p, &mix, part, best.share))
        propose(p, &mix, (shape == LOGNORMAL ? 5 : 8) + cut_tail);
}

/* Does the best so far pass for the truth?  The Kolmogorov-Smirnov distance of a right law of known parameters is
 * larger in 1 % of samples. */
static bool fits_well(const struct proposals *p)
{
    const struct dist *best = NULL;
    double least = (double)INFINITY, below = 0, most = 0;
    for (int i = 0; i < p->count; i++) {
        double bic = p->out[i].parameters * log(p->cells->n) - 2 * fit_likelihood(p->cells, &p->out[i].dist);
        best = bic < least ? &p->out[i].dist : best;
        least = bic < least ? bic : least;
    }
    for (size_t i = 0; best && i < p->cells->count; i++) {
        const struct fit_cell *c = &p->cells->cell[i];
        double share = c->wide ? below + c->n : below + 0.5 * c->n; /* of the sample, up to where it is compared */
        most = fmax(most, fabs(share / p->cells->n - law_mass(best, 0, c->wide ? c->high : c->x)));
        below += c->n;
    }
    return best && most < 1.63 / sqrt(p->cells->n);
}

int fit_propose(struct fit_proposal *out, const struct fit_cells *cells, enum dist_unit unit, enum fit_choice choice,
                struct arena *arena)
{
    const struct fit_cell *first = &cells->cell[0], *last = &cells->cell[cells->count - 1];
    struct proposals p = {
        .out = out,
        .cells = cells,
        .unit = unit,
        .arena = arena,
        .low = law_round(unit, first->wide ? first->low : first->x, -1),
        .high = law_round(unit, last->wide ? last->high : last->x, 1),
    };
    if (choice == FIT_RENEWAL) {
        p.never_cut = true;
        fit_shape(&p, EXP);
        fit_shape(&p, GAMMA);
        fit_shape(&p, HYPEREXP);
        return p.out_of_memory ? -1 : p.count;
    }
    propose(&p, &(struct dist){.kind = DIST_UNIFORM, .a = p.low, .b = p.high}, 2);
    propose(&p, &(struct dist){.kind = DIST_UNIFORM, .a = 0, .b = p.high}, 1);
    for (enum shape shape = EXP; shape <= LOGNORMALS; shape++)
        fit_shape(&p, shape);
    fit_body_and_tail(&p, LOGNORMAL, false);
    fit_body_and_tail(&p, LOGNORMAL, true);
    if (!p.out_of_memory && !fits_well(&p)) {
        fit_body_and_tail(&p, LOGNORMALS, false);
        fit_body_and_tail(&p, LOGNORMALS, true);
    }
    return p.out_of_memory ? -1 : p.count;
}
