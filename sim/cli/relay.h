/* relay.h - a connection that is passed on: bytes both ways, untouched, each way at the speed of whoever is slower. */
#ifndef GS_RELAY_H
#define GS_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { RELAY_ROOM = 65536 };

struct relay_way {
    char *bytes; /* RELAY_ROOM */
    size_t from, to;
    bool ended, told; /* no more comes; and the other side knows */
};

struct relay {
    int client, server;
    struct relay_way up, down; /* to the server, to the client */
    bool connecting, dead;
    struct relay *next;
};

/* NULL: no memory, or no connection to the server can even be begun; `client` is closed then. */
struct relay *relay_open(int client, const struct sockaddr *server, socklen_t size);
void relay_close(struct relay *relay);

/* What to wait for, [0] of the client and [1] of the server; `passes`: the client's bytes may go on. */
void relay_wants(const struct relay *relay, bool passes, struct pollfd poll[2]);
/* Move what can be moved: how many bytes came. */
size_t relay_move(struct relay *relay, bool passes, const struct pollfd poll[2]);

#endif
