/* importers.h - the rows of the format table, one a file; import.c lists them. */
#ifndef GS_TRACES_IMPORTERS_H
#define GS_TRACES_IMPORTERS_H

#include "traces/import.h"

extern const struct importer import_gst;                  /* replay.c */
extern const struct importer import_adobe;                /* adobe.c */
extern const struct importer import_muri;                 /* muri.c */
extern const struct importer import_philly;               /* philly.c */
extern const struct importer import_openb;                /* openb.c */
extern const struct importer import_pai;                  /* pai.c */
extern const struct importer import_gavel;                /* gavel.c */
extern const struct importer import_azure_llm;            /* azure_llm.c */
extern const struct importer import_burstgpt;             /* burstgpt.c */
extern const struct importer import_mooncake;             /* mooncake.c */
extern const struct importer import_servegen;             /* servegen.c */
extern const struct importer import_azure_functions;      /* azure_functions.c */
extern const struct importer import_azure_functions_2021; /* azure_functions_2021.c */
extern const struct importer import_genai;                /* genai.c */
extern const struct importer import_disb;                 /* disb.c */
extern const struct importer import_splitwise;            /* splitwise.c */
extern const struct importer import_samples;              /* samples.c */

#endif
