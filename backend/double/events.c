/* events.c - points in streams that others can wait for. */
#include "backend/double/state.h"

static struct event *find(CUevent handle, unsigned *index)
{
    unsigned generation;

    if (handle_split((uint64_t)(uintptr_t)handle, HANDLE_EVENT, EVENTS, &generation, index) && the.event[*index].live &&
        the.event[*index].generation == generation)
        return &the.event[*index];
    violation("stale", "an event that is no more, or never was");
    return NULL;
}

/* Not yet over; what was never recorded is. */
static bool under_way(const struct event *event)
{
    const struct op *op = op_find(event->op);

    return op != NULL && op->state != OP_DONE;
}

CUresult cuEventCreate(CUevent *phEvent, unsigned int Flags)
{
    unsigned gpu = 0, i = 0;
    CUresult result;

    if ((result = enter("cuEventCreate", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (phEvent == NULL || (Flags & ~(unsigned)(CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING)) != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuEventCreate: flags"));
    while (i < EVENTS && the.event[i].live)
        i++;
    if (i == EVENTS)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    the.event[i] = (struct event){.generation = the.event[i].generation + 1,
                                  .live = true,
                                  .timed = (Flags & CU_EVENT_DISABLE_TIMING) == 0,
                                  .gpu = gpu};
    *phEvent = (CUevent)(uintptr_t)handle_make(HANDLE_EVENT, the.event[i].generation, i);
    return leave(CUDA_SUCCESS);
}

CUresult cuEventDestroy(CUevent hEvent)
{
    struct event *event;
    CUresult result;
    unsigned index;

    if ((result = enter("cuEventDestroy", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((event = find(hEvent, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    event->live = false;
    return leave(CUDA_SUCCESS);
}

CUresult cuEventRecord(CUevent hEvent, CUstream hStream)
{
    unsigned gpu = 0, index, stream;
    struct event *event;
    CUresult result;
    struct op *op;

    if ((result = enter("cuEventRecord", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((event = find(hEvent, &index)) == NULL || stream_find(hStream, gpu, &stream) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (event->gpu != gpu)
        return leave(WRONG(CUDA_ERROR_INVALID_HANDLE, "context", "cuEventRecord: event and stream of two GPUs"));
    if ((op = op_new(stream, OP_RECORD)) == NULL)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    op->event = index;
    op->event_generation = event->generation;
    event->op = op->id;
    op_submit(op);
    return leave(CUDA_SUCCESS);
}

CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags)
{
    unsigned gpu = 0, index, stream;
    const struct event *event;
    CUresult result;
    struct op *op;

    if ((result = enter("cuStreamWaitEvent", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((event = find(hEvent, &index)) == NULL || stream_find(hStream, gpu, &stream) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (Flags != CU_EVENT_WAIT_DEFAULT)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuStreamWaitEvent: flags"));
    if ((op = op_new(stream, OP_WAIT)) == NULL)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    op->after = event->op;
    op_submit(op);
    return leave(CUDA_SUCCESS);
}

CUresult cuEventQuery(CUevent hEvent)
{
    const struct event *event;
    CUresult result;
    unsigned index;

    if ((result = enter("cuEventQuery", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((event = find(hEvent, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (under_way(event)) {
        clock_asked();
        return leave(CUDA_ERROR_NOT_READY);
    }
    order_known(event->op);
    return leave(CUDA_SUCCESS);
}

CUresult cuEventSynchronize(CUevent hEvent)
{
    struct event *event;
    CUresult result;
    unsigned index;
    uint64_t id;

    if ((result = enter("cuEventSynchronize", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((event = find(hEvent, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    id = event->op; /* a record that another thread makes meanwhile is not waited for */
    if ((result = clock_wait(id, event->gpu)) == CUDA_SUCCESS)
        order_known(id);
    return leave(result);
}

/* Version 1 and 2 of it are the same to us; the header renames to the second where it has one. */
static CUresult elapsed(float *pMilliseconds, CUevent hStart, CUevent hEnd)
{
    const struct event *start, *end;
    CUresult result;
    unsigned index;

    if ((result = enter("cuEventElapsedTime", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((start = find(hStart, &index)) == NULL || (end = find(hEnd, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (!start->timed || !end->timed || start->op == 0 || end->op == 0)
        return leave(WRONG(CUDA_ERROR_INVALID_HANDLE, "argument", "cuEventElapsedTime: not timed or not recorded"));
    if (under_way(start) || under_way(end))
        return leave(CUDA_ERROR_NOT_READY);
    *pMilliseconds = (float)((double)(int64_t)(end->at_ns - start->at_ns) / 1e6);
    return leave(CUDA_SUCCESS);
}

CUresult cuEventElapsedTime(float *pMilliseconds, CUevent hStart, CUevent hEnd)
{
    return elapsed(pMilliseconds, hStart, hEnd);
}

#undef cuEventElapsedTime
__attribute__((visibility("default"))) CUresult cuEventElapsedTime(float *pMilliseconds, CUevent hStart, CUevent hEnd);
CUresult cuEventElapsedTime(float *pMilliseconds, CUevent hStart, CUevent hEnd)
{
    return elapsed(pMilliseconds, hStart, hEnd);
}
