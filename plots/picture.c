/* picture.c - ask the database, choose what fits into a picture, write strings for gnuplot. */
#include "plots/picture.h"

#include "sim/base/units.h"
#include "sim/results/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void picture_fini(struct picture *picture)
{
    text_fini(&picture->data);
    text_fini(&picture->set);
    text_fini(&picture->title);
    text_fini(&picture->says);
}

int album_no_memory(struct album *album)
{
    return error_set(album->err, GS_SYSTEM, "no memory for the pictures of '%s'", album->path);
}

static int failed(struct album *album)
{
    schema_error(album->db, album->path, album->err);
    if (album->err->code == GS_CANT_CREATE)
        album->err->code = GS_IO; /* it is read, not written */
    return album->err->code;
}

int album_query(struct album *album, sqlite3_stmt **statement, const char *sql)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(album->db, sql, -1, statement, NULL) != SQLITE_OK)
        return failed(album);
    sqlite3_bind_int64(*statement, 1, album->report->number);
    return GS_OK;
}

bool album_next(struct album *album, sqlite3_stmt *statement, int *rc)
{
    int step = sqlite3_step(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        *rc = failed(album);
    return step == SQLITE_ROW;
}

int album_number(struct album *album, const char *sql, double *number)
{
    sqlite3_stmt *s;
    int rc = album_query(album, &s, sql);
    *number = NAN;
    if (rc == GS_OK && album_next(album, s, &rc) && sqlite3_column_type(s, 0) != SQLITE_NULL)
        *number = sqlite3_column_double(s, 0);
    sqlite3_finalize(s);
    return rc;
}

size_t *album_pick(struct album *album, size_t n, size_t most, double (*weight)(const struct report *report, size_t i),
                   size_t *shown)
{
    size_t *pick = arena_array(&album->arena, most + 1, sizeof *pick);
    *shown = 0;
    for (size_t i = 0; pick && i < n; i++) {
        if (!(weight(album->report, i) >= 0))
            continue;
        pick[(*shown)++] = i;
        if (*shown <= most)
            continue;
        size_t least = 0; /* leaves again; of equals the last */
        for (size_t k = 1; k < *shown; k++)
            if (weight(album->report, pick[k]) <= weight(album->report, pick[least]))
                least = k;
        memmove(pick + least, pick + least + 1, (--*shown - least) * sizeof *pick);
    }
    return pick;
}

size_t character(const char *s)
{
    const unsigned char *c = (const unsigned char *)s;
    size_t n = c[0] < 0x20 || c[0] == 0x7f ? 0
               : c[0] < 0x80               ? 1
               : c[0] < 0xc2               ? 0
               : c[0] < 0xe0               ? 2
               : c[0] < 0xf0               ? 3
               : c[0] < 0xf5               ? 4
                                           : 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Within single quotes gnuplot knows one special character, the quote itself, which is doubled. */
static void quoted(struct text *out, const char *string, bool is_tick)
{
    text_add(out, "'");
    while (*string) {
        size_t n = character(string);
        if (*string == '\'')
            text_add(out, "''");
        else if (*string == '%' && is_tick)
            text_add(out, "%%");
        else if (n == 0)
            text_add(out, "?");
        else
            text_printf(out, "%.*s", (int)n, string);
        string += n ? n : 1;
    }
    text_add(out, "'");
}

void put_string(struct text *out, const char *string)
{
    quoted(out, string, false);
}

void put_tick(struct text *out, const char *string)
{
    quoted(out, string, true);
}

static const char *cut(char out[NAME_BYTES], const char *name, size_t most)
{
    size_t length = 0, characters = 0, keep = 0;
    while (name[length] && characters <= most) {
        size_t n = character(name + length);
        if (++characters == most - 1)
            keep = length;
        length += n ? n : 1;
    }
    bool fits = characters <= most;
    snprintf(out, NAME_BYTES, "%.*s%s", (int)(fits ? length : keep), name, fits ? "" : "..");
    return out;
}

const char *short_name(char out[NAME_BYTES], const char *name)
{
    return cut(out, name, NAME_MOST);
}

const char *short_title(char out[NAME_BYTES], const char *name)
{
    return cut(out, name, TITLE_MOST);
}
