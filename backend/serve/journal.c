/* journal.c - whom the daemon serves, in a file beside its socket, for the next daemon if this one dies: a process that is
 * off the GPU would wait for ever if nobody knew of it.
 *
 * A line each: group, user, bytes, then the numbers and start times of the program and of its processes on the GPU.  A number
 * with another start time is another process. */
#include "backend/serve/state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool path_of(const struct backend *be, const char *suffix, char *out, size_t size)
{
    return snprintf(out, size, "%s%s", be->options->socket, suffix) < (int)size;
}

static void write_guest(FILE *file, const struct backend *be, const struct guest *p)
{
    const struct workload_group *group =
        &be->setup->scenario->workload[be->setup->setup->workload[serve_id(be, p)].group];

    fprintf(file, "%s %u %" PRId64 " %d:%" PRIu64, group->name, (unsigned)p->uid, p->bytes, p->root_pid,
            process_start(p->root_pid));
    for (int m = 0; m < p->members; m++)
        fprintf(file, " %d:%" PRIu64, p->member[m].pid, process_start(p->member[m].pid));
    fprintf(file, "\n");
}

void journal_write(struct backend *be)
{
    char path[160], new[160];
    FILE *file;
    bool failed;

    if (!be->journal_stale || !path_of(be, ".guests", path, sizeof path) ||
        !path_of(be, ".guests.new", new, sizeof new))
        return;
    be->journal_stale = false;
    unlink(new);
    file = fopen(new, "wxe");
    if (file != NULL) {
        fchmod(fileno(file), 0600);
        for (uint32_t i = 0; i < be->guests; i++)
            if (be->guest[i].state == GUEST_TAKEN || be->guest[i].state == GUEST_COMING)
                write_guest(file, be, &be->guest[i]);
        failed = fflush(file) != 0 || ferror(file) != 0;
        fclose(file);
        if (!failed && rename(new, path) == 0)
            return;
    }
    if (!be->journal_failed) {
        char line[512];

        snprintf(line, sizeof line,
                 "'%s' cannot be written (%s): if the daemon dies, programs off the GPU are not found again", path,
                 strerror(errno));
        be->options->say(line);
    }
    be->journal_failed = true;
}

/* "123:456": the process is there, and is that one. */
static int read_process(const char *word)
{
    char *end;
    long pid = strtol(word, &end, 10);

    if (pid <= 0 || pid > INT32_MAX || *end != ':')
        return -1;
    return process_start((int)pid) == strtoull(end + 1, NULL, 10) && process_start((int)pid) != 0 ? (int)pid : -1;
}

/* How the driver sees it now: off the GPU, or held. */
static void look_at(struct backend *be, struct guest *p)
{
    for (int m = 0; m < p->members; m++) {
        struct error ignored = {0};
        enum checkpoint_state state;

        if (!be->moves || checkpoint_state(&be->driver, p->member[m].pid, &state, &ignored) != GS_OK)
            continue;
        p->away |= state == CHECKPOINT_AWAY;
        p->outside |= state == CHECKPOINT_QUIET;
        p->lost |= state == CHECKPOINT_LOST;
    }
    if (p->away || p->outside)
        p->retry_ns = 0; /* it may have been in the middle of something */
    p->requests_once = p->away || p->outside;
}

static void read_guest(struct backend *be, char *line)
{
    char *rest = NULL, *group = strtok_r(line, " \n", &rest), *uid = strtok_r(NULL, " \n", &rest);
    char *bytes = strtok_r(NULL, " \n", &rest), *root = strtok_r(NULL, " \n", &rest);
    struct error err = {0};
    struct guest *p;

    if (root == NULL || read_process(root) < 0 || (p = guests_free(be, group)) == NULL ||
        guests_take(be, p, read_process(root), (uid_t)strtoul(uid, NULL, 10), &err) != GS_OK)
        return;
    p->bytes = strtoll(bytes, NULL, 10);
    serve_post(be, GS_RESIZE, serve_id(be, p))->event.bytes = p->bytes;
    for (char *word = strtok_r(NULL, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
        if (read_process(word) > 0)
            guests_join(be, p, read_process(word), &err);
    look_at(be, p);
}

void journal_read(struct backend *be)
{
    char path[160], line[1024];
    struct stat there;
    FILE *file;

    if (!path_of(be, ".guests", path, sizeof path) || (file = fopen(path, "re")) == NULL)
        return;
    if (fstat(fileno(file), &there) == 0 && there.st_uid == geteuid()) /* a list of others' making is not followed */
        while (fgets(line, sizeof line, file) != NULL)
            read_guest(be, line);
    fclose(file);
    be->journal_stale = true;
}

/* The end: who is off the GPU comes back, as far as there is room; the others stay in the list. */
void journal_bring_home(struct backend *be)
{
    enum { TRIES = 3, PAUSE_US = 300000 };
    bool any = false;

    for (uint32_t i = 0; i < be->guests && be->guest != NULL; i++) {
        struct guest *p = &be->guest[i];

        if (p->state != GUEST_TAKEN || p->members == 0 || !(p->away || p->outside || p->moving) || p->lost)
            continue;
        p->outside = false;
        for (int attempt = 0; attempt < TRIES; attempt++) {
            struct work work = {.rc = GS_BUSY};

            moves_ask(be, p, WORK_BACK);
            while (worker_wait(be->worker[p->gpu], &work) && (work.place != i || work.kind != WORK_BACK))
                ;
            p->away = work.rc != GS_OK;
            if (!p->away)
                break;
            usleep(PAUSE_US);
        }
        if (p->away) {
            char text[512];

            any = true;
            snprintf(text, sizeof text,
                     "'%s' stays off the GPU, where there is no room for it: start the daemon again, which knows of it",
                     p->name);
            be->options->say(text);
        }
    }
    be->journal_stale = true;
    if (any)
        journal_write(be);
}
