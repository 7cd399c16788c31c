/* source.h - the files behind a scenario: opening, including, checking that they are text. */
#ifndef GS_SCENARIO_SOURCE_H
#define GS_SCENARIO_SOURCE_H

#include "sim/scenario/ini.h"

enum { FAULT_TEXT = 80 };

/* A further source, linked behind the others; NULL without memory. */
struct ini_source *source_add(struct ini *ini, const char *file, const char *folder, const struct ini_source *parent);

/* The folder that `file` lies in; NULL without memory. */
const char *source_folder(struct arena *arena, const char *file);

/* Read `value`, a path as seen from `source`'s folder, and split it in front of what follows in `source`. */
void source_include(struct ini *ini, const struct ini_source *source, const struct spot *spot, const char *value);

/* No control characters but tab, and valid UTF-8; else `fault` says what there is. */
bool source_line_is_text(const char *line, size_t length, char fault[FAULT_TEXT]);

/* Split a source into ini's sections (ini.c). */
void ini_split(struct ini *ini, struct ini_source *source);

#endif
