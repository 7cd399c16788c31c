/* json.h - JSON out of the lines of a file: a whole document, or a value a line.
 *
 * Values are jansson's: the caller gives them back with json_decref.  Objects keep the order of the file; a key that is
 * given twice in one object is an error.
 */
#ifndef GS_TRACES_JSON_H
#define GS_TRACES_JSON_H

#include "traces/import.h"
#include <jansson.h>

enum { JSON_DOCUMENT_MAX = 256 * 1024 * 1024 };

/* The rest of the file as one value (an object or an array) of up to JSON_DOCUMENT_MAX bytes.  Errors, with
 * *root = NULL: GS_BAD_INPUT "FILE:LINE: ...", what reading gives. */
int json_document(struct import *in, json_t **root, struct error *err);

/* The value on the next line that is not empty, of any kind; *value = NULL at the end and after an error. */
int json_line(struct import *in, json_t **value, struct error *err);

#endif
