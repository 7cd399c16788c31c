/* input.h - the bytes of a file or a text, handed to libyaml within bounds. */
#ifndef GS_CLUSTER_INPUT_H
#define GS_CLUSTER_INPUT_H

#include <stddef.h>
#include <stdio.h>

enum { INPUT_TAIL = 16384 }; /* libyaml looks ahead by so much at most */

struct input {
    FILE *file; /* NULL: `text` */
    const char *text;
    size_t length;
    size_t bytes, since; /* read in all, and since the last event */
    const char *refused; /* why reading was stopped, NULL if it was not */
    int read_errno;
    unsigned char tail[INPUT_TAIL]; /* the last bytes read, to tell the line of one that is no text */
    size_t tail_bytes, newlines;
};

/* A yaml_read_handler_t; `context` is the input. */
int input_read(void *context, unsigned char *buffer, size_t size, size_t *got);

/* The line of the byte at `offset` from the beginning, if that is not far back. */
size_t input_line(const struct input *input, size_t offset);

#endif
