/* live_server.c - GET /metrics on 127.0.0.1, one request after the other, by a thread of its own. */
#include "sim/base/machine.h"
#include "sim/cli/live.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST = 4096, PATIENCE_MS = 2000, WAITING = 16 };

struct live_server {
    int listener, wake[2]; /* a byte in the pipe ends it */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the text */
    struct text text;
};

/* A client has so long in all, and not for each byte: the run's end waits for it, and so do other clients. */
static bool wait_for(int client, short events, int64_t until_ns)
{
    struct pollfd ready = {.fd = client, .events = events};
    int64_t left_ms = (until_ns - machine_ns()) / 1000000;

    return left_ms > 0 && poll(&ready, 1, (int)left_ms) == 1;
}

/* Up to the empty line; what comes later is of no interest. */
static bool read_request(int client, int64_t until_ns, char request[REQUEST + 1])
{
    size_t length = 0;

    while (length < REQUEST) {
        ssize_t got;

        if (!wait_for(client, POLLIN, until_ns) || (got = recv(client, request + length, REQUEST - length, 0)) <= 0)
            return false;
        length += (size_t)got;
        request[length] = '\0';
        if (strstr(request, "\r\n\r\n") != NULL || strstr(request, "\n\n") != NULL)
            return true;
    }
    return false;
}

static void send_all(int client, int64_t until_ns, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent;

        if (!wait_for(client, POLLOUT, until_ns) ||
            (sent = send(client, data, length, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0)
            return;
        data += sent;
        length -= (size_t)sent;
    }
}

static void answer(int client, int64_t until_ns, const char *status, const char *type, const char *body, size_t length)
{
    char head[256];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
                     type, length);

    send_all(client, until_ns, head, (size_t)n);
    send_all(client, until_ns, body, length);
}

static void serve(struct live_server *server, int client)
{
    static const char elsewhere[] = "the metrics are at /metrics\n", only_get[] = "only GET is answered\n";
    char request[REQUEST + 1];
    struct text copy = {0};
    int64_t until_ns = machine_ns() + INT64_C(1000000) * PATIENCE_MS;

    if (!read_request(client, until_ns, request))
        return;
    if (strncmp(request, "GET ", 4) != 0)
        answer(client, until_ns, "405 Method Not Allowed", "text/plain", only_get, sizeof only_get - 1);
    else if (strncmp(request + 4, "/metrics", 8) != 0 || strchr(" ?\r\n", request[12]) == NULL)
        answer(client, until_ns, "404 Not Found", "text/plain", elsewhere, sizeof elsewhere - 1);
    else {
        pthread_mutex_lock(&server->lock);
        text_add(&copy, server->text.data != NULL ? server->text.data : "");
        pthread_mutex_unlock(&server->lock);
        answer(client, until_ns, "200 OK", "text/plain; version=0.0.4; charset=utf-8",
               copy.data != NULL ? copy.data : "", copy.length);
        text_fini(&copy);
    }
}

static void *work(void *context)
{
    struct live_server *server = context;

    for (;;) {
        struct pollfd ready[] = {{.fd = server->listener, .events = POLLIN}, {.fd = server->wake[0], .events = POLLIN}};
        int client;

        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if (ready[1].revents != 0)
            return NULL;
        if ((client = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
            continue;
        serve(server, client);
        close(client);
    }
}

static int listen_at(struct live_server *server, int port, int *given, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    int yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server->listener, WAITING) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        return error_set(err, errno == EADDRINUSE ? GS_BUSY : GS_SYSTEM,
                         "cannot listen on port %d of 127.0.0.1 for --metrics: %s", port, strerror(errno));
    *given = ntohs(address.sin_port);
    return GS_OK;
}

int live_server_open(struct live_server **out, int port, int *given, struct error *err)
{
    struct live_server *server = *out = heap_resize(NULL, sizeof *server);
    int rc;

    if (server == NULL)
        return error_set(err, GS_SYSTEM, "out of memory");
    *server = (struct live_server){.listener = -1, .wake = {-1, -1}};
    rc = listen_at(server, port, given, err);
    if (rc == GS_OK && pipe(server->wake) != 0)
        rc = error_set(err, GS_SYSTEM, "no pipe for --metrics: %s", strerror(errno));
    if (rc == GS_OK) {
        pthread_mutex_init(&server->lock, NULL);
        if (pthread_create(&server->thread, NULL, work, server) == 0)
            return GS_OK;
        pthread_mutex_destroy(&server->lock);
        rc = error_set(err, GS_SYSTEM, "no thread for --metrics");
    }
    for (int i = 0; i < 2; i++)
        if (server->wake[i] >= 0)
            close(server->wake[i]);
    if (server->listener >= 0)
        close(server->listener);
    heap_free(server);
    *out = NULL;
    return rc;
}

void live_server_show(struct live_server *server, const char *text, size_t length)
{
    (void)length;
    pthread_mutex_lock(&server->lock);
    server->text.length = 0;
    text_add(&server->text, text);
    pthread_mutex_unlock(&server->lock);
}

void live_server_close(struct live_server *server)
{
    if (server == NULL)
        return;
    if (write(server->wake[1], "", 1) == 1)
        pthread_join(server->thread, NULL);
    close(server->wake[0]);
    close(server->wake[1]);
    close(server->listener);
    pthread_mutex_destroy(&server->lock);
    text_fini(&server->text);
    heap_free(server);
}
