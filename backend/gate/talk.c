/* talk.c - the connection to the daemon. */
#include "backend/gate/frame.h"
#include "backend/gate/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

static int connection = -1;
static uint32_t seq;

bool talk_connected(void)
{
    return connection >= 0;
}

int talk_socket(void)
{
    return connection;
}

void talk_close(void)
{
    if (connection >= 0)
        close(connection);
    connection = -1;
}

bool talk_say(const struct gate_frame *frame)
{
    struct gate_frame numbered = *frame;

    numbered.seq = ++seq;
    numbered.pid = (uint32_t)getpid();
    return frame_send(connection, &numbered) == 0;
}

/* 0: there is none. */
static uint64_t ticket(void)
{
    static const char digits[] = "0123456789abcdef";
    const char *text = secure_getenv("GPUSWAP_TICKET"), *at = text;
    uint64_t number = 0;

    for (const char *digit; at != NULL && *at != '\0' && (digit = strchr(digits, *at)) != NULL; at++)
        number = number << 4 | (uint64_t)(digit - digits);
    return at != NULL && *at == '\0' && at - text == 16 ? number : 0;
}

bool talk_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 1};
    struct gate_frame hello = {.type = GATE_HELLO, .a = GATE_MODE_GATE, .b = ticket()};
    size_t length;

    talk_close();
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path));
    connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection < 0)
        return false;
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* others may stand in line */
    length = strlen(program_invocation_short_name);
    memcpy(hello.tail, program_invocation_short_name, length < GATE_TAIL ? length : GATE_TAIL);
    seq = 0;
    if (connect(connection, (const struct sockaddr *)&address, sizeof address) == 0 && talk_say(&hello))
        return true;
    talk_close();
    return false;
}

int talk_hear(struct gate_frame *frame)
{
    const char *why = NULL;

    return frame_take(connection, FRAME_OF_DAEMON, frame, &why);
}
