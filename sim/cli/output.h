/* output.h - files that reports go to. */
#ifndef GS_OUTPUT_H
#define GS_OUTPUT_H

#include "sim/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A file that is opened before there is anything to write, so that a long run does not find out too late. */
struct output {
    const char *path; /* "-": standard output; NULL: nothing to be done */
    FILE *file;
    bool is_new, is_written;
};

/* What an existing file holds stays until output_write; GS_CANT_CREATE. */
int output_open(struct output *output, const char *path, struct error *err);
int output_write(struct output *output, const char *data, size_t length, struct error *err);
/* A new file that was never written is taken away again. */
void output_close(struct output *output);

/* Write a whole text to `path`, "-" = stdout; GS_CANT_CREATE or GS_IO. */
int write_text(const char *path, const char *data, size_t length, struct error *err);

#endif
