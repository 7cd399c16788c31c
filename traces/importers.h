/* importers.h - the rows of the format table, one a file; import.c lists them. */
#ifndef GS_TRACES_IMPORTERS_H
#define GS_TRACES_IMPORTERS_H

#include "traces/import.h"

extern const struct importer import_gst;   /* replay.c */
extern const struct importer import_adobe; /* adobe.c */

#endif
