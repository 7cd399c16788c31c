/* json.h - members of JSON objects; `comma` is what stands before: ",", "{", or nothing.  No name of jansson, which is linked
 * beside it. */
#ifndef GS_JSON_H
#define GS_JSON_H

#include "sim/results/text.h"
#include "sim/stats/interval.h"

void json_number(struct text *out, const char *comma, const char *key, double value); /* null if it is not finite */
void json_text(struct text *out, const char *comma, const char *key, const char *value);
/* ,"key":[low,high], or null where there is no interval. */
void json_bounds(struct text *out, const char *key, const struct interval *value);

#endif
