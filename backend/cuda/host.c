/* host.c - read /proc and /sys: memory, limits of control groups (version 1 and 2), NUMA nodes. */
#include "backend/cuda/host.h"
#include "sim/base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 1024, NODES = 1024 };

/* The first line of a file, without what ends it; false: there is none. */
static bool first_line(const char *path, char out[PATH])
{
    FILE *file = fopen(path, "re");
    bool there = file != NULL && fgets(out, PATH, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (there)
        out[strcspn(out, "\n")] = '\0';
    return there;
}

static int64_t number(const char *text)
{
    char why[UNITS_WHY];
    int64_t value;

    return units_integer(text, &value, why) == 0 ? value : -1;
}

static int64_t number_in(const char *path)
{
    char line[PATH];

    return first_line(path, line) ? number(line) : -1; /* "max", too */
}

/* "MemAvailable:    1234 kB" */
static void read_meminfo(const char *root, struct host_memory *memory)
{
    char path[PATH], line[PATH];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if ((file = fopen(path, "re")) == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':'), *unit = strstr(line, " kB");

        if (colon == NULL || unit == NULL)
            continue;
        *colon = *unit = '\0';
        if (strcmp(line, "MemTotal") == 0)
            memory->total_bytes = number(colon + 1) * 1024;
        if (strcmp(line, "MemAvailable") == 0)
            memory->available_bytes = number(colon + 1) * 1024;
    }
    fclose(file);
}

static int64_t room_in(int64_t limit_bytes, int64_t used_bytes)
{
    return limit_bytes - (used_bytes > 0 ? used_bytes : 0);
}

/* The limit that leaves the least, from the group at `path`, which is below `top`, up to there: others may be in a group
 * above. */
static void read_limits(const char *top, char path[PATH], const char *limit_name, const char *used_name,
                        struct host_memory *memory)
{
    enum { UNLIMITED_BITS = 60 }; /* version 1 writes a number near 2^63 for none */
    char file[3 * PATH];

    for (;;) {
        int64_t limit, used;

        snprintf(file, sizeof file, "%s/%s", path, limit_name);
        limit = number_in(file);
        snprintf(file, sizeof file, "%s/%s", path, used_name);
        used = number_in(file);
        if (limit >= 0 && limit < INT64_C(1) << UNLIMITED_BITS &&
            (memory->limit_bytes < 0 ||
             room_in(limit, used) < room_in(memory->limit_bytes, memory->limit_used_bytes))) {
            memory->limit_bytes = limit;
            memory->limit_used_bytes = used;
        }
        if (strlen(path) <= strlen(top))
            return;
        *strrchr(path, '/') = '\0';
    }
}

static void read_groups(const char *root, struct host_memory *memory)
{
    char path[PATH], line[PATH], top[PATH], group[2 * PATH];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    if ((file = fopen(path, "re")) == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        char *kind = strchr(line, ':'), *name = kind != NULL ? strchr(kind + 1, ':') : NULL;
        bool second;

        if (name == NULL)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        second = kind[1] == '\0';
        if (!second && strcmp(kind + 1, "memory") != 0)
            continue;
        snprintf(top, sizeof top, "%s/sys/fs/cgroup%s", root, second ? "" : "/memory");
        if ((size_t)snprintf(group, sizeof group, "%s%s", top, strcmp(name, "/") == 0 ? "" : name) < PATH)
            read_limits(top, group, second ? "memory.max" : "memory.limit_in_bytes",
                        second ? "memory.current" : "memory.usage_in_bytes", memory);
    }
    fclose(file);
}

struct host_memory host_memory(const char *root)
{
    struct host_memory memory = {-1, -1, -1, -1};

    read_meminfo(root, &memory);
    read_groups(root, &memory);
    return memory;
}

int64_t host_memory_left(const struct host_memory *memory)
{
    int64_t left = memory->available_bytes, limit = memory->limit_bytes;

    if (limit < 0)
        return left;
    limit = room_in(limit, memory->limit_used_bytes);
    limit = limit > 0 ? limit : 0;
    return left < 0 || limit < left ? limit : left;
}

int host_numa_nodes(const char *root)
{
    char path[PATH], line[PATH];
    int nodes = 0;

    for (int i = 0; i < NODES; i++) {
        snprintf(path, sizeof path, "%s/sys/devices/system/node/node%d/meminfo", root, i);
        nodes += first_line(path, line) && strstr(line, " 0 kB") == NULL;
    }
    return nodes > 0 ? nodes : 1;
}

int host_numa_of(const char *root, const char *pci)
{
    char path[PATH], name[64];
    size_t length = strlen(pci), i = 0;

    if (length >= sizeof name)
        return -1;
    for (; i < length; i++)
        name[i] = (char)tolower((unsigned char)pci[i]); /* the kernel writes it small, the driver large */
    name[length] = '\0';
    snprintf(path, sizeof path, "%s/sys/bus/pci/devices/%s/numa_node", root, name);
    return (int)number_in(path);
}
