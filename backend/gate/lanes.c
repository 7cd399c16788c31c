/* lanes.c - the streams that were used, and whether all that was submitted to them has ended.
 *
 * A lane is a stream, or a default stream of a context.  An event stands behind what was submitted: put there now and
 * then by the thread that submits, which so sees how much is under way, and by the service, which waits for the end of
 * all.  Nothing here waits for a whole context, as that would spoil the capture of a graph; for the same reason calls of
 * ours are made with relaxed capture.  One lock guards the lanes; who ends streams or contexts holds it. */
#include "backend/gate/gate.h"

#include <pthread.h>
#include <string.h>

enum { LANES = 1024, EVENT_FLAGS = 3 /* blocking, without times */, CAPTURE_RELAXED = 2, WINDOW_MOST = 1024 };

struct lane {
    bool there, used; /* used: since lanes_clear */
    bool marked;      /* the event stands somewhere in it */
    bool pending;     /* and the service has not seen it end */
    bool ended;       /* the stream is no more, its work may be */
    uint64_t context, device, stream;
    uint64_t thread; /* whose default stream it is */
    uint64_t user;   /* the thread that used it last */
    uint64_t event;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct lane lane[LANES];
static unsigned lanes;

/* Of its own: who asks for the GPU may not wait for somebody who ends a stream, as that one may wait for the GPU. */
static pthread_mutex_t gpu_lock = PTHREAD_MUTEX_INITIALIZER;
static struct gate_gpu gpu;
static bool gpu_known;

static uint64_t word_of(const void *at)
{
    return (uint64_t)(uintptr_t)at;
}

static uint64_t current_context(void)
{
    uint64_t context = 0;

    return REAL(cuCtxGetCurrent, 1)(word_of(&context)) == CU_OK ? context : 0;
}

/* Calls that a capture elsewhere forbids are allowed to this thread; give back what it said before. */
static uint32_t relax(uint32_t mode)
{
    return REAL(cuThreadExchangeStreamCaptureMode, 1)(word_of(&mode)) == CU_OK ? mode : CAPTURE_RELAXED;
}

bool lanes_capturing(uint64_t stream)
{
    uint32_t status = 0;

    return stream >= STREAM_THREAD && REAL(cuStreamIsCapturing, 2)(stream, word_of(&status)) == CU_OK && status != 0;
}

void lanes_lock(void)
{
    pthread_mutex_lock(&lock);
}

void lanes_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

static void drop(struct lane *gone)
{
    memset(gone, 0, sizeof *gone);
}

void lanes_name_gpu(uint64_t device)
{
    struct gate_gpu now = {.number = (uint32_t)device};

    if (REAL(cuDeviceGetUuid_v2, 2)(word_of(now.uuid), device) == CU_OK ||
        REAL(cuDeviceGetUuid, 2)(word_of(now.uuid), device) == CU_OK) {
        pthread_mutex_lock(&gpu_lock);
        gpu = now;
        gpu_known = true;
        pthread_mutex_unlock(&gpu_lock);
    }
}

/* That of the calling thread's context. */
static void learn_gpu(uint64_t *device)
{
    uint32_t number = 0;

    if (REAL(cuCtxGetDevice, 1)(word_of(&number)) != CU_OK)
        return;
    *device = number;
    lanes_name_gpu(number);
}

struct gate_gpu lanes_gpu(bool *known)
{
    struct gate_gpu copy;

    pthread_mutex_lock(&gpu_lock);
    copy = gpu;
    *known = gpu_known;
    pthread_mutex_unlock(&gpu_lock);
    return copy;
}

void lanes_learn_gpu(void)
{
    uint64_t device;
    bool known;

    lanes_gpu(&known);
    if (!known)
        learn_gpu(&device);
}

static uint64_t context_of(uint64_t stream)
{
    uint64_t context = 0;

    if (stream >= STREAM_FIRST && REAL(cuStreamGetCtx, 2)(stream, word_of(&context)) == CU_OK)
        return context;
    return current_context();
}

static struct lane *find(uint64_t context, uint64_t stream, uint64_t thread)
{
    for (unsigned i = 0; i < lanes; i++)
        if (lane[i].there && !lane[i].ended && lane[i].stream == stream && lane[i].context == context &&
            lane[i].thread == thread)
            return &lane[i];
    return NULL;
}

/* A free one; where there is none, that whose work the calling thread then waits for. */
static struct lane *take(void)
{
    static unsigned next;

    for (unsigned i = 0; i < LANES; i++)
        if (!lane[i].there) {
            lanes = i < lanes ? lanes : i + 1;
            return &lane[i];
        }
    next = (next + 1) % LANES;
    REAL(cuStreamSynchronize, 1)(lane[next].stream);
    if (lane[next].event != 0)
        REAL(cuEventDestroy_v2, 1)(lane[next].event);
    return &lane[next];
}

static struct lane *lane_of(uint64_t stream)
{
    uint64_t context = context_of(stream), thread = stream == STREAM_THREAD ? word_of(&gate_slot) : 0;
    struct lane *mine = find(context, stream, thread);

    if (mine != NULL || context == 0)
        return mine;
    mine = take();
    *mine = (struct lane){.there = true, .context = context, .stream = stream, .thread = thread};
    if (context == current_context())
        learn_gpu(&mine->device);
    return mine;
}

static void use(uint64_t stream)
{
    struct lane *mine = lane_of(stream);

    if (mine != NULL) {
        mine->used = true;
        mine->user = word_of(&gate_slot);
    }
}

void lanes_use(uint64_t stream)
{
    lanes_lock();
    use(stream);
    lanes_unlock();
}

/* Put the lane's event behind all that was submitted to it; its context is current. */
static void mark(struct lane *mine, uint64_t stream)
{
    if (mine->event == 0 && REAL(cuEventCreate, 2)(word_of(&mine->event), EVENT_FLAGS) != CU_OK)
        mine->event = 0;
    if (mine->event != 0 && !lanes_capturing(stream) && REAL(cuEventRecord, 2)(mine->event, stream) == CU_OK)
        mine->marked = true;
}

static bool under_way(const struct lane *mine)
{
    return mine->marked && REAL(cuEventQuery, 1)(mine->event) == CU_NOT_READY;
}

/* How many submissions of a thread fit between two looks: two such windows may be under way, and are to last a quarter of
 * the quantum at most. */
static void adapt(struct slot *slot, bool waited)
{
    uint64_t now = service_now_ns(), took = now - slot->looked_ns, eighth = service_quantum_us() * 1000 / 8;

    if (waited && took > eighth)
        slot->window = slot->window * eighth > took ? (uint32_t)(slot->window * eighth / took) : 1;
    else if (took < eighth / 2 && slot->window < WINDOW_MOST)
        slot->window *= 2;
    slot->looked_ns = now;
}

static bool is_mine(const struct lane *one, uint64_t context)
{
    return one->there && one->used && !one->ended && one->context == context && one->user == word_of(&gate_slot);
}

/* For the mark of the last look; nobody else may have to wait for the lock so long. */
static bool wait_for(const struct lane *one)
{
    uint64_t event = one->event;

    if (!under_way(one))
        return false;
    lanes_unlock();
    REAL(cuEventSynchronize, 1)(event);
    lanes_lock();
    return true;
}

/* All streams of the thread together: with many of them, a window each would be many windows under way. */
void lanes_bound(struct slot *slot, uint64_t stream)
{
    uint64_t context = current_context();
    uint32_t mode = relax(CAPTURE_RELAXED);
    bool waited = false;

    lanes_lock();
    use(stream);
    for (unsigned i = 0; i < lanes; i++)
        waited |= is_mine(&lane[i], context) && wait_for(&lane[i]);
    for (unsigned i = 0; i < lanes; i++)
        if (is_mine(&lane[i], context))
            mark(&lane[i], lane[i].stream);
    lanes_unlock();
    relax(mode);
    adapt(slot, waited);
}

/* The service's thread; work in the threads' default streams comes before an event in that of all. */
void lanes_mark(void)
{
    uint64_t current = 0;

    relax(CAPTURE_RELAXED);
    lanes_lock();
    for (unsigned i = 0; i < lanes; i++) {
        struct lane *one = &lane[i];

        if (!one->there || !one->used)
            continue;
        if (one->context != current && REAL(cuCtxSetCurrent, 1)(one->context) != CU_OK) {
            drop(one);
            continue;
        }
        current = one->context;
        if (!one->ended)
            mark(one, one->stream == STREAM_THREAD ? STREAM_LEGACY : one->stream);
        one->pending = one->marked;
    }
    lanes_unlock();
}

bool lanes_done(void)
{
    uint64_t current = 0;
    bool done = true;

    lanes_lock();
    for (unsigned i = 0; i < lanes && done; i++) {
        struct lane *one = &lane[i];

        if (!one->there || !one->pending)
            continue;
        if (one->context != current && REAL(cuCtxSetCurrent, 1)(one->context) != CU_OK) {
            drop(one);
            continue;
        }
        current = one->context;
        one->pending = under_way(one); /* a context that is lost has ended, too */
        done = !one->pending;
    }
    lanes_unlock();
    return done;
}

void lanes_clear(void)
{
    lanes_lock();
    for (unsigned i = 0; i < lanes; i++) {
        lane[i].used = lane[i].pending = lane[i].marked = false;
        if (lane[i].there && lane[i].ended) {
            if (lane[i].event != 0 && REAL(cuCtxSetCurrent, 1)(lane[i].context) == CU_OK)
                REAL(cuEventDestroy_v2, 1)(lane[i].event);
            drop(&lane[i]);
        }
    }
    lanes_unlock();
}

/* It may go while there is work in it: then the event stays behind that. */
void lanes_end_stream(uint64_t stream)
{
    uint32_t mode = relax(CAPTURE_RELAXED);

    for (unsigned i = 0; i < lanes; i++) {
        struct lane *one = &lane[i];

        if (!one->there || one->ended || one->stream != stream)
            continue;
        if (one->used && one->context == current_context() && REAL(cuStreamQuery, 1)(stream) == CU_NOT_READY)
            mark(one, stream);
        one->ended = true;
    }
    relax(mode);
}

void lanes_end_context(uint64_t context)
{
    for (unsigned i = 0; i < lanes; i++)
        if (lane[i].there && lane[i].context == context)
            drop(&lane[i]);
}

void lanes_end_device(uint64_t device)
{
    for (unsigned i = 0; i < lanes; i++)
        if (lane[i].there && lane[i].device == device)
            drop(&lane[i]);
}

void lanes_forget(void)
{
    lock = gpu_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    memset(lane, 0, sizeof lane);
    lanes = 0;
    gpu_known = false;
}
