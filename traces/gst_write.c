/* gst_write.c - write the native trace format in its canonical form, whole or not at all. */
#include "traces/gst_rules.h"
#include "traces/packed.h"
#include "sim/base/units.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_BYTES = 1 << 17 };

struct gst_writer {
    struct pack *pack;
    int fd;                   /* the same file, for fsync */
    char path[PATH_MAX];      /* the name it has or will get, for messages, too */
    char temporary[PATH_MAX]; /* "" when written directly */
    uint64_t records;
    size_t used;
    char *buffer; /* WRITE_BYTES and a line */
    struct gst_rules rules;
};

/* Where to write: the name it will get with symbolic links followed, and a temporary one in the same folder. */
static int choose_names(struct gst_writer *writer, const char *path, struct error *err)
{
    char whole[PATH_MAX];
    struct stat status;
    bool standard = !strcmp(path, "-");
    if (standard || (!stat(path, &status) && !S_ISREG(status.st_mode))) {
        snprintf(writer->path, PATH_MAX, "%s", standard ? "standard output" : path);
        if (!standard && S_ISDIR(status.st_mode))
            return error_set(err, GS_CANT_CREATE, "cannot create '%s': it is a folder", path);
        return GS_OK;
    }
    const char *target = realpath(path, whole) ? whole : path;
    const char *base = strrchr(target, '/');
    base = base ? base + 1 : target;
    int folder = (int)(base - target);
    if (snprintf(writer->path, PATH_MAX, "%s", target) >= PATH_MAX ||
        snprintf(writer->temporary, PATH_MAX, "%.*s.%s.%ld.tmp", folder, target, base, (long)getpid()) >= PATH_MAX)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': the name is too long", path);
    return GS_OK;
}

static int open_file(struct gst_writer *writer, const char *path, struct error *err)
{
    if (writer->temporary[0]) {
        unlink(writer->temporary); /* left by a killed process that had our number */
        writer->fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } else if (!strcmp(path, "-")) {
        writer->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
        writer->fd = open(path, O_WRONLY | O_CLOEXEC);
    }
    if (writer->fd < 0) {
        writer->temporary[0] = 0;
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", path, strerror(errno));
    }
    writer->pack = pack_open(writer->fd, path);
    if (!writer->pack) {
        close(writer->fd);
        return error_set(err, GS_SYSTEM, "cannot create '%s': out of memory", path);
    }
    return GS_OK;
}

static int flush(struct gst_writer *writer, struct error *err)
{
    size_t n = writer->used;
    writer->used = 0;
    if (!pack_write(writer->pack, writer->buffer, n))
        return error_set(err, GS_IO, "cannot write '%s': %s", writer->path,
                         errno ? strerror(errno) : "compression failed");
    return GS_OK;
}

static int put_note(struct gst_writer *writer, const struct gst_note *note, struct error *err)
{
    char why[UNITS_WHY];
    size_t key = 0;
    while (gst_id_byte[(unsigned char)note->key[key]])
        key++;
    bool fits = key && key <= GST_ID_MAX && !note->key[key];
    for (const char *p = note->value; *p; p++)
        fits = fits && *p >= ' ' && *p <= '~';
    if (!fits || strlen(note->value) > GST_LINE_MAX - GST_ID_MAX - 10)
        return error_set(err, GS_BAD_INPUT,
                         "%s: header '%s' cannot be written: printable ASCII only, at most 950 characters",
                         writer->path, note->key);
    if (!note->assume && !strcmp(note->key, "horizon") && units_integer(note->value, &writer->rules.horizon_us, why))
        return error_set(err, GS_BAD_INPUT, "%s: header 'horizon': %s", writer->path, why);
    writer->used += (size_t)snprintf(writer->buffer + writer->used, GST_LINE_MAX + 1, "#%s,%s,%s\n",
                                     note->assume ? "assume" : "meta", note->key, note->value);
    return writer->used > WRITE_BYTES ? flush(writer, err) : GS_OK;
}

int gst_create(struct gst_writer **out, const char *path, const struct gst_note *note, size_t notes, struct error *err)
{
    static const char magic[] = "#gpuswap-trace,1\n";
    struct gst_writer *writer = heap_resize(NULL, sizeof *writer);
    *out = NULL;
    if (!writer)
        return error_set(err, GS_SYSTEM, "cannot create '%s': out of memory", path);
    memset(writer, 0, sizeof *writer);
    writer->rules.horizon_us = -1;
    writer->buffer = heap_resize(NULL, WRITE_BYTES + GST_LINE_MAX + 1);
    int code = choose_names(writer, path, err);
    if (!writer->buffer)
        code = error_set(err, GS_SYSTEM, "cannot create '%s': out of memory", path);
    if (!code)
        code = open_file(writer, path, err);
    if (!code) {
        memcpy(writer->buffer, magic, sizeof magic - 1);
        writer->used = sizeof magic - 1;
    }
    for (size_t i = 0; !code && i < notes; i++)
        code = put_note(writer, &note[i], err);
    if (code) {
        gst_discard(writer);
        return code;
    }
    *out = writer;
    return GS_OK;
}

static char *put_integer(char *p, int64_t value)
{
    char digits[20];
    uint64_t n = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    int i = 0;
    if (value < 0)
        *p++ = '-';
    do
        digits[i++] = (char)('0' + n % 10);
    while (n /= 10);
    while (i)
        *p++ = digits[--i];
    return p;
}

static char *put_text(char *p, const char *text, size_t length)
{
    memcpy(p, text, length);
    return p + length;
}

static bool is_id(const char *text)
{
    size_t n = 0;
    while (gst_id_byte[(unsigned char)text[n]])
        n++;
    return n && n <= GST_ID_MAX && !text[n];
}

/* The first field that the reader would not take, NULL if there is none; what is not given gets its default. */
static const char *range_breach(const struct gst_layout *layout, struct gst_record *record)
{
    for (unsigned i = 0; i < layout->fields; i++) {
        const struct gst_field *field = &layout->field[i];
        if (!(record->given >> i & 1)) {
            record->value[i] = field->fallback;
            if (field->required)
                return field->name;
        } else if (field->type == GST_TEXT) {
            if (!is_id(record->text))
                return field->name;
        } else if (field->type == GST_INTEGER) {
            if (record->value[i] < field->min || record->value[i] > field->max)
                return field->name;
        } else {
            int64_t last = 0;
            for (const char *p = field->choice; *p; p++)
                last += *p == ' ';
            if (record->value[i] < 0 || record->value[i] > last)
                return field->name;
        }
    }
    return record->t_us < 0 || record->t_us > GST_TIME_MAX ? "t" : NULL;
}

static int check(struct gst_writer *writer, const struct gst_record *record, struct gst_record *checked,
                 struct error *err)
{
    struct gst_breach breach = {0};
    struct gst_rules *rules = &writer->rules;
    *checked = *record;
    if (record->kind <= GST_END || record->kind >= GST_KINDS)
        return error_set(err, GS_BUG, "%s: record of unknown kind %d", writer->path, (int)record->kind);
    breach.field = range_breach(&gst_layout[record->kind], checked);
    if (!breach.field && record->kind == GST_WORKLOAD) {
        if (record->id != rules->count || !is_id(record->name))
            breach.field = "id";
        else
            checked->id = gst_rules_find(rules, record->name, strlen(record->name));
    } else if (!breach.field && record->id >= rules->count) {
        breach.field = "id";
    }
    if (breach.field)
        return error_set(err, GS_BAD_INPUT, "%s: record %llu: field '%s': is missing or out of range", writer->path,
                         (unsigned long long)writer->records + 1, breach.field);
    if (record->kind != GST_WORKLOAD)
        checked->name = rules->id[record->id].name;
    if (gst_rules_check(rules, checked, &breach))
        return error_set(err, GS_BAD_INPUT, "%s: record %llu: field '%s': %s", writer->path,
                         (unsigned long long)writer->records + 1, breach.field, breach.why);
    if (record->kind == GST_WORKLOAD && gst_rules_declare(rules, record->name, strlen(record->name), &checked->id))
        return error_set(err, GS_SYSTEM, "%s: out of memory", writer->path);
    gst_rules_enter(rules, checked);
    return GS_OK;
}

int gst_put(struct gst_writer *writer, const struct gst_record *record, struct error *err)
{
    struct gst_record checked;
    int code = check(writer, record, &checked, err);
    if (code)
        return code;
    const struct gst_layout *layout = &gst_layout[record->kind];
    const struct gst_id *id = &writer->rules.id[checked.id];
    char *p = put_integer(writer->buffer + writer->used, record->t_us);
    *p++ = ',';
    *p++ = layout->letter;
    *p++ = ',';
    p = put_text(p, id->name, id->length);
    for (unsigned i = 0; record->given >> i && i < layout->fields; i++) {
        size_t length;
        *p++ = ',';
        if (!(record->given >> i & 1))
            continue;
        if (layout->field[i].type == GST_INTEGER) {
            p = put_integer(p, record->value[i]);
        } else if (layout->field[i].type == GST_TEXT) {
            p = put_text(p, record->text, strlen(record->text));
        } else {
            const char *name = gst_choice_name(layout->field[i].choice, record->value[i], &length);
            p = put_text(p, name, length);
        }
    }
    *p++ = '\n';
    writer->used = (size_t)(p - writer->buffer);
    writer->records++;
    return writer->used > WRITE_BYTES ? flush(writer, err) : GS_OK;
}

int gst_commit(struct gst_writer *writer, struct error *err)
{
    int code = flush(writer, err);
    if (!code && !pack_finish(writer->pack))
        code = error_set(err, GS_IO, "cannot write '%s': %s", writer->path,
                         errno ? strerror(errno) : "compression failed");
    if (!code && writer->temporary[0] && fsync(writer->fd))
        code = error_set(err, GS_IO, "cannot write '%s': %s", writer->path, strerror(errno));
    if (!pack_close(writer->pack) && !code)
        code = error_set(err, GS_IO, "cannot write '%s': %s", writer->path, errno ? strerror(errno) : "closing failed");
    writer->pack = NULL;
    if (!code && writer->temporary[0]) {
        if (rename(writer->temporary, writer->path))
            code = error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", writer->path, strerror(errno));
        else
            writer->temporary[0] = 0;
    }
    gst_discard(writer);
    return code;
}

void gst_discard(struct gst_writer *writer)
{
    if (!writer)
        return;
    pack_close(writer->pack);
    if (writer->temporary[0])
        unlink(writer->temporary);
    gst_rules_fini(&writer->rules);
    heap_free(writer->buffer);
    heap_free(writer);
}
