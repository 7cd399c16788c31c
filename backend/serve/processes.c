/* processes.c - what the kernel tells of a process, from /proc and its cgroup. */
#include "backend/serve/state.h"

#include <fcntl.h>
#include <poll.h>
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

/* Of a text of "NAME=VALUE" each ended by a 0. */
bool process_variable(int pid, const char *name, char *out, size_t size)
{
    size_t length = strlen(name), room = 0;
    char path[64], *line = NULL;
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    if ((file = fopen(path, "re")) == NULL)
        return false;
    while (!found && getdelim(&line, &room, '\0', file) > 0) {
        found = strncmp(line, name, length) == 0 && line[length] == '=';
        if (found)
            snprintf(out, size, "%s", line + length + 1);
    }
    free(line);
    fclose(file);
    return found;
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
    else if (cgroup_path(root, pid, "0::", group, sizeof group))
        room = cgroup_room(root, &second_version, group);
    return room < least ? room : least;
}
