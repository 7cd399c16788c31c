/* exact.c - exp, log and pow in plain double arithmetic, so that every machine computes the same bits. */
#include "sim/base/exact.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts: the high one has 37 bits, so its product with any binary exponent is exact. */
static const double ln2_high = 0x1.62e42fefap-1, ln2_low = 0x1.cf79abc9e3b3ap-40;

/* 2^k for a normal result. */
static double power_of_two(int64_t k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* x = k ln 2 + r with |r| <= ln 2 / 2 (a hair more by rounding), then Taylor's series of exp(r) to r^13, whose rest is
 * below 5e-18.  Even and odd powers run side by side, which halves the wait for each multiplication. */
double exact_exp(double x)
{
    if (!(x < 709.8))
        return x != x ? x : (double)INFINITY;
    if (x < -745.2)
        return 0;
    double n = (x * 0x1.71547652b82fep+0 + 0x1.8p52) - 0x1.8p52; /* to the nearest integer, without a branch */
    int64_t k = (int64_t)n;
    double r = (x - n * ln2_high) - n * ln2_low;
    double z = r * r;
    double even =
        1.0 / 2 + z * (1.0 / 24 + z * (1.0 / 720 + z * (1.0 / 40320 + z * (1.0 / 3628800 + z * (1.0 / 479001600)))));
    double odd = 1.0 / 6 + z * (1.0 / 120 +
                                z * (1.0 / 5040 + z * (1.0 / 362880 + z * (1.0 / 39916800 + z * (1.0 / 6227020800)))));
    double y = 1 + (r + z * (even + r * odd));
    if (k > 1023)
        return y * 2 * power_of_two(k - 1);
    if (k < -1021) /* the last product rounds once, into the subnormals */
        return y * power_of_two(k + 100) * 0x1p-100;
    return y * power_of_two(k);
}

/* x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), s = f / (2 + f), and
 * log(1 + f) = 2 atanh(s) = f - (h - s (h + R)) with h = f^2 / 2 and R = 2 (s^2/3 + s^4/5 + ...): f is exact, so only
 * the small rest is rounded.  The series stops at s^22, where its terms fall below 2e-18. */
double exact_log(double x)
{
    if (!(x > 0))
        return x == 0 ? -(double)INFINITY : (double)NAN;
    if (x > 0x1.fffffffffffffp+1023)
        return x;
    int64_t k = -1023;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        k -= 54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    k += (int64_t)(bits >> 52);
    bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        k++;
    }
    double f = m - 1, s = f / (2 + f), h = 0.5 * f * f, z = s * s, w = z * z;
    double odd = 2.0 / 3 + w * (2.0 / 7 + w * (2.0 / 11 + w * (2.0 / 15 + w * (2.0 / 19 + w * (2.0 / 23)))));
    double even = 2.0 / 5 + w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21))));
    double rest = z * odd + w * even;
    double n = (double)k;
    return n * ln2_high - ((h - (s * (h + rest) + n * ln2_low)) - f);
}

double exact_pow(double x, double y)
{
    return exact_exp(y * exact_log(x));
}
