/* json.c - JSON out of the lines of a file. */
#include "traces/json.h"
#include <stdio.h>
#include <string.h>

struct source { /* of one document */
    struct lines *lines;
    struct error *err;
    size_t bytes;  /* given so far */
    char first[3]; /* the first ones, unless they are a byte order mark */
    size_t first_bytes;
};

static const char bom[3] = "\xef\xbb\xbf";

/* "broken JSON: ...": the text is the library's, with what it saw of the file, which may be anything. */
static int fail(const struct import *in, struct error *err, uint64_t line, const json_error_t *what)
{
    char text[JSON_ERROR_TEXT_LENGTH];
    snprintf(text, sizeof text, "%s", what->text);
    for (char *p = text; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
    if (json_error_code(what) == json_error_out_of_memory)
        return import_no_memory(in, err);
    return error_set(err, GS_BAD_INPUT, "%s:%llu: broken JSON: %s", lines_file(in->lines), (unsigned long long)line,
                     text);
}

static size_t next_bytes(void *buffer, size_t size, void *context)
{
    struct source *source = context;
    size_t got = source->first_bytes;
    if (got) {
        memcpy(buffer, source->first, got);
        source->first_bytes = 0;
    } else if (lines_read(source->lines, buffer, size, &got, source->err)) {
        return (size_t)-1;
    }
    source->bytes += got;
    if (source->bytes <= JSON_DOCUMENT_MAX)
        return got;
    error_set(source->err, GS_BAD_INPUT, "%s: a JSON document of more than 256 MiB cannot be read",
              lines_file(source->lines));
    return (size_t)-1;
}

int json_document(struct import *in, json_t **root, struct error *err)
{
    struct source source = {.lines = in->lines, .err = err};
    json_error_t what;
    uint64_t before = lines_number(in->lines);
    int code = GS_OK;
    size_t got = 1;
    *root = NULL;
    while (!code && got && source.first_bytes < sizeof source.first) {
        code = lines_read(in->lines, source.first + source.first_bytes, sizeof source.first - source.first_bytes, &got,
                          err);
        source.first_bytes += got;
    }
    if (code)
        return code;
    if (!before && source.first_bytes == sizeof bom && !memcmp(source.first, bom, sizeof bom))
        source.first_bytes = 0;
    *root = json_load_callback(next_bytes, &source, JSON_REJECT_DUPLICATES, &what);
    if (*root || err->code)
        return err->code;
    return fail(in, err, before + (what.line > 0 ? (uint64_t)what.line : 1), &what);
}

int json_line(struct import *in, json_t **value, struct error *err)
{
    char *line;
    size_t length;
    json_error_t what;
    *value = NULL;
    do {
        int code = lines_next(in->lines, &line, &length, err);
        if (code || !line)
            return code;
        if (lines_number(in->lines) == 1 && length >= sizeof bom && !memcmp(line, bom, sizeof bom)) {
            line += sizeof bom;
            length -= sizeof bom;
        }
    } while (!length || (length == 1 && *line == '\r'));
    *value = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &what);
    return *value ? GS_OK : fail(in, err, lines_number(in->lines), &what);
}
