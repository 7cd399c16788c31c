/* journal.c - whom the daemon serves, in a file beside its socket, for the next daemon if this one dies: a process that is
 * off the GPU would wait for ever if nobody knew of it.
 *
 * A line each: group, user, bytes, priority, marks, ticket, then the numbers and start times of the program and of its processes
 * on the GPU.  A number with another start time is another process.  Where programs lie in a swap file, that is
 * the first line. */
#include "backend/serve/state.h"
#include "sim/base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char in_file[] = "@swap-file ";
enum { PINNED = 1, WITH_DRIVER = 2 }; /* marks */

static bool path_of(const struct backend *be, const char *suffix, char *out, size_t size)
{
    return snprintf(out, size, "%s%s", be->options->socket, suffix) < (int)size;
}

static void write_guest(FILE *file, const struct backend *be, const struct guest *p)
{
    const struct workload_group *group =
        &be->setup->scenario->workload[be->setup->setup->workload[serve_id(be, p)].group];

    fprintf(file, "%s %u %" PRId64 " %d %d %016" PRIx64 " %d:%" PRIu64, group->name, (unsigned)p->uid, p->bytes,
            p->priority, (p->pinned ? PINNED : 0) | (p->with_driver ? WITH_DRIVER : 0), p->ticket, p->root_pid,
            process_ended(p->root_fd) ? 0 : p->root_start);
    for (int m = 0; m < p->members; m++)
        fprintf(file, " %d:%" PRIu64, p->member[m].pid, p->member[m].start);
    fprintf(file, "\n");
}

void journal_write(struct backend *be)
{
    char path[160], new[160];
    FILE *file;
    bool failed;
    int fd;

    if (!be->journal_stale || !path_of(be, ".guests", path, sizeof path) ||
        !path_of(be, ".guests.new", new, sizeof new))
        return;
    be->journal_stale = false;
    unlink(new);
    fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* there are tickets in it */
    file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file != NULL) {
        if (be->options->swap_file != NULL)
            fprintf(file, "%s%s\n", in_file, be->options->swap_file);
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

    uint64_t start;

    if (pid <= 0 || pid > INT32_MAX || *end != ':')
        return -1;
    start = process_start((int)pid);
    return start != 0 && start == strtoull(end + 1, NULL, 10) ? (int)pid : -1;
}

/* How the driver sees it now: off the GPU, or held; or there, where the controller does not know of it.  So all are wanted
 * once: who is there gets into its books, and can leave again; who was in the middle of something goes on. */
static void look_at(struct backend *be, struct guest *p, bool in_swap_file)
{
    for (int m = 0; m < p->members; m++) {
        struct stored process = {.pid = p->member[m].pid, .start = p->member[m].start};
        struct error ignored = {0};
        enum checkpoint_state state;

        if (!be->moves || depot_state(&be->depot, &process, &state, &ignored) != GS_OK)
            continue;
        if (state == CHECKPOINT_AWAY && in_swap_file && !p->with_driver && (be->depot.file == NULL || be->depot.fresh))
            state = CHECKPOINT_LOST; /* somebody has removed the file */
        if (be->depot.file != NULL && (state == CHECKPOINT_RUNS || state == CHECKPOINT_QUIET))
            swapfile_drop(be->depot.file, process.pid, process.start); /* it was loaded just before the end */
        p->away |= state == CHECKPOINT_AWAY;
        p->outside |= state == CHECKPOINT_QUIET;
        p->lost |= state == CHECKPOINT_LOST;
    }
    p->with_driver = p->away && (p->with_driver || !in_swap_file);
    p->requests_once = p->members > 0;
    if (p->lost) {
        char text[256];

        snprintf(text, sizeof text,
                 "'%s' is lost: its memory was being moved when the last daemon ended; end it and "
                 "start it again",
                 p->name);
        be->options->say(text);
    }
}

enum { FIELD_GROUP, FIELD_UID, FIELD_BYTES, FIELD_PRIORITY, FIELD_MARKS, FIELD_TICKET, FIELD_ROOT, FIELDS };

/* The program, or if that has ended, the first of its processes. */
static int somebody(const char *root, const char *others)
{
    int pid = read_process(root);

    for (const char *at = others; pid < 0 && at != NULL && *at != '\0'; at = strchr(at, ' ')) {
        at += strspn(at, " ");
        pid = read_process(at);
    }
    return pid;
}

/* A line that was damaged is left out: half a number could be another user's. */
static bool read_number(const char *text, int64_t least, int64_t most, int64_t *value)
{
    char why[UNITS_WHY];

    return units_integer(text, value, why) == GS_OK && *value >= least && *value <= most;
}

static void restore(struct backend *be, struct guest *p, char *const field[FIELDS], int64_t bytes, int64_t priority,
                    int64_t marks)
{
    p->bytes = bytes;
    serve_post(be, GS_RESIZE, serve_id(be, p))->event.bytes = p->bytes;
    p->priority = (int)priority;
    if (p->priority >= 0)
        guests_update(be, p, GS_FIELD_PRIORITY, p->priority);
    p->pinned = (marks & PINNED) != 0;
    p->with_driver = (marks & WITH_DRIVER) != 0;
    if (p->pinned)
        guests_update(be, p, GS_FIELD_SWAPPABLE, 0);
    p->ticket = strtoull(field[FIELD_TICKET], NULL, 16);
}

/* A line that tells of nobody any more is left out; one whose program has no place here is not: nobody would know of it. */
static int read_guest(struct backend *be, char *line, bool in_swap_file, struct error *err)
{
    char *rest = NULL, *field[FIELDS];
    struct error ignored = {0};
    int64_t uid, bytes, priority, marks;
    struct guest *p;
    int pid;

    for (int i = 0; i < FIELDS; i++)
        if ((field[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest)) == NULL)
            return GS_OK;
    if (!read_number(field[FIELD_UID], 0, UINT32_MAX - 1, &uid) ||
        !read_number(field[FIELD_BYTES], 0, INT64_MAX, &bytes) ||
        !read_number(field[FIELD_PRIORITY], -1, 255, &priority) ||
        !read_number(field[FIELD_MARKS], 0, PINNED | WITH_DRIVER, &marks))
        return GS_OK;
    pid = somebody(field[FIELD_ROOT], rest);
    if (pid < 0)
        return GS_OK;
    if ((p = guests_free(be, field[FIELD_GROUP])) == NULL)
        return error_set(err, GS_UNSATISFIABLE,
                         "the daemon before this one served process %d in [workload.%s], and the scenario has no such "
                         "place left: leave its name and 'count' as they were, or end the program",
                         pid, field[FIELD_GROUP]);
    if (guests_take(be, p, pid, (uid_t)uid, &ignored) != GS_OK)
        return GS_OK;
    restore(be, p, field, bytes, priority, marks);
    for (char *word = strtok_r(NULL, " \n", &rest); word != NULL; word = strtok_r(NULL, " \n", &rest))
        if (read_process(word) > 0)
            guests_join(be, p, read_process(word), &ignored);
    look_at(be, p, in_swap_file);
    return GS_OK;
}

/* The memory of programs of the last daemon is where it put it, and nowhere else. */
static int check_swap_file(const struct backend *be, const char *path, struct error *err)
{
    if (be->options->swap_file != NULL && strcmp(be->options->swap_file, path) == 0)
        return GS_OK;
    if (!swapfile_is_needed(path))
        return GS_OK;
    return error_set(err, GS_UNSATISFIABLE,
                     "programs of the daemon before this one lie in '%s': start it with --swap-file %s, or end them",
                     path, path);
}

int journal_read(struct backend *be, struct error *err)
{
    char path[160], line[1024];
    bool in_swap_file = false;
    struct stat there;
    int rc = GS_OK;
    FILE *file;

    if (!path_of(be, ".guests", path, sizeof path) || (file = fopen(path, "re")) == NULL)
        return GS_OK;
    /* a list of others' making is not followed */
    if (fstat(fileno(file), &there) == 0 && there.st_uid == geteuid()) {
        while (rc == GS_OK && fgets(line, sizeof line, file) != NULL)
            if (strncmp(line, in_file, sizeof in_file - 1) == 0) {
                line[strcspn(line, "\n")] = '\0';
                in_swap_file = true;
                rc = check_swap_file(be, line + sizeof in_file - 1, err);
            } else {
                rc = read_guest(be, line, in_swap_file, err);
            }
    }
    fclose(file);
    be->journal_stale = rc == GS_OK;
    return rc;
}

/* The end: who is off the GPU comes back, as far as there is room; the others stay in the list. */
void journal_bring_home(struct backend *be)
{
    enum { TRIES = 3, PAUSE_US = 300000 };
    bool any = false;

    for (uint32_t i = 0; i < be->guests && be->guest != NULL; i++) {
        struct guest *p = &be->guest[i];

        if (p->state != GUEST_TAKEN || p->members == 0 || !(p->away || p->outside || p->moving || p->works > 0) ||
            p->lost)
            continue; /* works: it may be about to be held */
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
