/* cgroup.c - /proc tells the name of a process' group, and what is mounted where; together: the folder of its figures.
 *
 * Both are told as this process' namespace of groups sees them.  In a container that is given the host's /sys/fs/cgroup, as our
 * DaemonSet is, its own group is "/", another pod's "/../../pods/one", and what is mounted is "/../../..": the names between are
 * not told, and are looked for. */
#include "backend/cuda/cgroup.h"
#include "backend/cuda/sysfile.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 2 * CGROUP_PATH, FILE_NAME = 32 };

/* The kernel gives up copies of files on either list before it ends a process of the group, and so counts both as available
 * where it counts for the machine (MemAvailable).  What else it counts as cache is not on them: shared memory, which has no
 * file to go to, and files that are locked.  Of the slabs some are in use, so none is counted as given up. */
struct version {
    const char *type, *usual_place;
    const char *limit, *used;
    const char *cache[2]; /* in memory.stat */
};
static const struct version first_version = {"cgroup",
                                             "/sys/fs/cgroup/memory",
                                             "memory.limit_in_bytes",
                                             "memory.usage_in_bytes",
                                             {"total_active_file", "total_inactive_file"}};
static const struct version second_version = {
    "cgroup2", "/sys/fs/cgroup", "memory.max", "memory.current", {"active_file", "inactive_file"}};

struct group {
    int pid; /* of a process in it, as others see it */
    const struct version *version;
    char name[CGROUP_PATH];
};

/* --- the name --- */

/* "cpu,memory" */
static bool has_memory(char *list)
{
    char *rest = NULL;

    for (char *word = strtok_r(list, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest))
        if (strcmp(word, "memory") == 0)
            return true;
    return false;
}

/* "4:memory:/docker/x", or "0::/pods/one": where both are, the first has the memory. */
static bool find_group(const char *root, int pid, struct group *group)
{
    char path[CGROUP_PATH], line[LINE];
    FILE *file;

    group->pid = pid == 0 ? getpid() : pid;
    group->version = NULL;
    if (pid == 0)
        snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    else
        snprintf(path, sizeof path, "%s/proc/%d/cgroup", root, pid);
    if ((file = fopen(path, "re")) == NULL)
        return false;
    while (group->version != &first_version && fgets(line, sizeof line, file) != NULL) {
        char *list = strchr(line, ':'), *name = list != NULL ? strchr(list + 1, ':') : NULL;
        bool second;

        if (name == NULL)
            continue;
        *name++ = '\0';
        name[strcspn(name, "\n")] = '\0';
        second = strcmp(line, "0:") == 0;
        if ((second || has_memory(list + 1)) && strlen(name) < CGROUP_PATH) {
            group->version = second ? &second_version : &first_version;
            memcpy(group->name, name, strlen(name) + 1);
        }
    }
    fclose(file);
    return group->version != NULL;
}

bool cgroup_name(const char *root, int pid, char name[CGROUP_PATH])
{
    struct group group;

    if (!find_group(root, pid, &group))
        return false;
    memcpy(name, group.name, strlen(group.name) + 1);
    return true;
}

/* --- the folder --- */

/* False: it would be too long. */
static bool append(char path[CGROUP_PATH], const char *text)
{
    size_t length = strlen(path), more = strlen(text);

    if (length + more + FILE_NAME >= CGROUP_PATH) /* a file's name is to go behind it */
        return false;
    memcpy(path + length, text, more + 1);
    return true;
}

static bool has_process(const char *folder, int pid)
{
    char path[CGROUP_PATH + FILE_NAME], line[32], wanted[32];
    bool found = false;
    FILE *file;

    snprintf(path, sizeof path, "%s/cgroup.procs", folder);
    if ((file = fopen(path, "re")) == NULL)
        return false;
    snprintf(wanted, sizeof wanted, "%d\n", pid);
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = strcmp(line, wanted) == 0;
    fclose(file);
    return found;
}

/* Below `path`, so many folders down, the one in which `name` is and has the process. */
static bool find_below(char path[CGROUP_PATH], unsigned down, const char *name, int pid)
{
    size_t length = strlen(path);
    bool found = false;
    struct dirent *entry;
    DIR *folder;

    if (down == 0) {
        found = append(path, name) && has_process(path, pid);
    } else if ((folder = opendir(path)) != NULL) {
        while (!found && (entry = readdir(folder)) != NULL) {
            path[length] = '\0';
            found = entry->d_type == DT_DIR && entry->d_name[0] != '.' && append(path, "/") &&
                    append(path, entry->d_name) && find_below(path, down - 1, name, pid);
        }
        closedir(folder);
    }
    if (!found)
        path[length] = '\0';
    return found;
}

/* How often it begins with "/.."; `name` then is what follows, and "" for "/". */
static unsigned skip_ups(const char **name)
{
    unsigned ups = 0;

    for (; strncmp(*name, "/..", 3) == 0 && ((*name)[3] == '/' || (*name)[3] == '\0'); *name += 3)
        ups++;
    if (strcmp(*name, "/") == 0)
        ++*name;
    return ups;
}

/* From the group that is mounted at `path` to this one.  False: it is not below. */
static bool descend(char path[CGROUP_PATH], const char *mounted, const struct group *group)
{
    const char *name = group->name;
    unsigned up = skip_ups(&mounted), name_up = skip_ups(&name);
    size_t length = strlen(mounted);

    if (name_up == up && strncmp(name, mounted, length) == 0 && (name[length] == '/' || name[length] == '\0'))
        return append(path, name + length);
    return name_up < up && length == 0 && find_below(path, up - name_up, name, group->pid);
}

/* --- the limit --- */

int64_t cgroup_room(const struct cgroup_limit *limit)
{
    int64_t used = limit->used_bytes > 0 ? limit->used_bytes : 0;

    return limit->bytes > used ? limit->bytes - used : limit->bytes < 0 ? -1 : 0;
}

static struct cgroup_limit read_limit(const struct version *version, const char *folder)
{
    enum { UNLIMITED_BITS = 60 }; /* version 1 writes a number near 2^63 for none */
    char path[CGROUP_PATH + FILE_NAME];
    struct cgroup_limit limit;

    snprintf(path, sizeof path, "%s/%s", folder, version->limit);
    limit.bytes = sysfile_number(path);
    if (limit.bytes < 0 || limit.bytes >= INT64_C(1) << UNLIMITED_BITS)
        return (struct cgroup_limit){-1, -1};
    snprintf(path, sizeof path, "%s/%s", folder, version->used);
    limit.used_bytes = sysfile_number(path);
    snprintf(path, sizeof path, "%s/memory.stat", folder);
    for (int i = 0; i < 2 && limit.used_bytes > 0; i++) {
        int64_t cache = sysfile_number_of(path, version->cache[i]);

        if (cache > 0) /* read a moment later, it may be more */
            limit.used_bytes -= cache < limit.used_bytes ? cache : limit.used_bytes;
    }
    return limit;
}

/* Where the group `mounted` is at `place`: from the one called `name` up to that: others may be in one above. */
static void read_up(const char *root, const char *place, const char *mounted, const struct group *group,
                    struct cgroup_limit *least)
{
    char path[CGROUP_PATH] = "";
    size_t top = strlen(root) + strlen(place);

    if (!append(path, root) || !append(path, place) || !descend(path, mounted, group))
        return;
    for (;; *strrchr(path, '/') = '\0') {
        struct cgroup_limit limit = read_limit(group->version, path);

        if (limit.bytes >= 0 && (least->bytes < 0 || cgroup_room(&limit) < cgroup_room(least)))
            *least = limit;
        if (strlen(path) <= top)
            return;
    }
}

/* /proc writes blanks and backslashes in octal. */
static void unescape(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++)
        if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] != '\0' && text[3] != '\0') {
            *out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        } else
            *out++ = *text;
    *out = '\0';
}

/* "35 31 0:32 /docker/x /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory": the fourth is the group that is there. */
static bool read_mount(char *line, const struct version *version, char **mounted, char **place)
{
    enum { MOUNTED = 3, PLACE = 4, TYPE = 0, OPTIONS = 2 };
    char *behind = strstr(line, " - "), *rest = NULL, *word[5] = {NULL}, *more[3] = {NULL};

    if (behind == NULL)
        return false;
    *behind = '\0';
    for (int i = 0; i <= PLACE; i++)
        word[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
    for (int i = 0; i <= OPTIONS; i++)
        more[i] = strtok_r(i == 0 ? behind + 3 : NULL, " \n", &rest);
    if (word[PLACE] == NULL || more[OPTIONS] == NULL || strcmp(more[TYPE], version->type) != 0 ||
        (version == &first_version && !has_memory(more[OPTIONS])))
        return false;
    unescape(*mounted = word[MOUNTED]);
    unescape(*place = word[PLACE]);
    return true;
}

struct cgroup_limit cgroup_limit(const char *root, int pid)
{
    struct cgroup_limit least = {-1, -1};
    char path[CGROUP_PATH], line[LINE], *mounted, *place;
    struct group group;
    bool any = false;
    FILE *mounts;

    if (!find_group(root, pid, &group))
        return least;
    snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
    mounts = fopen(path, "re");
    while (mounts != NULL && fgets(line, sizeof line, mounts) != NULL)
        if (read_mount(line, group.version, &mounted, &place)) {
            read_up(root, place, mounted, &group, &least);
            any = true;
        }
    if (mounts != NULL)
        fclose(mounts);
    if (!any)
        read_up(root, group.version->usual_place, "/", &group, &least);
    return least;
}
