/* test_probe.c - the gate as a program sees it that looks closely: what it hands out, passes on, and costs. */
#include "daemon.h"

static void start(const char *what, const char *driver)
{
    const char *const argv[] = {PROBE, what, NULL};

    daemon_listen();
    client_start(driver, NULL, argv);
}

static void end(void)
{
    char text[4096];
    int status = client_wait(text, sizeof text);

    daemon_close();
    print_message("%s", text);
    assert_int_equal(status, 0);
}

/* One call of an ABI that the gate does not know: it is passed on, and the daemon is told. */
static void test_lookup(void **state)
{
    (void)state;
    start("lookup", FEW);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    daemon_hear(GATE_RELEASED);
    daemon_hear(GATE_BYE);
    end();
    assert_int_equal(last_stat.b, 1);
    assert_int_equal(last_stat.a, 1);
}

static void test_words(void **state)
{
    (void)state;
    start("words", FEW);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    daemon_hear(GATE_RELEASED);
    daemon_hear(GATE_BYE);
    end();
    assert_int_equal(last_stat.a, 1);
    assert_int_equal(last_stat.b, 0);
}

static void test_cost(void **state)
{
    (void)state;
    start("cost", FEW);
    daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    daemon_hear(GATE_RELEASED);
    end();
}

static void test_fork(void **state)
{
    struct gate_frame parent, forked;
    int first;

    (void)state;
    start("fork", FEW);
    parent = daemon_greet(0);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    first = connection;
    forked = daemon_greet(0);
    assert_int_equal(parent.pid, child);
    assert_int_not_equal(forked.pid, child);
    daemon_hear(GATE_REQ);
    daemon_grant(0);
    daemon_hear(GATE_RELEASED);
    daemon_hear(GATE_BYE);
    daemon_hang_up();
    connection = first; /* that of the parent has stayed its own */
    daemon_hear(GATE_RELEASED);
    daemon_hear(GATE_BYE);
    end();
}

static void test_other_name(void **state)
{
    (void)state;
    preload = GATE_LIBCUDA ":" OTHER_NAME;
    start("name", FEW);
    end();
    preload = GATE_LIBCUDA;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup), cmocka_unit_test(test_words),      cmocka_unit_test(test_cost),
        cmocka_unit_test(test_fork),   cmocka_unit_test(test_other_name),
    };

    return cmocka_run_group_tests(tests, daemon_begin, daemon_end);
}
