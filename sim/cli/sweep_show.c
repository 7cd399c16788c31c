/* sweep_show.c - print the table of a sweep: text, JSON, CSV. */
#include "sim/cli/sweep_show.h"

#include "sim/results/store.h"

#include <string.h>

int sweep_show_open(struct sweep_show *show, struct error *err)
{
    int rc = output_open(&show->json_file, show->json, err);

    return rc == GS_OK ? output_open(&show->csv_file, show->csv, err) : rc;
}

void sweep_show_close(struct sweep_show *show)
{
    output_close(&show->json_file);
    output_close(&show->csv_file);
}

static int put(struct output *file, int (*form)(struct text *, const struct sweep_table *, struct error *),
               const struct sweep_table *table, struct error *err)
{
    struct text text = {0};
    int rc;

    if (file->path == NULL)
        return GS_OK;
    rc = form(&text, table, err);
    if (rc == GS_OK && text.failed)
        rc = error_set(err, GS_SYSTEM, "out of memory for the table");
    if (rc == GS_OK)
        rc = output_write(file, text.data, text.length, err);
    text_fini(&text);
    return rc;
}

static bool is_stdout(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

int sweep_show(struct sweep_show *show, const char *db, int64_t sweep, struct error *err)
{
    struct arena arena = {0};
    struct text text = {0};
    struct sweep_table table;
    bool met = true;
    int rc = sweep_table_open(&table, db, sweep, &arena, err);

    if (rc == GS_OK) {
        bool is_shown = !show->quiet && !is_stdout(show->json) && !is_stdout(show->csv);
        if (is_shown || show->assert_sla)
            rc = sweep_text(&text, &table, &met, err);
        if (rc == GS_OK && text.failed)
            rc = error_set(err, GS_SYSTEM, "out of memory for the table");
        if (rc == GS_OK && is_shown)
            rc = write_text("-", text.data, text.length, err);
        if (rc == GS_OK)
            rc = put(&show->json_file, sweep_json, &table, err);
        if (rc == GS_OK)
            rc = put(&show->csv_file, sweep_csv, &table, err);
        sweep_table_close(&table);
    }
    text_fini(&text);
    arena_fini(&arena);
    return rc == GS_OK && show->assert_sla && !met ? GS_MISSED : rc;
}
