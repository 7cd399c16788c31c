/* perform.c - what work does when its time has come. */
#include "backend/double/state.h"

#include <string.h>

static CUresult copy(const struct op *op)
{
    for (size_t done = 0, run; done < op->bytes; done += run) {
        unsigned char *device = mapping_find(op->device + done, &run, false);

        if (device == NULL)
            return WRONG(CUDA_ERROR_ILLEGAL_ADDRESS, "illegal", "a copy with device memory that is not mapped");
        run = run < op->bytes - done ? run : op->bytes - done;
        if (op->kind == OP_IN)
            memcpy(device, op->host + done, run);
        else
            memcpy(op->host + done, device, run);
        if (op->spoils && op->bytes / 2 >= done && op->bytes / 2 < done + run)
            (op->kind == OP_IN ? device : op->host + done)[op->bytes / 2 - done] ^= 1;
    }
    return CUDA_SUCCESS;
}

CUresult op_perform(struct op *op)
{
    if (op->fails != CUDA_SUCCESS)
        return op->fails;
    if (op->skips)
        return CUDA_SUCCESS;
    switch (op->kind) {
    case OP_RECORD:
    case OP_WAIT:
        return CUDA_SUCCESS;
    case OP_IN:
    case OP_OUT:
        return copy(op);
    case OP_KERNEL:
        return the.options.interpret ? ptx_run(op) : op->function->twin->run(op);
    }
    return CUDA_ERROR_UNKNOWN;
}
