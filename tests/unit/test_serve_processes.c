/* test_serve_processes.c - what is read of a process and of what its cgroup may still take, from files as the kernel has. */
#include "backend/serve/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/processes-XXXXXX";

static void put(const char *path, const char *text)
{
    char full[512];
    FILE *file;

    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *at = strchr(full + strlen(root) + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(root) == NULL;
}

static int end(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void the_machine_has_an_end(void **state)
{
    (void)state;
    put("/proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:     5000 kB\n");
    assert_int_equal(process_headroom(root, 7), 5000 * 1024);
}

static void a_cgroup_and_those_above(void **state)
{
    (void)state;
    put("/proc/7/cgroup", "0::/pods/one\n");
    put("/sys/fs/cgroup/pods/one/memory.max", "max\n");
    put("/sys/fs/cgroup/pods/one/memory.current", "100\n");
    assert_int_equal(process_headroom(root, 7), 5000 * 1024);
    put("/sys/fs/cgroup/pods/memory.max", "4000\n");
    put("/sys/fs/cgroup/pods/memory.current", "1000\n");
    assert_int_equal(process_headroom(root, 7), 3000);
    put("/sys/fs/cgroup/pods/one/memory.max", "2000\n");
    assert_int_equal(process_headroom(root, 7), 1900);
    put("/sys/fs/cgroup/pods/one/memory.current", "2100\n"); /* above its limit */
    assert_int_equal(process_headroom(root, 7), 0);
    put("/sys/fs/cgroup/pods/one/memory.stat", "anon 1000\nfile 1100\nactive_file 300\ninactive_file 800\n");
    assert_int_equal(process_headroom(root, 7), 700); /* files are given up where memory is wanted */
}

static void a_cgroup_of_the_first_version(void **state)
{
    (void)state;
    put("/proc/8/cgroup", "9:cpu:/\n4:memory:/docker/x\n0::/\n");
    put("/sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "700\n");
    put("/sys/fs/cgroup/memory/docker/x/memory.usage_in_bytes", "600\n");
    assert_int_equal(process_headroom(root, 8), 100);
    put("/sys/fs/cgroup/memory/docker/x/memory.stat",
        "cache 90\ninactive_file 5\ntotal_cache 90\ntotal_inactive_file 60\n");
    assert_int_equal(process_headroom(root, 8), 160);
}

static void this_process(void **state)
{
    int pid = getpid(), fd = process_open(pid);
    char name[64] = "", value[64] = "";
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
    assert_true(process_variable(pid, "LC_ALL", value, sizeof value) == (getenv("LC_ALL") != NULL));
    assert_false(process_variable(pid, "GPUSWAP_NO_SUCH_THING", value, sizeof value));
    assert_int_equal(process_open(0x7ffffff0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_has_an_end),
        cmocka_unit_test(a_cgroup_and_those_above),
        cmocka_unit_test(a_cgroup_of_the_first_version),
        cmocka_unit_test(this_process),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
