/* work.c - streams: queues of work, and the copies in them. */
#include "backend/double/state.h"
#include "sim/base/arena.h"

#include <string.h>

struct stream *stream_find(CUstream handle, unsigned gpu, unsigned *index)
{
    unsigned generation;

    if (!handle_split((uint64_t)(uintptr_t)handle, HANDLE_STREAM, STREAMS, &generation, index) ||
        !the.stream[*index].live || the.stream[*index].generation != generation) {
        violation("stale", "a stream that is no more, or the default stream, which this program does not use");
        return NULL;
    }
    if (the.stream[*index].gpu != gpu) {
        violation("context", "a stream of another GPU's context");
        return NULL;
    }
    return &the.stream[*index];
}

struct op *op_find(uint64_t id)
{
    size_t low = 0, high = the.ops;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (the.op[middle]->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < the.ops && the.op[low]->id == id ? the.op[low] : NULL;
}

struct op *op_new(unsigned stream, enum op_kind kind)
{
    struct op **grown = memory_grow(the.op, &the.op_capacity, the.ops + 1, sizeof *the.op);
    struct op *op;

    if (grown == NULL)
        return NULL;
    the.op = grown;
    if ((op = heap_resize(NULL, sizeof *op)) == NULL)
        return NULL;
    *op = (struct op){.id = ++the.next_op,
                      .before = the.stream[stream].last,
                      .kind = kind,
                      .stream = stream,
                      .gpu = the.stream[stream].gpu};
    return op;
}

/* Delays drawn from a seed, so that what nothing orders happens in one order here and in another there. */
static uint64_t chaos(void)
{
    enum { LONGEST_NS = 300000 };

    if (the.options.chaos == 0)
        return 0;
    the.chaos ^= the.chaos << 13;
    the.chaos ^= the.chaos >> 7;
    the.chaos ^= the.chaos << 17;
    return the.chaos % LONGEST_NS;
}

void op_submit(struct op *op)
{
    op->fails = enter_pending();
    op->hangs = enter_hangs();
    op->skips = enter_skips();
    op->spoils = enter_spoils();
    if (op->skips)
        op->after = 0;
    op->not_before_ns = the.now_ns + chaos();
    the.op[the.ops++] = op;
    the.stirred = true;
    the.stream[op->stream].last = op->id;
    order_check(op);
}

void op_touch(struct op *op, uint64_t address, size_t bytes, bool writes)
{
    op->touch[op->touches++] = (struct touch){{address, bytes}, writes};
}

void ops_drop(unsigned gpu)
{
    for (size_t i = 0; i < the.ops; i++)
        if (the.op[i]->gpu == gpu)
            the.op[i]->state = OP_DONE;
    the.stirred = true;
    memset(the.gpu[gpu].running, 0, sizeof the.gpu[gpu].running);
}

bool stream_take(unsigned gpu, unsigned *index)
{
    unsigned i = 0;

    while (i < STREAMS && the.stream[i].live)
        i++;
    if (i == STREAMS)
        return false;
    the.stream[i] = (struct stream){.generation = the.stream[i].generation + 1, .live = true, .gpu = gpu};
    *index = i;
    return true;
}

CUresult cuStreamCreateWithPriority(CUstream *phStream, unsigned int flags, int priority)
{
    unsigned gpu = 0, i = 0;
    CUresult result;

    (void)priority;
    if ((result = enter("cuStreamCreateWithPriority", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (phStream == NULL || flags != CU_STREAM_NON_BLOCKING)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument",
                           "cuStreamCreateWithPriority: only streams that do not block are known here"));
    if (!stream_take(gpu, &i))
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    *phStream = (CUstream)(uintptr_t)handle_make(HANDLE_STREAM, the.stream[i].generation, i);
    return leave(CUDA_SUCCESS);
}

CUresult cuStreamDestroy(CUstream hStream)
{
    unsigned gpu = 0, index;
    struct stream *stream;
    CUresult result;

    if ((result = enter("cuStreamDestroy", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((stream = stream_find(hStream, gpu, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (op_find(stream->last) != NULL)
        violation("in-flight", "cuStreamDestroy of a stream with work of which the host has not seen the end");
    stream->live = false;
    return leave(CUDA_SUCCESS);
}

CUresult cuStreamGetCtx(CUstream hStream, CUcontext *pctx)
{
    unsigned generation, index;
    CUresult result;

    if ((result = enter("cuStreamGetCtx", ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!handle_split((uint64_t)(uintptr_t)hStream, HANDLE_STREAM, STREAMS, &generation, &index) ||
        !the.stream[index].live || the.stream[index].generation != generation)
        return leave(WRONG(CUDA_ERROR_INVALID_HANDLE, "stale", "cuStreamGetCtx of a stream that is no more"));
    *pctx = enter_context(the.stream[index].gpu);
    return leave(CUDA_SUCCESS);
}

CUresult cuStreamSynchronize(CUstream hStream)
{
    unsigned gpu = 0, index;
    struct stream *stream;
    CUresult result;

    if ((result = enter("cuStreamSynchronize", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((stream = stream_find(hStream, gpu, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    result = clock_wait(stream->last, gpu);
    if (result == CUDA_SUCCESS)
        order_known(stream->last);
    return leave(result);
}

CUresult cuStreamQuery(CUstream hStream)
{
    unsigned gpu = 0, index;
    const struct stream *stream;
    const struct op *op;
    CUresult result;

    if ((result = enter("cuStreamQuery", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((stream = stream_find(hStream, gpu, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    op = op_find(stream->last);
    if (op != NULL && op->state != OP_DONE) {
        clock_asked();
        return leave(CUDA_ERROR_NOT_READY);
    }
    order_known(stream->last);
    return leave(CUDA_SUCCESS);
}

/* The context's synchronisation: the end of everything on its GPU. */
CUresult cuCtxSynchronize(void)
{
    CUresult result;
    unsigned gpu = 0;

    if ((result = enter("cuCtxSynchronize", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    for (unsigned i = 0; i < STREAMS && result == CUDA_SUCCESS; i++) {
        if (the.stream[i].last == 0 || the.stream[i].gpu != gpu)
            continue;
        if ((result = clock_wait(the.stream[i].last, gpu)) == CUDA_SUCCESS)
            order_known(the.stream[i].last);
    }
    return leave(result);
}

static double copy_rate(enum op_kind kind, bool registered)
{
    double per_s = kind == OP_IN ? the.options.in_bytes_per_s : the.options.out_bytes_per_s;

    return registered || per_s < the.options.plain_bytes_per_s ? per_s : the.options.plain_bytes_per_s;
}

static CUresult issue(unsigned stream, enum op_kind kind, CUdeviceptr device, void *host, size_t bytes, uint64_t *id)
{
    struct op *op = op_new(stream, kind);

    if (op == NULL)
        return CUDA_ERROR_OUT_OF_MEMORY;
    op->device = device;
    op->host = host;
    op->bytes = bytes;
    op->left_ns = (double)the.options.latency_ns + 1e9 * (double)bytes / copy_rate(kind, host_registered(host, bytes));
    op_touch(op, device, bytes, kind == OP_IN);
    op_touch(op, (uintptr_t)host, bytes, kind == OP_OUT);
    *id = op->id;
    op_submit(op);
    return CUDA_SUCCESS;
}

static CUresult await(uint64_t id, unsigned gpu)
{
    CUresult result = clock_wait(id, gpu);

    if (result == CUDA_SUCCESS)
        order_known(id);
    return result;
}

/* Memory that is not registered: the driver copies by way of its own buffers and may return late; this one always does. */
static CUresult copy(const char *call, enum op_kind kind, CUdeviceptr device, void *host, size_t bytes, CUstream handle)
{
    unsigned gpu = 0, index;
    CUresult result;
    uint64_t id;

    if ((result = enter(call, ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (stream_find(handle, gpu, &index) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (bytes == 0 || host == NULL)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "%s of nothing", call));
    result = issue(index, kind, device, host, bytes, &id);
    if (result == CUDA_SUCCESS && !host_registered(host, bytes)) {
        violation("pageable", "%s with host memory that is not registered", call);
        result = await(id, gpu);
    }
    return leave(result);
}

/* While the host waits, in a stream of its own, which blocks none of the others. */
static CUresult copy_now(const char *call, enum op_kind kind, CUdeviceptr device, void *host, size_t bytes)
{
    unsigned gpu = 0, index;
    CUresult result;
    uint64_t id;

    if ((result = enter(call, ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (bytes == 0 || host == NULL)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "%s of nothing", call));
    if (!stream_take(gpu, &index))
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    if ((result = issue(index, kind, device, host, bytes, &id)) == CUDA_SUCCESS)
        result = await(id, gpu);
    the.stream[index].live = false;
    return leave(result);
}

CUresult cuMemcpyHtoD(CUdeviceptr dstDevice, const void *srcHost, size_t ByteCount)
{
    void *host;

    memcpy(&host, &srcHost, sizeof host); /* it is only read */
    return copy_now("cuMemcpyHtoD", OP_IN, dstDevice, host, ByteCount);
}

CUresult cuMemcpyDtoH(void *dstHost, CUdeviceptr srcDevice, size_t ByteCount)
{
    return copy_now("cuMemcpyDtoH", OP_OUT, srcDevice, dstHost, ByteCount);
}

CUresult cuMemcpyHtoDAsync(CUdeviceptr dstDevice, const void *srcHost, size_t ByteCount, CUstream hStream)
{
    void *host;

    memcpy(&host, &srcHost, sizeof host); /* it is only read */
    return copy("cuMemcpyHtoDAsync", OP_IN, dstDevice, host, ByteCount, hStream);
}

CUresult cuMemcpyDtoHAsync(void *dstHost, CUdeviceptr srcDevice, size_t ByteCount, CUstream hStream)
{
    return copy("cuMemcpyDtoHAsync", OP_OUT, srcDevice, dstHost, ByteCount, hStream);
}

void streams_forget(void)
{
    for (size_t i = 0; i < the.ops; i++)
        heap_free(the.op[i]);
    the.ops = 0;
    for (unsigned i = 0; i < STREAMS; i++)
        the.stream[i] = (struct stream){.generation = the.stream[i].generation};
    for (unsigned i = 0; i < EVENTS; i++)
        the.event[i] = (struct event){.generation = the.event[i].generation};
}
