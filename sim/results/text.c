/* text.c - append to a text that grows; the first failure of memory sticks. */
#include "sim/results/text.h"

#include "sim/base/arena.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_fini(struct text *t)
{
    heap_free(t->data);
    *t = (struct text){0};
}

/* Room for `bytes` more and the zero. */
static bool reserve(struct text *t, size_t bytes)
{
    if (t->failed)
        return false;
    if (t->length + bytes < t->capacity)
        return true;
    size_t capacity = t->capacity ? t->capacity : 1024;
    while (capacity <= t->length + bytes)
        capacity *= 2;
    char *data = heap_resize(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

static void append(struct text *t, const char *data, size_t length)
{
    if (!reserve(t, length))
        return;
    memcpy(t->data + t->length, data, length);
    t->length += length;
    t->data[t->length] = 0;
}

void text_add(struct text *t, const char *string)
{
    append(t, string, strlen(string));
}

void text_printf(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        t->failed = true;
        return;
    }
    if (!reserve(t, (size_t)need))
        return;
    va_start(args, format);
    vsnprintf(t->data + t->length, (size_t)need + 1, format, args);
    va_end(args);
    t->length += (size_t)need;
}

void text_number_or(struct text *t, double number, const char *none)
{
    if (!isfinite(number))
        text_add(t, none);
    else if (number == 0)
        text_add(t, "0"); /* not -0 */
    else if (fabs(number) < 0x1p53 && number == trunc(number))
        text_printf(t, "%.0f", number);
    else
        text_printf(t, "%.9g", number);
}

void text_number(struct text *t, double number)
{
    text_number_or(t, number, "null");
}

void text_shell_word(struct text *t, const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,+@%";
    if (*word && word[strspn(word, plain)] == 0) {
        text_add(t, word);
        return;
    }
    text_add(t, "'");
    for (const char *c = word; *c; c++)
        text_printf(t, *c == '\'' ? "'\\''" : "%c", *c);
    text_add(t, "'");
}

void text_json_string(struct text *t, const char *string)
{
    if (!string) {
        text_add(t, "null");
        return;
    }
    text_add(t, "\"");
    for (const char *c = string; *c; c++) {
        static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
        const char *special = strchr(plain, *c);
        if (special)
            text_printf(t, "\\%c", letter[special - plain]);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            text_printf(t, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            append(t, c, 1);
    }
    text_add(t, "\"");
}
