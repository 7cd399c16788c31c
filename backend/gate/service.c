/* service.c - a thread that talks to the daemon, and opens and shuts the gate. */
#include "backend/gate/frame.h"
#include "backend/gate/gate.h"
#include "sim/base/units.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum stage {
    ALONE,    /* no daemon */
    GREETING, /* HELLO was sent */
    SHUT,
    ASKED, /* REQ was sent */
    OPEN,
    DRAINING, /* shut, and what was submitted has not ended */
};

enum { RETRY_NS = 1000000000, TICK_NS = 50000000, FIRST_LOOK_NS = 50000, LAST_LOOK_NS = 1000000, EXIT_MS = 100 };
enum { UNLIMITED_US = 200000 }; /* a grant without an end: the quantum that the backlog is held by */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the opening, and what follows */
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool begun, finished;
enum { FIRST = 1 }; /* what no slot has seen */
static uint64_t generation = FIRST;

static _Atomic bool ready, wanted, ending, tracks;
static _Atomic bool away; /* what the process has on the GPU may go, and calls wait until it is back */
static _Atomic uint64_t bypass, quantum_us, wanted_bytes;
static int wake = -1;

static struct { /* of the service's thread alone */
    const char *path;
    bool closed; /* shut without a daemon */
    uint64_t silence_ns;
    enum stage stage;
    uint64_t retry_ns, heard_ns;
    bool pinged;
    uint64_t idle_ns, epoch, count;
    uint64_t granted_ns, until_ns, active_ns; /* until: 0, no end */
    bool marked, at_once, late;
    enum gate_reason reason;
    uint64_t deadline_ns, look_ns, overruns, told_bypass;
} my;

uint64_t service_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool service_tracks(void)
{
    return atomic_load_explicit(&tracks, memory_order_relaxed);
}

uint64_t service_quantum_us(void)
{
    return atomic_load_explicit(&quantum_us, memory_order_relaxed);
}

static void poke(void)
{
    uint64_t one = 1;
    ssize_t written = wake >= 0 ? write(wake, &one, sizeof one) : 0;

    (void)written; /* it is full: the thread will wake */
}

void service_bypass(void)
{
    atomic_fetch_add(&bypass, 1);
    poke();
}

static void set_away(bool yes)
{
    atomic_store(&away, yes);
    real_direct(!yes);
}

static void open_gate(bool tracked)
{
    pthread_mutex_lock(&lock);
    atomic_store(&tracks, tracked);
    atomic_store(&wanted, false);
    atomic_store_explicit(&gate_word, ++generation, memory_order_release);
    set_away(false);
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

static void shut_gate(void)
{
    pthread_mutex_lock(&lock);
    atomic_store_explicit(&gate_word, 0, memory_order_release);
    pthread_mutex_unlock(&lock);
    threads_fence();
}

void service_renew(void)
{
    pthread_mutex_lock(&lock);
    if (atomic_load(&gate_word) != 0)
        atomic_store_explicit(&gate_word, ++generation, memory_order_release);
    pthread_mutex_unlock(&lock);
}

/* The daemon is gone. */
static void lose(uint64_t now)
{
    talk_close();
    my.stage = ALONE;
    my.retry_ns = now + RETRY_NS;
    if (my.closed)
        shut_gate();
    else
        open_gate(false);
}

static void say(const struct gate_frame *frame, uint64_t now)
{
    if (talk_connected() && !talk_say(frame))
        lose(now);
}

static void greet(uint64_t now)
{
    if (!talk_connect(my.path)) {
        lose(now);
        return;
    }
    shut_gate();
    set_away(generation > FIRST);
    my.stage = GREETING;
    my.heard_ns = now;
    my.pinged = false;
    my.epoch = my.told_bypass = 0;
}

static void ask(uint64_t now)
{
    bool known;
    struct gate_gpu gpu = lanes_gpu(&known);
    struct gate_frame frame = {.type = GATE_REQ, .a = atomic_exchange(&wanted_bytes, 0), .gpu = gpu.number};

    memcpy(frame.tail, gpu.uuid, sizeof frame.tail);
    my.stage = ASKED;
    my.heard_ns = now;
    my.pinged = false;
    say(&frame, now);
}

static void tell(uint64_t now)
{
    struct gate_frame frame = {.type = GATE_STAT, .a = threads_count(), .c = my.overruns};

    my.told_bypass = frame.b = atomic_load(&bypass);
    say(&frame, now);
}

static void granted(const struct gate_frame *frame, uint64_t now)
{
    if (my.stage != ASKED || frame->epoch <= my.epoch)
        return;
    my.epoch = frame->epoch;
    my.stage = OPEN;
    my.granted_ns = my.active_ns = now;
    my.until_ns = frame->a > 0 ? now + frame->a * 1000 : 0;
    my.count = threads_count();
    my.look_ns = 0;
    atomic_store(&quantum_us, frame->a > 0 ? frame->a : UNLIMITED_US);
    open_gate(true);
}

/* Has anything been submitted since the last look, or is it about to be? */
static bool active(void)
{
    uint64_t count = threads_count();
    bool yes = count != my.count || threads_inside();

    my.count = count;
    return yes;
}

static void drain(enum gate_reason reason, uint64_t grace_ns, uint64_t now)
{
    if (active())
        my.active_ns = now;
    set_away(true); /* so early that whoever is about to make a call has made it before the end of the work */
    shut_gate();
    my.stage = DRAINING;
    my.reason = reason;
    my.deadline_ns = now + grace_ns;
    my.look_ns = FIRST_LOOK_NS;
    my.marked = my.late = false;
    my.at_once = true;
}

static void release(uint64_t now)
{
    uint64_t end = my.at_once ? my.active_ns : now;
    struct gate_frame frame = {.type = GATE_RELEASED,
                               .epoch = my.epoch,
                               .a = my.reason,
                               .b = (end - my.granted_ns) / 1000,
                               .c = now > my.deadline_ns ? (now - my.deadline_ns) / 1000 : 0};

    if (frame.c > 0 && !my.late)
        my.overruns++;
    lanes_clear();
    my.stage = SHUT;
    tell(now);
    say(&frame, now);
}

static void look_after_work(uint64_t now)
{
    if (!my.marked && !threads_inside()) {
        lanes_mark();
        my.marked = true;
    }
    if (my.marked && lanes_done()) {
        release(service_now_ns());
        return;
    }
    my.at_once = false;
    if (my.look_ns < LAST_LOOK_NS)
        my.look_ns *= 2;
    if (now > my.deadline_ns && !my.late) {
        my.late = true;
        my.overruns++;
        tell(now);
    }
}

/* Open: is the quantum over, or has there been nothing to do for long enough? */
static void look_for_end(uint64_t now)
{
    if (active()) {
        my.active_ns = now;
        my.marked = false;
    }
    if (my.until_ns > 0 && now >= my.until_ns) {
        drain(GATE_QUANTUM, (my.until_ns - my.granted_ns) / 4, now);
        return;
    }
    if (my.idle_ns == 0 || now - my.active_ns < my.idle_ns)
        return;
    if (!my.marked)
        lanes_mark();
    my.marked = true;
    if (lanes_done())
        drain(GATE_IDLE, my.idle_ns, now);
    else
        my.active_ns = now;
}

static void heard(const struct gate_frame *frame, uint64_t now)
{
    my.heard_ns = now;
    my.pinged = false;
    if (frame->type == GATE_BYE || (frame->type == GATE_WELCOME) != (my.stage == GREETING)) {
        lose(now); /* it ends, or speaks out of turn */
        return;
    }
    if (frame->type == GATE_WELCOME) {
        my.idle_ns = frame->b * 1000;
        my.stage = SHUT;
    } else if (frame->type == GATE_GRANT)
        granted(frame, now);
    else if (frame->type == GATE_DROP && my.stage == OPEN && frame->epoch == my.epoch)
        drain(GATE_ASKED, frame->a * 1000, now);
}

static void listen_to_daemon(uint64_t now)
{
    struct gate_frame frame;
    int got = 1;

    while (talk_connected() && (got = talk_hear(&frame)) > 0)
        heard(&frame, now);
    if (got < 0 && talk_connected())
        lose(now);
}

static void mind_silence(uint64_t now)
{
    if (now - my.heard_ns < my.silence_ns)
        return;
    if (my.stage == GREETING || my.pinged) {
        lose(now);
        return;
    }
    my.pinged = true;
    my.heard_ns = now;
    say(&(struct gate_frame){.type = GATE_PING, .a = now}, now);
}

/* What is due by itself; returns when to look again. */
static uint64_t step(uint64_t now)
{
    if (my.stage == ALONE && now >= my.retry_ns)
        greet(now);
    if (my.stage == SHUT && atomic_load(&wanted))
        ask(now);
    if (my.stage == GREETING || my.stage == ASKED)
        mind_silence(now);
    if (my.stage == OPEN)
        look_for_end(now);
    if (my.stage == DRAINING)
        look_after_work(now);
    if (talk_connected() && my.stage > GREETING && atomic_load(&bypass) != my.told_bypass)
        tell(now);
    switch (my.stage) {
    case ALONE:
        return my.retry_ns;
    case GREETING:
    case ASKED:
        return my.heard_ns + my.silence_ns;
    case OPEN: {
        uint64_t tick = my.idle_ns / 4 > 0 && my.idle_ns / 4 < TICK_NS ? my.idle_ns / 4 : TICK_NS;

        return my.until_ns > 0 && my.until_ns < now + tick ? my.until_ns : now + tick;
    }
    case DRAINING:
        return now + my.look_ns;
    case SHUT:
        break;
    }
    return atomic_load(&wanted) ? now : UINT64_MAX;
}

static void wait_until(uint64_t at)
{
    struct pollfd watched[] = {{.fd = wake, .events = POLLIN}, {.fd = talk_socket(), .events = POLLIN}};
    uint64_t now = service_now_ns(), left = at > now ? at - now : 0, ignored;
    struct timespec timeout = {.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};

    ppoll(watched, 2, at == UINT64_MAX ? NULL : &timeout, NULL);
    while (read(wake, &ignored, sizeof ignored) > 0)
        ;
}

static void *serve(void *data)
{
    (void)data;
    while (!atomic_load(&ending)) {
        uint64_t at = step(service_now_ns());

        if (!atomic_load(&ending))
            wait_until(at);
        if (talk_connected())
            listen_to_daemon(service_now_ns());
    }
    if (my.stage == OPEN || my.stage == DRAINING)
        talk_say(&(struct gate_frame){
            .type = GATE_RELEASED, .epoch = my.epoch, .a = GATE_EXIT, .b = (service_now_ns() - my.granted_ns) / 1000});
    if (talk_connected() && my.stage > GREETING)
        tell(service_now_ns());
    if (talk_connected())
        talk_say(&(struct gate_frame){.type = GATE_BYE});
    talk_close();
    pthread_mutex_lock(&lock);
    finished = true;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* The driver goes when the program ends: by then the thread must have made its last call of it. */
static void end(void)
{
    struct timespec until;

    pthread_mutex_lock(&lock);
    if (begun && wake >= 0) {
        atomic_store(&ending, true);
        poke();
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += EXIT_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (!finished && pthread_cond_timedwait(&opened, &lock, &until) == 0)
            ;
    }
    pthread_mutex_unlock(&lock);
}

/* A forked child has no such thread, and is a process of its own. */
static void forked(void)
{
    lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    opened = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    talk_close();
    if (wake >= 0)
        close(wake);
    wake = -1;
    begun = finished = false;
    atomic_store(&ready, false);
    atomic_store(&wanted, false);
    atomic_store(&bypass, 0);
    set_away(false);
    atomic_store(&gate_word, 0);
    memset(&my, 0, sizeof my);
    generation = FIRST;
    threads_forget();
    lanes_forget();
}

static bool start(void)
{
    const char *silence = getenv("GPUSWAP_GATE_SILENCE_MS"), *fail = getenv("GPUSWAP_GATE_FAIL");
    int64_t milliseconds = 0;
    char why[UNITS_WHY];
    sigset_t all, before;
    pthread_t thread;
    int rc;

    my.path = getenv("GPUSWAP_SOCKET");
    if (my.path == NULL || *my.path == '\0')
        return false;
    my.closed = fail != NULL && strcmp(fail, "closed") == 0;
    my.silence_ns = 5000000000;
    if (silence != NULL && units_integer(silence, &milliseconds, why) == 0 && milliseconds > 0)
        my.silence_ns = (uint64_t)milliseconds * 1000000;
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = wake >= 0 ? pthread_create(&thread, NULL, serve, NULL) : -1;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return false;
    pthread_setname_np(thread, "gpuswap-gate");
    pthread_detach(thread);
    return true;
}

void service_begin(void)
{
    static bool registered;
    bool alone = false;

    if (atomic_load_explicit(&ready, memory_order_acquire))
        return;
    real_begin();
    pthread_mutex_lock(&lock);
    if (!begun) {
        begun = true;
        if (!registered) {
            pthread_atfork(NULL, NULL, forked);
            atexit(end);
        }
        registered = true;
        alone = !start();
    }
    pthread_mutex_unlock(&lock);
    if (alone) /* nobody to ask */
        open_gate(false);
    atomic_store_explicit(&ready, true, memory_order_release);
}

/* Under the lock. */
static void want(void)
{
    if (atomic_load(&gate_word) == 0 && !atomic_load(&wanted)) {
        atomic_store(&wanted, true);
        poke();
    }
}

void service_notice(void)
{
    if (!atomic_load_explicit(&away, memory_order_relaxed))
        return;
    pthread_mutex_lock(&lock);
    want();
    pthread_mutex_unlock(&lock);
}

void service_want(uint64_t bytes)
{
    pthread_mutex_lock(&lock);
    if (bytes > atomic_load(&wanted_bytes))
        atomic_store(&wanted_bytes, bytes);
    want();
    pthread_mutex_unlock(&lock);
}

/* It may have been open and be shut again before this thread woke up: then it asks once more. */
void service_wait(void)
{
    pthread_mutex_lock(&lock);
    while (atomic_load(&gate_word) == 0) {
        want();
        pthread_cond_wait(&opened, &lock);
    }
    pthread_mutex_unlock(&lock);
}
