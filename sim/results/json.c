/* json.c - members of JSON objects. */
#include "sim/results/json.h"

#include <math.h>

void json_number(struct text *out, const char *comma, const char *key, double value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_number(out, value);
}

void json_text(struct text *out, const char *comma, const char *key, const char *value)
{
    text_printf(out, "%s\"%s\":", comma, key);
    text_json_string(out, value);
}

void json_bounds(struct text *out, const char *key, const struct interval *value)
{
    text_printf(out, ",\"%s\":", key);
    if (isnan(value->low)) {
        text_add(out, "null");
        return;
    }
    text_add(out, "[");
    text_number(out, value->low);
    text_add(out, ",");
    text_number(out, value->high);
    text_add(out, "]");
}
