/* process.c - read /proc/PID/stat: "PID (NAME) STATE ...", in whose NAME anything may stand, also brackets. */
#include "backend/cuda/process.h"
#include "sim/base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The field of that number, counted as proc(5) does; `text` begins with field 3. */
static bool field(char *text, int number, uint64_t *value)
{
    char why[UNITS_WHY], *rest = NULL, *word = strtok_r(text, " \n", &rest);
    int64_t integer;

    for (int i = 3; i < number && word != NULL; i++)
        word = strtok_r(NULL, " \n", &rest);
    if (word == NULL || units_integer(word, &integer, why) != 0)
        return false;
    *value = (uint64_t)integer;
    return true;
}

/* By its name and its first word: "gpuswap-sim serve". */
static bool is_daemon(const char *root, unsigned pid, const char *name)
{
    char path[512], words[256] = "";
    const char *first = words;
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/%u/cmdline", root, pid);
    if (strcmp(name, "gpuswap-sim") != 0 || (file = fopen(path, "re")) == NULL)
        return false;
    words[fread(words, 1, sizeof words - 1, file)] = '\0';
    fclose(file);
    first += strlen(first) + 1;
    return first < words + sizeof words && strcmp(first, "serve") == 0;
}

bool process_find(const char *root, unsigned pid, struct process *process)
{
    enum { STARTED = 22 };
    char path[512], line[1024], *open, *close;
    FILE *file;
    bool there;

    snprintf(path, sizeof path, "%s/proc/%u/stat", root, pid);
    if ((file = fopen(path, "re")) == NULL)
        return false;
    there = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    if (!there || (open = strchr(line, '(')) == NULL || (close = strrchr(line, ')')) == NULL || close < open)
        return false;
    *close = '\0';
    snprintf(process->name, sizeof process->name, "%s", open + 1);
    for (char *p = process->name; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
            *p = '_';
    process->serves = is_daemon(root, pid, process->name);
    return field(close + 1, STARTED, &process->started);
}
