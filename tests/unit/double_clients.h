/* double_clients.h - the double in several processes: a client of tests/clients under it, which a test moves. */
#ifndef GS_DOUBLE_CLIENTS_H
#define GS_DOUBLE_CLIENTS_H

#include "double_fixture.h"

#include "sim/base/units.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WAIT_MS = 20000,
    QUIET_MS = 150,
    DATA_MIB = 16,
    CHECKPOINTED = (DATA_MIB + 2) * MIB + 4096 /* context, report */
};

static char folder[] = "/tmp/gpuswap-double.XXXXXX";
static pid_t child;
static int output;

static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static inline int remove_folder(void **state)
{
    DIR *files = opendir(folder);
    struct dirent *file;

    (void)state;
    while (files != NULL && (file = readdir(files)) != NULL)
        unlinkat(dirfd(files), file->d_name, 0);
    if (files != NULL)
        closedir(files);
    return rmdir(folder);
}

/* A client of tests/clients, with 16 MiB of data. */
static inline void client_start(const char *name, const char *bursts, const char *options)
{
    char program[300], text[2][400];
    char *argv[] = {program, (char *)(uintptr_t)bursts, "16", "1", NULL}, *environment[] = {text[0], text[1], NULL};
    posix_spawn_file_actions_t actions;
    int ends[2];

    snprintf(program, sizeof program, "%s/client_%s", CLIENTS, name);
    snprintf(text[0], sizeof *text, "LD_LIBRARY_PATH=%s", DOUBLE_FOLDER);
    snprintf(text[1], sizeof *text, "GPUSWAP_DOUBLE=strict=yes real_clock=yes folder=%s %s", folder, options);
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    assert_int_equal(posix_spawn(&child, program, &actions, NULL, argv, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output = ends[0];
}

static inline bool client_moves(int milliseconds)
{
    struct pollfd one = {.fd = output, .events = POLLIN};
    char text[4096];

    return poll(&one, 1, milliseconds) > 0 && read(output, text, sizeof text) > 0;
}

static inline void client_must_rest(void)
{
    while (client_moves(10)) /* of before */
        ;
    assert_false(client_moves(QUIET_MS));
}

static inline int client_wait(void)
{
    int status = -1;

    while (client_moves(WAIT_MS))
        ;
    close(output);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void client_kill(void)
{
    kill(child, SIGKILL);
    assert_int_equal(client_wait(), 128 + SIGKILL);
}

/* After a test that failed, too. */
static inline int end_client(void **state)
{
    (void)state;
    if (child > 0 && waitpid(child, NULL, WNOHANG) == 0) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    child = 0;
    return 0;
}

static inline void begin(const char *more)
{
    char options[200];

    snprintf(options, sizeof options, "real_clock=yes folder=%s %s", folder, more);
    setenv("GPUSWAP_DOUBLE", options, 1); /* the management library's, too */
    setenv("GPUSWAP_LIBNVML", DOUBLE_LIBNVML, 1);
    double_begin(options);
}

static inline uint64_t free_bytes(void)
{
    size_t left, total;

    OK(cu.memory_info(&left, &total));
    return left;
}

static inline CUprocessState state_of(pid_t pid)
{
    CUprocessState state = CU_PROCESS_STATE_FAILED;

    OK(cu.checkpoint_state(pid, &state));
    return state;
}

static inline CUresult lock_within(pid_t pid, unsigned milliseconds)
{
    CUcheckpointLockArgs args = {.timeoutMs = milliseconds};

    return cu.checkpoint_lock(pid, &args);
}

/* The process' own memory in KiB, without what it shares. */
static inline int64_t own_kib(pid_t pid)
{
    char path[64], line[256], why[UNITS_WHY];
    int64_t kib = -1;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    status = fopen(path, "re");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0) {
            char *number = line + 8 + strspn(line + 8, " \t");

            number[strspn(number, "0123456789")] = '\0';
            assert_int_equal(units_integer(number, &kib, why), 0);
        }
    fclose(status);
    return kib;
}

#endif
