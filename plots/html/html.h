/* html.h - what a page is put together from: escaped text, tables, templates. */
#ifndef GS_HTML_H
#define GS_HTML_H

#include "sim/results/text.h"

#include <stdbool.h>
#include <stddef.h>

/* Text that stays text, in an element as in a quoted attribute: whatever it holds, the browser shows it. */
void html_text(struct text *out, const char *string);
/* The same of a text that was printed. */
void html_printf(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The address of a file that is part of the page: data:text/TYPE,... */
void html_data(struct text *out, const char *type, const char *content);

/* A table: the cells row by row, the first of each row its heading.  Numbers are flush right; a column of words, whose
 * heading begins with '<', is flush left. */
struct html_table {
    struct text *out;
    const char *const *column; /* headings, ended by NULL */
    size_t columns, at;
};
struct html_table html_table_open(struct text *out, const char *caption, const char *const *column);
void html_cell(struct html_table *table, const char *text);
void html_cell_more(struct html_table *table, const char *text, const char *small); /* with a remark below; "" : none */
void html_table_close(struct html_table *table);

/* A piece of a page, and the template it goes into: {{NAME}} is replaced by the piece, {{#NAME}}..{{/NAME}} is kept only
 * where the piece is not empty. */
struct html_part {
    const char *name;
    struct text text;
};
void html_fill(struct text *out, const char *template, const struct html_part *part, size_t parts);
void html_parts_fini(struct html_part *part, size_t parts);

/* The templates of this folder, compiled in, by their names without suffix. */
struct template
{
    const char *name, *text;
};
extern const struct template html_template[];
const char *html_template_of(const char *name);

#endif
