/* submit.c - the calls by which work and memory get to a GPU.
 *
 * The usual way is one load of gate_word and a look into the thread's own slot: the gate has been open since this thread
 * last used this stream, and it may submit some more before the backlog is looked at.  `inside` tells the service that a
 * call is under way; the fence that this needs is on the service's side (membarrier), as it is rare there. */
#include "backend/gate/gate.h"
#include "backend/gate/submissions.h"

#include <string.h>

_Atomic uint64_t gate_word;
_Thread_local struct slot gate_slot __attribute__((tls_model("initial-exec"))) = {.seen = 1, .window = 1};

static inline uint64_t *recent_of(struct slot *slot, uint64_t stream)
{
    return &slot->recent[(stream >> 4 ^ stream >> 9 ^ stream) % RECENT];
}

/* Inside, and the gate is open: `slot->seen` may be old.  Whose a default stream is, the context says: each time anew. */
static void note(struct slot *slot, uint64_t stream, uint64_t word)
{
    bool tracks = service_tracks();

    if (word != slot->seen) {
        memset(slot->recent, 0, sizeof slot->recent);
        slot->seen = word;
        slot->left = slot->window;
    }
    if (!tracks) {
        slot->left = UINT32_MAX;
    } else if (slot->left == 0) {
        lanes_bound(slot, stream);
        slot->left = slot->window;
    } else {
        lanes_use(stream);
        slot->left--;
    }
    if (stream >= STREAM_FIRST)
        *recent_of(slot, stream) = stream;
}

/* Handles that no stream has: the call takes memory, or makes a context. */
enum { STREAM_OTHER = 0 };

__attribute__((noinline)) static void enter_slowly(struct slot *slot, uint64_t stream, uint64_t bytes)
{
    bool capturing;
    uint64_t word;

    service_begin();
    threads_list(slot);
    while ((word = atomic_load_explicit(&gate_word, memory_order_acquire)) == 0) {
        atomic_store_explicit(&slot->inside, 0, memory_order_release);
        lanes_learn_gpu();
        service_want(bytes);
        capturing = lanes_capturing(stream);
        if (!capturing)
            service_wait();
        atomic_store_explicit(&slot->inside, 1, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
        if (capturing)
            return; /* into a graph, and not to the GPU */
    }
    if (stream != STREAM_OTHER)
        note(slot, stream, word);
}

static inline struct slot *enter(uint64_t stream)
{
    struct slot *slot = &gate_slot;

    atomic_store_explicit(&slot->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(atomic_load_explicit(&gate_word, memory_order_relaxed) == slot->seen &&
                             *recent_of(slot, stream) == stream && slot->left > 0 && stream >= STREAM_FIRST,
                         1))
        slot->left--;
    else
        enter_slowly(slot, stream, 0);
    return slot;
}

/* A call that takes memory: rare, and never the usual way. */
static struct slot *enter_bytes(uint64_t bytes)
{
    struct slot *slot = &gate_slot;

    atomic_store_explicit(&slot->inside, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    enter_slowly(slot, STREAM_OTHER, bytes);
    return slot;
}

static struct slot *enter_device(uint64_t device)
{
    real_begin();
    lanes_name_gpu(device);
    return enter_bytes(0);
}

static inline void leave(struct slot *slot)
{
    atomic_store_explicit(&slot->count, atomic_load_explicit(&slot->count, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    atomic_store_explicit(&slot->inside, 0, memory_order_release);
}

/* Which stream. */
static inline uint64_t stream_of(uint64_t handle, int thread)
{
    return handle != STREAM_NULL ? handle : thread ? STREAM_THREAD : STREAM_LEGACY;
}

/* CUlaunchConfig and CUDA_LAUNCH_PARAMS, whose layout is part of the ABI. */
enum { CONFIG_STREAM = 32, PARAMS_STREAM = 40, PARAMS_BYTES = 56 };

static inline uint64_t stream_at(uint64_t base, uint64_t offset)
{
    uint64_t stream = 0;

    if (base != 0)
        memcpy(&stream, (const char *)(uintptr_t)base + offset, sizeof stream);
    return stream;
}

/* All but the last of a list; that one is entered as usual. */
static uint64_t stream_of_list(uint64_t list, uint64_t launches)
{
    for (uint64_t i = 0; i + 1 < (uint32_t)launches && list != 0; i++)
        leave(enter(stream_of(stream_at(list, i * PARAMS_BYTES + PARAMS_STREAM), 0)));
    return (uint32_t)launches > 0 ? stream_at(list, ((uint32_t)launches - 1) * PARAMS_BYTES + PARAMS_STREAM) : 0;
}

/* How a call is entered, by what its row says. */
#define ENTER(handle, thread) enter(stream_of(handle, thread))
#define ENTER_NONE(thread) ENTER(STREAM_NULL, thread)
#define ENTER_CONFIG(thread) ENTER(stream_at(a1, CONFIG_STREAM), thread)
#define ENTER_LIST(thread) ENTER(stream_of_list(a1, a2), thread)
#define ENTER_1(thread) ENTER(a1, thread)
#define ENTER_2(thread) ENTER(a2, thread)
#define ENTER_3(thread) ENTER(a3, thread)
#define ENTER_4(thread) ENTER(a4, thread)
#define ENTER_5(thread) ENTER(a5, thread)
#define ENTER_6(thread) ENTER(a6, thread)
#define ENTER_8(thread) ENTER(a8, thread)
#define ENTER_9(thread) ENTER(a9, thread)
#define ENTER_BYTES(thread) enter_bytes(0)
#define ENTER_BYTES_2(thread) enter_bytes(a2)
#define ENTER_DEVICE_2(thread) enter_device(a2)
#define ENTER_DEVICE_3(thread) enter_device(a3)
#define ENTER_DEVICE_4(thread) enter_device(a4)
#define ENTER_DEVICE_5(thread) enter_device(a5)

#define DECLARE(symbol, base, since, thread, words, way) EXPORT unsigned symbol(WORDS_##words);
#define DEFINE(symbol, base, since, thread, words, way)                                                                \
    unsigned symbol(WORDS_##words)                                                                                     \
    {                                                                                                                  \
        struct slot *slot = ENTER_##way(thread);                                                                       \
        unsigned result = REAL(symbol, words)(PASS_##words);                                                           \
                                                                                                                       \
        leave(slot);                                                                                                   \
        return result;                                                                                                 \
    }
GATE_SUBMISSIONS(DECLARE)
GATE_SUBMISSIONS(DEFINE)
