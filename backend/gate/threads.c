/* threads.c - the threads that submit: which of them are in a call, and how often they submitted.
 *
 * A slot lies in its thread's own memory, and leaves the list when the thread ends. */
#include "backend/gate/gate.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static struct slot *first;
static uint64_t gone; /* submissions of threads that have ended */
static bool barrier;

static void unlist(void *data)
{
    struct slot *slot = data, **at = &first;

    pthread_mutex_lock(&lock);
    while (*at != NULL && *at != slot)
        at = &(*at)->next;
    if (*at != NULL)
        *at = slot->next;
    gone += atomic_load_explicit(&slot->count, memory_order_relaxed);
    slot->listed = false;
    pthread_mutex_unlock(&lock);
}

static void begin(void)
{
    pthread_key_create(&key, unlist);
    barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void threads_list(struct slot *slot)
{
    if (slot->listed)
        return;
    pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
    slot->listed = true;
    slot->next = first;
    first = slot;
    pthread_mutex_unlock(&lock);
    pthread_setspecific(key, slot);
}

/* Where the kernel has no such barrier, time is one: a store leaves its processor within microseconds. */
void threads_fence(void)
{
    static const struct timespec long_enough = {.tv_nsec = 2000000};

    pthread_once(&once, begin);
    atomic_thread_fence(memory_order_seq_cst);
    if (!barrier || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0)
        nanosleep(&long_enough, NULL);
}

bool threads_inside(void)
{
    bool inside = false;

    pthread_mutex_lock(&lock);
    for (struct slot *slot = first; slot != NULL && !inside; slot = slot->next)
        inside = atomic_load_explicit(&slot->inside, memory_order_acquire) != 0;
    pthread_mutex_unlock(&lock);
    return inside;
}

uint64_t threads_count(void)
{
    uint64_t count;

    pthread_mutex_lock(&lock);
    count = gone;
    for (struct slot *slot = first; slot != NULL; slot = slot->next)
        count += atomic_load_explicit(&slot->count, memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    return count;
}

void threads_forget(void)
{
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    first = NULL;
    gone = 0;
    gate_slot.listed = false;
    gate_slot.seen = 1;
    atomic_store_explicit(&gate_slot.inside, 0, memory_order_relaxed);
    barrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}
