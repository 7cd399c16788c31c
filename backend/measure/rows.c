/* rows.c - samples become rows, rows become lines. */
#include "backend/measure/rows.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The ceil(q n)-th smallest. */
static double quantile(const double *sorted, unsigned n, double q)
{
    unsigned rank = (unsigned)ceil(q * n - 1e-9);

    return sorted[rank > 0 ? rank - 1 : 0];
}

void rows_summarise(struct measure_row *row)
{
    double sorted[MEASURE_SAMPLES];

    memcpy(sorted, row->sample, row->n * sizeof *sorted);
    qsort(sorted, row->n, sizeof *sorted, by_value);
    row->min = sorted[0];
    row->max = sorted[row->n - 1];
    row->p50 = quantile(sorted, row->n, 0.5);
    row->p95 = quantile(sorted, row->n, 0.95);
    row->unsteady = row->p95 > ROWS_STEADY * row->p50;
}

struct measure_row *rows_add(struct measured *measured, const char *kind, int64_t size, const char *unit)
{
    struct measure_row *row = &measured->row[measured->rows];

    if (measured->rows < MEASURE_ROWS - 1)
        measured->rows++;
    *row = (struct measure_row){.kind = kind, .size = size, .unit = unit};
    return row;
}

void rows_sample(struct measure_row *row, double value)
{
    if (row->n < MEASURE_SAMPLES)
        row->sample[row->n++] = value;
}

void rows_note(struct measured *measured, const char *format, ...)
{
    va_list args;

    if (measured->notes == MEASURE_NOTES)
        return;
    va_start(args, format);
    vsnprintf(measured->note[measured->notes++], MEASURE_NOTE, format, args);
    va_end(args);
}

const struct measure_row *measure_find(const struct measured *measured, const char *kind, int64_t size)
{
    for (unsigned i = 0; i < measured->rows; i++)
        if (strcmp(measured->row[i].kind, kind) == 0 && (size < 0 || measured->row[i].size == size))
            return &measured->row[i];
    return NULL;
}

const struct measure_fit *measure_line(const struct measured *measured, const char *kind)
{
    for (unsigned i = 0; i < measured->fits; i++)
        if (strcmp(measured->fit[i].kind, kind) == 0)
            return &measured->fit[i];
    return NULL;
}

/* Each point weighs by its relative distance: sizes span five powers of ten. */
void rows_fit(struct measured *measured, const char *kind)
{
    double x[MEASURE_ROWS], y[MEASURE_ROWS], weight[MEASURE_ROWS], c0, c1, c00, c01, c11, chi;
    struct measure_fit fit = {.kind = kind, .from = INT64_MAX};

    for (unsigned i = 0; i < measured->rows; i++) {
        const struct measure_row *row = &measured->row[i];

        if (strcmp(row->kind, kind) != 0 || !(row->p50 > 0))
            continue;
        x[fit.n] = (double)row->size;
        y[fit.n] = row->p50;
        weight[fit.n++] = 1 / (row->p50 * row->p50);
        fit.from = row->size < fit.from ? row->size : fit.from;
        fit.to = row->size > fit.to ? row->size : fit.to;
    }
    if (fit.n < 2 || fit.from == fit.to || measured->fits == MEASURE_FITS ||
        gsl_fit_wlinear(x, 1, weight, 1, y, 1, fit.n, &c0, &c1, &c00, &c01, &c11, &chi) != 0 || !(c1 > 0))
        return;
    fit.fixed_ns = c0;
    fit.per_s = 1e9 / c1;
    for (unsigned i = 0; i < fit.n; i++)
        fit.worst = fmax(fit.worst, fabs(c0 + c1 * x[i] - y[i]) / y[i]);
    measured->fit[measured->fits++] = fit;
}
