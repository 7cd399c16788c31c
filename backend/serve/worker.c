/* worker.c - move processes as asked, all of a program or none. */
#include "backend/serve/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker {
    const struct driver *driver;
    const struct nvml *nvml;
    nvml_device device;
    int results;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct work *todo, **todo_end, *done, **done_end;
    unsigned asked; /* and not taken */
    bool ends;
};

/* Those from 0 to `count` go on as before. */
static void resume(const struct worker *w, const struct work *work, int count)
{
    struct error ignored = {0};

    while (count-- > 0)
        checkpoint_resume(w->driver, work->pid[count], &ignored);
}

/* Of those that another state was asked for, any that the driver has given up. */
static bool lost(const struct worker *w, const struct work *work)
{
    enum checkpoint_state state;

    for (int i = 0; i < work->pids; i++) {
        struct error err = {0};

        if (checkpoint_state(w->driver, work->pid[i], &state, &err) == GS_OK && state == CHECKPOINT_LOST)
            return true;
    }
    return false;
}

static int quiesce(const struct worker *w, const struct work *work, struct error *err)
{
    for (int i = 0; i < work->pids; i++) {
        enum checkpoint_state state;
        int rc = checkpoint_state(w->driver, work->pid[i], &state, err);

        if (rc == GS_OK && state == CHECKPOINT_RUNS)
            rc = checkpoint_quiesce(w->driver, work->pid[i], work->timeout_ms, err);
        if (rc != GS_OK) {
            resume(w, work, i);
            return rc;
        }
    }
    return GS_OK;
}

/* All are quiet before the first is saved: they may wait for each other. */
static int away(const struct worker *w, const struct work *work, struct error *err)
{
    int rc = quiesce(w, work, err), saved = 0;

    while (rc == GS_OK && saved < work->pids)
        if ((rc = checkpoint_save(w->driver, work->pid[saved], err)) == GS_OK)
            saved++;
    if (rc != GS_OK && saved < work->pids) {
        struct error ignored = {0};

        while (saved-- > 0)
            checkpoint_load(w->driver, work->pid[saved], &ignored);
        resume(w, work, work->pids);
    }
    return rc;
}

static int room(const struct worker *w, const struct work *work, struct error *err)
{
    struct nvml_memory memory = {.version = NVML_MEMORY_VERSION};

    if (w->nvml->memory(w->device, &memory) != NVML_SUCCESS)
        return error_set(err, GS_NO_DEVICE, "the driver does not tell how much memory of the GPU is free");
    if (memory.free >= work->needed_bytes)
        return GS_OK;
    return error_set(err, GS_BUSY, "%llu MiB of the GPU are free, and it needs %llu MiB",
                     (unsigned long long)(memory.free >> 20), (unsigned long long)(work->needed_bytes >> 20));
}

static int back(const struct worker *w, const struct work *work, struct error *err)
{
    int rc = room(w, work, err);

    for (int i = 0; i < work->pids && rc == GS_OK; i++) {
        enum checkpoint_state state;

        rc = checkpoint_state(w->driver, work->pid[i], &state, err);
        if (rc == GS_OK && state == CHECKPOINT_LOST)
            rc = error_set(err, GS_IO, "process %d is lost to the driver", work->pid[i]);
        if (rc == GS_OK && state == CHECKPOINT_AWAY)
            rc = checkpoint_load(w->driver, work->pid[i], err);
    }
    if (rc == GS_OK && !work->stays_quiet)
        resume(w, work, work->pids);
    return rc;
}

static void perform(const struct worker *w, struct work *work)
{
    struct error err = {0};

    switch (work->kind) {
    case WORK_AWAY:
        work->rc = away(w, work, &err);
        break;
    case WORK_BACK:
        work->rc = back(w, work, &err);
        break;
    case WORK_QUIET:
        work->rc = quiesce(w, work, &err);
        break;
    case WORK_RESUME:
        resume(w, work, work->pids);
        break;
    }
    work->lost = work->rc != GS_OK && lost(w, work);
    snprintf(work->why, sizeof work->why, "%.*s", (int)sizeof work->why - 1, err.text);
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
                int results, struct error *err)
{
    struct worker *w = calloc(1, sizeof *w);

    *out = w;
    if (w == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the thread that moves processes");
    *w = (struct worker){.driver = driver, .nvml = nvml, .device = device, .results = results};
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

static bool take(struct worker *w, struct work *out, bool waits)
{
    struct work *work;

    pthread_mutex_lock(&w->lock);
    while (waits && w->done == NULL && w->asked > 0)
        pthread_cond_wait(&w->news, &w->lock);
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
        free(list);
    }
}

void worker_close(struct worker *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->ends = true;
    pthread_cond_broadcast(&w->news);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    drop(w->todo);
    drop(w->done);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
