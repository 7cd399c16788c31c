/* fit_minimise.c - a minimum without derivatives: Nelder and Mead's simplex, from GSL, begun anew once. */
#include "sim/stats/fit_parts.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

struct target {
    double (*f)(const double *at, void *context);
    void *context;
};

static double value_at(const gsl_vector *at, void *context)
{
    const struct target *target = context;
    return target->f(at->data, target->context);
}

/* From `at`, first steps of `step`; a simplex that has shrunk to nothing has arrived. */
static bool descend(gsl_multimin_fminimizer *simplex, gsl_multimin_function *function, gsl_vector *at, gsl_vector *step,
                    double first_step)
{
    enum { STEPS_MOST = 1500 };
    gsl_vector_set_all(step, first_step);
    if (gsl_multimin_fminimizer_set(simplex, function, at, step))
        return false;
    for (int i = 0; i < STEPS_MOST && gsl_multimin_fminimizer_size(simplex) > 1e-7; i++)
        if (gsl_multimin_fminimizer_iterate(simplex))
            break;
    return gsl_vector_memcpy(at, gsl_multimin_fminimizer_x(simplex)) == GSL_SUCCESS;
}

bool fit_minimise(double (*f)(const double *at, void *context), void *context, double *place, int dimensions)
{
    struct target target = {f, context};
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* the usual one ends the program */
    gsl_multimin_function function = {value_at, (size_t)dimensions, &target};
    gsl_multimin_fminimizer *simplex =
        gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, (size_t)dimensions);
    gsl_vector *at = gsl_vector_alloc((size_t)dimensions), *step = gsl_vector_alloc((size_t)dimensions);
    bool good = simplex && at && step;
    for (int i = 0; good && i < dimensions; i++)
        gsl_vector_set(at, (size_t)i, place[i]);
    good = good && descend(simplex, &function, at, step, 0.4) && descend(simplex, &function, at, step, 0.05);
    for (int i = 0; good && i < dimensions; i++)
        place[i] = gsl_vector_get(at, (size_t)i);
    if (simplex)
        gsl_multimin_fminimizer_free(simplex);
    gsl_vector_free(at);
    gsl_vector_free(step);
    gsl_set_error_handler(handler);
    return good;
}
