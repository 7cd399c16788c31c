/* violation.c - the list of what a client did that no driver promises to bear. */
#include "backend/double/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 16];
static size_t length;
static unsigned count;

void violation(const char *kind, const char *format, ...)
{
    char line[512];
    va_list args;
    int n;

    n = snprintf(line, sizeof line, "%s: ", kind);
    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
    va_end(args);
    count++;
    if (the.options.strict) {
        dprintf(STDERR_FILENO, "gpuswap driver double: %s\n", line);
        abort();
    }
    n = snprintf(text + length, sizeof text - length, "%s\n", line);
    if ((size_t)n < sizeof text - length)
        length += (size_t)n;
}

void violation_forget(void)
{
    length = 0;
    text[0] = '\0';
    count = 0;
}

unsigned violation_count(void)
{
    return count;
}

void violation_copy(char *out, size_t size)
{
    snprintf(out, size, "%.*s", (int)length, text);
}
