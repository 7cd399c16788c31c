/* cmd_proxy.c - `gpuswap-sim proxy`: connections wait here until the program that they are for is on the GPU. */
#include "sim/base/units.h"
#include "sim/base/machine.h"
#include "sim/cli/commands.h"
#include "sim/cli/daemon.h"
#include "sim/cli/relay.h"

#include <argp.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_LISTEN = 300,
    OPTION_TO,
    OPTION_PLACE,
    OPTION_WITHOUT,
    LINGER_MS = 1000,
    AGAIN_MS = 1000,
    RELAYS_MAX = 480
};
enum stage { UNASKED, ASKED, HERE }; /* the program */

struct arguments {
    const char *socket, *listen, *to, *place;
    bool refuses; /* without a daemon */
};

struct proxy {
    const struct arguments *a;
    int listening, daemon;
    struct sockaddr_storage server;
    socklen_t server_size;
    enum stage stage;
    bool complained;
    int64_t again_ms, traffic_ms;
    struct relay *relay;
    size_t relays, polls_max;
    struct pollfd *poll;
};

static const struct argp_option options[] = {
    {"listen", OPTION_LISTEN, "ADDR:PORT", 0, "take connections there", 0},
    {"to", OPTION_TO, "ADDR:PORT", 0, "pass them on to this server, which runs under the daemon", 0},
    {"place", OPTION_PLACE, "NAME", 0, "its place, as 'gpuswap-sim ctl status' tells", 0},
    {"without", OPTION_WITHOUT, "pass|refuse", 0, "without a daemon, or such a place: what to do (default: pass)", 0},
    {"socket", 's', "PATH", 0, "of the daemon (default: $GPUSWAP_SOCKET, or the usual place)", 0},
    {0}};

static volatile sig_atomic_t ended;

static void end(int signal)
{
    ended = signal;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case OPTION_LISTEN:
        a->listen = arg;
        return 0;
    case OPTION_TO:
        a->to = arg;
        return 0;
    case OPTION_PLACE:
        a->place = arg;
        return 0;
    case OPTION_WITHOUT:
        if (strcmp(arg, "pass") != 0 && strcmp(arg, "refuse") != 0)
            argp_error(state, "--without is pass or refuse, not '%s'", arg);
        a->refuses = *arg == 'r';
        return 0;
    case 's':
        a->socket = arg;
        return 0;
    case ARGP_KEY_END:
        if (a->listen == NULL || a->to == NULL || a->place == NULL)
            argp_error(state, "--listen, --to and --place are needed");
        if (strpbrk(a->place, " \t\n") != NULL)
            argp_error(state, "'%s' is no name", a->place);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int64_t now_ms(void)
{
    return machine_ns() / 1000000;
}

/* "127.0.0.1:80", "[::1]:80", "host:http", ":80". */
static int find_address(const char *text, bool passive, struct sockaddr_storage *out, socklen_t *size,
                        struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
    struct addrinfo *found = NULL;
    char host[256], *colon;
    int rc;

    if (snprintf(host, sizeof host, "%s", text) >= (int)sizeof host || (colon = strrchr(host, ':')) == NULL)
        return error_set(err, GS_USAGE, "'%s' is no address; it is as 127.0.0.1:8000", text);
    *colon = '\0';
    if (*host == '[' && colon[-1] == ']')
        colon[-1] = '\0';
    rc = getaddrinfo(*host == '\0' ? NULL : host + (*host == '['), colon + 1, &hints, &found);
    if (rc != 0)
        return error_set(err, GS_USAGE, "'%s': %s", text, gai_strerror(rc));
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    return GS_OK;
}

static int start_listening(struct proxy *p, struct error *err)
{
    struct sockaddr_storage address = {0};
    char port[32] = "?";
    socklen_t size = 0;
    int one = 1, rc = find_address(p->a->listen, true, &address, &size, err);

    if (rc != GS_OK)
        return rc;
    p->listening = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->listening < 0 || setsockopt(p->listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(p->listening, (struct sockaddr *)&address, size) != 0 || listen(p->listening, SOMAXCONN) != 0)
        return error_set(err, GS_CANT_CREATE, "'%s': %s", p->a->listen, strerror(errno));
    size = sizeof address;
    if (getsockname(p->listening, (struct sockaddr *)&address, &size) == 0)
        getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof port, NI_NUMERICSERV);
    fprintf(stderr, "takes connections at port %s\n", port);
    return GS_OK;
}

/* --- the daemon --- */

static void lose_daemon(struct proxy *p, const char *why)
{
    if (p->daemon >= 0)
        close(p->daemon);
    p->daemon = -1;
    p->stage = UNASKED;
    p->again_ms = now_ms() + AGAIN_MS;
    if (!p->complained)
        fprintf(stderr, "%s; connections are %s until then\n", why, p->a->refuses ? "refused" : "passed through");
    p->complained = true;
}

/* Somebody wants the program: the daemon is asked for it. */
static void ask(struct proxy *p)
{
    char words[400];
    struct error err = {0};

    if (p->stage != UNASKED || now_ms() < p->again_ms)
        return;
    if (p->daemon < 0)
        p->daemon = daemon_connect(daemon_socket(p->a->socket), &err);
    if (p->daemon < 0) {
        lose_daemon(p, err.text);
        return;
    }
    snprintf(words, sizeof words, "request %.300s", p->a->place);
    if (send(p->daemon, words, strlen(words), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        lose_daemon(p, "the daemon does not hear");
    else
        p->stage = ASKED;
}

static void release(struct proxy *p)
{
    if (p->daemon >= 0)
        close(p->daemon); /* so ends its request */
    p->daemon = -1;
    p->stage = UNASKED;
}

static void hear_daemon(struct proxy *p)
{
    char text[1024];
    ssize_t count = recv(p->daemon, text, sizeof text - 1, MSG_DONTWAIT);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        lose_daemon(p, "the daemon is gone");
        return;
    }
    text[count] = '\0';
    if (strncmp(text, "ok", 2) != 0) {
        lose_daemon(p, text);
        return;
    }
    p->stage = HERE;
    p->complained = false;
    p->traffic_ms = now_ms();
}

/* --- connections --- */

/* May the clients' bytes go on to the server? */
static bool passes(const struct proxy *p)
{
    return p->stage == HERE || (p->stage == UNASKED && p->complained && !p->a->refuses);
}

static void take_connection(struct proxy *p)
{
    int client = accept4(p->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct relay *r = client < 0 ? NULL : relay_open(client, (struct sockaddr *)&p->server, p->server_size);

    if (r == NULL)
        return;
    r->next = p->relay;
    p->relay = r;
    p->relays++;
}

static void bury(struct proxy *p)
{
    bool refuse = p->stage == UNASKED && p->complained && p->a->refuses;

    for (struct relay **at = &p->relay; *at != NULL;) {
        struct relay *r = *at;

        if (!r->dead && !refuse) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        relay_close(r);
        p->relays--;
    }
}

static bool has_polls(struct proxy *p)
{
    size_t count = 2 + 2 * p->relays;
    struct pollfd *grown;

    if (count <= p->polls_max)
        return true;
    grown = realloc(p->poll, 2 * count * sizeof *grown);
    if (grown == NULL)
        return false;
    p->poll = grown;
    p->polls_max = 2 * count;
    return true;
}

static void move_all(struct proxy *p)
{
    bool wanted = false;
    size_t at = 2;

    for (struct relay *r = p->relay; r != NULL; r = r->next, at += 2) {
        bool speaks = (p->poll[at].revents & POLLIN) != 0 || r->up.from < r->up.to;

        if (relay_move(r, passes(p), &p->poll[at]) > 0)
            p->traffic_ms = now_ms();
        wanted |= speaks && !r->dead;
    }
    if (wanted)
        ask(p);
}

static int serve(struct proxy *p, struct error *err)
{
    while (ended == 0) {
        size_t count = 2;

        if (!has_polls(p))
            return error_set(err, GS_SYSTEM, "out of memory for connections");
        p->poll[0] = (struct pollfd){.fd = p->relays < RELAYS_MAX ? p->listening : -1, .events = POLLIN};
        p->poll[1] = (struct pollfd){.fd = p->daemon, .events = POLLIN};
        for (struct relay *r = p->relay; r != NULL; r = r->next, count += 2)
            relay_wants(r, passes(p), &p->poll[count]);
        if (poll(p->poll, (nfds_t)count, LINGER_MS / 4) < 0 && errno != EINTR)
            return error_set(err, GS_SYSTEM, "poll: %s", strerror(errno));
        if (ended != 0)
            break;
        move_all(p);
        if (p->daemon >= 0 && p->poll[1].fd >= 0 && p->poll[1].revents != 0)
            hear_daemon(p);
        if (p->stage == HERE && now_ms() - p->traffic_ms > LINGER_MS)
            release(p); /* from here on the daemon sees for itself when it is idle */
        if (p->poll[0].fd >= 0 && p->poll[0].revents != 0)
            take_connection(p);
        bury(p);
    }
    return GS_OK;
}

int cmd_proxy(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        NULL,
        "Take connections for a server that runs under the daemon of this node. Their bytes are "
        "held until it has the GPU, and then passed on untouched, both ways.",
        NULL,
        NULL,
        NULL};
    const struct sigaction action = {.sa_handler = end};
    struct arguments a = {0};
    struct proxy p = {.a = &a, .listening = -1, .daemon = -1};
    int rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? GS_OK : GS_USAGE;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (rc == GS_OK)
        rc = find_address(a.to, false, &p.server, &p.server_size, err);
    if (rc == GS_OK)
        rc = start_listening(&p, err);
    if (rc == GS_OK)
        rc = serve(&p, err);
    while (p.relay != NULL) {
        p.relay->dead = true;
        bury(&p);
    }
    if (p.daemon >= 0)
        close(p.daemon);
    if (p.listening >= 0)
        close(p.listening);
    free(p.poll);
    return rc;
}
