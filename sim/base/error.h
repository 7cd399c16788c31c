/* error.h - what went wrong, told once, where the fact is known.
 *
 * A function that can fail returns an exit code of the program (GS_OK = 0) and takes a
 * `struct error *` last.  The first error wins; callers only pass the code on; `main` prints.
 * Messages are lower case without a full stop, name their subject in single quotes and say what to do.
 */
#ifndef GS_ERROR_H
#define GS_ERROR_H

#include <stdbool.h>
#include <stdarg.h>

/* Exit codes of the program (docs/cli.md). */
enum gs_code {
    GS_OK = 0,
    GS_MISSED = 1,       /* ran, but an asserted SLA was missed or an audit differed */
    GS_USAGE = 64,       /* wrong command line */
    GS_BAD_INPUT = 65,   /* scenario or trace is wrong */
    GS_NO_INPUT = 66,    /* input is missing or unreadable */
    GS_NO_DEVICE = 69,   /* no GPU or driver */
    GS_BUG = 70,         /* our own fault */
    GS_SYSTEM = 71,      /* no memory, no thread */
    GS_CANT_CREATE = 73, /* output cannot be created */
    GS_IO = 74,          /* reading or writing failed */
    GS_BUSY = 75,        /* somebody else holds it; try again */
    GS_NOT_PERMITTED = 77,
    GS_UNSATISFIABLE = 78, /* well formed, but cannot be satisfied */
};

enum { ERROR_LINES_MAX = 20 };

struct error {
    int code;  /* GS_OK while nothing happened */
    int lines; /* messages in `text`, one a line; those past ERROR_LINES_MAX are only counted */
    char text[8192];
};

/* Record a message unless one is there already; returns err->code in either case.  `err` may not be NULL. */
int error_set(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add a further message (a scenario reports all its errors together); the first code wins; returns err->code. */
int error_add(struct error *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_vadd(struct error *err, int code, const char *format, va_list args);

#endif
