/* test_cgroup.c - the limit of memory that a process' groups leave it, from files as the kernel writes them. */
#include "root_made.h"

#include "backend/cuda/cgroup.h"

#include <unistd.h>

enum { SELF = 0, PID = 7 };

static int64_t room_of(int pid)
{
    struct cgroup_limit limit = cgroup_limit(root, pid);

    return cgroup_room(&limit);
}

static void test_nothing_known(void **state)
{
    struct cgroup_limit limit = cgroup_limit(root, PID);
    char name[CGROUP_PATH];

    (void)state;
    assert_int_equal(limit.bytes, -1);
    assert_int_equal(limit.used_bytes, -1);
    assert_int_equal(cgroup_room(&limit), -1);
    assert_false(cgroup_name(root, PID, name));
    put("/proc/7/cgroup", "");
    assert_int_equal(room_of(PID), -1);
    put("/proc/7/cgroup", "0::/gone (deleted)\n");
    assert_int_equal(room_of(PID), -1);
}

static void test_name(void **state)
{
    char name[CGROUP_PATH];

    (void)state;
    put("/proc/7/cgroup", "0::/pods/one\n");
    assert_true(cgroup_name(root, PID, name));
    assert_string_equal(name, "/pods/one");
    put("/proc/self/cgroup", "9:cpu:/\n5:name=memory:/no\n4:memory:/docker/x:y\n0::/\n");
    assert_true(cgroup_name(root, SELF, name));
    assert_string_equal(name, "/docker/x:y");
}

/* The limit that leaves the least counts, wherever on the way up it stands, be it the highest. */
static void test_those_above(void **state)
{
    struct cgroup_limit limit;

    (void)state;
    put("/proc/7/cgroup", "0::/pods/one/inner\n");
    put("/sys/fs/cgroup/pods/one/inner/memory.max", "max\n");
    put("/sys/fs/cgroup/pods/one/inner/memory.current", "100\n");
    assert_int_equal(room_of(PID), -1);
    put("/sys/fs/cgroup/pods/one/memory.max", "3000000000\n");
    put("/sys/fs/cgroup/pods/one/memory.current", "1000000000\n");
    put("/sys/fs/cgroup/pods/memory.max", "5000000000\n"); /* how much of it is used is not told */
    limit = cgroup_limit(root, PID);
    assert_int_equal(limit.bytes, 3000000000);
    assert_int_equal(limit.used_bytes, 1000000000);
    assert_int_equal(cgroup_room(&limit), 2000000000);
    put("/sys/fs/cgroup/pods/memory.current", "4900000000\n"); /* most of it others' */
    limit = cgroup_limit(root, PID);
    assert_int_equal(limit.bytes, 5000000000);
    assert_int_equal(cgroup_room(&limit), 100000000);
    put("/sys/fs/cgroup/pods/one/memory.current", "3100000000\n"); /* above its limit */
    assert_int_equal(room_of(PID), 0);
}

/* In a container it is called "/", and the highest has the limit. */
static void test_the_highest(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/\n");
    put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n");
    put("/sys/fs/cgroup/memory.max", "2147483648\n");
    assert_int_equal(room_of(SELF), 2147483648);
    put("/proc/self/cgroup", "0::/below\n");
    assert_int_equal(room_of(SELF), 2147483648);
}

/* Copies of files on both lists are given up; what else counts as a file's is not. */
static void test_copies_of_files(void **state)
{
    struct cgroup_limit limit;

    (void)state;
    put("/proc/7/cgroup", "0::/one\n");
    put("/sys/fs/cgroup/one/memory.max", "2000\n");
    put("/sys/fs/cgroup/one/memory.current", "1900\n");
    assert_int_equal(room_of(PID), 100);
    put("/sys/fs/cgroup/one/memory.stat", "anon 500\nactive_file2 40\nfile 1400\nshmem 200\nfile_mapped "
                                          "90\ninactive_anon 600\nactive_anon 100\ninactive_file 800\nactive_file 300\n"
                                          "unevictable 100\nslab_reclaimable 70\n");
    limit = cgroup_limit(root, PID);
    assert_int_equal(limit.used_bytes, 800);
    assert_int_equal(cgroup_room(&limit), 1200);
    put("/sys/fs/cgroup/one/memory.stat", "active_file 1800\ninactive_file 900\n"); /* read a moment later */
    limit = cgroup_limit(root, PID);
    assert_int_equal(limit.used_bytes, 0);
    assert_int_equal(cgroup_room(&limit), 2000);
}

/* Of the limits that count, the one that leaves the least, copies of files not counted. */
static void test_copies_above(void **state)
{
    (void)state;
    put("/proc/7/cgroup", "0::/pods/one\n");
    put("/sys/fs/cgroup/pods/one/memory.max", "1000\n");
    put("/sys/fs/cgroup/pods/one/memory.current", "900\n");
    put("/sys/fs/cgroup/pods/one/memory.stat", "inactive_file 700\nactive_file 100\n");
    put("/sys/fs/cgroup/pods/memory.max", "1500\n");
    put("/sys/fs/cgroup/pods/memory.current", "1200\n");
    assert_int_equal(room_of(PID), 300);
}

static void test_first_version(void **state)
{
    (void)state;
    put("/proc/7/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/abc\n1:name=systemd:/\n0::/\n");
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "9223372036854771712\n"); /* none */
    put("/sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes", "600\n");
    assert_int_equal(room_of(PID), -1);
    put("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "700\n");
    assert_int_equal(room_of(PID), 100);
    put("/sys/fs/cgroup/memory/docker/abc/memory.stat",
        "cache 90\ninactive_file 5\nactive_file 7\ntotal_cache 90\ntotal_inactive_file 60\ntotal_active_file 20\n");
    assert_int_equal(room_of(PID), 180); /* with those of groups below, as the use is */
    put("/sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "150\n");
    assert_int_equal(room_of(PID), 150);
}

/* Both versions at once: the memory is the first's where its line is there, else the second's, wherever that is mounted. */
static void test_both_versions(void **state)
{
    static const char mounts[] =
        "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        "35 31 0:32 / /sys/fs/cgroup/hugetlb,memory rw,relatime shared:10 master:1 - cgroup cgroup rw,hugetlb,memory\n"
        "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    (void)state;
    put("/proc/self/mountinfo", mounts);
    put("/proc/7/cgroup", "0::/two\n6:hugetlb,memory:/one\n");
    put("/sys/fs/cgroup/hugetlb,memory/one/memory.limit_in_bytes", "100\n");
    put("/sys/fs/cgroup/cpu,cpuacct/one/memory.limit_in_bytes", "1\n");
    put("/sys/fs/cgroup/unified/two/memory.max", "50\n");
    put("/sys/fs/cgroup/two/memory.max", "2\n");
    put("/sys/fs/cgroup/cpu,cpuacct/two/memory.max", "3\n");
    assert_int_equal(room_of(PID), 100);
    put("/proc/7/cgroup", "6:hugetlb:/one\n0::/two\n");
    assert_int_equal(room_of(PID), 50);
}

/* A container of the first version, without a namespace: its group is what is mounted. */
static void test_part_of_the_tree(void **state)
{
    (void)state;
    put("/proc/self/mountinfo",
        "35 31 0:32 /system.slice/a\\134x2db /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory\n");
    put("/proc/7/cgroup", "4:memory:/system.slice/a\\x2db/in\n");
    put("/sys/fs/cgroup/memory/in/memory.limit_in_bytes", "100\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
    assert_int_equal(room_of(PID), 100);
    put("/proc/7/cgroup", "4:memory:/system.slice/a\\x2db\n");
    assert_int_equal(room_of(PID), 1000);
    put("/proc/7/cgroup", "4:memory:/system.slice/a\\x2dbc/in\n"); /* not below it */
    put("/sys/fs/cgroup/memoryc/in/memory.limit_in_bytes", "10\n");
    assert_int_equal(room_of(PID), -1);
}

/* A namespace of groups with the tree of the host, as mountinfo and /proc/PID/cgroup have been seen to say it. */
static void test_namespace(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", "51 47 0:32 /../../.. /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw\n");
    put("/proc/7/cgroup", "0::/../../pod/a\\x2db\n"); /* one name is not told */
    put("/sys/fs/cgroup/other/pod/a\\x2db/memory.max", "20\n");
    put("/sys/fs/cgroup/other/pod/a\\x2db/cgroup.procs", "8\n77\n"); /* of the same name, and another's */
    put("/sys/fs/cgroup/pod/a\\x2db/memory.max", "30\n");
    put("/sys/fs/cgroup/pod/a\\x2db/cgroup.procs", "7\n"); /* not as deep */
    assert_int_equal(room_of(PID), -1);
    put("/sys/fs/cgroup/slice/pod/a\\x2db/memory.max", "2000\n");
    put("/sys/fs/cgroup/slice/pod/a\\x2db/memory.current", "500\n");
    put("/sys/fs/cgroup/slice/pod/a\\x2db/cgroup.procs", "6\n7\n");
    assert_int_equal(room_of(PID), 1500);
    put("/sys/fs/cgroup/slice/memory.max", "9000\n");
    put("/sys/fs/cgroup/slice/memory.current", "8000\n");
    assert_int_equal(room_of(PID), 1000);
    put("/proc/7/cgroup", "0::/../../../pod/a\\x2db\n"); /* all is told */
    assert_int_equal(room_of(PID), 30);
    put("/proc/7/cgroup", "0::/../../../..\n"); /* above what is mounted */
    put("/sys/fs/cgroup/memory.max", "10\n");
    assert_int_equal(room_of(PID), -1);
}

/* The same, of this process: no name is told. */
static void test_own_in_namespace(void **state)
{
    char pid[32];

    (void)state;
    snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    put("/proc/self/mountinfo", "51 47 0:32 /../.. /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    put("/proc/self/cgroup", "4:memory:/\n");
    put("/sys/fs/cgroup/memory/slice/one/cgroup.procs", "1\n");
    put("/sys/fs/cgroup/memory/slice/one/memory.limit_in_bytes", "1\n");
    put("/sys/fs/cgroup/memory/slice/two/cgroup.procs", pid);
    put("/sys/fs/cgroup/memory/slice/two/memory.limit_in_bytes", "2\n");
    assert_int_equal(room_of(SELF), 2);
}

/* Without a namespace's own mount: only its own groups are to be seen, and of the others nothing is known. */
static void test_others_out_of_sight(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put("/proc/7/cgroup", "0::/../other\n");
    put("/sys/fs/cgroup/memory.max", "100\n");
    put("/sys/fs/cgroup/other/memory.max", "50\n");
    assert_int_equal(room_of(PID), -1);
}

/* The tree of the host at a second place: there, those are found that are out of sight at the first. */
static void test_two_places(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
                                "31 23 0:26 /.. /host/the\\040groups ro - cgroup2 cgroup rw\n");
    put("/proc/7/cgroup", "0::/../other\n");
    put("/sys/fs/cgroup/memory.max", "100\n");
    put("/host/the groups/other/memory.max", "50\n");
    assert_int_equal(room_of(PID), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_known, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_name, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_those_above, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_the_highest, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_copies_of_files, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_copies_above, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_first_version, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_both_versions, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_part_of_the_tree, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_namespace, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_own_in_namespace, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_others_out_of_sight, new_root, end_root),
        cmocka_unit_test_setup_teardown(test_two_places, new_root, end_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
