/* twins.c - the kernels of backend/cuda/kernels.cu as C: the bytes they touch, the time they take, what they do. */
#include "backend/cuda/mix.h"
#include "backend/double/state.h"

#include <string.h>

enum { WORD = sizeof(mix_word) };

/* Parameters are in the order of the kernel's own. */
#define DATA(op) ((op)->parameter[0])
#define WORDS(op) ((op)->parameter[1])
#define SEED(op) ((op)->parameter[2])

static void plan_memory(struct op *op, double times, bool writes)
{
    op->left_ns += times * 1e9 * (double)(WORDS(op) * WORD) / the.options.memory_bytes_per_s;
    op_touch(op, DATA(op), WORDS(op) * WORD, writes);
}

static void plan_fill(struct op *op)
{
    plan_memory(op, 1, true);
}

static void plan_touch(struct op *op)
{
    plan_memory(op, 2, true);
}

static void plan_check(struct op *op)
{
    plan_memory(op, 1, false);
    op_touch(op, op->parameter[4], sizeof(struct mix_found), true);
}

static void plan_busy(struct op *op)
{
    op->left_ns += (double)op->parameter[0];
}

static CUresult illegal(const char *kernel)
{
    return WRONG(CUDA_ERROR_ILLEGAL_ADDRESS, "illegal", "%s touches device memory that is not mapped", kernel);
}

/* The word at `i`, where the double keeps it; NULL: not there.  `run` words lie beside it. */
static unsigned char *word_at(const struct op *op, uint64_t i, uint64_t *run)
{
    size_t bytes;
    unsigned char *at = DATA(op) % WORD == 0 ? mapping_find(DATA(op) + i * WORD, &bytes, false) : NULL;

    if (at == NULL)
        return NULL;
    *run = bytes / WORD < WORDS(op) - i ? bytes / WORD : WORDS(op) - i;
    return at;
}

static CUresult run_fill(const struct op *op)
{
    uint64_t position = op->parameter[3], run;

    for (uint64_t i = 0; i < WORDS(op); i += run) {
        unsigned char *at = word_at(op, i, &run);

        if (at == NULL)
            return illegal("kernel_fill");
        for (uint64_t k = 0; k < run; k++) {
            mix_word word = mix_at(SEED(op), position + i + k);
            memcpy(at + k * WORD, &word, WORD);
        }
    }
    return CUDA_SUCCESS;
}

static CUresult run_touch(const struct op *op)
{
    uint64_t next = op->parameter[3], position = op->parameter[4], run;

    for (uint64_t i = 0; i < WORDS(op); i += run) {
        unsigned char *at = word_at(op, i, &run);

        if (at == NULL)
            return illegal("kernel_touch");
        for (uint64_t k = 0; k < run; k++) {
            mix_word word;
            memcpy(&word, at + k * WORD, WORD);
            word ^= mix_at(SEED(op), position + i + k) ^ mix_at(next, position + i + k);
            memcpy(at + k * WORD, &word, WORD);
        }
    }
    return CUDA_SUCCESS;
}

static CUresult run_check(const struct op *op)
{
    uint64_t position = op->parameter[3], run;
    size_t room = 0;
    unsigned char *out = mapping_find(op->parameter[4], &room, false);
    struct mix_found found;

    if (out == NULL || room < sizeof found || op->parameter[4] % WORD != 0)
        return illegal("kernel_check");
    memcpy(&found, out, sizeof found);
    for (uint64_t i = 0; i < WORDS(op); i += run) {
        const unsigned char *at = word_at(op, i, &run);

        if (at == NULL)
            return illegal("kernel_check");
        for (uint64_t k = 0; k < run; k++) {
            mix_word word;
            memcpy(&word, at + k * WORD, WORD);
            found.sum += word;
            if (word == mix_at(SEED(op), position + i + k))
                continue;
            found.bad++;
            found.first = position + i + k < found.first ? position + i + k : found.first;
        }
    }
    memcpy(out, &found, sizeof found);
    return CUDA_SUCCESS;
}

static CUresult run_busy(const struct op *op)
{
    (void)op;
    return CUDA_SUCCESS;
}

const struct twin *twin_find(const char *name)
{
    static const struct twin table[] = {
        {"kernel_fill", 4, plan_fill, run_fill},
        {"kernel_touch", 5, plan_touch, run_touch},
        {"kernel_check", 5, plan_check, run_check},
        {"kernel_busy", 1, plan_busy, run_busy},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
