/* grant.c - where the conversation with the daemon stands, from asking for the GPU to its release, and what is due. */
#include "backend/gate/frame.h"
#include "backend/gate/gate.h"

#include <string.h>

enum stage {
    ALONE,    /* no daemon */
    GREETING, /* HELLO was sent */
    SHUT,
    ASKED, /* REQ was sent */
    OPEN,
    DRAINING, /* shut, and what was submitted has not ended */
};

enum { RETRY_NS = 1000000000, TICK_NS = 50000000, FIRST_LOOK_NS = 50000, LAST_LOOK_NS = 1000000 };
enum { UNLIMITED_US = 200000 }; /* a grant without an end: the quantum that the backlog is held by */

static struct {
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

void grant_begin(const char *path, bool closed, uint64_t silence_ns)
{
    my.path = path;
    my.closed = closed;
    my.silence_ns = silence_ns;
}

void grant_forget(void)
{
    memset(&my, 0, sizeof my);
}

/* The daemon is gone. */
static void lose(uint64_t now)
{
    talk_close();
    my.stage = ALONE;
    my.retry_ns = now + RETRY_NS;
    if (my.closed)
        service_shut();
    else
        service_open(false);
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
    service_shut();
    service_set_away(service_was_open());
    my.stage = GREETING;
    my.heard_ns = now;
    my.pinged = false;
    my.epoch = my.told_bypass = 0;
}

static void ask(uint64_t now)
{
    bool known;
    struct gate_gpu gpu = lanes_gpu(&known);
    struct gate_frame frame = {.type = GATE_REQ, .a = service_take_bytes(), .gpu = gpu.number};

    memcpy(frame.tail, gpu.uuid, sizeof frame.tail);
    my.stage = ASKED;
    my.heard_ns = now;
    my.pinged = false;
    say(&frame, now);
}

static void tell(uint64_t now)
{
    struct gate_frame frame = {.type = GATE_STAT, .a = threads_count(), .c = my.overruns};

    my.told_bypass = frame.b = service_bypasses();
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
    service_set_quantum_us(frame->a > 0 ? frame->a : UNLIMITED_US);
    service_open(true);
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
    service_set_away(true); /* so early that whoever is about to make a call has made it before the end of the work */
    service_shut();
    my.stage = DRAINING;
    my.reason = reason;
    my.deadline_ns = grace_ns == UINT64_MAX ? UINT64_MAX : now + grace_ns;
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
        drain(GATE_IDLE, UINT64_MAX, now); /* nobody waits for it */
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

void grant_listen(uint64_t now)
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

uint64_t grant_step(uint64_t now)
{
    if (my.stage == ALONE && now >= my.retry_ns)
        greet(now);
    if (my.stage == SHUT && service_wanted())
        ask(now);
    if (my.stage == GREETING || my.stage == ASKED)
        mind_silence(now);
    if (my.stage == OPEN)
        look_for_end(now);
    if (my.stage == DRAINING)
        look_after_work(now);
    if (talk_connected() && my.stage > GREETING && service_bypasses() != my.told_bypass)
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
    return service_wanted() ? now : UINT64_MAX;
}

void grant_end(void)
{
    if (my.stage == OPEN || my.stage == DRAINING)
        talk_say(&(struct gate_frame){
            .type = GATE_RELEASED, .epoch = my.epoch, .a = GATE_EXIT, .b = (service_now_ns() - my.granted_ns) / 1000});
    if (talk_connected() && my.stage > GREETING)
        tell(service_now_ns());
    if (talk_connected())
        talk_say(&(struct gate_frame){.type = GATE_BYE});
    talk_close();
}
