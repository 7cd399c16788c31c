/* test_daemon.c - programs behind the gate, on the driver double, with a daemon that does well or ill. */
#include "daemon.h"

static void start(const char *client, const char *bursts, const char *pause_ms, const char *more)
{
    char path[512];
    const char *const argv[] = {path, bursts, "4", pause_ms, NULL};

    snprintf(path, sizeof path, "%s/client_%s", CLIENTS, client);
    daemon_listen();
    client_start(DOUBLE_LIBCUDA, more, argv);
}

/* Let it run to its end, granting whatever it asks for.  At its end it asks, and does not wait. */
static void finish(uint64_t quantum_us)
{
    struct gate_frame frame;

    while ((frame = daemon_hear_within(WAIT_MS)).type != 0 && frame.type != GATE_BYE)
        if (frame.type == GATE_REQ)
            daemon_try((struct gate_frame){.type = GATE_GRANT, .epoch = ++epoch, .a = quantum_us});
        else if (frame.type == GATE_PING)
            daemon_say((struct gate_frame){.type = GATE_PONG, .a = frame.a});
    assert_int_equal(client_wait(NULL, 0), 0);
    daemon_close();
}

static void test_grant(void **state)
{
    struct gate_frame frame;

    (void)state;
    start("once", "3", "1", NULL);
    frame = daemon_greet(0);
    assert_int_equal(frame.a, GATE_MODE_GATE);
    assert_int_equal(frame.pid, child);
    assert_memory_equal(frame.tail, "client_once\0\0\0\0", GATE_TAIL);
    frame = daemon_hear(GATE_REQ);
    assert_memory_equal(frame.tail, "gpuswap-double-\0", GATE_TAIL);
    client_must_rest();
    daemon_grant(0);
    frame = daemon_hear(GATE_RELEASED);
    assert_int_equal(frame.a, GATE_EXIT);
    assert_int_equal(frame.epoch, 1);
    daemon_hear(GATE_BYE);
    assert_int_equal(client_wait(NULL, 0), 0);
    daemon_close();
}

/* Every client, with quanta shorter than its bursts. */
static void test_all_clients(void **state)
{
    static const char *const client[] = {"anew", "busy", "chunks", "once", "threads"};

    (void)state;
    for (unsigned i = 0; i < sizeof client / sizeof *client; i++) {
        start(client[i], "5", "2", NULL);
        daemon_greet(5000);
        finish(3000);
        assert_true(epoch > 1);
    }
}

static void test_drop(void **state)
{
    struct gate_frame frame;

    (void)state;
    start("busy", "20", "0", NULL);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    assert_true(client_moves(WAIT_MS));
    daemon_drop(1, 10000000);
    frame = daemon_hear(GATE_RELEASED);
    assert_int_equal(frame.epoch, 1);
    assert_int_equal(frame.a, GATE_ASKED);
    assert_true(frame.b > 10000); /* at least one burst of 40 ms was seen to its end */
    assert_int_equal(frame.c, 0);
    daemon_hear(GATE_REQ);
    client_must_rest();
    daemon_grant(0);
    finish(0);
}

/* Work goes on for longer than the daemon waits: it is said at once, and the end is told when it has come. */
static void test_overrun(void **state)
{
    struct gate_frame frame;

    (void)state;
    start("busy", "3", "0", NULL);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(100);
    for (;;) { /* until a quantum ends in the middle of kernels of 5 ms */
        frame = daemon_hear(GATE_RELEASED);
        assert_int_equal(frame.a, GATE_QUANTUM);
        if (frame.c > 0)
            break;
        daemon_hear(GATE_REQ);
        daemon_grant(100);
    }
    assert_true(last_stat.c >= 1);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    finish(0);
}

static void test_epochs(void **state)
{
    (void)state;
    start("once", "100000", "1", NULL);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    epoch = 6;
    daemon_grant(0);
    assert_true(client_moves(WAIT_MS));
    daemon_drop(6, 1000);
    daemon_drop(8, 1000);
    assert_int_equal(daemon_hear_within(QUIET_MS).type, 0);
    assert_true(client_moves(WAIT_MS));
    daemon_drop(7, 10000000);
    daemon_drop(7, 10000000); /* the second says nothing new */
    assert_int_equal(daemon_hear(GATE_RELEASED).epoch, 7);
    daemon_hear(GATE_REQ);
    daemon_say((struct gate_frame){.type = GATE_GRANT, .epoch = 7});
    client_must_rest();
    assert_int_equal(daemon_hear_within(0).type, 0);
    daemon_grant(0);
    assert_true(client_moves(WAIT_MS));
    kill(child, SIGKILL);
    client_wait(NULL, 0);
    daemon_close();
}

/* Two seconds of work are queued at once, in one stream and then in many: little of it is under way when it is to stop. */
static void test_backlog(void **state)
{
    enum { BURSTS = 2, EIGHTH_US = 250000 };
    struct gate_frame frame;

    (void)state;
    start("deep", "2", "0", NULL);
    daemon_greet(0);
    for (int burst = 0; burst < BURSTS; burst++) {
        for (int stop = 0; stop < 2; stop++) {
            daemon_hear(GATE_REQ);
            daemon_grant(0);
            assert_int_equal(daemon_hear_within(3 * QUIET_MS).type, 0);
            daemon_drop(epoch, EIGHTH_US);
            frame = daemon_hear(GATE_RELEASED);
            assert_int_equal(frame.a, GATE_ASKED);
            assert_int_equal(frame.c, 0);
        }
        if (burst + 1 < BURSTS) { /* on to the next */
            daemon_hear(GATE_REQ);
            daemon_grant(0);
            assert_true(client_moves(WAIT_MS));
            daemon_drop(epoch, EIGHTH_US);
            assert_int_equal(daemon_hear(GATE_RELEASED).c, 0);
        }
    }
    finish(0);
}

static void test_idle(void **state)
{
    struct gate_frame frame;

    (void)state;
    start("once", "2", "300", NULL);
    daemon_greet(20000);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    frame = daemon_hear(GATE_RELEASED);
    assert_int_equal(frame.a, GATE_IDLE);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    finish(0);
}

static void test_garbage(void **state)
{
    static const char garbage[GATE_FRAME] = "this is no frame";

    (void)state;
    start("once", "3", "1", NULL);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    assert_int_equal(send(connection, garbage, sizeof garbage, MSG_NOSIGNAL), sizeof garbage);
    close(listener); /* nobody to come back to */
    assert_int_equal(daemon_hear_within(WAIT_MS).type, 0);
    assert_int_equal(client_wait(NULL, 0), 0); /* and so the gate is open */
    daemon_close();
}

static void test_gone(void **state)
{
    (void)state;
    start("once", "3", "1", NULL);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_close();
    assert_int_equal(client_wait(NULL, 0), 0);
}

static void test_gone_and_closed(void **state)
{
    (void)state;
    start("once", "3", "1", "GPUSWAP_GATE_FAIL=closed");
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_close();
    client_must_rest();
    daemon_listen(); /* it comes back, and all begins anew */
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    client_must_rest();
    daemon_grant(0);
    finish(0);
}

static void test_silent(void **state)
{
    struct gate_frame frame;

    (void)state;
    start("once", "1", "1", "GPUSWAP_GATE_SILENCE_MS=300");
    daemon_accept(); /* and never a word */
    daemon_hear(GATE_HELLO);
    assert_int_equal(client_wait(NULL, 0), 0);
    daemon_close();

    start("once", "1", "1", "GPUSWAP_GATE_SILENCE_MS=300");
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    for (int i = 0; i < 3; i++) {
        frame = daemon_hear(GATE_PING);
        daemon_say((struct gate_frame){.type = GATE_PONG, .a = frame.a});
    }
    client_must_rest(); /* who answers may let it wait */
    assert_int_equal(client_wait(NULL, 0), 0);
    daemon_close();
}

static void test_nobody(void **state)
{
    char path[512];
    const char *const argv[] = {path, "2", "4", "0", NULL};

    (void)state;
    snprintf(path, sizeof path, "%s/client_threads", CLIENTS);
    client_start(DOUBLE_LIBCUDA, NULL, argv);
    assert_int_equal(client_wait(NULL, 0), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grant),   cmocka_unit_test(test_all_clients),     cmocka_unit_test(test_drop),
        cmocka_unit_test(test_overrun), cmocka_unit_test(test_epochs),          cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_idle),    cmocka_unit_test(test_garbage),         cmocka_unit_test(test_gone),
        cmocka_unit_test(test_silent),  cmocka_unit_test(test_gone_and_closed), cmocka_unit_test(test_nobody),
    };

    return cmocka_run_group_tests(tests, daemon_begin, daemon_end);
}
