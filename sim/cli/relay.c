/* relay.c - bytes from one socket to the other, with half-closed connections and whoever does not read. */
#include "sim/cli/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct relay *relay_open(int client, const struct sockaddr *server, socklen_t size)
{
    struct relay *r = calloc(1, sizeof *r);

    if (r != NULL) {
        *r = (struct relay){.client = client, .connecting = true};
        r->up.bytes = malloc(RELAY_ROOM);
        r->down.bytes = malloc(RELAY_ROOM);
        r->server = socket(server->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (r->up.bytes != NULL && r->down.bytes != NULL && r->server >= 0 &&
            (connect(r->server, server, size) == 0 || errno == EINPROGRESS))
            return r;
        relay_close(r);
        return NULL;
    }
    close(client);
    return NULL;
}

void relay_close(struct relay *r)
{
    close(r->client);
    if (r->server >= 0)
        close(r->server);
    free(r->up.bytes);
    free(r->down.bytes);
    free(r);
}

static bool has_room(const struct relay_way *way)
{
    return !way->ended && way->to < RELAY_ROOM;
}

void relay_wants(const struct relay *r, bool passes, struct pollfd poll[2])
{
    poll[0] = (struct pollfd){.fd = r->client, .events = 0};
    poll[1] = (struct pollfd){.fd = r->server, .events = 0};
    if (r->connecting) { /* the client's first bytes are looked for all the same: they say that it is wanted */
        poll[0].events = passes ? 0 : POLLIN;
        poll[1].events = POLLOUT;
        return;
    }
    if (has_room(&r->up))
        poll[0].events |= POLLIN;
    if (r->up.from < r->up.to && passes)
        poll[1].events |= POLLOUT;
    if (has_room(&r->down))
        poll[1].events |= POLLIN;
    if (r->down.from < r->down.to)
        poll[0].events |= POLLOUT;
}

static size_t take(int from, struct relay_way *way, bool *dead)
{
    ssize_t count = recv(from, way->bytes + way->to, RELAY_ROOM - way->to, MSG_DONTWAIT);

    if (count > 0) {
        way->to += (size_t)count;
        return (size_t)count;
    }
    if (count == 0)
        way->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        *dead = true;
    return 0;
}

static void give(int to, struct relay_way *way, bool *dead)
{
    ssize_t count =
        way->from == way->to ? 0 : send(to, way->bytes + way->from, way->to - way->from, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (count > 0)
        way->from += (size_t)count;
    else if (count < 0 && errno != EAGAIN && errno != EINTR)
        *dead = true;
    if (way->from < way->to)
        return;
    way->from = way->to = 0;
    if (way->ended && !way->told && shutdown(to, SHUT_WR) != 0)
        *dead = true;
    way->told = way->ended;
}

static void finish_connecting(struct relay *r, const struct pollfd *poll)
{
    int error = 0;
    socklen_t size = sizeof error;

    if (poll->revents == 0)
        return;
    if (getsockopt(r->server, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        r->dead = true;
    r->connecting = false;
}

size_t relay_move(struct relay *r, bool passes, const struct pollfd poll[2])
{
    size_t came = 0;

    if (r->connecting) {
        finish_connecting(r, &poll[1]);
        return 0;
    }
    if ((poll[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && has_room(&r->up))
        came += take(r->client, &r->up, &r->dead);
    if ((poll[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && has_room(&r->down))
        came += take(r->server, &r->down, &r->dead);
    if (passes)
        give(r->server, &r->up, &r->dead);
    give(r->client, &r->down, &r->dead);
    r->dead |= (r->up.told && r->down.told) || (poll[0].revents & POLLERR) != 0 ||
               (r->down.told && (poll[0].revents & POLLHUP) != 0); /* nobody is left to be answered */
    return came;
}
