/* dist_empirical.c - read the values of an empirical distribution from a file. */
#include "sim/base/dist.h"

#include "sim/base/units.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { VALUES_MOST = 100000000, LINE_ROOM = 256 };

int dist_quantity(enum dist_unit unit, const char *text, double *value, char why[UNITS_WHY])
{
    int64_t bytes;
    int rc;
    switch (unit) {
    case DIST_TIME:
        return units_time_real(text, value, why);
    case DIST_SIZE:
        rc = units_size(text, &bytes, why);
        if (rc == GS_OK)
            *value = (double)bytes;
        return rc;
    case DIST_NUMBER:
        break;
    }
    return units_number(text, value, why);
}

/* Cut off the comment; true if anything but blanks is left. */
static bool strip(char *text)
{
    text[strcspn(text, "#")] = '\0';
    return text[strspn(text, " \t\r\n")] != '\0';
}

static int read_values(struct dist *dist, const char *path, FILE *file, enum dist_unit unit, struct arena *arena,
                       struct error *err)
{
    char text[LINE_ROOM], why[UNITS_WHY];
    double *value = NULL;
    size_t capacity = 0, count = 0;
    for (unsigned line = 1; fgets(text, sizeof text, file) != NULL; line++) {
        if (strchr(text, '\n') == NULL && !feof(file)) /* or it holds a NUL */
            return error_set(err, GS_BAD_INPUT,
                             "%s:%u: this is no line of less than %d characters; give one value a line", path, line,
                             LINE_ROOM - 1);
        if (!strip(text))
            continue;
        if (count == VALUES_MOST)
            return error_set(err, GS_BAD_INPUT, "%s:%u: more than %d values; take a sample", path, line, VALUES_MOST);
        double *grown = arena_grow(arena, value, &capacity, count + 1, sizeof *value);
        if (grown == NULL)
            return error_set(err, GS_SYSTEM, "out of memory while reading '%s'", path);
        value = grown;
        if (dist_quantity(unit, text, &value[count], why) != GS_OK)
            return error_set(err, GS_BAD_INPUT, "%s:%u: %s", path, line, why);
        count++;
    }
    if (ferror(file))
        return error_set(err, GS_NO_INPUT, "cannot read '%s': %s", path, strerror(errno));
    if (count == 0)
        return error_set(err, GS_BAD_INPUT, "'%s' holds no values; give one a line", path);
    *dist = (struct dist){.kind = DIST_EMPIRICAL, .count = (uint32_t)count, .value = value};
    return GS_OK;
}

int dist_read_empirical(struct dist *dist, const char *path, enum dist_unit unit, struct arena *arena,
                        struct error *err)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(err, GS_NO_INPUT, "cannot open '%s': %s", path, strerror(errno));
    int rc = read_values(dist, path, file, unit, arena, err);
    fclose(file);
    return rc;
}
