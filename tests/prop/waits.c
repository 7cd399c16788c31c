/* waits.c - holds each turn against what the slicer promises to those who wait meanwhile (gs_slicer_policy.overtakes).
 *
 * The linker puts these functions before those of the controller, so that runs, replays and audits are all watched.  An offer
 * of a turn is a call of run_acquire, a turn that is had is the command GS_RUN, and who waits stands in a queue after a step. */
#include "tests/prop/waits.h"
#include "policies/state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WORKLOADS = 80, WHY = 400 };

struct waiter {
    uint64_t entered; /* when it began to wait; 0: it does not */
    uint64_t given;   /* when it was given the turn that it has not begun yet; 0: there is none */
    gs_ns given_ns;   /* the same as a time */
    uint64_t held_up; /* its gs_workload.turns when it was last held up by memory or failures, */
    uint64_t moved;   /* and when it last came from another GPU while it waited */
    uint32_t gpu;     /* where it waits */
    bool excused;     /* in this step it was offered a turn and had no memory */
    bool made_up;     /* its last turn made up for being held up: what it had of the GPU then does not count, either */
};

static _Thread_local struct {
    struct controller *ctl;
    uint64_t clock; /* counts entries and turns: what comes first in a step */
    uint32_t seen;  /* commands of this step */
    struct waiter of[WORKLOADS];
    uint32_t turns[WORKLOADS][WORKLOADS]; /* [waiting][other], those that the promise counts */
    gs_ns used_ns[WORKLOADS][WORKLOADS];  /* GPU time of `other` when the wait began */
} watch;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char broken[WHY];
static atomic_uint_fast64_t checked;

void waits_reset(void)
{
    pthread_mutex_lock(&lock);
    broken[0] = '\0';
    pthread_mutex_unlock(&lock);
}

bool waits_broken(char *why, size_t size)
{
    pthread_mutex_lock(&lock);
    bool found = broken[0] != '\0';
    if (found)
        snprintf(why, size, "%s", broken);
    pthread_mutex_unlock(&lock);
    return found;
}

uint64_t waits_checked(void)
{
    return atomic_load(&checked);
}

static gs_ns used_ns(const struct controller *ctl, uint32_t workload)
{
    const struct gs_workload *w = &ctl->workload[workload];
    gs_ns run_ns = ctl->seat[workload].run_ns;

    return w->used_ns + (w->granted && run_ns < ctl->view.now_ns ? ctl->view.now_ns - run_ns : 0);
}

static void complain(const struct controller *ctl, uint32_t waiting, uint32_t other, struct gs_bound bound)
{
    pthread_mutex_lock(&lock);
    if (broken[0] == '\0')
        snprintf(broken, sizeof broken,
                 "at %.9f s: workload %u, waiting since %.9f s, is overtaken %u times by workload %u, and slicer '%s' "
                 "promises at most %u (after %.9f s and %.9f s of its GPU time)",
                 1e-9 * (double)ctl->view.now_ns, waiting, 1e-9 * (double)ctl->workload[waiting].queued_ns,
                 watch.turns[waiting][other], other, ctl->setup->policies.slicer->name, bound.turns,
                 1e-9 * (double)bound.waited_ns, 1e-9 * (double)bound.had_ns);
    pthread_mutex_unlock(&lock);
}

/* `other` has begun a turn, and `waiting` waits. */
static void hold_against(struct controller *ctl, uint32_t waiting, uint32_t other)
{
    struct gs_bound bound = ctl->setup->policies.slicer->overtakes(&ctl->slicer, waiting, other);
    gs_ns waited_ns = watch.of[other].given_ns - ctl->workload[waiting].queued_ns;
    gs_ns had_ns = used_ns(ctl, other) - watch.used_ns[waiting][other];

    if (bound.turns == GS_NONE)
        return;
    atomic_fetch_add(&checked, 1);
    if (waited_ns >= bound.waited_ns && had_ns >= bound.had_ns && ++watch.turns[waiting][other] > bound.turns)
        complain(ctl, waiting, other, bound);
}

static void begins(struct controller *ctl, uint32_t other)
{
    struct waiter *o = &watch.of[other];
    const struct gs_workload *all = ctl->workload;
    bool makes_up = o->held_up == all[other].turns;

    if (o->given == 0) {
        o->given = ++watch.clock;
        o->given_ns = ctl->view.now_ns;
    }
    o->entered = 0;
    for (uint32_t i = 0; i < ctl->view.workloads; i++) {
        const struct waiter *w = &watch.of[i];
        if (makes_up || o->made_up)
            watch.used_ns[i][other] = used_ns(ctl, other);
        if (!makes_up && i != other && all[i].gpu == all[other].gpu && w->entered != 0 && w->entered < o->given &&
            !w->excused && w->moved != all[i].turns)
            hold_against(ctl, i, other);
    }
    o->given = 0;
    o->made_up = makes_up;
}

static bool watched(const struct controller *ctl)
{
    return ctl == watch.ctl && ctl->setup->policies.slicer->overtakes != NULL && ctl->view.workloads <= WORKLOADS;
}

static void follow(struct controller *ctl)
{
    for (; watch.seen < ctl->out.count; watch.seen++)
        if (ctl->out.item[watch.seen].kind == GS_RUN)
            begins(ctl, ctl->out.item[watch.seen].workload);
}

static void enters(const struct controller *ctl, uint32_t workload)
{
    struct waiter *w = &watch.of[workload];

    w->entered = ++watch.clock;
    w->gpu = ctl->workload[workload].gpu;
    w->given = 0;
    for (uint32_t i = 0; i < ctl->view.workloads; i++) {
        watch.turns[workload][i] = 0;
        watch.used_ns[workload][i] = used_ns(ctl, i);
    }
}

static void after_step(const struct controller *ctl)
{
    for (uint32_t i = 0; i < ctl->view.workloads; i++) {
        struct waiter *w = &watch.of[i];
        bool moved = w->entered != 0 && w->gpu != ctl->workload[i].gpu;
        if (!ctl->seat[i].queued) {
            w->entered = 0;
            continue;
        }
        if (moved)
            w->moved = ctl->workload[i].turns;
        if (moved || w->excused || w->given != 0) /* given: and lost again before it began */
            w->held_up = ctl->workload[i].turns;
        if (moved || w->excused || w->entered == 0)
            enters(ctl, i);
        w->excused = false;
    }
}

/* --- before the controller's own --- */

struct controller *__real_controller_init(void *memory, const struct gs_setup *setup);
struct controller *__wrap_controller_init(void *memory, const struct gs_setup *setup);
const struct gs_commands *__real_controller_step(struct controller *ctl, const struct gs_event *event);
const struct gs_commands *__wrap_controller_step(struct controller *ctl, const struct gs_event *event);
enum run_try __real_run_acquire(struct controller *ctl, uint32_t workload);
enum run_try __wrap_run_acquire(struct controller *ctl, uint32_t workload);

struct controller *__wrap_controller_init(void *memory, const struct gs_setup *setup)
{
    memset(&watch, 0, sizeof watch);
    for (uint32_t i = 0; i < WORKLOADS; i++)
        watch.of[i].held_up = watch.of[i].moved = UINT64_MAX;
    return watch.ctl = __real_controller_init(memory, setup);
}

const struct gs_commands *__wrap_controller_step(struct controller *ctl, const struct gs_event *event)
{
    watch.seen = 0;
    const struct gs_commands *commands = __real_controller_step(ctl, event);
    if (watched(ctl)) {
        follow(ctl);
        after_step(ctl);
    }
    return commands;
}

enum run_try __wrap_run_acquire(struct controller *ctl, uint32_t workload)
{
    bool looked_at = watched(ctl);
    struct waiter *w = &watch.of[looked_at ? workload : 0];

    if (looked_at)
        follow(ctl);
    enum run_try got = __real_run_acquire(ctl, workload);
    bool alone = !ctl->shares && ctl->gpu[ctl->workload[workload].gpu].holders <= 1; /* itself */
    if (looked_at && got == RUN_TAKEN) {
        w->entered = 0;
        w->given = ++watch.clock;
        w->given_ns = ctl->view.now_ns;
    } else if (looked_at && (got == RUN_PASSED || alone)) {
        w->excused = true;
    }
    return got;
}
