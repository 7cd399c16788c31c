/* cache.c - what the system's loader knows: /etc/ld.so.cache, as glibc has written it since 2.2 (its format is in glibc's
 * dl-cache.h).  The name cannot simply be opened, as it is the gate's own. */
#include "backend/gate/gate.h"

#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = "glibc-ld.so.cache1.1";

/* After the magic: number of entries, bytes of strings, and 20 more; then the entries: flags, name, path (offsets from
 * the magic), 12 more. */
enum { HEADER = 48, ENTRY = 24, X86_64_LIBC6 = 0x0303 };

static uint32_t number(const unsigned char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value); /* in the machine's own order */
    return value;
}

/* The string at `offset`; NULL if it does not end. */
static const char *text(const unsigned char *cache, size_t bytes, uint32_t offset)
{
    return offset < bytes && memchr(cache + offset, '\0', bytes - offset) != NULL ? (const char *)cache + offset : NULL;
}

bool cache_search(const void *cache, size_t bytes, const char *name, bool (*fits)(const char *path), char *path,
                  size_t size)
{
    const unsigned char *at = bytes > 0 ? memmem(cache, bytes, magic, sizeof magic - 1) : NULL;
    uint32_t entries;

    if (at == NULL)
        return false;
    bytes -= (size_t)(at - (const unsigned char *)cache);
    if (bytes < HEADER)
        return false;
    entries = number(at + 20);
    if (entries > (bytes - HEADER) / ENTRY)
        return false;
    for (uint32_t i = 0; i < entries; i++) {
        const unsigned char *entry = at + HEADER + (size_t)i * ENTRY;
        const char *key = text(at, bytes, number(entry + 4)), *value = text(at, bytes, number(entry + 8));

        if (number(entry) == X86_64_LIBC6 && key != NULL && value != NULL && strcmp(key, name) == 0 && fits(value)) {
            snprintf(path, size, "%s", value);
            return true;
        }
    }
    return false;
}

bool cache_find(const char *name, bool (*fits)(const char *path), char *path, size_t size)
{
    int file = open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC);
    void *cache = MAP_FAILED;
    bool found = false;
    struct stat stat;

    if (file >= 0 && fstat(file, &stat) == 0 && stat.st_size > 0)
        cache = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (cache != MAP_FAILED) {
        found = cache_search(cache, (size_t)stat.st_size, name, fits, path, size);
        munmap(cache, (size_t)stat.st_size);
    }
    if (file >= 0)
        close(file);
    return found;
}
