/* daemon.c - words to the daemon's socket, and its answers. */
#include "sim/cli/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char system_socket[] = "/run/gpuswap/gpuswap.sock";

const char *daemon_own_socket(void)
{
    static char path[108];
    const char *folder = getenv("XDG_RUNTIME_DIR");

    if (geteuid() == 0)
        return system_socket;
    if (folder == NULL || *folder == '\0' || snprintf(path, sizeof path, "%s/gpuswap.sock", folder) >= (int)sizeof path)
        return NULL;
    return path;
}

const char *daemon_socket(const char *given)
{
    const char *own = daemon_own_socket(), *told = getenv("GPUSWAP_SOCKET");

    if (given != NULL)
        return given;
    if (told != NULL && *told != '\0')
        return told;
    return own != NULL && access(own, F_OK) == 0 ? own : system_socket;
}

/* Whose daemon it is: what it answers is done, to the library that a program is started with. */
static bool is_trusted(int connection, const char *path, struct error *err)
{
    struct ucred who = {.uid = (uid_t)-1};
    socklen_t size = sizeof who;

    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && (who.uid == 0 || who.uid == geteuid()))
        return true;
    error_set(err, GS_NOT_PERMITTED, "'%s': user %u serves there, who is neither root nor you", path,
              (unsigned)who.uid);
    return false;
}

int daemon_connect(const char *socket_path, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection;

    if (strlen(socket_path) >= sizeof address.sun_path) {
        error_set(err, GS_USAGE, "'%s': a socket's path has %zu letters at most", socket_path,
                  sizeof address.sun_path - 1);
        return -1;
    }
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection >= 0 && connect(connection, (struct sockaddr *)&address, sizeof address) == 0) {
        if (is_trusted(connection, socket_path, err))
            return connection;
    } else if (errno == EACCES)
        error_set(err, GS_NOT_PERMITTED,
                  "'%s': this daemon serves other users; see 'gpuswap-sim serve --help' on --open", socket_path);
    else
        error_set(err, GS_NO_DEVICE, "'%s': no daemon serves there (%s); 'gpuswap-sim serve SCENARIO' starts one",
                  socket_path, strerror(errno));
    if (connection >= 0)
        close(connection);
    return -1;
}

int daemon_ask(int connection, const char *words, char answer[DAEMON_TEXT], struct error *err)
{
    static const char ok[] = "ok", refused[] = "error: ";
    ssize_t count = (ssize_t)strlen(words);

    if (send(connection, words, (size_t)count, MSG_NOSIGNAL) != count)
        return error_set(err, GS_IO, "the daemon does not hear: %s", strerror(errno));
    do
        count = recv(connection, answer, DAEMON_TEXT - 1, 0);
    while (count < 0 && errno == EINTR);
    if (count <= 0)
        return error_set(err, GS_IO, "the daemon has hung up%s%s", count < 0 ? ": " : "",
                         count < 0 ? strerror(errno) : "");
    answer[count] = '\0';
    if (strncmp(answer, refused, sizeof refused - 1) == 0)
        return error_set(err, GS_UNSATISFIABLE, "%s", answer + sizeof refused - 1);
    if (strncmp(answer, ok, sizeof ok - 1) != 0)
        return error_set(err, GS_IO, "the daemon says what makes no sense: '%.40s'", answer);
    count = sizeof ok - 1;
    count += answer[count] == ':' ? 1 : 0;
    count += answer[count] == ' ' || answer[count] == '\n';
    memmove(answer, answer + count, strlen(answer + count) + 1);
    return GS_OK;
}
