/* processes.c - what the kernel tells of a process, from /proc. */
#include "backend/serve/state.h"

#include <fcntl.h>
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
