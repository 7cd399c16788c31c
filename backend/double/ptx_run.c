/* ptx_run.c - execute a kernel from its PTX, thread after thread: what its C twin is held against. */
#include "backend/double/ptx.h"
#include "backend/double/state.h"

#include <string.h>

enum { TIMER_STEP_NS = 1000, STEPS = 100000000 };

struct thread {
    const struct op *op;
    uint64_t reg[PTX_REGISTERS];
    uint64_t timer_ns;
    unsigned block, thread;
    uint64_t steps; /* of all threads of the launch */
};

static uint64_t value(struct thread *thread, const struct ptx_operand *operand)
{
    switch (operand->kind) {
    case PTX_REGISTER:
        return thread->reg[operand->value & UINT32_MAX];
    case PTX_NUMBER:
        return operand->value;
    case PTX_THREAD:
        return thread->thread;
    case PTX_THREADS:
        return thread->op->block;
    case PTX_BLOCK:
        return thread->block;
    case PTX_BLOCKS:
        return thread->op->grid;
    case PTX_TIMER:
        return thread->timer_ns += TIMER_STEP_NS;
    case PTX_NONE:
        break;
    }
    return 0;
}

/* The word at [register + offset]; NULL: not mapped, or not aligned. */
static unsigned char *memory(struct thread *thread, const struct ptx_operand *operand)
{
    uint64_t address = thread->reg[operand->value & UINT32_MAX] + (operand->value >> 32);
    size_t run;

    return address % sizeof(uint64_t) == 0 ? mapping_find(address, &run, false) : NULL;
}

static CUresult access_memory(struct thread *thread, const struct ptx_instruction *i)
{
    unsigned char *at = memory(thread, &i->operand[i->opcode == PTX_STORE ? 0 : 1]);
    uint64_t word, other;

    if (at == NULL)
        return WRONG(CUDA_ERROR_ILLEGAL_ADDRESS, "illegal", "%s touches device memory that is not mapped",
                     thread->op->function->name);
    memcpy(&word, at, sizeof word);
    if (i->opcode == PTX_STORE) {
        word = value(thread, &i->operand[1]);
        memcpy(at, &word, sizeof word);
        return CUDA_SUCCESS;
    }
    thread->reg[i->operand[0].value] = word;
    if (i->opcode == PTX_LOAD)
        return CUDA_SUCCESS;
    other = value(thread, &i->operand[2]);
    word = i->opcode == PTX_ATOMIC_ADD ? word + other : word < other ? word : other;
    memcpy(at, &word, sizeof word);
    return CUDA_SUCCESS;
}

static uint64_t compute(enum ptx_opcode opcode, uint64_t a, uint64_t b)
{
    switch (opcode) {
    case PTX_MULTIPLY_WIDE:
        return (a & UINT32_MAX) * (b & UINT32_MAX);
    case PTX_ADD:
        return a + b;
    case PTX_SUBTRACT:
        return a - b;
    case PTX_MULTIPLY:
        return a * b;
    case PTX_SHIFT_LEFT:
        return b < 64 ? a << b : 0;
    case PTX_SHIFT_RIGHT:
        return b < 64 ? a >> b : 0;
    case PTX_XOR:
        return a ^ b;
    case PTX_LESS:
        return a < b;
    case PTX_AT_LEAST:
        return a >= b;
    case PTX_EQUAL:
        return a == b;
    default: /* PTX_MOVE, PTX_WIDEN */
        return a;
    }
}

static CUresult run_thread(struct thread *thread)
{
    const struct ptx_kernel *kernel = thread->op->function->ptx;

    for (unsigned pc = 0; pc < kernel->instructions; pc++) {
        const struct ptx_instruction *i = &kernel->instruction[pc];
        uint64_t result;

        if (++thread->steps > STEPS)
            return CUDA_ERROR_LAUNCH_TIMEOUT;
        if (i->guarded && (thread->reg[i->guard] != 0) == i->negated)
            continue;
        if (i->opcode == PTX_RETURN)
            return CUDA_SUCCESS;
        if (i->opcode == PTX_BRANCH) {
            pc = (unsigned)i->operand[0].value - 1;
            continue;
        }
        if (i->opcode >= PTX_LOAD) {
            CUresult failed = access_memory(thread, i);
            if (failed != CUDA_SUCCESS)
                return failed;
            continue;
        }
        result = i->opcode == PTX_LOAD_PARAMETER
                     ? thread->op->parameter[i->operand[1].value % PARAMETERS]
                     : compute(i->opcode, value(thread, &i->operand[1]), value(thread, &i->operand[2]));
        thread->reg[i->operand[0].value] = i->bits == 32 ? result & UINT32_MAX : result;
    }
    return CUDA_SUCCESS;
}

CUresult ptx_run(const struct op *op)
{
    struct thread thread = {.op = op};
    CUresult result = CUDA_SUCCESS;

    for (thread.block = 0; thread.block < op->grid && result == CUDA_SUCCESS; thread.block++)
        for (thread.thread = 0; thread.thread < op->block && result == CUDA_SUCCESS; thread.thread++) {
            memset(thread.reg, 0, sizeof thread.reg);
            thread.timer_ns = 0;
            result = run_thread(&thread);
        }
    return result;
}
