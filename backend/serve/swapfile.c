/* swapfile.c - the daemon's swap file is opened, new or as the last daemon left it, and closed. */
#include "backend/serve/swapfile_parts.h"
#include "backend/cuda/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

static uint64_t head_bytes(uint32_t slots)
{
    uint64_t bytes = sizeof(struct head) + slots * sizeof(struct label);

    return (bytes + SWAPFILE_SLOT - 1) / SWAPFILE_SLOT * SWAPFILE_SLOT;
}

static int open_file(struct swapfile *f, struct error *err)
{
    struct statfs system;
    struct stat there;

    f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (f->fd < 0 || fstat(f->fd, &there) != 0 || fstatfs(f->fd, &system) != 0)
        return error_set(err, GS_CANT_CREATE, "swap file '%s': %s", f->path, strerror(errno));
    if (flock(f->fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, GS_BUSY, "swap file '%s': another daemon has it", f->path);
    if (!S_ISREG(there.st_mode) || there.st_uid != geteuid())
        return error_set(err, GS_UNSATISFIABLE, "swap file '%s': there is something that is no file of this user",
                         f->path);
    if (system.f_type != TMPFS_MAGIC && system.f_type != HUGETLBFS_MAGIC) {
        if (there.st_size == 0)
            unlink(f->path);
        return error_set(err, GS_UNSATISFIABLE,
                         "swap file '%s': it is to lie in memory, where a GPU reaches it: in a tmpfs such as /dev/shm, "
                         "or a hugetlbfs",
                         f->path);
    }
    fchmod(f->fd, 0600);
    return GS_OK;
}

/* What the last daemon left: its labels count if the file is as it was and somebody it belongs to is still there. */
static bool somebody_needs_it(int fd, struct head *head)
{
    struct sight last = {0};
    struct label label;

    if (pread(fd, head, sizeof *head, 0) != (ssize_t)sizeof *head ||
        memcmp(head->magic, SWAPFILE_MAGIC, sizeof head->magic) != 0 || head->slot_bytes != SWAPFILE_SLOT)
        return false;
    for (uint32_t i = 0; i < head->slots; i++)
        if (pread(fd, &label, sizeof label, (off_t)(sizeof *head + i * sizeof label)) == (ssize_t)sizeof label &&
            label_is_there(&label, &last))
            return true;
    return false;
}

bool swapfile_is_needed(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct head head;
    bool needed = fd >= 0 && somebody_needs_it(fd, &head);

    if (fd >= 0)
        close(fd);
    return needed;
}

/* Empty, or a swap file, or one that had only just been begun. */
static bool is_ours(int fd)
{
    static const char nothing[sizeof(((struct head *)NULL)->magic)];
    struct head head;
    ssize_t count = pread(fd, &head, sizeof head, 0);

    return count == 0 ||
           (count == (ssize_t)sizeof head && (memcmp(head.magic, SWAPFILE_MAGIC, sizeof head.magic) == 0 ||
                                              memcmp(head.magic, nothing, sizeof head.magic) == 0));
}

static int size_file(struct swapfile *f, bool *fresh, struct error *err)
{
    struct head head;
    struct statfs system;
    struct stat there;
    int64_t wanted;

    *fresh = !somebody_needs_it(f->fd, &head);
    if (*fresh && !is_ours(f->fd))
        return error_set(err, GS_CANT_CREATE, "'%s': there is a file that is no swap file of a daemon; move it away",
                         f->path);
    if (!*fresh && head.slots != f->slots)
        return error_set(err, GS_UNSATISFIABLE,
                         "swap file '%s': programs lie there that the daemon before this one served, in %u MiB, and "
                         "the scenario makes it %u MiB; leave 'swap_file' and the places as they were",
                         f->path, head.slots * (SWAPFILE_SLOT >> 20), f->slots * (SWAPFILE_SLOT >> 20));
    if (*fresh && ftruncate(f->fd, 0) != 0)
        return error_set(err, GS_CANT_CREATE, "swap file '%s': %s", f->path, strerror(errno));
    if (ftruncate(f->fd, (off_t)f->bytes) != 0 || fstat(f->fd, &there) != 0 || fstatfs(f->fd, &system) != 0)
        return error_set(err, GS_CANT_CREATE, "swap file '%s': %s", f->path, strerror(errno));
    wanted = (int64_t)f->bytes - there.st_blocks * 512;
    if (system.f_blocks > 0 && (int64_t)(system.f_bavail * (uint64_t)system.f_bsize) < wanted) {
        if (*fresh)
            unlink(f->path);
        return error_set(err, GS_UNSATISFIABLE,
                         "swap file '%s': %lld MiB are needed, and the file system has %llu MiB left; make that "
                         "larger, or lower 'swap_file'",
                         f->path, (long long)(wanted >> 20),
                         (unsigned long long)(system.f_bavail * (uint64_t)system.f_bsize >> 20));
    }
    return system.f_type == HUGETLBFS_MAGIC || wanted <= 0 ? GS_OK : pages_check(wanted, "", err);
}

static void read_labels(struct swapfile *f, bool fresh)
{
    struct head *head = (struct head *)(void *)f->base;
    struct sight last = {0};

    f->label = (struct label *)(void *)(f->base + sizeof *head);
    if (fresh) {
        memset(f->label, 0, f->slots * sizeof *f->label);
        *head = (struct head){.slots = f->slots, .slot_bytes = SWAPFILE_SLOT};
        memcpy(head->magic, SWAPFILE_MAGIC, sizeof head->magic);
        return;
    }
    for (uint32_t i = 0; i < f->slots; i++)
        if (!label_is_there(&f->label[i], &last))
            f->label[i] = (struct label){0};
}

int swapfile_open(struct swapfile **out, const char *path, int64_t bytes, uint64_t numa, bool *fresh, struct error *err)
{
    struct swapfile *f = calloc(1, sizeof *f);
    void *base = NULL;
    int rc;

    *out = f;
    if (f == NULL)
        return error_set(err, GS_SYSTEM, "out of memory for the swap file");
    f->fd = -1;
    f->slots = swapfile_slots_for((uint64_t)bytes);
    f->head_bytes = head_bytes(f->slots);
    f->bytes = f->head_bytes + (uint64_t)f->slots * SWAPFILE_SLOT;
    pthread_mutex_init(&f->lock, NULL);
    if (snprintf(f->path, sizeof f->path, "%s", path) >= (int)sizeof f->path)
        rc = error_set(err, GS_USAGE, "a swap file's path may have %zu letters", sizeof f->path - 1);
    else if ((rc = open_file(f, err)) == GS_OK && (rc = size_file(f, fresh, err)) == GS_OK)
        rc = pages_take(f->fd, (int64_t)f->bytes, numa, &base, err);
    if (rc == GS_OK) {
        f->base = base;
        read_labels(f, *fresh);
        return GS_OK;
    }
    swapfile_close(f);
    *out = NULL;
    return rc;
}

void swapfile_close(struct swapfile *f)
{
    struct sight last = {0};
    bool needed = false;

    if (f == NULL)
        return;
    for (uint32_t i = 0; f->base != NULL && i < f->slots; i++)
        needed |= label_is_there(&f->label[i], &last);
    if (f->base != NULL && !needed)
        unlink(f->path);
    if (f->base != NULL)
        munmap(f->base, f->bytes);
    if (f->fd >= 0)
        close(f->fd);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void *swapfile_memory(const struct swapfile *f, uint64_t *bytes)
{
    *bytes = f->bytes;
    return f->base;
}
