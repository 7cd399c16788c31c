/* test_host.c - memory, limits and NUMA nodes, from made-up /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/cuda/host.h"

static char root[64];

static int new_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/host_XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static int take_away(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int end_root(void **state)
{
    (void)state;
    return nftw(root, take_away, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the folders on the way to it. */
static void put(const char *path, const char *text)
{
    char full[512];
    FILE *file;

    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void put_meminfo(void)
{
    put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n");
}

static void test_nothing_known(void **state)
{
    struct host_memory memory = host_memory("/nonexistent");

    (void)state;
    assert_int_equal(memory.available_bytes, -1);
    assert_int_equal(memory.limit_bytes, -1);
    assert_int_equal(host_memory_left(&memory), -1);
    assert_int_equal(host_numa_nodes("/nonexistent"), 1);
    assert_int_equal(host_numa_of("/nonexistent", "0000:3B:00.0"), -1);
}

static void test_no_limit(void **state)
{
    struct host_memory memory;

    (void)state;
    put_meminfo();
    put("/proc/self/cgroup", "0::/user.slice\n");
    put("/sys/fs/cgroup/user.slice/memory.max", "max\n");
    memory = host_memory(root);
    assert_int_equal(memory.total_bytes, INT64_C(16000000) * 1024);
    assert_int_equal(memory.available_bytes, INT64_C(8000000) * 1024);
    assert_int_equal(memory.limit_bytes, -1);
    assert_int_equal(host_memory_left(&memory), INT64_C(8000000) * 1024);
}

/* The limit that leaves the least counts, wherever on the way up it stands, be it the highest. */
static void test_second_version(void **state)
{
    struct host_memory memory;

    (void)state;
    put_meminfo();
    put("/proc/self/cgroup", "0::/pods/one/inner\n");
    put("/sys/fs/cgroup/pods/one/inner/memory.max", "max\n");
    put("/sys/fs/cgroup/pods/one/memory.max", "3000000000\n");
    put("/sys/fs/cgroup/pods/one/memory.current", "1000000000\n");
    put("/sys/fs/cgroup/pods/memory.max", "5000000000\n");
    memory = host_memory(root);
    assert_int_equal(memory.limit_bytes, 3000000000);
    assert_int_equal(memory.limit_used_bytes, 1000000000);
    assert_int_equal(host_memory_left(&memory), 2000000000);
    put("/sys/fs/cgroup/pods/memory.current", "4900000000\n"); /* most of it others' */
    memory = host_memory(root);
    assert_int_equal(memory.limit_bytes, 5000000000);
    assert_int_equal(host_memory_left(&memory), 100000000);
}

/* A container sees its own group as '/'. */
static void test_in_a_container(void **state)
{
    struct host_memory memory;

    (void)state;
    put_meminfo();
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/memory.max", "2147483648\n");
    memory = host_memory(root);
    assert_int_equal(memory.limit_bytes, 2147483648);
}

static void test_first_version(void **state)
{
    struct host_memory memory;

    (void)state;
    put_meminfo();
    put("/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/abc\n1:name=systemd:/\n0::/\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n");
    memory = host_memory(root);
    assert_int_equal(memory.limit_bytes, -1);
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "100000000\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "150000000\n");
    memory = host_memory(root);
    assert_int_equal(memory.limit_bytes, 100000000);
    assert_int_equal(host_memory_left(&memory), 0);
}

static void test_numa(void **state)
{
    (void)state;
    put("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:       100 kB\n");
    put("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       100 kB\n");
    put("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal:       0 kB\n"); /* of a GPU, without memory */
    put("/sys/bus/pci/devices/0000:3b:00.0/numa_node", "1\n");
    put("/sys/bus/pci/devices/0000:3c:00.0/numa_node", "-1\n");
    assert_int_equal(host_numa_nodes(root), 2);
    assert_int_equal(host_numa_of(root, "0000:3B:00.0"), 1);
    assert_int_equal(host_numa_of(root, "0000:3C:00.0"), -1);
    assert_int_equal(host_numa_of(root, "0000:3D:00.0"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_known, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_no_limit, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_second_version, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_in_a_container, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_first_version, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_numa, new_root, end_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
