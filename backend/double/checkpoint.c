/* checkpoint.c - a process is taken off the GPU by another one: calls are held, memory and context go, and come back.
 *
 * RUNNING -lock-> LOCKED -checkpoint-> CHECKPOINTED -restore-> LOCKED -unlock-> RUNNING; a step out of turn is
 * ILLEGAL_STATE.  As with a driver, the bytes go into memory of the process itself, addresses stay, and a restore that
 * finds too little free memory leaves the process stuck for good (NVIDIA/cuda-checkpoint, issue 44). */
#include "backend/double/ledger.h"
#include "backend/double/state.h"
#include "sim/base/arena.h"

#include <string.h>
#include <sys/mman.h>

static CUresult lock(uint64_t timeout_ms)
{
    if (the.process != CU_PROCESS_STATE_RUNNING)
        return CUDA_ERROR_ILLEGAL_STATE;
    if (!enter_hold(timeout_ms))
        return CUDA_ERROR_NOT_READY;
    the.process = CU_PROCESS_STATE_LOCKED;
    return CUDA_SUCCESS;
}

static CUresult unlock(void)
{
    if (the.process != CU_PROCESS_STATE_LOCKED)
        return CUDA_ERROR_ILLEGAL_STATE;
    the.process = CU_PROCESS_STATE_RUNNING;
    enter_unhold();
    return CUDA_SUCCESS;
}

void checkpoint_finish_work(void)
{
    for (unsigned i = 0; i < STREAMS; i++)
        if (the.stream[i].live && the.stream[i].last != 0)
            clock_wait(the.stream[i].last, the.stream[i].gpu);
}

/* The same bytes in other pages: memory of the process for the driver's, or the other way round. */
static bool move_bytes(struct chunk *chunk, bool out)
{
    unsigned char *data = out ? heap_resize(NULL, chunk->bytes) : chunk_pages(chunk->bytes);

    if (data == NULL)
        return false;
    memcpy(data, chunk->data, chunk->bytes);
    if (out)
        munmap(chunk->data, chunk->bytes);
    else
        heap_free(chunk->data);
    chunk->data = data;
    return true;
}

void checkpoint_leave_gpus(void)
{
    for (unsigned gpu = 0; gpu < GPUS; gpu++)
        if (the.gpu[gpu].retained > 0)
            ledger_give(gpu, the.options.context_bytes);
    ledger_show(false, the.options.unseen);
}

bool checkpoint_refuses(void)
{
    bool refuses = false;

    for (unsigned i = 0; i < CHUNKS; i++)
        refuses |= the.chunk[i].live &&
                   (the.chunk[i].managed || (the.chunk[i].shared && the.options.driver_version < SHARED_SINCE));
    return refuses;
}

static CUresult save(void)
{
    if (the.process != CU_PROCESS_STATE_LOCKED)
        return CUDA_ERROR_ILLEGAL_STATE;
    if (checkpoint_refuses())
        return CUDA_ERROR_NOT_SUPPORTED;
    checkpoint_finish_work();
    for (unsigned i = 0; i < CHUNKS; i++) {
        if (!the.chunk[i].live)
            continue;
        if (!move_bytes(&the.chunk[i], true)) {
            the.process = CU_PROCESS_STATE_FAILED;
            return CUDA_ERROR_OUT_OF_MEMORY;
        }
        ledger_give(the.chunk[i].gpu, the.chunk[i].bytes);
    }
    checkpoint_leave_gpus();
    the.process = CU_PROCESS_STATE_CHECKPOINTED;
    return CUDA_SUCCESS;
}

bool checkpoint_take_capacity(void)
{
    uint64_t need[GPUS] = {0};

    for (unsigned i = 0; i < CHUNKS; i++)
        if (the.chunk[i].live)
            need[the.chunk[i].gpu] += the.chunk[i].bytes;
    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
        need[gpu] += the.gpu[gpu].retained > 0 ? the.options.context_bytes : 0;
        if (need[gpu] == 0 || ledger_take(gpu, need[gpu]))
            continue;
        while (gpu-- > 0)
            ledger_give(gpu, need[gpu]);
        return false;
    }
    return true;
}

static CUresult restore(void)
{
    if (the.process == CU_PROCESS_STATE_FAILED)
        return CUDA_ERROR_OPERATING_SYSTEM;
    if (the.process != CU_PROCESS_STATE_CHECKPOINTED)
        return CUDA_ERROR_ILLEGAL_STATE;
    if (the.stored) /* what a driver does then is not known */
        return CUDA_ERROR_INVALID_VALUE;
    the.process = CU_PROCESS_STATE_FAILED;
    if (!checkpoint_take_capacity())
        return CUDA_ERROR_OUT_OF_MEMORY;
    for (unsigned i = 0; i < CHUNKS; i++)
        if (the.chunk[i].live && !move_bytes(&the.chunk[i], false))
            return CUDA_ERROR_OUT_OF_MEMORY;
    ledger_show(true, the.options.unseen);
    the.process = CU_PROCESS_STATE_LOCKED;
    return CUDA_SUCCESS;
}

struct checkpoint_answer checkpoint_obey(struct checkpoint_order order)
{
    struct checkpoint_answer answer = {.result = CUDA_SUCCESS};

    if (order.call == CHECKPOINT_LOCK)
        answer.result = lock(order.timeout_ms);
    else if (order.call == CHECKPOINT_UNLOCK)
        answer.result = unlock();
    else if (order.call == CHECKPOINT_SAVE || order.call == CHECKPOINT_RESTORE) {
        enter_lock();
        answer.result = order.call == CHECKPOINT_SAVE ? save() : restore();
        leave(CUDA_SUCCESS);
    } else if (order.call != CHECKPOINT_STATE) {
        enter_lock();
        answer.result = storage_obey(order.call, answer.shown);
        leave(CUDA_SUCCESS);
    }
    answer.state = the.process;
    return answer;
}

/* --- the calls, as another process makes them --- */

static bool is_zero(const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < count; i++)
        if (at[i] != 0)
            return false;
    return true;
}

/* Without the lock while the other process is at work. */
static CUresult ask(const char *call, int pid, bool fine, struct checkpoint_order order, CUprocessState *state)
{
    struct checkpoint_answer answer = {.result = CUDA_SUCCESS};
    CUresult result;

    if ((result = enter(call, ENTER_INIT, NULL)) != CUDA_SUCCESS)
        return result;
    if (!fine)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "%s: arguments", call));
    leave(CUDA_SUCCESS);
    if ((result = serve_ask(pid, order, &answer)) != CUDA_SUCCESS)
        return result;
    if (state != NULL)
        *state = answer.state;
    return answer.result;
}

CUresult cuCheckpointProcessGetState(int pid, CUprocessState *state)
{
    return ask("cuCheckpointProcessGetState", pid, state != NULL, (struct checkpoint_order){.call = CHECKPOINT_STATE},
               state);
}

CUresult cuCheckpointProcessLock(int pid, CUcheckpointLockArgs *args)
{
    return ask("cuCheckpointProcessLock", pid,
               args == NULL || (args->reserved0 == 0 && is_zero(args->reserved1, sizeof args->reserved1)),
               (struct checkpoint_order){.call = CHECKPOINT_LOCK, .timeout_ms = args != NULL ? args->timeoutMs : 0},
               NULL);
}

/* The pointer at `offset` of the arguments, which says that who asks copies the bytes himself, and all else 0 (CUDA 13.4);
 * NULL: that is not so. */
static void *asks_to_copy(const void *args, size_t offset)
{
    unsigned char rest[64];
    void *out = NULL;

    if (args == NULL || the.options.driver_version < STORAGE_SINCE)
        return NULL;
    memcpy(rest, args, sizeof rest);
    memcpy(&out, rest + offset, sizeof out);
    memset(rest + offset, 0, sizeof out);
    return is_zero(rest, sizeof rest) ? out : NULL;
}

CUresult cuCheckpointProcessCheckpoint(int pid, CUcheckpointCheckpointArgs *args)
{
    void *out = asks_to_copy(args, 0);

    if (out != NULL)
        return storage_begin("cuCheckpointProcessCheckpoint", pid, false, out);
    return ask("cuCheckpointProcessCheckpoint", pid, args == NULL || is_zero(args, sizeof *args),
               (struct checkpoint_order){.call = CHECKPOINT_SAVE}, NULL);
}

CUresult cuCheckpointProcessRestore(int pid, CUcheckpointRestoreArgs *args)
{
    void *out = asks_to_copy(args, 2 * sizeof(void *)); /* behind the pairs of GPUs and their count */

    if (out != NULL)
        return storage_begin("cuCheckpointProcessRestore", pid, true, out);
    return ask("cuCheckpointProcessRestore", pid, args == NULL || is_zero(args, sizeof *args), /* no other GPU */
               (struct checkpoint_order){.call = CHECKPOINT_RESTORE}, NULL);
}

CUresult cuCheckpointProcessUnlock(int pid, CUcheckpointUnlockArgs *args)
{
    return ask("cuCheckpointProcessUnlock", pid, args == NULL || is_zero(args, sizeof *args),
               (struct checkpoint_order){.call = CHECKPOINT_UNLOCK}, NULL);
}
