/* frame.c - frames: 64 bytes, little-endian, checked to the last bit, as the other end may be anybody. */
#include "backend/gate/frame.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Where the fields lie. */
enum { MAGIC = 0, VERSION = 2, TYPE = 3, SEQ = 4, EPOCH = 8, A = 16, B = 24, C = 32, GPU = 40, PID = 44, TAIL = 48 };

static void put(unsigned char *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

void frame_write(const struct gate_frame *frame, unsigned char bytes[GATE_FRAME])
{
    put(bytes + MAGIC, GATE_MAGIC, 2);
    put(bytes + VERSION, GATE_VERSION, 1);
    put(bytes + TYPE, frame->type, 1);
    put(bytes + SEQ, frame->seq, 4);
    put(bytes + EPOCH, frame->epoch, 8);
    put(bytes + A, frame->a, 8);
    put(bytes + B, frame->b, 8);
    put(bytes + C, frame->c, 8);
    put(bytes + GPU, frame->gpu, 4);
    put(bytes + PID, frame->pid, 4);
    memcpy(bytes + TAIL, frame->tail, GATE_TAIL);
}

/* What a type may say: whether there is an epoch, and the largest a, b and c; 0: the field is not used. */
struct shape {
    unsigned epoch, senders;
    uint64_t a_least, a_most, b_most, c_most;
    unsigned gpu, tail;
};

static const uint64_t any = UINT64_MAX;
/* The longest time that is meant seriously: 2^50 us are 35 years. */
static const uint64_t time_most = UINT64_C(1) << 50;

static struct shape shape_of(unsigned type)
{
    unsigned senders = 0;

#define SENDERS(type_, number, gate, daemon)                                                                           \
    if (type == (number))                                                                                              \
        senders = ((gate) ? (unsigned)FRAME_OF_GATE : 0) | ((daemon) ? (unsigned)FRAME_OF_DAEMON : 0);
    GATE_TYPES(SENDERS)
#undef SENDERS
    switch (type) {
    case GATE_HELLO:
        return (struct shape){.senders = senders, .a_least = 1, .a_most = GATE_MODE_GATE, .b_most = any, .tail = 1};
    case GATE_WELCOME:
        return (struct shape){.senders = senders, .a_least = 1, .a_most = any, .b_most = time_most};
    case GATE_REQ:
        return (struct shape){.senders = senders, .a_most = any, .gpu = 1, .tail = 1};
    case GATE_GRANT:
        return (struct shape){.epoch = 1, .senders = senders, .a_most = time_most};
    case GATE_DROP:
        return (struct shape){.epoch = 1, .senders = senders, .a_most = time_most, .b_most = 1};
    case GATE_RELEASED:
        return (struct shape){.epoch = 1,
                              .senders = senders,
                              .a_least = GATE_IDLE,
                              .a_most = GATE_EXIT,
                              .b_most = time_most,
                              .c_most = time_most};
    case GATE_STAT:
        return (struct shape){.senders = senders, .a_most = any, .b_most = any, .c_most = any};
    case GATE_PING:
    case GATE_PONG:
        return (struct shape){.senders = senders, .a_most = any};
    default:
        return (struct shape){.senders = senders};
    }
}

static const char *check(const struct gate_frame *frame, enum frame_sender sender)
{
    static const unsigned char nothing[GATE_TAIL];
    struct shape shape = shape_of(frame->type);

    if (shape.senders == 0)
        return "no such type";
    if ((shape.senders & (unsigned)sender) == 0)
        return "this end does not send it";
    if ((frame->epoch != 0) != (shape.epoch != 0))
        return shape.epoch ? "it lacks its epoch" : "it has an epoch and may have none";
    if (frame->a < shape.a_least || frame->a > shape.a_most || frame->b > shape.b_most || frame->c > shape.c_most)
        return "a number out of its range";
    if ((frame->gpu != 0 && !shape.gpu) || (memcmp(frame->tail, nothing, sizeof nothing) != 0 && !shape.tail))
        return "a field that it does not use is not 0";
    return NULL;
}

const char *frame_read(const void *bytes, size_t count, enum frame_sender sender, struct gate_frame *frame)
{
    const unsigned char *at = bytes;

    if (count != GATE_FRAME)
        return "no frame of 64 bytes";
    if (get(at + MAGIC, 2) != GATE_MAGIC)
        return "not the gate's protocol";
    if (at[VERSION] != GATE_VERSION)
        return "another version of the protocol";
    *frame = (struct gate_frame){.type = at[TYPE],
                                 .seq = (uint32_t)get(at + SEQ, 4),
                                 .epoch = get(at + EPOCH, 8),
                                 .a = get(at + A, 8),
                                 .b = get(at + B, 8),
                                 .c = get(at + C, 8),
                                 .gpu = (uint32_t)get(at + GPU, 4),
                                 .pid = (uint32_t)get(at + PID, 4)};
    memcpy(frame->tail, at + TAIL, GATE_TAIL);
    return check(frame, sender);
}

const char *frame_name(unsigned type)
{
#define NAME(name, number, gate, daemon)                                                                               \
    if (type == (number))                                                                                              \
        return #name;
    GATE_TYPES(NAME)
#undef NAME
    return "?";
}

int frame_send(int socket, const struct gate_frame *frame)
{
    unsigned char bytes[GATE_FRAME];

    frame_write(frame, bytes);
    return send(socket, bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT) == GATE_FRAME ? 0 : -1;
}

int frame_take(int socket, enum frame_sender sender, struct gate_frame *frame, const char **why)
{
    unsigned char bytes[GATE_FRAME + 1]; /* one more, so that a longer one is seen */
    ssize_t count;

    do
        count = recv(socket, bytes, sizeof bytes, MSG_DONTWAIT);
    while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return 0;
    *why = count <= 0 ? "it is gone" : frame_read(bytes, (size_t)count, sender, frame);
    return *why == NULL ? 1 : -1;
}
