/* test_exact.c - exp, log and pow are right to 4e-16 against long double, and their bits are pinned. */
#include "sim/base/exact.h"

#include "sim/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static const long double bound = 4e-16L;
static const long double half_least = 0x1p-1075L; /* half the spacing of subnormal numbers */

/* The error of `got` as a share of what is allowed: > 1 is too much. */
static long double error_share(double got, long double want, long double relative)
{
    return fabsl((long double)got - want) / (relative * fabsl(want) + half_least);
}

static void exp_is_right(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 1, 0, 0, PURPOSE_TEST);
    for (int i = 0; i < 2000000; i++) {
        double u = stream_uniform(&s) * 2 - 1, x;
        switch (i % 4) {
        case 0:
            x = u * 745;
            break; /* the whole range, subnormal results too */
        case 1:
            x = u;
            break;
        case 2:
            x = u * exact_pow(10, -15 * stream_uniform(&s));
            break;
        default:
            x = -708 - 37 * fabs(u);
            break; /* around and below the least normal number */
        }
        if (x > 709.78)
            continue;
        if (!(error_share(exact_exp(x), expl(x), bound) <= 1))
            fail_msg("exp(%a) = %a", x, exact_exp(x));
    }
    /* Halfway between multiples of ln 2, where the reduced argument is largest. */
    for (int k = -1070; k < 1023; k++)
        for (int step = -2; step <= 2; step++) {
            double x = (k + 0.5) * 0.6931471805599453 * (1 + step * 0x1p-52);
            assert_true(error_share(exact_exp(x), expl(x), bound) <= 1);
        }
}

static void log_is_right(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 2, 0, 0, PURPOSE_TEST);
    for (int i = 0; i < 2000000; i++) {
        double x;
        if (i % 4 == 0) { /* any positive double, subnormal ones too */
            uint64_t bits = stream_bits(&s) % (UINT64_C(0x7ff) << 52);
            memcpy(&x, &bits, sizeof x);
            if (x <= 0)
                continue;
        } else if (i % 4 == 1) {
            x = stream_uniform(&s) + 0x1p-54;
        } else if (i % 4 == 2) { /* ever closer to 1 */
            x = 1 + (stream_uniform(&s) - 0.5) * ldexp(1, -(int)(stream_bits(&s) % 50));
        } else {
            x = 0.70710678118654752 + 0.70710678118654752 * stream_uniform(&s);
        }
        if (!(error_share(exact_log(x), logl(x), bound) <= 1))
            fail_msg("log(%a) = %a", x, exact_log(x));
    }
    for (int k = -1074; k <= 1023; k++) {
        double x = ldexp(1, k);
        assert_true(error_share(exact_log(x), logl(x), bound) <= 1);
    }
}

static void pow_is_right(void **state)
{
    (void)state;
    struct stream s;
    stream_init(&s, 3, 0, 0, PURPOSE_TEST);
    for (int i = 0; i < 500000; i++) {
        double x = ldexp(stream_uniform(&s) + 0.5, (int)(stream_bits(&s) % 60) - 30);
        double y = (stream_uniform(&s) - 0.5) * 40;
        long double want = powl(x, y), grown = fabsl((long double)y * logl(x));
        if (want > 1e300L || want < 1e-300L)
            continue;
        assert_true(error_share(exact_pow(x, y), want, bound * (1 + grown)) <= 1);
    }
    assert_true(exact_pow(10, 0) == 1);
    assert_true(exact_pow(0, 2) == 0);
}

static void extremes_are_defined(void **state)
{
    (void)state;
    const double infinite = (double)INFINITY;
    static const struct {
        double x, y;
    } exps[] = {
        {0, 1}, {-0.0, 1}, {-745.2, 0}, {-1e308, 0}, {-745.13, 0x1p-1074}, {-708.3964185322641, 0x1p-1022},
    };
    for (size_t i = 0; i < sizeof exps / sizeof exps[0]; i++)
        assert_true(fabs(exact_exp(exps[i].x) - exps[i].y) <= 2e-16 * exps[i].y * 708);
    assert_true(exact_exp(709.8) == infinite);
    assert_true(exact_exp(infinite) == infinite);
    assert_true(exact_exp(-infinite) == 0);
    assert_true(isnan(exact_exp((double)NAN)));
    assert_true(exact_exp(709.78) < infinite);

    assert_true(exact_log(1) == 0);
    assert_true(exact_log(0) == -infinite);
    assert_true(exact_log(infinite) == infinite);
    assert_true(isnan(exact_log(-1)));
    assert_true(isnan(exact_log((double)NAN)));
    assert_true(isfinite(exact_log(0x1p-1074)));
    assert_true(isfinite(exact_log(0x1.fffffffffffffp+1023)));
}

/* The sums depend on every bit of every value: another compiler or processor must come to the same. */
static void bits_are_pinned(void **state)
{
    (void)state;
    uint64_t exps = 0, logs = 0;
    for (int i = 1; i <= 100000; i++) {
        double x = exact_exp((i - 50000) * 0.0137), y = exact_log(i * 0.0137);
        uint64_t bits;
        memcpy(&bits, &x, sizeof bits);
        exps = exps * 31 + bits;
        memcpy(&bits, &y, sizeof bits);
        logs = logs * 31 + bits;
    }
    if (exps != UINT64_C(0x094a35d88f762984) || logs != UINT64_C(0x89106fde5c94f118))
        fail_msg("sums are 0x%llx and 0x%llx", (unsigned long long)exps, (unsigned long long)logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_is_right),         cmocka_unit_test(log_is_right),    cmocka_unit_test(pow_is_right),
        cmocka_unit_test(extremes_are_defined), cmocka_unit_test(bits_are_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
