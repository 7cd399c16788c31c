/* test_gate_frame.c - frames of the gate's protocol: the bytes, and all that is refused. */
#include "backend/gate/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* One of each type, as it may be. */
static const struct gate_frame sample[] = {
    {.type = GATE_HELLO, .seq = 1, .a = GATE_MODE_GATE, .pid = 77, .tail = "name"},
    {.type = GATE_WELCOME, .seq = 1, .a = 9, .b = 200000},
    {.type = GATE_REQ, .seq = 2, .a = UINT64_MAX, .gpu = 3, .pid = 77, .tail = {1, 2, 3}},
    {.type = GATE_GRANT, .seq = 2, .epoch = UINT64_MAX, .a = 30000000},
    {.type = GATE_DROP, .seq = 3, .epoch = 5, .a = 1000, .b = 1},
    {.type = GATE_RELEASED, .seq = 3, .epoch = 5, .a = GATE_ASKED, .b = 10, .c = 20, .pid = 77},
    {.type = GATE_STAT, .seq = 4, .a = 1, .b = 2, .c = 3},
    {.type = GATE_BYE, .seq = 5},
    {.type = GATE_PING, .seq = 6, .a = 12},
    {.type = GATE_PONG, .seq = 7, .a = 12},
};
enum { SAMPLES = sizeof sample / sizeof *sample };

static enum frame_sender sender_of(const struct gate_frame *frame)
{
    switch (frame->type) {
    case GATE_WELCOME:
    case GATE_GRANT:
    case GATE_DROP:
    case GATE_PONG:
        return FRAME_OF_DAEMON;
    default:
        return FRAME_OF_GATE;
    }
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SAMPLES; i++) {
        unsigned char bytes[GATE_FRAME];
        struct gate_frame back;
        enum frame_sender sender = sender_of(&sample[i]);

        frame_write(&sample[i], bytes);
        assert_null(frame_read(bytes, sizeof bytes, sender, &back));
        assert_memory_equal(back.tail, sample[i].tail, GATE_TAIL);
        assert_true(back.type == sample[i].type && back.seq == sample[i].seq && back.epoch == sample[i].epoch &&
                    back.a == sample[i].a && back.b == sample[i].b && back.c == sample[i].c &&
                    back.gpu == sample[i].gpu && back.pid == sample[i].pid);
        if (back.type != GATE_BYE) /* which both may send */
            assert_non_null(
                frame_read(bytes, sizeof bytes, sender == FRAME_OF_GATE ? FRAME_OF_DAEMON : FRAME_OF_GATE, &back));
    }
}

/* The layout that protocol.h describes, byte by byte. */
static void test_layout(void **state)
{
    static const unsigned char wanted[GATE_FRAME] = {0x47, 0x53, 1,    6,    4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15,
                                                     0x14, 0x13, 0x12, 0x11, 3, 0, 0, 0, 0,    0,    0,    0,
                                                     0x34, 0x12, 0,    0,    0, 0, 0, 0, 0x78, 0x56, 0,    0,
                                                     0,    0,    0,    0,    0, 0, 0, 0, 0xDD, 0xCC, 0xBB, 0xAA};
    struct gate_frame frame = {.type = GATE_RELEASED,
                               .seq = 0x01020304,
                               .epoch = 0x1112131415161718,
                               .a = GATE_ASKED,
                               .b = 0x1234,
                               .c = 0x5678,
                               .pid = 0xAABBCCDD};
    unsigned char bytes[GATE_FRAME];

    (void)state;
    frame_write(&frame, bytes);
    assert_memory_equal(bytes, wanted, GATE_FRAME);
}

static void refused(struct gate_frame frame, const char *text)
{
    unsigned char bytes[GATE_FRAME];
    struct gate_frame back;
    const char *why;

    frame_write(&frame, bytes);
    why = frame_read(bytes, sizeof bytes, sender_of(&frame), &back);
    assert_non_null(why);
    assert_non_null(strstr(why, text));
}

static void test_refused(void **state)
{
    unsigned char bytes[GATE_FRAME + 1] = {0};
    struct gate_frame back;

    (void)state;
    refused((struct gate_frame){.type = 0}, "no such type");
    refused((struct gate_frame){.type = 11}, "no such type");
    refused((struct gate_frame){.type = GATE_HELLO, .a = 2}, "out of its range");
    refused((struct gate_frame){.type = GATE_HELLO, .a = 1, .epoch = 1}, "may have none");
    refused((struct gate_frame){.type = GATE_GRANT}, "lacks its epoch");
    refused((struct gate_frame){.type = GATE_GRANT, .epoch = 1, .b = 1}, "out of its range");
    refused((struct gate_frame){.type = GATE_GRANT, .epoch = 1, .a = UINT64_MAX}, "out of its range");
    refused((struct gate_frame){.type = GATE_GRANT, .epoch = 1, .gpu = 1}, "not 0");
    refused((struct gate_frame){.type = GATE_DROP, .epoch = 1, .b = 2}, "out of its range");
    refused((struct gate_frame){.type = GATE_RELEASED, .epoch = 1}, "out of its range");
    refused((struct gate_frame){.type = GATE_RELEASED, .epoch = 1, .a = 5}, "out of its range");
    refused((struct gate_frame){.type = GATE_BYE, .tail = {0, 1}}, "not 0");
    assert_non_null(frame_read(bytes, GATE_FRAME, FRAME_OF_GATE, &back));
    frame_write(&sample[0], bytes);
    assert_non_null(frame_read(bytes, GATE_FRAME - 1, FRAME_OF_GATE, &back));
    assert_non_null(frame_read(bytes, GATE_FRAME + 1, FRAME_OF_GATE, &back));
    bytes[2] = 2;
    assert_non_null(strstr(frame_read(bytes, GATE_FRAME, FRAME_OF_GATE, &back), "version"));
}

static void test_socket(void **state)
{
    int pair[2];
    struct gate_frame frame;
    const char *why = NULL;
    char longer[GATE_FRAME + 1] = {0};

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    assert_int_equal(frame_take(pair[1], FRAME_OF_GATE, &frame, &why), 0);
    assert_int_equal(frame_send(pair[0], &sample[2]), 0);
    assert_int_equal(frame_take(pair[1], FRAME_OF_GATE, &frame, &why), 1);
    assert_int_equal(frame.gpu, 3);
    assert_int_equal(send(pair[0], longer, sizeof longer, 0), sizeof longer);
    assert_int_equal(frame_take(pair[1], FRAME_OF_GATE, &frame, &why), -1);
    assert_non_null(strstr(why, "64 bytes"));
    close(pair[0]);
    assert_int_equal(frame_take(pair[1], FRAME_OF_GATE, &frame, &why), -1);
    assert_non_null(strstr(why, "gone"));
    close(pair[1]);
    assert_string_equal(frame_name(GATE_PONG), "PONG");
    assert_string_equal(frame_name(99), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
