/* socket.c - the daemon's socket: nobody else's is in its place, and who comes by it is let in or not. */
#include "backend/serve/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PEERS_OF_A_USER = 256,
    ACCEPTS_AT_ONCE = 64,
    FILES_OF_OURS = 128, /* database, driver, metrics, connections of whom the daemon is */
    PACE_NS = 10000000,  /* the more connections a user has, the less often each is heard */
};

/* Where others may write, one could have put a socket or a list of programs in our place. */
static int check_folder(const char *path, struct error *err)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path];
    const char *name = strrchr(path, '/');
    struct stat there;

    if (name == NULL)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", name == path ? 1 : (int)(name - path), path);
    if (stat(folder, &there) != 0)
        return error_set(err, GS_CANT_CREATE, "'%s': %s", folder, strerror(errno));
    if ((there.st_uid == 0 || there.st_uid == geteuid()) && (there.st_mode & S_IWOTH) == 0 &&
        ((there.st_mode & S_IWGRP) == 0 || there.st_gid == 0 || there.st_gid == getegid()))
        return GS_OK;
    return error_set(
        err, GS_NOT_PERMITTED,
        "'%s': other users may write there, and put a socket of theirs in the daemon's place; use a folder "
        "that is yours alone",
        folder);
}

/* One daemon a path: the lock is let go by the kernel, however the daemon ends.  The file stays. */
static int lock_path(struct backend *be, const char *path, struct error *err)
{
    char name[160];

    snprintf(name, sizeof name, "%s.lock", path);
    be->lock = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (be->lock < 0)
        return error_set(err, GS_CANT_CREATE, "'%s': %s", name, strerror(errno));
    if (flock(be->lock, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, GS_BUSY, "'%s': a daemon serves there already", path);
    return GS_OK;
}

/* So many connections of others: a user may be many, by numbers that are his to give away, and each of our programs' processes
 * needs a file, too. */
static size_t count_room(const struct backend *be)
{
    size_t needed = FILES_OF_OURS + (size_t)be->guests * (SERVE_MEMBERS + 1);
    struct rlimit files = {.rlim_cur = 0};

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return files.rlim_cur > 2 * needed ? (size_t)files.rlim_cur - needed : (size_t)files.rlim_cur / 2;
}

int socket_open(struct backend *be, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = be->options->socket;
    struct stat there;
    int rc;

    if (strlen(path) >= sizeof address.sun_path)
        return error_set(err, GS_USAGE, "'%s': a socket's path may have %zu letters", path,
                         sizeof address.sun_path - 1);
    if ((rc = check_folder(path, err)) != GS_OK || (rc = lock_path(be, path, err)) != GS_OK)
        return rc;
    memcpy(address.sun_path, path, strlen(path) + 1);
    be->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (be->listening < 0)
        return error_set(err, GS_SYSTEM, "no socket: %s", strerror(errno));
    if (connect(be->listening, (struct sockaddr *)&address, sizeof address) == 0 ||
        (errno != ECONNREFUSED && errno != ENOENT))
        return error_set(err, GS_BUSY, "'%s': somebody else has that socket open", path);
    if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
        return error_set(err, GS_CANT_CREATE, "'%s': there is a file that is no socket", path);
    unlink(path); /* of a daemon that died */
    close(be->listening);
    be->listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (be->listening < 0 || bind(be->listening, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, be->options->open_to_all ? 0666 : 0600) != 0 || listen(be->listening, SOMAXCONN) != 0)
        return error_set(err, GS_CANT_CREATE, "'%s': %s", path, strerror(errno));
    be->listens = true;
    be->peers_most = count_room(be);
    return GS_OK;
}

/* To whoever looks after the node, but not for each: who knocks has time. */
static void complain(struct backend *be, const char *format, unsigned number)
{
    char line[160];

    be->refused++;
    if (be->clock.now_ns < be->complain_ns)
        return;
    be->complain_ns = be->clock.now_ns + 60 * (gs_ns)SERVE_SECOND_NS;
    snprintf(line, sizeof line, format, number);
    be->options->say(line);
}

static bool may_come(struct backend *be, struct peer *peer)
{
    unsigned same = 0, all = 0;

    for (const struct peer *other = be->peer; other != NULL; other = other->next, all++)
        same += other->uid == peer->uid;
    peer->pace_ns = peers_is_master(peer) ? 0 : (gs_ns)(same + 1) * PACE_NS;
    if (same >= PEERS_OF_A_USER)
        complain(be, "connections are refused: user %u has 256 of them", peer->uid);
    else if (all >= be->peers_most && !peers_is_master(peer))
        complain(be, "connections are refused: there are %u, and the limit of open files allows no more of other users",
                 all);
    else
        return true;
    return false;
}

/* Nobody waits behind others' connections for long. */
static bool accept_one(struct backend *be)
{
    struct ucred who;
    socklen_t size = sizeof who;
    int fd = accept4(be->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *peer;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            be->accept_ns = be->clock.now_ns + SERVE_SECOND_NS; /* it would come up again at once */
            complain(be, "connections wait: no file is left, by error %u; raise the limit of open files",
                     (unsigned)errno);
        }
        return false;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || (peer = calloc(1, sizeof *peer)) == NULL) {
        close(fd);
        return true;
    }
    *peer = (struct peer){.fd = fd,
                          .pid = who.pid,
                          .uid = who.uid,
                          .place = GS_NONE,
                          .awaits = GS_NONE,
                          .holds = GS_NONE,
                          .next = be->peer};
    peer->closing = !may_come(be, peer);
    be->peer = peer;
    return true;
}

void socket_accept(struct backend *be)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE && accept_one(be); i++)
        ;
}

void socket_close(struct backend *be)
{
    if (be->listens) /* else it is another daemon's */
        unlink(be->options->socket);
    if (be->listening >= 0)
        close(be->listening);
    if (be->lock >= 0)
        close(be->lock);
}
