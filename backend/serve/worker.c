/* worker.c - move processes as asked, all of a program or none. */
#include "backend/serve/worker.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct worker {
    struct driver driver; /* tables of its own: it may outlive who asks */
    struct nvml nvml;
    nvml_device device;
    struct depot depot; /* by these tables */
    int results;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct work *todo, **todo_end, *done, **done_end;
    unsigned asked; /* and not taken */
    bool ends;
};

/* It may end at any time: what the driver says of it then does not count. */
static bool here_after(const struct work *work, int i, int wait_ms)
{
    struct pollfd end = {.fd = work->pidfd[i], .events = POLLIN};

    return work->pidfd[i] >= 0 && poll(&end, 1, wait_ms) == 0;
}

static bool here(const struct work *work, int i)
{
    return here_after(work, i, 0);
}

static struct stored stored(const struct work *work, int i)
{
    return (struct stored){.pid = work->pid[i], .start = work->start[i], .bytes = work->bytes};
}

static int state_of(const struct worker *w, const struct work *work, int i, enum checkpoint_state *state,
                    struct error *err)
{
    struct stored process = stored(work, i);

    return depot_state(&w->depot, &process, state, err);
}

static int resume_one(const struct worker *w, const struct work *work, int i, struct error *err)
{
    enum checkpoint_state state;
    int rc = state_of(w, work, i, &state, err);

    if (rc == GS_OK && state == CHECKPOINT_QUIET)
        rc = checkpoint_resume(&w->driver, work->pid[i], err);
    return rc;
}

/* Those from 0 to `count` go on as before.  One that does not waits for ever: so it is tried more than once. */
static int resume(const struct worker *w, const struct work *work, int count, struct error *err)
{
    enum { TRIES = 5, PAUSE_US = 20000 };
    int worst = GS_OK;

    for (int i = 0; i < count; i++) {
        struct error why = {0};
        int rc = GS_OK;

        for (int attempt = 0; attempt < TRIES && here(work, i) && (rc = resume_one(w, work, i, &why)) != GS_OK;
             attempt++)
            usleep(PAUSE_US);
        if (rc != GS_OK && here(work, i))
            worst = error_set(err, rc, "%s", why.text);
    }
    return worst;
}

/* Of those that another state was asked for, any that the driver has given up. */
static bool lost(const struct worker *w, const struct work *work)
{
    enum checkpoint_state state;

    for (int i = 0; i < work->pids; i++) {
        struct error err = {0};

        if (here(work, i) && state_of(w, work, i, &state, &err) == GS_OK && state == CHECKPOINT_LOST && here(work, i))
            return true;
    }
    return false;
}

/* A step with each process that is there: the number of those before the first that failed. */
typedef int step(const struct worker *w, const struct work *work, int i, struct error *err);

static int each(const struct worker *w, const struct work *work, step *one, int *done, struct error *err)
{
    enum { ENDING_MS = 200 }; /* the driver is told of an end before the kernel is done with it */

    for (*done = 0; *done < work->pids; ++*done) {
        struct error why = {0};
        int rc = here(work, *done) ? one(w, work, *done, &why) : GS_OK;

        if (rc != GS_OK && here_after(work, *done, ENDING_MS))
            return error_set(err, rc, "%s", why.text);
    }
    return GS_OK;
}

static int quiesce_one(const struct worker *w, const struct work *work, int i, struct error *err)
{
    enum checkpoint_state state;
    int rc = state_of(w, work, i, &state, err);

    if (rc == GS_OK && state == CHECKPOINT_RUNS)
        rc = checkpoint_quiesce(&w->driver, work->pid[i], work->timeout_ms, err);
    return rc;
}

static int save_one(const struct worker *w, const struct work *work, int i, struct error *err)
{
    struct stored process = stored(work, i);
    enum checkpoint_state state;
    int rc = state_of(w, work, i, &state, err);

    if (rc == GS_OK && state == CHECKPOINT_QUIET)
        rc = depot_save(&w->depot, &process, err);
    return rc;
}

static int load_one(const struct worker *w, const struct work *work, int i, struct error *err)
{
    struct stored process = stored(work, i);
    enum checkpoint_state state;
    int rc = state_of(w, work, i, &state, err);

    if (rc == GS_OK && state == CHECKPOINT_LOST)
        rc = error_set(err, GS_IO, "process %d is lost to the driver", work->pid[i]);
    if (rc == GS_OK && state == CHECKPOINT_AWAY)
        rc = depot_load(&w->depot, &process, err);
    return rc;
}

static int quiesce(const struct worker *w, const struct work *work, struct error *err)
{
    int quiet, rc = each(w, work, quiesce_one, &quiet, err);
    struct error ignored = {0};

    if (rc != GS_OK)
        resume(w, work, quiet, &ignored);
    return rc;
}

/* Undo: those from 0 to `count` are as they were before. */
static void again(const struct worker *w, const struct work *work, step *one, int count)
{
    struct error ignored = {0};

    while (count-- > 0)
        if (here(work, count))
            one(w, work, count, &ignored);
}

/* All are quiet before the first is saved: they may wait for each other. */
static int away(const struct worker *w, const struct work *work, struct error *err)
{
    int saved, rc = quiesce(w, work, err);
    struct error ignored = {0};

    if (rc != GS_OK || (rc = each(w, work, save_one, &saved, err)) == GS_OK)
        return rc;
    again(w, work, load_one, saved);
    if (!work->stays_quiet)
        resume(w, work, work->pids, &ignored);
    return rc;
}

/* What others gave back may come free a little later than they said. */
static int room(const struct worker *w, struct work *work, struct error *err)
{
    enum { TRIES = 50, PAUSE_US = 20000 };
    uint64_t least = work->needed_bytes > work->unlike_bytes ? work->needed_bytes : work->unlike_bytes + 1;

    for (int i = 0; i < TRIES; i++) {
        struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};

        if (w->nvml.memory(w->device, &memory) != NVML_SUCCESS)
            return error_set(err, GS_BUSY, "the driver does not tell how much memory of the GPU is free");
        work->free_bytes = memory.free;
        if (memory.free >= least)
            return GS_OK;
        usleep(PAUSE_US);
    }
    return error_set(err, GS_BUSY, "%llu MiB of the GPU are free, and it needs %llu MiB",
                     (unsigned long long)(work->free_bytes >> 20), (unsigned long long)(least >> 20));
}

/* One that is held where it is takes no room. */
static bool any_away(const struct worker *w, const struct work *work)
{
    enum checkpoint_state state;

    for (int i = 0; i < work->pids; i++) {
        struct error err = {0};

        if (here(work, i) && (state_of(w, work, i, &state, &err) != GS_OK || state == CHECKPOINT_AWAY))
            return true;
    }
    return false;
}

static int back(const struct worker *w, struct work *work, struct error *err)
{
    int loaded, rc = any_away(w, work) ? room(w, work, err) : GS_OK;

    if (rc != GS_OK)
        return rc;
    if ((rc = each(w, work, load_one, &loaded, err)) != GS_OK) {
        work->too_little = rc == GS_BUSY;
        again(w, work, save_one, loaded); /* what is there alone is of no use, and takes others' room */
        return rc;
    }
    if (!work->stays_quiet && resume(w, work, work->pids, err) != GS_OK)
        work->stays_quiet = true; /* it is there, and held: it is resumed by itself */
    return rc;
}

/* Who asks may ask again at once. */
static int unheld(struct error *err)
{
    enum { PAUSE_US = 20000 };

    usleep(PAUSE_US);
    return error_set(err, GS_BUSY, "the daemon has no file left to hold a process by; raise the limit of open files");
}

static void perform(const struct worker *w, struct work *work)
{
    struct error err = {0};

    if (work->unheld)
        work->rc = unheld(&err);
    else if (work->kind == WORK_AWAY)
        work->rc = away(w, work, &err);
    else if (work->kind == WORK_BACK)
        work->rc = back(w, work, &err);
    else if (work->kind == WORK_QUIET)
        work->rc = quiesce(w, work, &err);
    else
        work->rc = resume(w, work, work->pids, &err);
    work->lost = work->rc != GS_OK && lost(w, work);
    snprintf(work->why, sizeof work->why, "%.*s", (int)sizeof work->why - 1, err.text);
    worker_forget(work);
}

void worker_forget(struct work *work)
{
    for (int i = 0; i < work->pids; i++)
        if (work->pidfd[i] >= 0)
            close(work->pidfd[i]);
    work->pids = 0;
}

static void *labour(void *argument)
{
    struct worker *w = argument;
    uint64_t one = 1;

    pthread_mutex_lock(&w->lock);
    while (!w->ends) {
        struct work *work = w->todo;

        if (work == NULL) {
            pthread_cond_wait(&w->news, &w->lock);
            continue;
        }
        w->todo = work->next;
        if (w->todo == NULL)
            w->todo_end = &w->todo;
        pthread_mutex_unlock(&w->lock);
        perform(w, work);
        pthread_mutex_lock(&w->lock);
        work->next = NULL;
        *w->done_end = work;
        w->done_end = &work->next;
        pthread_cond_broadcast(&w->news);
        while (write(w->results, &one, sizeof one) < 0) /* only when it is full, and then it is readable */
            break;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

int worker_open(struct worker **out, const struct driver *driver, const struct nvml *nvml, nvml_device device,
                const struct depot *depot, int results, struct error *err)
{
    struct worker *w = calloc(1, sizeof *w);

    *out = w;
    if (w == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the thread that moves processes");
    *w = (struct worker){.driver = *driver, .nvml = *nvml, .device = device, .depot = *depot, .results = results};
    w->depot.driver = &w->driver;
    w->depot.nvml = &w->nvml;
    w->todo_end = &w->todo;
    w->done_end = &w->done;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->news, NULL);
    if (pthread_create(&w->thread, NULL, labour, w) == 0)
        return GS_OK;
    free(w);
    *out = NULL;
    return error_set(err, GS_SYSTEM, "no thread to move processes; is 'ulimit -u' reached?");
}

int worker_ask(struct worker *w, const struct work *asked)
{
    struct work *work = malloc(sizeof *work);

    if (work == NULL)
        return GS_SYSTEM;
    *work = *asked;
    work->next = NULL;
    pthread_mutex_lock(&w->lock);
    *w->todo_end = work;
    w->todo_end = &work->next;
    w->asked++;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->lock);
    return GS_OK;
}

static struct timespec in_a_while(void)
{
    enum { PATIENCE_S = 60 };
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    return until;
}

static bool take(struct worker *w, struct work *out, bool waits)
{
    struct timespec until = in_a_while();
    struct work *work;

    pthread_mutex_lock(&w->lock);
    while (waits && w->done == NULL && w->asked > 0)
        if (pthread_cond_timedwait(&w->news, &w->lock, &until) != 0)
            break;
    work = w->done;
    if (work != NULL && (w->done = work->next) == NULL)
        w->done_end = &w->done;
    w->asked -= work != NULL;
    pthread_mutex_unlock(&w->lock);
    if (work == NULL)
        return false;
    *out = *work;
    free(work);
    return true;
}

bool worker_take(struct worker *w, struct work *out)
{
    return take(w, out, false);
}

bool worker_wait(struct worker *w, struct work *out)
{
    return take(w, out, true);
}

static void drop(struct work *list)
{
    for (struct work *next; list != NULL; list = next) {
        next = list->next;
        worker_forget(list);
        free(list);
    }
}

bool worker_close(struct worker *w)
{
    struct timespec until = in_a_while();

    if (w == NULL)
        return true;
    pthread_mutex_lock(&w->lock);
    w->ends = true;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->lock);
    if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
        return false; /* it may come back: what it needs stays */
    drop(w->todo);
    drop(w->done);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return true;
}
