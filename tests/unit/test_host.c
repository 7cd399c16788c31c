/* test_host.c - memory and NUMA nodes, from made-up /proc and /sys. */
#include "root_made.h"

#include "backend/cuda/host.h"

static void put_meminfo(void)
{
    put("/proc/meminfo", "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n");
}

static void test_nothing_known(void **state)
{
    struct host_memory memory = host_memory("/nonexistent", 0);

    (void)state;
    assert_int_equal(memory.total_bytes, -1);
    assert_int_equal(memory.available_bytes, -1);
    assert_int_equal(memory.limit.bytes, -1);
    assert_int_equal(host_memory_left(&memory), -1);
    assert_int_equal(host_numa_nodes("/nonexistent"), 1);
    assert_int_equal(host_numa_of("/nonexistent", "0000:3B:00.0"), -1);
}

static void test_no_number(void **state)
{
    struct host_memory memory;

    (void)state;
    put("/proc/meminfo", "MemTotal:       lots kB\nMemAvailable:    9223372036854775807 kB\n");
    memory = host_memory(root, 0);
    assert_int_equal(memory.total_bytes, -1);
    assert_int_equal(memory.available_bytes, -1);
}

/* What a process may take is what is left of the machine or of its groups, whichever is less. */
static void test_least(void **state)
{
    struct host_memory memory;

    (void)state;
    put_meminfo();
    memory = host_memory(root, 0);
    assert_int_equal(memory.total_bytes, INT64_C(16000000) * 1024);
    assert_int_equal(memory.available_bytes, INT64_C(8000000) * 1024);
    assert_int_equal(memory.limit.bytes, -1);
    assert_int_equal(host_memory_left(&memory), INT64_C(8000000) * 1024);
    put("/proc/self/cgroup", "0::/pods\n");
    put("/proc/7/cgroup", "0::/seven\n");
    put("/sys/fs/cgroup/pods/memory.max", "3000000000\n");
    put("/sys/fs/cgroup/pods/memory.current", "1000000000\n");
    put("/sys/fs/cgroup/seven/memory.max", "16000000000\n");
    put("/sys/fs/cgroup/seven/memory.current", "1000000000\n");
    memory = host_memory(root, 0);
    assert_int_equal(host_memory_left(&memory), 2000000000);
    memory = host_memory(root, 7);
    assert_int_equal(memory.limit.bytes, 16000000000);
    assert_int_equal(host_memory_left(&memory), INT64_C(8000000) * 1024);
    put("/proc/meminfo", "");
    memory = host_memory(root, 7);
    assert_int_equal(host_memory_left(&memory), 15000000000);
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
        cmocka_unit_test_setup_teardown(test_no_number, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_least, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_numa, new_root, end_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
