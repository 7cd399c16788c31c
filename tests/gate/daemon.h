/* daemon.h - a daemon's side of the gate for tests: a socket, a client behind the gate, frames one by one.
 *
 * Whatever is waited for comes within WAIT_MS, or the test fails; what must not come is given QUIET_MS. */
#ifndef GS_TEST_DAEMON_H
#define GS_TEST_DAEMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/gate/frame.h"

enum { WAIT_MS = 20000, QUIET_MS = 150, WORDS = 8 };

static char folder[] = "/tmp/gpuswap-gate.XXXXXX";
static struct sockaddr_un address;
static int listener = -1, connection = -1, output = -1;
static pid_t child;
static const char *preload = GATE_LIBCUDA;
static char double_options[300] = "strict=yes real_clock=yes";
static uint64_t epoch;
static struct gate_frame last_stat; /* what came of them on the way to something else */

static inline int daemon_begin(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    return 0;
}

static inline int daemon_end(void **state)
{
    char command[64];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static inline void daemon_listen(void)
{
    unlink(address.sun_path);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 4), 0);
    last_stat = (struct gate_frame){0};
    epoch = 0;
}

/* A program behind the gate.  `more`: NULL, or NAME=VALUE of the environment, separated by blanks. */
static inline void client_start(const char *driver, const char *more, const char *const argv[])
{
    char text[9][600], *environment[10] = {NULL}, copy[512], *rest = NULL;
    posix_spawn_file_actions_t actions;
    int ends[2], n = 0;

    snprintf(text[n++], sizeof *text, "LD_PRELOAD=%s", preload);
    snprintf(text[n++], sizeof *text, "GPUSWAP_SOCKET=%s", address.sun_path);
    snprintf(text[n++], sizeof *text, "GPUSWAP_LIBCUDA=%s", driver);
    snprintf(text[n++], sizeof *text, "GPUSWAP_DOUBLE=%s", double_options);
    snprintf(text[n++], sizeof *text, "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0");
    snprintf(text[n++], sizeof *text, "TSAN_OPTIONS=halt_on_error=1");
    snprintf(copy, sizeof copy, "%s", more != NULL ? more : "");
    for (char *word = strtok_r(copy, " ", &rest); word != NULL && n < 9; word = strtok_r(NULL, " ", &rest))
        snprintf(text[n++], sizeof *text, "%s", word);
    for (int i = 0; i < n; i++)
        environment[i] = text[i];
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output = ends[0];
}

static inline int readable(int file, int milliseconds)
{
    struct pollfd one = {.fd = file, .events = POLLIN};
    int rc;

    do
        rc = poll(&one, 1, milliseconds);
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}

static inline void daemon_accept(void)
{
    assert_true(readable(listener, WAIT_MS));
    connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(connection >= 0);
}

/* False: it has gone. */
static inline bool daemon_try(struct gate_frame frame)
{
    static uint32_t seq;

    frame.seq = ++seq;
    return frame_send(connection, &frame) == 0;
}

static inline void daemon_say(struct gate_frame frame)
{
    assert_true(daemon_try(frame));
}

/* The next frame but STAT; its type is 0 where the gate has hung up, or `milliseconds` went by. */
static inline struct gate_frame daemon_hear_within(int milliseconds)
{
    struct gate_frame frame = {0};
    const char *why = "";

    do {
        if (!readable(connection, milliseconds) || frame_take(connection, FRAME_OF_GATE, &frame, &why) != 1)
            return (struct gate_frame){0};
        if (frame.type == GATE_STAT)
            last_stat = frame;
    } while (frame.type == GATE_STAT);
    return frame;
}

static inline struct gate_frame daemon_hear(unsigned type)
{
    struct gate_frame frame = daemon_hear_within(WAIT_MS);

    if (frame.type != type)
        fail_msg("%s came and not %s", frame_name(frame.type), frame_name(type));
    return frame;
}

static inline void daemon_grant(uint64_t quantum_us)
{
    daemon_say((struct gate_frame){.type = GATE_GRANT, .epoch = ++epoch, .a = quantum_us});
}

static inline void daemon_drop(uint64_t which, uint64_t deadline_us)
{
    daemon_say((struct gate_frame){.type = GATE_DROP, .epoch = which, .a = deadline_us, .b = 1});
}

/* HELLO and WELCOME. */
static inline struct gate_frame daemon_greet(uint64_t idle_us)
{
    struct gate_frame hello;

    daemon_accept();
    hello = daemon_hear(GATE_HELLO);
    daemon_say((struct gate_frame){.type = GATE_WELCOME, .a = 1, .b = idle_us});
    return hello;
}

static inline void daemon_hang_up(void)
{
    if (connection >= 0)
        close(connection);
    connection = -1;
}

static inline void daemon_close(void)
{
    daemon_hang_up();
    close(listener);
    unlink(address.sun_path);
}

/* Does the client write anything now?  What it wrote goes. */
static inline int client_moves(int milliseconds)
{
    char text[4096];

    return readable(output, milliseconds) && read(output, text, sizeof text) > 0;
}

/* What it did before, it may say late: once or twice, and not for as long as it is looked at. */
static inline void client_must_rest(void)
{
    int more = 0;

    while (client_moves(0))
        ;
    while (more < 3 && client_moves(QUIET_MS))
        more++;
    assert_true(more < 3);
}

/* Its exit status; its output goes unless `text` takes it. */
static inline int client_wait(char *text, size_t size)
{
    size_t length = 0;
    char more[512];
    ssize_t n;
    int status;

    while (readable(output, WAIT_MS) && (n = read(output, more, sizeof more)) > 0)
        if (text != NULL && length + (size_t)n < size) {
            memcpy(text + length, more, (size_t)n);
            length += (size_t)n;
        }
    if (text != NULL)
        text[length] = '\0';
    close(output);
    if (waitpid(child, &status, WNOHANG) != child) { /* it has closed its output, and has a while to end */
        usleep(500000);
        if (waitpid(child, &status, WNOHANG) != child) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
