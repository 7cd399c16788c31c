/* host.c - read /proc and /sys: memory, NUMA nodes. */
#include "backend/cuda/host.h"
#include "backend/cuda/sysfile.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { PATH = 1024, NODES = 1024 };

static int64_t memory_of(const char *root, const char *word)
{
    char path[PATH];
    int64_t kib;

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    kib = sysfile_number_of(path, word);
    return kib >= 0 && kib <= INT64_MAX / 1024 ? kib * 1024 : -1;
}

struct host_memory host_memory(const char *root, int pid)
{
    return (struct host_memory){.total_bytes = memory_of(root, "MemTotal:"),
                                .available_bytes = memory_of(root, "MemAvailable:"),
                                .limit = cgroup_limit(root, pid)};
}

int64_t host_memory_left(const struct host_memory *memory)
{
    int64_t left = memory->available_bytes, room = cgroup_room(&memory->limit);

    return left < 0 || (room >= 0 && room < left) ? room : left;
}

int host_numa_nodes(const char *root)
{
    char path[PATH], line[PATH];
    int nodes = 0;

    for (int i = 0; i < NODES; i++) {
        snprintf(path, sizeof path, "%s/sys/devices/system/node/node%d/meminfo", root, i);
        nodes += sysfile_line(path, line, sizeof line) && strstr(line, " 0 kB") == NULL;
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
    return (int)sysfile_number(path);
}
