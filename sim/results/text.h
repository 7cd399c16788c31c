/* text.h - a growing text: reports are made in memory and written out by whoever asked for them. */
#ifndef GS_TEXT_H
#define GS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *data; /* ends with a zero; NULL while empty */
    size_t length, capacity;
    bool failed; /* memory ran out: the text is not whole */
};

void text_fini(struct text *t);

void text_add(struct text *t, const char *string);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A number as JSON wants it, and the only way numbers enter JSON and CSV: whole ones below 2^53 in full, others with
 * nine significant digits, `null` (or `none`, in text_number_or) if it is not finite. */
void text_number(struct text *t, double number);
void text_number_or(struct text *t, double number, const char *none);

/* A word as a shell takes it, quoted where it must be. */
void text_shell_word(struct text *t, const char *word);

/* A JSON string, quoted and escaped; NULL gives null.  Bytes above 127 pass as they are (UTF-8). */
void text_json_string(struct text *t, const char *string);

#endif
