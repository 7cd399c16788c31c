/* service.c - the gate, open or shut, who waits at it, and the thread that opens and shuts it. */
#include "backend/gate/gate.h"
#include "sim/base/machine.h"
#include "sim/base/units.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { SILENCE_MS = 5000, EXIT_MS = 100 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the opening, and what follows */
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool begun, finished;
enum { FIRST = 1 }; /* what no slot has seen */
static uint64_t generation = FIRST;

static _Atomic bool ready, wanted, ending, tracks;
static _Atomic bool away; /* what the process has on the GPU may go, and calls wait until it is back */
static _Atomic uint64_t bypass, quantum_us, wanted_bytes;
static int wake = -1;

uint64_t service_now_ns(void)
{
    return (uint64_t)machine_ns();
}

bool service_tracks(void)
{
    return atomic_load_explicit(&tracks, memory_order_relaxed);
}

uint64_t service_quantum_us(void)
{
    return atomic_load_explicit(&quantum_us, memory_order_relaxed);
}

void service_set_quantum_us(uint64_t us)
{
    atomic_store(&quantum_us, us);
}

bool service_was_open(void)
{
    return generation > FIRST;
}

bool service_wanted(void)
{
    return atomic_load(&wanted);
}

uint64_t service_take_bytes(void)
{
    return atomic_exchange(&wanted_bytes, 0);
}

uint64_t service_bypasses(void)
{
    return atomic_load(&bypass);
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

void service_set_away(bool yes)
{
    atomic_store(&away, yes);
    real_direct(!yes);
}

void service_open(bool tracked)
{
    pthread_mutex_lock(&lock);
    atomic_store(&tracks, tracked);
    atomic_store(&wanted, false);
    atomic_store_explicit(&gate_word, ++generation, memory_order_release);
    service_set_away(false);
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

void service_shut(void)
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
        uint64_t at = grant_step(service_now_ns());

        if (!atomic_load(&ending))
            wait_until(at);
        if (talk_connected())
            grant_listen(service_now_ns());
    }
    grant_end();
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
    service_set_away(false);
    atomic_store(&gate_word, 0);
    grant_forget();
    generation = FIRST;
    threads_forget();
    lanes_forget();
}

static bool start(void)
{
    const char *path = secure_getenv("GPUSWAP_SOCKET"), *silence = secure_getenv("GPUSWAP_GATE_SILENCE_MS");
    const char *fail = secure_getenv("GPUSWAP_GATE_FAIL");
    int64_t milliseconds = SILENCE_MS;
    char why[UNITS_WHY];
    sigset_t all, before;
    pthread_t thread;
    int rc;

    if (path == NULL || *path == '\0')
        return false;
    if (silence != NULL && (units_integer(silence, &milliseconds, why) != 0 || milliseconds <= 0))
        milliseconds = SILENCE_MS;
    grant_begin(path, fail != NULL && strcmp(fail, "closed") == 0, (uint64_t)milliseconds * 1000000);
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
        service_open(false);
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
