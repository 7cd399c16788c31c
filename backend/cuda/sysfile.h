/* sysfile.h - one figure from a file of /proc or /sys. */
#ifndef GS_CUDA_SYSFILE_H
#define GS_CUDA_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first line, without what ends it; false: there is none. */
bool sysfile_line(const char *path, char *out, size_t size);
/* What is all of the first line; -1: none, or no number, such as "max". */
int64_t sysfile_number(const char *path);
/* In the line that begins with that word, "MemTotal:   1234 kB", the number behind it; -1: none. */
int64_t sysfile_number_of(const char *path, const char *word);

#endif
