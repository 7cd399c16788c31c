/* input.c - bytes for libyaml; who asks for too much without coming to a value gets none. */
#include "sim/cluster/input.h"
#include "sim/cluster/reader.h"
#include <errno.h>
#include <string.h>

static size_t take(struct input *in, unsigned char *buffer, size_t size)
{
    if (in->file) {
        size_t got = fread(buffer, 1, size, in->file);
        in->read_errno = ferror(in->file) ? errno : 0;
        return got;
    }
    size_t got = in->length - in->bytes < size ? in->length - in->bytes : size;
    if (got > 0)
        memcpy(buffer, in->text + in->bytes, got);
    return got;
}

static void tail_add(struct input *in, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        in->newlines += bytes[i] == '\n';
    size_t fresh = count < INPUT_TAIL ? count : INPUT_TAIL,
           kept = in->tail_bytes < INPUT_TAIL - fresh ? in->tail_bytes : INPUT_TAIL - fresh;
    memmove(in->tail, in->tail + in->tail_bytes - kept, kept);
    if (fresh > 0)
        memcpy(in->tail + kept, bytes + count - fresh, fresh);
    in->tail_bytes = kept + fresh;
}

/* The line of the byte at `offset` from the beginning of the file. */
size_t input_line(const struct input *in, size_t offset)
{
    size_t line = in->newlines + 1, start = in->bytes - in->tail_bytes;
    for (size_t i = offset > start ? offset - start : 0; i < in->tail_bytes; i++)
        line -= in->tail[i] == '\n';
    return line;
}

/* libyaml holds all that lies between two events; so the end of its patience must be here. */
int input_read(void *context, unsigned char *buffer, size_t size, size_t *got)
{
    struct input *in = context;
    *got = take(in, buffer, size);
    in->bytes += *got;
    tail_add(in, buffer, *got);
    in->since += *got;
    if (in->read_errno)
        in->refused = strerror(in->read_errno);
    else if (in->bytes > READER_FILE_MAX)
        in->refused = "the file is larger than 1 GiB";
    else if (in->since > READER_VALUE_MAX)
        in->refused = "a single value or comment of more than 512 KiB";
    return in->refused == NULL;
}
