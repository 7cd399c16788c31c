/* figures.c - a picture of the page: drawn by gnuplot in two widths, its text alternative, its data. */
#include "plots/html/sections.h"

#include "plots/page.h"
#include "plots/scripts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* All of a file. */
static int read_file(struct text *out, const char *path, struct error *err)
{
    char buffer[1 << 14];
    size_t n;
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(err, GS_IO, "cannot read '%s': %s", path, strerror(errno));
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0)
        text_printf(out, "%.*s", (int)n, buffer);
    int failed = ferror(file);
    fclose(file);
    return failed ? error_set(err, GS_IO, "cannot read '%s'", path) : GS_OK;
}

/* What gnuplot names must differ from picture to picture, as the page holds them all. */
static void put_unique(struct text *out, const char *svg, const char *id)
{
    static const char *const mark[] = {"id='", "id=\"", "href='#"};
    while (*svg) {
        const char *next = NULL;
        size_t length = 0;
        for (size_t i = 0; i < sizeof mark / sizeof mark[0]; i++) {
            const char *found = strstr(svg, mark[i]);
            if (found && (!next || found < next)) {
                next = found;
                length = strlen(mark[i]);
            }
        }
        if (!next)
            break;
        text_printf(out, "%.*s%s-", (int)(next + length - svg), svg, id);
        svg = next + length;
    }
    text_add(out, svg);
}

/* One width of a picture, from its file: the drawing of gnuplot in an element of ours. */
static int put_svg(struct text *out, const char *path, const char *id, const char *width, const char *label,
                   struct error *err)
{
    struct text svg = {0}, full_id = {0};
    int rc = read_file(&svg, path, err);
    char *box = svg.data ? strstr(svg.data, "viewBox=\"") : NULL, *body = svg.data ? strstr(svg.data, "</desc>") : NULL;
    char *box_end = box ? strchr(box + strlen("viewBox=\""), '"') : NULL, *end = body ? strstr(body, "</svg>") : NULL;
    if (rc == GS_OK && !(box_end && end))
        rc = error_set(err, GS_IO, "gnuplot left '%s' half written; is the disk full?", path);
    if (rc == GS_OK) {
        *end = '\0';
        text_printf(&full_id, "%s-%s", id, width);
        text_printf(out, "<svg class=\"%s\" %.*s\" role=\"img\" aria-label=\"%s\">", width, (int)(box_end - box), box,
                    label);
        put_unique(out, body + strlen("</desc>"), full_id.data ? full_id.data : "");
        text_add(out, "</svg>\n");
    }
    out->failed = out->failed || svg.failed || full_id.failed;
    text_fini(&svg);
    text_fini(&full_id);
    return rc;
}

enum { TITLE, SAYS, PICTURE, WITHOUT, DATA, FILE_NAME, ID, PARTS };

/* Draw it, and hold it as the parts of the template. */
static int draw(struct html_part part[PARTS], const char *name, const struct picture *picture, const struct page *page,
                const char *work, struct error *err)
{
    static const char *const width[] = {"wide", "narrow"};
    struct text label = {0};
    char script[64], path[4096];
    snprintf(script, sizeof script, "%s.gp", name);
    int rc = page_write(page, work, name, picture, err);
    if (rc == GS_OK)
        rc = gnuplot_run(work, script, err);
    html_text(&label, picture->title.data);
    text_add(&label, picture->says.length ? ". " : "");
    html_text(&label, picture->says.data);
    for (size_t i = 0; i < 2 && rc == GS_OK; i++) {
        snprintf(path, sizeof path, "%s/%s.%s.svg", work, name, width[i]);
        rc = put_svg(&part[PICTURE].text, path, part[ID].text.data, width[i], label.data ? label.data : "", err);
    }
    part[PICTURE].text.failed = part[PICTURE].text.failed || label.failed;
    text_fini(&label);
    return rc;
}

int section_made(struct text *out, struct page_run *run, const char *name, const struct picture *picture,
                 const char *work, struct error *err)
{
    struct html_part part[PARTS] = {[TITLE] = {.name = "title"},
                                    [SAYS] = {.name = "says"},
                                    [PICTURE] = {.name = "picture"},
                                    [WITHOUT] = {.name = "without"},
                                    [DATA] = {.name = "data"},
                                    [FILE_NAME] = {.name = "file"},
                                    [ID] = {.name = "id"}};
    struct text subtitle = {0}, set = {0};
    struct error drawing = {0};
    int rc = GS_OK;
    album_captions(&run->album, &subtitle, &set);
    text_printf(&part[ID].text, "%s-%s", run->id, name);
    if (!run->without) {
        const struct page page = {
            .of = run->report->scenario, .subtitle = subtitle.data, .set = set.data, .forms = "wide narrow"};
        rc = draw(part, name, picture, &page, work, &drawing);
    }
    if (rc == GS_SYSTEM) { /* no gnuplot, or none that can draw: the page is of use without */
        run->without = arena_strdup(&run->album.arena, drawing.text);
        rc = GS_OK;
    }
    if (rc != GS_OK)
        error_set(err, rc, "%s", drawing.text);
    if (run->without) {
        part[PICTURE].text.length = 0;
        html_text(&part[WITHOUT].text, run->without);
    }
    html_text(&part[TITLE].text, picture->title.data);
    html_text(&part[SAYS].text, picture->says.data);
    html_data(&part[DATA].text, "csv", picture->data.data);
    text_printf(&part[FILE_NAME].text, "%s-%s.csv", run->id, name);
    html_fill(out, html_template_of("figure"), part, PARTS);
    out->failed = out->failed || subtitle.failed || set.failed || picture->says.failed || picture->data.failed;
    html_parts_fini(part, PARTS);
    text_fini(&subtitle);
    text_fini(&set);
    return rc;
}

int section_figure(struct text *out, struct page_run *run, const struct plot_kind *kind, const char *work,
                   struct text *left_out, struct error *err)
{
    struct picture picture = {.height = 560};
    run->album.err = err;
    int rc = kind->make(&run->album, &picture);
    if (rc == GS_OK && picture.missing[0])
        html_printf(left_out, "%s%s: %s", left_out->length ? "; " : "", kind->shows, picture.missing);
    else if (rc == GS_OK)
        rc = section_made(out, run, kind->name, &picture, work, err);
    picture_fini(&picture);
    return rc;
}
