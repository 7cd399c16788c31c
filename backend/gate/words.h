/* words.h - calls of the driver by their number of arguments.
 *
 * All arguments of all calls that the gate stands in are integers, pointers, or structs of eight bytes: by the x86-64 ABI
 * each is one word, in a register or on the stack, and is passed on as it came, whatever its type.  So one function fits
 * all calls with as many arguments, and the gate needs no header of the toolkit. */
#ifndef GS_WORDS_H
#define GS_WORDS_H

#include <stdint.h>

/* Parameters and arguments. */
#define WORDS_1 uint64_t a1
#define WORDS_2 WORDS_1, uint64_t a2
#define WORDS_3 WORDS_2, uint64_t a3
#define WORDS_4 WORDS_3, uint64_t a4
#define WORDS_5 WORDS_4, uint64_t a5
#define WORDS_6 WORDS_5, uint64_t a6
#define WORDS_7 WORDS_6, uint64_t a7
#define WORDS_8 WORDS_7, uint64_t a8
#define WORDS_9 WORDS_8, uint64_t a9
#define WORDS_10 WORDS_9, uint64_t a10
#define WORDS_11 WORDS_10, uint64_t a11
#define PASS_1 a1
#define PASS_2 PASS_1, a2
#define PASS_3 PASS_2, a3
#define PASS_4 PASS_3, a4
#define PASS_5 PASS_4, a5
#define PASS_6 PASS_5, a6
#define PASS_7 PASS_6, a7
#define PASS_8 PASS_7, a8
#define PASS_9 PASS_8, a9
#define PASS_10 PASS_9, a10
#define PASS_11 PASS_10, a11

#define EXPORT __attribute__((visibility("default")))

/* Call the driver: REAL(cuEventQuery, 1)(event).  The result is a CUresult. */
#define REAL(symbol, words) ((unsigned (*)(WORDS_##words))gate_real[REAL_##symbol])

#endif
