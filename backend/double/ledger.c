/* ledger.c - the ledger, in a shared file under a file lock, or in this process alone.  What dead processes held is free. */
#include "backend/double/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct kernel {
    unsigned gpu;
    uint64_t from_ns, to_ns;
};

struct row {
    int pid;
    bool open, unseen;
    uint64_t bytes[LEDGER_GPUS];
    uint64_t kernels; /* so far: the last of them are in the ring */
    struct kernel kernel[LEDGER_KERNELS];
};

struct ledger {
    unsigned gpus;
    bool lost;
    uint64_t gpu_bytes;
    struct row row[LEDGER_PROCESSES];
};

static struct ledger own, *book = &own;
static int file = -1;
static bool reads_only; /* somebody else of this process may hold the row */

static void lock(void)
{
    if (file >= 0)
        while (flock(file, LOCK_EX) != 0 && errno == EINTR)
            ;
}

static void unlock(void)
{
    if (file >= 0)
        flock(file, LOCK_UN);
}

static void bury(void)
{
    for (int i = 0; i < LEDGER_PROCESSES && file >= 0; i++) /* else there is this process alone */
        if (book->row[i].pid != 0 && kill(book->row[i].pid, 0) != 0 && errno == ESRCH)
            memset(&book->row[i], 0, sizeof book->row[i]);
}

static bool is_deserted(void)
{
    for (int i = 0; i < LEDGER_PROCESSES; i++)
        if (book->row[i].pid != 0)
            return false;
    return true;
}

static struct row *mine(void)
{
    struct row *free_row = NULL;
    int pid = getpid();

    for (int i = 0; i < LEDGER_PROCESSES; i++) {
        if (book->row[i].pid == pid)
            return &book->row[i];
        if (book->row[i].pid == 0 && free_row == NULL)
            free_row = &book->row[i];
    }
    if (free_row != NULL)
        free_row->pid = pid;
    return free_row;
}

static uint64_t free_of(unsigned gpu)
{
    uint64_t used = 0;

    for (int i = 0; i < LEDGER_PROCESSES; i++)
        used += book->row[i].bytes[gpu];
    return used < book->gpu_bytes ? book->gpu_bytes - used : 0;
}

bool ledger_open(const char *path, unsigned gpus, uint64_t gpu_bytes)
{
    ledger_close();
    reads_only = gpus == 0;
    if (*path != '\0') {
        void *map = MAP_FAILED;

        file = open(path, O_RDWR | O_CLOEXEC | (gpus > 0 ? O_CREAT : 0), 0600);
        if (file >= 0 && ftruncate(file, sizeof *book) == 0)
            map = mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (map == MAP_FAILED) {
            ledger_close();
            return false;
        }
        book = map;
    }
    lock();
    bury();
    if (gpus > 0 && is_deserted()) { /* new, or left behind: as this process wants it */
        book->gpus = gpus;
        book->gpu_bytes = gpu_bytes;
        book->lost = false;
    }
    unlock();
    return book->gpus > 0;
}

void ledger_close(void)
{
    lock();
    for (int i = 0; i < LEDGER_PROCESSES && !reads_only; i++)
        if (book->row[i].pid == getpid())
            memset(&book->row[i], 0, sizeof book->row[i]);
    unlock();
    if (book != &own)
        munmap(book, sizeof *book);
    book = &own;
    if (file >= 0)
        close(file);
    file = -1;
}

bool ledger_take(unsigned gpu, uint64_t bytes)
{
    struct row *row;
    bool there;

    lock();
    bury();
    row = mine();
    there = row != NULL && free_of(gpu) >= bytes;
    if (there)
        row->bytes[gpu] += bytes;
    unlock();
    return there;
}

void ledger_give(unsigned gpu, uint64_t bytes)
{
    struct row *row;

    lock();
    if ((row = mine()) != NULL)
        row->bytes[gpu] -= bytes < row->bytes[gpu] ? bytes : row->bytes[gpu];
    unlock();
}

uint64_t ledger_held(unsigned gpu)
{
    struct row *row = mine();

    return row != NULL ? row->bytes[gpu] : 0;
}

uint64_t ledger_free(unsigned gpu)
{
    uint64_t bytes;

    lock();
    bury();
    bytes = free_of(gpu);
    unlock();
    return bytes;
}

uint64_t ledger_total(void)
{
    return book->gpu_bytes;
}

unsigned ledger_gpus(void)
{
    return book->gpus;
}

void ledger_show(bool open, bool unseen)
{
    struct row *row;

    lock();
    if ((row = mine()) != NULL) {
        row->open = open;
        row->unseen = unseen;
    }
    unlock();
}

int ledger_holder(unsigned gpu, unsigned i, uint64_t *bytes)
{
    int pid = 0;

    lock();
    bury();
    for (int k = 0; k < LEDGER_PROCESSES && pid == 0; k++)
        if (book->row[k].pid != 0 && (book->row[k].open || book->row[k].bytes[gpu] > 0) && i-- == 0) {
            pid = book->row[k].pid;
            *bytes = book->row[k].unseen ? UINT64_MAX : book->row[k].bytes[gpu];
        }
    unlock();
    return pid;
}

void ledger_busy(unsigned gpu, uint64_t from_ns, uint64_t to_ns)
{
    struct row *row;

    lock();
    if ((row = mine()) != NULL)
        row->kernel[row->kernels++ % LEDGER_KERNELS] = (struct kernel){gpu, from_ns, to_ns};
    unlock();
}

uint64_t ledger_busy_within(unsigned gpu, int pid, uint64_t from_ns, uint64_t to_ns)
{
    uint64_t busy_ns = 0;

    lock();
    for (int i = 0; i < LEDGER_PROCESSES; i++)
        for (uint64_t k = 0; book->row[i].pid == pid && k < book->row[i].kernels && k < LEDGER_KERNELS; k++) {
            const struct kernel *kernel = &book->row[i].kernel[k];
            uint64_t start = kernel->from_ns > from_ns ? kernel->from_ns : from_ns;
            uint64_t end = kernel->to_ns < to_ns ? kernel->to_ns : to_ns;

            busy_ns += kernel->gpu == gpu && end > start ? end - start : 0;
        }
    unlock();
    return busy_ns;
}

void ledger_lose(void)
{
    book->lost = true;
}

bool ledger_lost(void)
{
    return book->lost;
}
