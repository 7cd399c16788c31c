/* processes.c - what the kernel tells of a process, from /proc and its cgroup. */
#include "backend/serve/state.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int process_open(int pid)
{
    return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static bool read_file(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? -1 : read(fd, out, size - 1);

    if (fd >= 0)
        close(fd);
    out[count > 0 ? count : 0] = '\0';
    return count > 0;
}

static long status_number(int pid, const char *key)
{
    char path[64], text[4096], *at;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (!read_file(path, text, sizeof text) || (at = strstr(text, key)) == NULL)
        return -1;
    return strtol(at + strlen(key), NULL, 10);
}

uint64_t process_start(int pid)
{
    enum { FIELDS_BETWEEN = 20 }; /* from the state, behind the name, to the start */
    char path[64], text[1024], *at;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (pid <= 0 || !read_file(path, text, sizeof text) || (at = strrchr(text, ')')) == NULL)
        return 0;
    for (int i = 0; i < FIELDS_BETWEEN && at != NULL; i++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

bool process_is(int pid, uint64_t start)
{
    uint64_t seen = process_start(pid);

    return seen == start || (seen == 0 && pid > 0 && kill(pid, 0) == 0);
}

int process_parent(int pid)
{
    return (int)status_number(pid, "\nPPid:");
}

bool process_ended(int pidfd)
{
    struct pollfd end = {.fd = pidfd, .events = POLLIN};

    return pidfd < 0 || poll(&end, 1, 0) > 0;
}

/* Real, effective, saved: one that was given another's rights is nobody's but root's. */
bool process_user(int pid, uid_t *uid)
{
    static const char key[] = "\nUid:";
    char path[64], text[4096], *at;
    unsigned real, effective, saved;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (!read_file(path, text, sizeof text) || (at = strstr(text, key)) == NULL ||
        sscanf(at + sizeof key - 1, "%u %u %u", &real, &effective, &saved) != 3)
        return false;
    *uid = real == effective && real == saved ? real : 0;
    return true;
}

bool process_is_leader(int pid)
{
    return status_number(pid, "\nTgid:") == pid;
}

bool process_name(int pid, char *out, size_t size)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    if (!read_file(path, out, size))
        return false;
    out[strcspn(out, "\n")] = '\0';
    return true;
}

/* The line of a cgroup's file that begins with `key`: 4:memory:/path, or 0::/path. */
static bool cgroup_path(const char *root, int pid, const char *key, char *out, size_t size)
{
    char path[4096], text[4096], *at;

    snprintf(path, sizeof path, "%s/proc/%d/cgroup", root, pid);
    if (!read_file(path, text, sizeof text) || (at = strstr(text, key)) == NULL)
        return false;
    at += strlen(key);
    at[strcspn(at, "\n")] = '\0';
    snprintf(out, size, "%s", at);
    return true;
}

bool process_cgroup(int pid, char *out, size_t size)
{
    return cgroup_path("", pid, ":memory:", out, size) || cgroup_path("", pid, "0::", out, size);
}

static int64_t number_in(const char *path)
{
    char text[64];

    if (!read_file(path, text, sizeof text) || strncmp(text, "max", 3) == 0)
        return INT64_MAX;
    return strtoll(text, NULL, 10);
}

struct cgroup_files {
    const char *mount, *limit, *use;
    const char *cache; /* in memory.stat: of its use, copies of files that the kernel gives up where memory is wanted */
};
static const struct cgroup_files first_version = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                                  "memory.usage_in_bytes", "\ntotal_inactive_file "};
static const struct cgroup_files second_version = {"/sys/fs/cgroup", "memory.max", "memory.current",
                                                   "\ninactive_file "};

static int64_t number_behind(const char *path, const char *key)
{
    char text[8192], *at;

    if (!read_file(path, text, sizeof text) || (at = strstr(text, key)) == NULL)
        return 0;
    return strtoll(at + strlen(key), NULL, 10);
}

/* Of a cgroup and those above it, the least that is left. */
static int64_t cgroup_room(const char *root, const struct cgroup_files *files, char *group)
{
    int64_t least = INT64_MAX;
    char path[9000];

    for (char *end = group + strlen(group); end > group && *group == '/'; *(end = strrchr(group, '/')) = '\0') {
        int64_t most, used;

        snprintf(path, sizeof path, "%.1000s%s%s/%s", root, files->mount, group, files->limit);
        most = number_in(path);
        snprintf(path, sizeof path, "%.1000s%s%s/%s", root, files->mount, group, files->use);
        used = number_in(path);
        snprintf(path, sizeof path, "%.1000s%s%s/memory.stat", root, files->mount, group);
        if (used < INT64_MAX)
            used -= number_behind(path, files->cache);
        if (most < INT64_MAX && used < INT64_MAX && most - used < least)
            least = most > used ? most - used : 0;
    }
    return least;
}

/* In a namespace of cgroups a path tells the way from one's own group: /../../pods/one.  Where all groups lie below `mount`, as
 * in our DaemonSet, that is a group whose path ends so and that has the process. */
static bool has_process(const char *folder, int pid)
{
    char path[9000], line[32];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "%.8000s/cgroup.procs", folder);
    if ((file = fopen(path, "re")) == NULL)
        return false;
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strtol(line, NULL, 10) == pid;
    fclose(file);
    return found;
}

static bool find_group(const char *root, const char *mount, int pid, char *group, size_t size)
{
    static const char above[] = "/*/*/*/*/*/*/*/*";
    char pattern[9000];
    const char *tail = group;
    bool found = false;

    while (strncmp(tail, "/..", 3) == 0)
        tail += 3;
    if (tail == group)
        return true;
    for (int length = 0; length < (int)sizeof above && !found; length += 2) {
        glob_t there;

        snprintf(pattern, sizeof pattern, "%.1000s%s%.*s%.4000s", root, mount, length, above, tail);
        if (glob(pattern, GLOB_NOSORT | GLOB_ONLYDIR, NULL, &there) != 0)
            continue;
        for (size_t i = 0; i < there.gl_pathc && !found; i++) {
            found = has_process(there.gl_pathv[i], pid);
            if (found)
                snprintf(group, size, "%s", there.gl_pathv[i] + strlen(root) + strlen(mount));
        }
        globfree(&there);
    }
    return found;
}

static int64_t machine_room(const char *root)
{
    char path[4096];
    int64_t kib;

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    kib = number_behind(path, "\nMemAvailable:");
    return kib > 0 ? kib * 1024 : INT64_MAX;
}

int64_t process_headroom(const char *root, int pid)
{
    int64_t least = machine_room(root), room = INT64_MAX;
    char group[4096];

    if (cgroup_path(root, pid, ":memory:", group, sizeof group)) /* version 1 */
        room = cgroup_room(root, &first_version, group);
    else if (cgroup_path(root, pid, "0::", group, sizeof group) &&
             find_group(root, second_version.mount, pid, group, sizeof group))
        room = cgroup_room(root, &second_version, group);
    return room < least ? room : least;
}
