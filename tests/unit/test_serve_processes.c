/* test_serve_processes.c - what the kernel tells of a process: of this one. */
#include "backend/serve/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void this_process(void **state)
{
    int pid = getpid(), fd = process_open(pid);
    char name[64] = "";
    uid_t uid = 99;

    (void)state;
    assert_true(fd >= 0);
    assert_false(process_ended(fd));
    assert_true(process_ended(-1));
    close(fd);
    assert_true(process_is_leader(pid));
    assert_true(process_user(pid, &uid));
    assert_int_equal(uid, getuid());
    assert_int_equal(process_parent(pid), getppid());
    assert_true(process_start(pid) > 0);
    assert_int_equal(process_start(0x7ffffff0), 0);
    assert_true(process_name(pid, name, sizeof name));
    assert_string_equal(name, "test_unit_serve");
    assert_int_equal(process_open(0x7ffffff0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
