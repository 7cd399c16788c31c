/* html.c - escape text, write tables, fill templates. */
#include "plots/html/html.h"

#include "plots/picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void html_text(struct text *out, const char *string)
{
    while (string && *string) {
        size_t n = character(string);
        const char *entity = *string == '&'    ? "&amp;"
                             : *string == '<'  ? "&lt;"
                             : *string == '>'  ? "&gt;"
                             : *string == '"'  ? "&quot;"
                             : *string == '\'' ? "&#39;"
                                               : NULL;
        if (entity)
            text_add(out, entity);
        else if (n > 0 || *string == '\n' || *string == '\t')
            text_printf(out, "%.*s", n > 0 ? (int)n : 1, string);
        else
            text_add(out, "\xef\xbf\xbd"); /* U+FFFD */
        string += n > 0 ? n : 1;
    }
}

void html_printf(struct text *out, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    html_text(out, text);
}

void html_data(struct text *out, const char *type, const char *content)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~,:=/()[]*$@!;";
    text_printf(out, "data:text/%s;charset=utf-8,", type);
    for (const char *c = content; c && *c; c++)
        text_printf(out, strchr(plain, *c) ? "%c" : "%%%02X", (unsigned char)*c);
}

/* --- tables --- */

struct html_table html_table_open(struct text *out, const char *caption, const char *const *column)
{
    struct html_table table = {.out = out, .column = column};
    text_add(out, "<table>\n<caption>");
    html_text(out, caption);
    text_add(out, "</caption>\n<thead><tr>");
    for (; column[table.columns]; table.columns++) {
        const char *heading = column[table.columns];
        bool is_words = *heading == '<';
        text_printf(out, "<th scope=\"col\"%s>", is_words ? " class=\"words\"" : "");
        html_text(out, heading + is_words);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n<tbody>\n");
    return table;
}

void html_cell_more(struct html_table *t, const char *text, const char *small)
{
    const char *heading = t->column[t->at];
    bool is_first = t->at == 0, is_words = *heading == '<';
    if (is_first) {
        text_add(t->out, "<tr><th scope=\"row\">");
    } else {
        text_printf(t->out, "<td%s data-label=\"", is_words ? " class=\"words\"" : "");
        html_text(t->out, heading + is_words);
        text_add(t->out, "\">");
    }
    html_text(t->out, text);
    if (small && *small) {
        text_add(t->out, " <small>");
        html_text(t->out, small);
        text_add(t->out, "</small>");
    }
    text_add(t->out, is_first ? "</th>" : "</td>");
    if (++t->at == t->columns) {
        text_add(t->out, "</tr>\n");
        t->at = 0;
    }
}

void html_cell(struct html_table *table, const char *text)
{
    html_cell_more(table, text, NULL);
}

void html_table_close(struct html_table *table)
{
    text_add(table->out, "</tbody>\n</table>\n");
}

/* --- templates --- */

const char *html_template_of(const char *name)
{
    const struct template *t = html_template;
    while (t->name && strcmp(t->name, name) != 0)
        t++;
    return t->name ? t->text : "";
}

static const struct text *find(const struct html_part *part, size_t parts, const char *name, size_t length)
{
    for (size_t i = 0; i < parts; i++)
        if (strlen(part[i].name) == length && memcmp(part[i].name, name, length) == 0)
            return &part[i].text;
    return NULL;
}

/* Past the end of the section that `name` opens. */
static const char *skip_section(const char *from, const char *name, size_t length)
{
    for (const char *c = from; (c = strstr(c, "{{/")); c += 3)
        if (strncmp(c + 3, name, length) == 0 && strncmp(c + 3 + length, "}}", 2) == 0)
            return c + 3 + length + 2;
    return from + strlen(from);
}

void html_fill(struct text *out, const char *template, const struct html_part *part, size_t parts)
{
    for (const char *open; (open = strstr(template, "{{"));) {
        bool is_section = open[2] == '#', is_end = open[2] == '/';
        const char *name = open + 2 + (is_section || is_end), *close = strstr(name, "}}");
        size_t length = close ? (size_t)(close - name) : 0;
        const struct text *value = find(part, parts, name, length);
        text_printf(out, "%.*s", (int)(open - template), template);
        if (!close)
            return;
        template = close + 2;
        if (is_section && !(value && value->length > 0))
            template = skip_section(template, name, length);
        else if (!is_section && !is_end && value && value->data)
            text_add(out, value->data);
        out->failed = out->failed || (value && value->failed);
        template += is_section &&*template == '\n';
    }
    text_add(out, template);
}

void html_parts_fini(struct html_part *part, size_t parts)
{
    for (size_t i = 0; i < parts; i++)
        text_fini(&part[i].text);
}
