/* gst_read.c - read the native trace format: one checked record at a time. */
#include "traces/gst_rules.h"
#include "traces/lines.h"
#include "sim/base/units.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENDS_IN_CR "line ends in CR LF; convert the file with 'tr -d \\r < IN > OUT'"
#define LIKELY(x) __builtin_expect(!!(x), 1)

struct gst {
    struct lines *lines;
    struct gst_header header;
    struct gst_note *note;
    size_t note_capacity;
    struct arena notes;
    struct gst_rules rules;
    uint64_t skipped;
};

static int no_memory(const struct gst *gst, struct error *err)
{
    return error_set(err, GS_SYSTEM, "%s: out of memory", lines_file(gst->lines));
}

/* What stands at `p` up to the next comma or the end, fit to be shown. */
enum { EXCERPT = 40 };
static const char *excerpt(char out[EXCERPT], const char *p)
{
    size_t n = 0;
    for (; *p != ',' && *p != '\n' && n < EXCERPT - 4; p++)
        out[n++] = *p >= ' ' && *p <= '~' ? *p : '?';
    memcpy(out + n, "...", 4);
    if (*p == ',' || *p == '\n')
        out[n] = 0;
    return out;
}

/* --- header ------------------------------------------------------------------------------------------------------ */

static int check_magic(struct gst *gst, const char *line, size_t length, struct error *err)
{
    static const char magic[] = "#gpuswap-trace,";
    size_t n = sizeof magic - 1;
    if (length >= 3 && !memcmp(line, "\xef\xbb\xbf", 3))
        return lines_fail(gst->lines, err, "file starts with a byte order mark; remove its first three bytes");
    if (length < n || memcmp(line, magic, n))
        return lines_fail(gst->lines, err,
                          "not a trace of this program: line 1 must be '#gpuswap-trace,1'; foreign formats are "
                          "converted with 'gpuswap-sim trace import'");
    if (length == n + 2 && line[n] == '1' && line[n + 1] == '\r')
        return lines_fail(gst->lines, err, ENDS_IN_CR);
    if (length != n + 1 || line[n] != '1') {
        char shown[EXCERPT];
        return lines_fail(gst->lines, err, "format version '%s' cannot be read; this program reads version 1",
                          excerpt(shown, line + n));
    }
    return GS_OK;
}

/* #meta,horizon,US and #meta,ref_gpu,NAME,BYTES mean something to the reader. */
static int understand(struct gst *gst, const struct gst_note *note, struct error *err)
{
    char why[UNITS_WHY];
    struct gst_header *header = &gst->header;
    bool is_name = !strcmp(note->key, "name"), is_horizon = !strcmp(note->key, "horizon");
    bool is_gpu = !strcmp(note->key, "ref_gpu");
    if (note->assume)
        return GS_OK;
    if ((is_name && header->name) || (is_horizon && header->horizon_us >= 0) || (is_gpu && header->ref_gpu))
        return lines_fail(gst->lines, err, "field '%s': is given twice", note->key);
    if (is_name)
        header->name = note->value;
    if (!header->source && !strcmp(note->key, "source"))
        header->source = note->value;
    if (is_horizon) {
        if (units_integer(note->value, &header->horizon_us, why) || header->horizon_us < 0 ||
            header->horizon_us > GST_TIME_MAX)
            return lines_fail(gst->lines, err, "field 'horizon': must be microseconds, 0 to %lld, not '%s'",
                              (long long)GST_TIME_MAX, note->value);
        gst->rules.horizon_us = header->horizon_us;
    }
    if (is_gpu) {
        const char *comma = strchr(note->value, ',');
        if (comma && (units_integer(comma + 1, &header->ref_gpu_bytes, why) || header->ref_gpu_bytes < 1 ||
                      header->ref_gpu_bytes > GST_BYTES_MAX))
            return lines_fail(gst->lines, err, "field 'ref_gpu': must be NAME,BYTES, not '%s'", note->value);
        header->ref_gpu = arena_strdup(&gst->notes, note->value);
        if (!header->ref_gpu)
            return no_memory(gst, err);
        if (comma)
            *strchr((char *)header->ref_gpu, ',') = 0;
    }
    return GS_OK;
}

static int read_note(struct gst *gst, const char *line, size_t length, bool assume, struct error *err)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] < ' ' || line[i] > '~')
            return lines_fail(gst->lines, err, line[i] == '\r' ? ENDS_IN_CR : "header lines hold printable ASCII only");
    char *key = arena_alloc(&gst->notes, length + 1);
    struct gst_note *note =
        arena_grow(&gst->notes, gst->note, &gst->note_capacity, gst->header.notes + 1, sizeof *note);
    if (!key || !note)
        return no_memory(gst, err);
    memcpy(key, strchr(line, ',') + 1, length - (size_t)(strchr(line, ',') + 1 - line));
    char *value = key;
    while (gst_id_byte[(unsigned char)*value])
        value++;
    if (*value != ',' || value == key || value > key + GST_ID_MAX)
        return lines_fail(gst->lines, err, "header line must be '#%s,KEY,VALUE'", assume ? "assume" : "meta");
    *value++ = 0;
    gst->header.note = gst->note = note;
    note += gst->header.notes++;
    *note = (struct gst_note){assume, key, value};
    return understand(gst, note, err);
}

static bool starts(const char *line, const char *word)
{
    return !strncmp(line, word, strlen(word));
}

static int read_header(struct gst *gst, struct error *err)
{
    char *line;
    size_t length;
    int code = lines_next(gst->lines, &line, &length, err);
    if (code)
        return code;
    if (!line)
        return error_set(err, GS_BAD_INPUT, "%s: file is empty; a trace starts with the line '#gpuswap-trace,1'",
                         lines_file(gst->lines));
    code = check_magic(gst, line, length, err);
    while (!code && !(code = lines_next(gst->lines, &line, &length, err)) && line) {
        if (starts(line, "#meta,"))
            code = read_note(gst, line, length, false, err);
        else if (starts(line, "#assume,"))
            code = read_note(gst, line, length, true, err);
        else if (*line != '#') {
            lines_back(gst->lines);
            break;
        }
    }
    return code;
}

static int open_lines(struct gst **out, struct lines *lines, struct error *err)
{
    struct gst *gst = heap_resize(NULL, sizeof *gst);
    *out = NULL;
    if (!gst) {
        lines_close(lines);
        return error_set(err, GS_SYSTEM, "out of memory");
    }
    *gst = (struct gst){.lines = lines, .header = {.ref_gpu_bytes = -1, .horizon_us = -1}, .rules = {.horizon_us = -1}};
    int code = read_header(gst, err);
    if (code) {
        gst_close(gst);
        return code;
    }
    *out = gst;
    return GS_OK;
}

int gst_open(struct gst **gst, const char *path, struct error *err)
{
    struct lines *lines;
    int code = lines_open(&lines, path, GST_LINE_MAX, err);
    *gst = NULL;
    return code ? code : open_lines(gst, lines, err);
}

int gst_open_memory(struct gst **gst, const void *data, size_t size, const char *name, struct error *err)
{
    struct lines *lines;
    int code = lines_open_memory(&lines, data, size, name, GST_LINE_MAX, err);
    *gst = NULL;
    return code ? code : open_lines(gst, lines, err);
}

/* --- records ----------------------------------------------------------------------------------------------------- */

/* An integer of at most 19 digits at *p, with a sign only if it may be negative; false if there is none such. */
static inline bool scan(char **p, bool may_be_negative, int64_t *out)
{
    char *s = *p;
    bool negative = may_be_negative && *s == '-';
    s += negative;
    char *first = s;
    uint64_t n = 0;
    unsigned digit;
    while (*s == '0')
        s++;
    char *significant = s;
    while ((digit = (unsigned)(unsigned char)*s - '0') < 10) {
        n = 10 * n + digit;
        s++;
    }
    if (s == first || s - significant > 19 || n > INT64_MAX)
        return false;
    *p = s;
    *out = negative ? -(int64_t)n : (int64_t)n;
    return true;
}

static int bad_field(const struct gst *gst, const struct gst_field *field, const char *at, struct error *err)
{
    char shown[EXCERPT];
    const char *end = at;
    while (*end != ',' && *end != '\n')
        end++;
    excerpt(shown, at);
    if (*end == '\n' && end > at && end[-1] == '\r')
        return lines_fail(gst->lines, err, ENDS_IN_CR);
    if (field->required && !*shown)
        return lines_fail(gst->lines, err, "field '%s': is missing", field->name);
    if (field->type == GST_CHOICE)
        return lines_fail(gst->lines, err, "field '%s': must be one of '%s', not '%s'", field->name, field->choice,
                          shown);
    if (field->type == GST_TEXT)
        return lines_fail(gst->lines, err, "field '%s': must be 1 to %d of the characters A-Z a-z 0-9 . _ -, not '%s'",
                          field->name, GST_ID_MAX, shown);
    return lines_fail(gst->lines, err, "field '%s': must be an integer from %lld to %lld, not '%s'", field->name,
                      (long long)field->min, (long long)field->max, shown);
}

/* One field at *p into record; leaves *p behind it.  false: it is not what it should be. */
static inline bool scan_field(const struct gst_field *field, char **p, int64_t *value, struct gst_record *record,
                              char **cut)
{
    if (LIKELY(field->type == GST_INTEGER))
        return scan(p, field->min < 0, value) && *value >= field->min && *value <= field->max;
    char *start = *p;
    while (gst_id_byte[(unsigned char)**p])
        ++*p;
    if (field->type == GST_CHOICE) {
        *value = gst_choice_find(field->choice, start, (size_t)(*p - start));
        return *value >= 0;
    }
    record->text = start;
    *cut = *p; /* gets its NUL once the line is read */
    return *p > start && *p - start <= GST_ID_MAX;
}

static int scan_fields(struct gst *gst, const struct gst_layout *layout, char *p, struct gst_record *record,
                       struct error *err)
{
    char *cut = NULL;
    for (unsigned i = 0; i < layout->fields; i++) {
        const struct gst_field *field = &layout->field[i];
        if (*p == ',')
            p++;
        if (*p == ',' || *p == '\n') {
            if (field->required)
                return bad_field(gst, field, p, err);
            record->value[i] = field->fallback;
            continue;
        }
        char *at = p;
        if (!scan_field(field, &p, &record->value[i], record, &cut) || (*p != ',' && *p != '\n'))
            return bad_field(gst, field, at, err);
        record->given |= 1u << i;
    }
    if (*p != '\n')
        return lines_fail(gst->lines, err, "too many fields; '%c' has at most %u after its id", layout->letter,
                          (unsigned)layout->fields);
    if (cut)
        *cut = 0;
    return GS_OK;
}

/* Kind, id and fields of a line whose t has been read; `p` stands behind the comma that follows it. */
static int read_record(struct gst *gst, const struct gst_layout *layout, char *p, struct gst_record *record,
                       struct error *err)
{
    static const struct gst_field id_field = {.name = "id", .type = GST_TEXT, .required = true};
    struct gst_breach breach;
    char *name = p;
    while (gst_id_byte[(unsigned char)*p])
        p++;
    size_t length = (size_t)(p - name);
    if (!length || length > GST_ID_MAX || (*p != ',' && *p != '\n'))
        return bad_field(gst, &id_field, name, err);
    record->id = gst_rules_find(&gst->rules, name, length);
    int code = scan_fields(gst, layout, p, record, err);
    if (code)
        return code;
    if (record->kind == GST_WORKLOAD && record->w.loop < 0)
        record->w.loop = record->w.class == GST_NOTEBOOK ? GST_CLOSED : GST_OPEN;
    name[length] = 0;
    record->name = name;
    if (gst_rules_check(&gst->rules, record, &breach))
        return lines_fail(gst->lines, err, "field '%s': %s", breach.field, breach.why);
    if (record->kind == GST_WORKLOAD && gst_rules_declare(&gst->rules, name, length, &record->id))
        return no_memory(gst, err);
    gst_rules_enter(&gst->rules, record);
    record->name = gst->rules.id[record->id].name;
    return GS_OK;
}

static enum gst_kind kind_of(char letter)
{
    for (int kind = GST_WORKLOAD; kind < GST_KINDS; kind++)
        if (gst_layout[kind].letter == letter)
            return (enum gst_kind)kind;
    return GST_END;
}

int gst_next(struct gst *gst, struct gst_record *record, struct error *err)
{
    static const struct gst_field t_field = {.name = "t", .type = GST_INTEGER, .required = true, .max = GST_TIME_MAX};
    char *line;
    size_t length;
    for (;;) {
        int code = lines_next(gst->lines, &line, &length, err);
        if (code)
            return code;
        record->kind = GST_END;
        if (!line)
            return GS_OK;
        if (*line == '#') {
            if (starts(line, "#meta,") || starts(line, "#assume,"))
                return lines_fail(gst->lines, err, "header line after the first record; move it to the top");
            continue;
        }
        if (!length)
            return lines_fail(gst->lines, err, "line is empty; remove it");
        char *p = line, shown[EXCERPT];
        record->given = 0;
        record->text = "";
        if (!scan(&p, false, &record->t_us) || record->t_us > GST_TIME_MAX || *p++ != ',')
            return bad_field(gst, &t_field, line, err);
        record->kind = kind_of(*p);
        if (LIKELY(record->kind != GST_END && p[1] == ','))
            return read_record(gst, &gst_layout[record->kind], p + 2, record, err);
        if (*p != 'x')
            return lines_fail(
                gst->lines, err,
                record->kind != GST_END && p[1] == '\n'
                    ? "field 'id': is missing after '%s'"
                    : "field 'kind': '%s' is none of W B T M S R U D, nor an extension (lower-case x first)",
                excerpt(shown, p));
        if (record->t_us < gst->rules.last_us)
            return lines_fail(gst->lines, err, "field 't': %lld is before the previous record's %lld",
                              (long long)record->t_us, (long long)gst->rules.last_us);
        gst->rules.last_us = record->t_us;
        gst->skipped++;
    }
}

const struct gst_header *gst_header(const struct gst *gst)
{
    return &gst->header;
}

uint64_t gst_line(const struct gst *gst)
{
    return lines_number(gst->lines);
}

uint64_t gst_skipped(const struct gst *gst)
{
    return gst->skipped;
}

uint32_t gst_ids(const struct gst *gst)
{
    return gst->rules.count;
}

void gst_close(struct gst *gst)
{
    if (!gst)
        return;
    lines_close(gst->lines);
    arena_fini(&gst->notes);
    gst_rules_fini(&gst->rules);
    heap_free(gst);
}
