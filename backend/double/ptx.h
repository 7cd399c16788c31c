/* ptx.h - kernels as the interpreter holds them. */
#ifndef GS_DOUBLE_PTX_H
#define GS_DOUBLE_PTX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PTX_REGISTERS = 512, PTX_INSTRUCTIONS = 512 };

enum ptx_opcode {
    PTX_LOAD_PARAMETER,
    PTX_MOVE,
    PTX_WIDEN, /* also cvta: addresses of one space are those of the other */
    PTX_MULTIPLY_WIDE,
    PTX_ADD,
    PTX_SUBTRACT,
    PTX_MULTIPLY,
    PTX_SHIFT_LEFT,
    PTX_SHIFT_RIGHT,
    PTX_XOR,
    PTX_LESS,
    PTX_AT_LEAST,
    PTX_EQUAL,
    PTX_BRANCH,
    PTX_RETURN,
    PTX_LOAD,
    PTX_STORE,
    PTX_ATOMIC_ADD,
    PTX_ATOMIC_MIN,
};

enum ptx_operand_kind {
    PTX_NONE,
    PTX_REGISTER,
    PTX_NUMBER, /* or a parameter's or label's number */
    PTX_THREAD,
    PTX_THREADS,
    PTX_BLOCK,
    PTX_BLOCKS,
    PTX_TIMER,
};

struct ptx_operand {
    enum ptx_operand_kind kind;
    uint64_t value; /* which register; the number */
};

struct ptx_instruction {
    enum ptx_opcode opcode;
    bool guarded, negated; /* only if the register `guard` is set, or not set */
    unsigned guard;
    unsigned bits; /* 32 or 64: of the result */
    struct ptx_operand operand[3];
};

struct ptx_kernel {
    unsigned instructions;
    struct ptx_instruction instruction[PTX_INSTRUCTIONS];
};

#endif
