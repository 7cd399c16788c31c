/* page.c - write the data and the script of a picture, and let gnuplot draw it. */
#include "plots/page.h"

#include "plots/scripts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int page_folder(const char *folder, struct error *err)
{
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        return GS_OK;
    return error_set(err, GS_CANT_CREATE, "cannot create the folder '%s': %s", folder, strerror(errno));
}

static const char *script_text(const char *name)
{
    const struct script *script = plots_script;
    while (script->name && strcmp(script->name, name) != 0)
        script++;
    return script->name ? script->text : "";
}

static void put_script(struct text *out, const char *name, const struct picture *picture, const struct page *page)
{
    struct text title = {0};
    char of[NAME_BYTES];
    text_printf(&title, "%s: %s", short_title(of, page->of), picture->title.data);
    text_printf(out, "# Draws %s.svg and %s.png from %s.csv: gnuplot %s.gp\n", name, name, name, name);
    text_printf(out,
                "picture = '%s'\ndata = '%s.csv'\nfull_width = %d\nfull_height = %d\nnarrow_more = %d\ntitle = ", name,
                name, PICTURE_WIDTH, picture->height, picture->narrow_more);
    put_string(out, title.data ? title.data : "");
    text_add(out, "\nsubtitle = ");
    put_string(out, page->subtitle);
    text_add(out, "\n");
    text_add(out, page->set);
    text_add(out, picture->set.data);
    text_printf(out, "\n%s\ndo for [form in \"%s\"] {\n%s%sunset output\n}\n", script_text("style"), page->forms,
                script_text("page"), script_text(picture->script ? picture->script : name));
    out->failed |= title.failed;
    text_fini(&title);
}

static int write_file(const char *folder, const char *name, const char *suffix, const struct text *text,
                      struct error *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix);
    FILE *file = fopen(path, "we");
    if (!file)
        return error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", path, strerror(errno));
    bool ok = fwrite(text->data, 1, text->length, file) == text->length;
    ok = fclose(file) == 0 && ok;
    return ok ? GS_OK : error_set(err, GS_IO, "cannot write '%s': %s", path, strerror(errno));
}

void page_remove_old(const char *folder, const char *name)
{
    static const char *const suffix[] = {"csv", "gp", "svg", "png"};
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, suffix[i]);
        unlink(path);
    }
}

int page_write(const struct page *page, const char *folder, const char *name, const struct picture *picture,
               struct error *err)
{
    struct text script = {0};
    int rc = GS_OK;
    put_script(&script, name, picture, page);
    if (script.failed || picture->data.failed || picture->set.failed || picture->title.failed)
        rc = error_set(err, GS_SYSTEM, "no memory for the picture '%s'", name);
    if (rc == GS_OK)
        rc = write_file(folder, name, "csv", &picture->data, err);
    if (rc == GS_OK)
        rc = write_file(folder, name, "gp", &script, err);
    text_fini(&script);
    return rc;
}

int page_draw(const char *folder, const char *name, const char *shows, FILE *talk, struct error *err)
{
    char script[64];
    snprintf(script, sizeof script, "%s.gp", name);
    int rc = gnuplot_run(folder, script, err);
    if (rc == GS_OK && talk)
        fprintf(talk, "%s/%s.svg, .png: %s\n", folder, name, shows);
    return rc;
}
