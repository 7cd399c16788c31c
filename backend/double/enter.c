/* enter.c - how every call begins and ends: the lock, the context, the script of faults. */
#include "backend/double/ledger.h"
#include "backend/double/state.h"

#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct state the;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held;                                     /* no call begins */
static unsigned under_way;                            /* calls */
static _Thread_local bool is_call;                    /* of this thread, one of them */
static _Thread_local unsigned current, current_epoch; /* the thread's context: GPU + 1 */

static struct {
    const char *name;
    uint64_t made;
} calls[128];

static int process; /* this one: asking the kernel twice a call took longer than the call */

static void begin_process(void)
{
    process = getpid();
}

__attribute__((constructor)) static void begin(void)
{
    begin_process();
    pthread_atfork(NULL, NULL, begin_process);
}

static CUresult pending; /* of the call that is under way */
static bool pending_hangs, pending_skips, pending_spoils;

static uint64_t count_call(const char *call)
{
    size_t i = 0;

    while (calls[i].name != NULL && strcmp(calls[i].name, call) != 0)
        i++;
    if (calls[i].name == NULL && !call_exists(call))
        violation("argument", "%s has no row in calls.c", call);
    calls[i].name = call;
    return ++calls[i].made;
}

uint64_t enter_calls(const char *call)
{
    for (size_t i = 0; calls[i].name != NULL; i++)
        if (strcmp(calls[i].name, call) == 0)
            return calls[i].made;
    return 0;
}

void enter_forget(void)
{
    memset(calls, 0, sizeof calls);
}

bool enter_current(unsigned *gpu)
{
    if (current == 0 || current_epoch != the.epoch || the.gpu[current - 1].retained == 0)
        return false;
    *gpu = current - 1;
    return true;
}

/* What the script says about this call. */
static CUresult script(const char *call, uint64_t nth)
{
    pending = CUDA_SUCCESS;
    pending_hangs = pending_skips = pending_spoils = false;
    for (unsigned i = 0; i < the.options.faults; i++) {
        const struct fault *fault = &the.options.fault[i];

        if (strcmp(fault->call, call) != 0 || (fault->onwards ? nth < fault->nth : nth != fault->nth))
            continue;
        if (fault->effect == FAULT_RETURN)
            return fault->code;
        if (fault->effect == FAULT_LATER)
            pending = fault->code;
        if (fault->effect == FAULT_HANG)
            pending_hangs = true;
        if (fault->effect == FAULT_SKIP)
            pending_skips = true;
        if (fault->effect == FAULT_SPOIL)
            pending_spoils = true;
        if (fault->effect == FAULT_LOST) {
            ledger_lose();
            for (unsigned gpu = 0; gpu < GPUS; gpu++) {
                the.gpu[gpu].broken = fault->code;
                ops_drop(gpu);
            }
            return fault->code;
        }
    }
    return CUDA_SUCCESS;
}

static CUresult check_need(const char *call, enum enter_need need, unsigned *gpu)
{
    unsigned mine;

    if (need == ENTER_ANYHOW)
        return CUDA_SUCCESS;
    if (the.init_pid == 0)
        return WRONG(CUDA_ERROR_NOT_INITIALIZED, "context", "%s before cuInit", call);
    if (the.init_pid != process)
        return WRONG(CUDA_ERROR_NOT_INITIALIZED, "context", "%s in a forked child", call);
    if (need == ENTER_INIT)
        return CUDA_SUCCESS;
    if (!enter_current(&mine))
        return WRONG(CUDA_ERROR_INVALID_CONTEXT, "context", "%s in a thread without a current context", call);
    if (gpu != NULL)
        *gpu = mine;
    return the.gpu[mine].broken;
}

CUresult enter(const char *call, enum enter_need need, unsigned *gpu)
{
    CUresult result;
    uint64_t nth;

    pthread_mutex_lock(&lock);
    while (held)
        pthread_cond_wait(&changed, &lock);
    is_call = true;
    under_way++;
    the.calls++;
    if (need != ENTER_ANYHOW && the.init_pid == process) {
        clock_advance();
        chunks_free_late(false);
    }
    nth = count_call(call);
    result = check_need(call, need, gpu);
    if (result == CUDA_SUCCESS)
        result = script(call, nth);
    return result == CUDA_SUCCESS ? CUDA_SUCCESS : leave(result);
}

void enter_lock(void)
{
    pthread_mutex_lock(&lock);
}

CUresult leave(CUresult result)
{
    if (is_call) {
        is_call = false;
        under_way--;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    return result;
}

bool enter_hold(uint64_t timeout_ms)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&lock);
    held = true;
    while (under_way > 0 && rc == 0)
        rc = timeout_ms == 0 ? pthread_cond_wait(&changed, &lock)
                             : pthread_cond_clockwait(&changed, &lock, CLOCK_MONOTONIC, &until);
    if (under_way > 0)
        held = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return rc == 0 || held;
}

void enter_unhold(void)
{
    pthread_mutex_lock(&lock);
    held = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

CUresult enter_pending(void)
{
    return pending;
}

bool enter_hangs(void)
{
    return pending_hangs;
}

bool enter_skips(void)
{
    return pending_skips;
}

bool enter_spoils(void)
{
    return pending_spoils;
}

void enter_wait_until(uint64_t at_ns)
{
    uint64_t at = the.clock_base_ns + at_ns;
    struct timespec until = {.tv_sec = (time_t)(at / 1000000000), .tv_nsec = (long)(at % 1000000000)};

    pthread_mutex_unlock(&lock);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    pthread_mutex_lock(&lock);
}

void enter_set_current(unsigned gpu, bool none)
{
    current = none ? 0 : gpu + 1;
    current_epoch = the.epoch;
}

CUcontext enter_context(unsigned gpu)
{
    return (CUcontext)(uintptr_t)handle_make(HANDLE_CONTEXT, the.epoch & 0xFFFF, gpu);
}

bool enter_find_context(CUcontext context, unsigned *gpu)
{
    unsigned epoch;

    return handle_split((uint64_t)(uintptr_t)context, HANDLE_CONTEXT, GPUS, &epoch, gpu) &&
           epoch == (the.epoch & 0xFFFF) && the.gpu[*gpu].retained > 0;
}
