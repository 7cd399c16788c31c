/* test_models.c - the benchmark models give the closed-form values they are timed with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "sim/base/arena.h"
#include "sim/engine/models.h"

/* Tolerances are four standard deviations over 100 seeds of runs this long (0.00106 and 0.077): a false alarm in 16,000
 * draws, and the seeds are fixed. */
static void test_models_meet_their_closed_forms(void **unused)
{
    static const struct {
        double (*model)(uint64_t count, uint64_t seed, double *check);
        double expect, tolerance;
    } row[] = {
        {model_repairman, 0.7835, 0.0043},
        {model_mm1, 5.0, 0.31},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            double check, rate = row[i].model(300000, seed, &check);
            assert_true(rate > 0);
            assert_true(fabs(check - row[i].expect) < row[i].tolerance);
        }
}

static void test_hold_runs_at_every_size(void **unused)
{
    static const size_t n[] = {1, 10, 1000, 20000};
    (void)unused;
    for (size_t i = 0; i < sizeof n / sizeof *n; i++)
        assert_true(model_hold(n[i], 20000, 1) > 0);
}

static void test_no_memory_and_no_work(void **unused)
{
    double check;
    (void)unused;
    assert_true(isnan(model_hold(0, 1, 1)));
    for (uint64_t nth = 1; nth <= 2; nth++) {
        arena_fail_nth(nth);
        assert_true(isnan(model_hold(1000, 1000, 1)));
        arena_fail_nth(nth);
        assert_true(isnan(model_mm1(1000, 1, &check)));
    }
    arena_fail_nth(1);
    assert_true(isnan(model_repairman(1000, 1, &check)));
    arena_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_meet_their_closed_forms),
        cmocka_unit_test(test_hold_runs_at_every_size),
        cmocka_unit_test(test_no_memory_and_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
