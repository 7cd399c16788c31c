/* sysfile.c - read files of /proc and /sys line by line. */
#include "backend/cuda/sysfile.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

static int64_t number(const char *text)
{
    char why[UNITS_WHY];
    int64_t value;

    return units_integer(text, &value, why) == 0 ? value : -1;
}

bool sysfile_line(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "re");
    bool there = file != NULL && fgets(out, (int)size, file) != NULL;

    if (file != NULL)
        fclose(file);
    if (there)
        out[strcspn(out, "\n")] = '\0';
    return there;
}

int64_t sysfile_number(const char *path)
{
    char line[64];

    return sysfile_line(path, line, sizeof line) ? number(line) : -1;
}

int64_t sysfile_number_of(const char *path, const char *word)
{
    FILE *file = fopen(path, "re");
    size_t length = strlen(word);
    char line[256];
    int64_t found = -1;

    while (file != NULL && found < 0 && fgets(line, sizeof line, file) != NULL) {
        char *value = line + length;

        if (strncmp(line, word, length) != 0 || *value != ' ')
            continue;
        value += strspn(value, " ");
        value[strcspn(value, " \n")] = '\0'; /* a unit may follow */
        found = number(value);
    }
    if (file != NULL)
        fclose(file);
    return found;
}
