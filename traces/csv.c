/* csv.c - split lines at commas and find columns by name. */
#include "traces/csv.h"
#include "sim/base/units.h"
#include <string.h>

/* Take the quotes off the field at `p`, in place; the byte behind its closing quote, NULL if there is none. */
static char *unquote(char *p, char **text)
{
    char *out = *text = ++p;
    for (; *p != '\n'; p++) {
        if (*p == '"' && *++p != '"') {
            *out = 0;
            return p;
        }
        *out++ = *p;
    }
    return NULL;
}

/* Cut the line into csv->field; line[length] is '\n'. */
static int split(struct csv *csv, char *line, size_t length, struct error *err)
{
    if (length && line[length - 1] == '\r')
        line[--length] = '\n';
    if (memchr(line, 0, length))
        return lines_fail(csv->lines, err, "line holds a NUL byte; this is no text file");
    csv->fields = 0;
    for (char *p = line;; p++) {
        if (csv->fields == CSV_COLUMNS)
            return lines_fail(csv->lines, err, "line has more than %d fields", CSV_COLUMNS);
        char **field = &csv->field[csv->fields++];
        *field = p;
        if (*p == '"') {
            p = unquote(p, field);
            if (!p || (*p != ',' && *p != '\n'))
                return lines_fail(csv->lines, err, "quoted field does not end before the comma or the end of the line");
        } else {
            while (*p != ',' && *p != '\n')
                p++;
        }
        bool last = *p == '\n';
        *p = 0;
        if (last)
            return GS_OK;
    }
}

bool csv_header_is(const char *head, const char *header)
{
    size_t length = strlen(header);
    return !strncmp(head, header, length) && (head[length] == '\n' || head[length] == '\r');
}

bool csv_header_has(const char *head, const char *names)
{
    size_t line = strcspn(head, "\r\n");
    while (*names) {
        size_t length = strcspn(names, ","), at = 0, next;
        for (; at < line; at += next + 1) {
            next = strcspn(head + at, ",\r\n");
            if (next == length && !strncmp(head + at, names, length))
                break;
        }
        if (at >= line)
            return false;
        names += length + (names[length] == ',');
    }
    return true;
}

int csv_optional(struct csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns && csv->wanted < CSV_COLUMNS; i++)
        if (!strcmp(csv->field[i], name)) {
            csv->want[csv->wanted] = i;
            csv->name[csv->wanted] = name;
            return csv->wanted++;
        }
    return -1;
}

int csv_open(struct csv *csv, struct lines *lines, const char *const *name, int wanted, struct error *err)
{
    char *line;
    size_t length;
    *csv = (struct csv){.lines = lines};
    int code = lines_next(lines, &line, &length, err);
    if (code)
        return code;
    if (!line)
        return error_set(err, GS_BAD_INPUT, "%s: file is empty", lines_file(lines));
    if (length >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
        line += 3;
        length -= 3;
    }
    if ((code = split(csv, line, length, err)))
        return code;
    csv->columns = csv->fields;
    for (int i = 0; i < wanted; i++)
        if (csv_optional(csv, name[i]) < 0)
            return error_set(err, GS_BAD_INPUT, "%s:1: column '%s' is missing; is this the right format?",
                             lines_file(lines), name[i]);
    return GS_OK;
}

int csv_next(struct csv *csv, bool *more, struct error *err)
{
    char *line;
    size_t length;
    do {
        int code = lines_next(csv->lines, &line, &length, err);
        *more = line != NULL;
        if (code || !line)
            return code;
    } while (!length || (length == 1 && *line == '\r'));
    int code = split(csv, line, length, err);
    if (!code && csv->fields != csv->columns)
        return lines_fail(csv->lines, err, "row has %d fields where the header has %d", csv->fields, csv->columns);
    return code;
}

const char *csv_text(const struct csv *csv, int i)
{
    return csv->field[csv->want[i]];
}

int csv_integer(const struct csv *csv, int i, int64_t min, int64_t max, int64_t *value, struct error *err)
{
    char why[UNITS_WHY];
    if (!units_integer(csv_text(csv, i), value, why) && *value >= min && *value <= max)
        return GS_OK;
    return lines_fail(csv->lines, err, "column '%s': must be an integer from %lld to %lld, not '%.40s'", csv->name[i],
                      (long long)min, (long long)max, csv_text(csv, i));
}

int csv_number(const struct csv *csv, int i, double min, double max, double *value, struct error *err)
{
    char why[UNITS_WHY];
    if (!units_number(csv_text(csv, i), value, why) && *value >= min && *value <= max)
        return GS_OK;
    return lines_fail(csv->lines, err, "column '%s': must be a number from %.15g to %.15g, not '%.40s'", csv->name[i],
                      min, max, csv_text(csv, i));
}
