/* serve.c - how processes reach each other: a socket FOLDER/PID for each that has called cuInit, and a thread behind it. */
#include "backend/double/state.h"
#include "sim/base/units.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener = -1;
static struct sockaddr_un mine;
static int owner; /* the process that made it */

static bool name(struct sockaddr_un *address, int pid)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return (size_t)snprintf(address->sun_path, sizeof address->sun_path, "%s/%d", the.options.folder, pid) <
           sizeof address->sun_path;
}

static void obey(int connection)
{
    struct checkpoint_order order;
    struct checkpoint_answer answer;

    while (recv(connection, &order, sizeof order, 0) == (ssize_t)sizeof order) {
        answer = checkpoint_obey(order);
        if (send(connection, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer)
            break;
    }
}

static void *serve(void *data)
{
    (void)data;
    for (;;) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (connection >= 0) {
            obey(connection);
            close(connection);
        } else if (errno != EINTR && errno != ECONNABORTED)
            return NULL;
    }
}

static void end(void)
{
    if (owner == getpid())
        unlink(mine.sun_path);
}

void serve_begin(void)
{
    sigset_t all, before;
    pthread_t thread;

    if (*the.options.folder == '\0' || owner == getpid() || !name(&mine, getpid()))
        return;
    unlink(mine.sun_path); /* of an older process that had our number */
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&mine, sizeof mine) != 0 || listen(listener, 8) != 0) {
        violation("argument", "the folder '%.100s' has no room for a socket", the.options.folder);
        return;
    }
    owner = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, serve, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    atexit(end);
}

/* A thread's number will do for its process, as with a driver (NVIDIA/cuda-checkpoint, issue 41). */
static int process_of(int number)
{
    char path[64], line[128], why[UNITS_WHY];
    int64_t pid = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", number);
    if ((status = fopen(path, "re")) == NULL)
        return 0;
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "Tgid:\t", 6) == 0) {
            line[strcspn(line, "\n")] = '\0';
            if (units_integer(line + 6, &pid, why) != 0)
                pid = 0;
            break;
        }
    fclose(status);
    return (int)pid;
}

CUresult serve_ask(int pid, struct checkpoint_order order, struct checkpoint_answer *answer)
{
    int process = process_of(pid), connection;
    CUresult result = CUDA_ERROR_NOT_INITIALIZED;
    struct sockaddr_un address;

    if (process == 0)
        return CUDA_ERROR_INVALID_VALUE;
    if (*the.options.folder == '\0' || process == getpid()) /* it could not answer itself while it is held */
        return CUDA_ERROR_NOT_SUPPORTED;
    connection = name(&address, process) ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) : -1;
    if (connection < 0)
        return CUDA_ERROR_OPERATING_SYSTEM;
    if (connect(connection, (const struct sockaddr *)&address, sizeof address) == 0) {
        bool there = send(connection, &order, sizeof order, MSG_NOSIGNAL) == (ssize_t)sizeof order &&
                     recv(connection, answer, sizeof *answer, 0) == (ssize_t)sizeof *answer;

        result = there ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE; /* it died */
    } else if (errno == EACCES || errno == EPERM)
        result = CUDA_ERROR_NOT_PERMITTED;
    close(connection);
    return result;
}
