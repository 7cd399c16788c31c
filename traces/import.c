/* import.c - the table of trace formats. */
#include "traces/import.h"
#include "traces/adobe.h"
#include "traces/replay.h"
#include "sim/base/units.h"
#include <string.h>

static const struct importer importers[] = {
    {"gst", "native format, version 1", NULL, gst_load},
    {"adobe-notebooks", "notebook sessions, Tiresias CSV (job_id,num_gpu,submit_time,...,duration)", ADOBE_MEMORY,
     adobe_read},
};

const struct importer *importer_at(size_t i)
{
    return i < sizeof importers / sizeof *importers ? &importers[i] : NULL;
}

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return importers[i].name;
}

const struct importer *importer_find(const char *name, struct error *err)
{
    for (size_t i = 0; importer_at(i); i++)
        if (!strcmp(importers[i].name, name))
            return &importers[i];
    const char *near = units_nearest(name, sizeof importers / sizeof *importers, name_at, NULL);
    if (near)
        error_set(err, GS_BAD_INPUT, "unknown trace format '%s'; did you mean '%s'?", name, near);
    else
        error_set(err, GS_BAD_INPUT, "unknown trace format '%s'; known are 'gst' and 'adobe-notebooks'", name);
    return NULL;
}
