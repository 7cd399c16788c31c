/* exact.h - exp, log and pow that give the same bits on every machine.
 *
 * glibc picks its own exp and log by processor (with or without fused multiply-add), and their last bit differs;
 * a simulation's bytes must not.  Relative error below 4e-16 over the whole range (tested against libm's long double).
 * Plain IEEE double arithmetic in a fixed order; the project is built with -ffp-contract=off.
 */
#ifndef GS_EXACT_H
#define GS_EXACT_H

double exact_exp(double x);           /* 0 below -745.2, infinity above 709.8 */
double exact_log(double x);           /* x > 0 */
double exact_pow(double x, double y); /* x > 0; relative error grows with |y log x| * 2^-53 */

#endif
