/* processes.c - what the kernel tells of a process, from /proc and its cgroup. */
#include "backend/serve/state.h"

#include <fcntl.h>
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

bool process_descends(int pid, int ancestor)
{
    enum { GENERATIONS = 64 };

    for (int i = 0; i < GENERATIONS && pid > 1; i++) {
        if (pid == ancestor)
            return true;
        pid = (int)status_number(pid, "\nPPid:");
    }
    return false;
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

bool process_cgroup(int pid, char *out, size_t size)
{
    char path[64], text[4096], *at;

    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    if (!read_file(path, text, sizeof text) || (at = strstr(text, "0::")) == NULL)
        return false;
    at[strcspn(at, "\n")] = '\0';
    snprintf(out, size, "%s", at + 3);
    return true;
}

static int64_t cgroup_number(const char *group, const char *file)
{
    char path[4400], text[64];

    snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, file);
    if (!read_file(path, text, sizeof text) || strncmp(text, "max", 3) == 0)
        return INT64_MAX;
    return strtoll(text, NULL, 10);
}

/* The tightest of the process' cgroup and those above it. */
int64_t process_headroom(int pid)
{
    char group[4096];
    int64_t least = INT64_MAX;

    if (!process_cgroup(pid, group, sizeof group))
        return least;
    for (char *end = group + strlen(group); end > group; *(end = strrchr(group, '/')) = '\0') {
        int64_t limit = cgroup_number(group, "memory.max"), used = cgroup_number(group, "memory.current");

        if (limit < INT64_MAX && used < INT64_MAX && limit - used < least)
            least = limit > used ? limit - used : 0;
        if (strrchr(group, '/') == NULL)
            break;
    }
    return least;
}
