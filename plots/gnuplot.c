/* gnuplot.c - run gnuplot on a script, without a shell, and keep what it has to say for the case that it fails. */
#include "plots/scripts.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID = 1024 };

/* In `folder`, with nothing to read and `out` for all that it says.  The user's own settings are left out (-d). */
static int start(pid_t *pid, const char *folder, const char *script, int out)
{
    char file[64];
    snprintf(file, sizeof file, "%s", script);
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"-d"}, file, NULL};
    posix_spawn_file_actions_t actions;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0)
        return rc;
    if ((rc = posix_spawn_file_actions_addchdir_np(&actions, folder)) == 0 &&
        (rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
        (rc = posix_spawn_file_actions_adddup2(&actions, out, 1)) == 0 &&
        (rc = posix_spawn_file_actions_adddup2(&actions, out, 2)) == 0)
        rc = posix_spawnp(pid, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* Read to the end, keep what fits. */
static void listen_to(int in, char said[SAID])
{
    char buffer[SAID];
    size_t kept = 0;
    ssize_t n;
    while ((n = read(in, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t i = 0; i < n && kept + 1 < SAID; i++)
            said[kept++] = buffer[i];
    said[kept] = '\0';
}

/* The line of gnuplot's talk that tells what is wrong: the last one that is not blank. */
static const char *essence(char said[SAID])
{
    char *line = said, *last = said;
    for (char *next; line; line = next) {
        if ((next = strchr(line, '\n')))
            *next++ = '\0';
        line += strspn(line, " \t");
        if (*line)
            last = line;
    }
    return last;
}

int gnuplot_run(const char *folder, const char *script, struct error *err)
{
    int pipe_end[2], status = 0;
    char said[SAID];
    pid_t pid;
    if (pipe2(pipe_end, O_CLOEXEC) != 0)
        return error_set(err, GS_SYSTEM, "cannot start 'gnuplot': %s", strerror(errno));
    int rc = start(&pid, folder, script, pipe_end[1]);
    close(pipe_end[1]);
    if (rc == 0)
        listen_to(pipe_end[0], said);
    close(pipe_end[0]);
    if (rc == 0) {
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        rc = WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ENOENT : 0;
    }
    if (rc == ENOENT)
        return error_set(err, GS_SYSTEM,
                         "no 'gnuplot' on this machine, so there are no pictures, only their data; install it ('apt "
                         "install gnuplot-nox') and do this again");
    if (rc != 0)
        return error_set(err, GS_SYSTEM, "cannot start 'gnuplot': %s", strerror(rc));
    if (status != 0)
        return error_set(err, GS_SYSTEM, "gnuplot failed on '%s/%s' (5.4 or newer is needed): %s", folder, script,
                         essence(said));
    return GS_OK;
}
