/* router.c - parses the load balancer of a group: a name, or zipf(s). */
#include "sim/base/units.h"
#include "sim/scenario/build.h"
#include <stdio.h>
#include <string.h>

static const char *const name[] = {
    [ROUTER_EACH] = "each",
    [ROUTER_RANDOM] = "random",
    [ROUTER_ROUND_ROBIN] = "round_robin",
    [ROUTER_LEAST_LOADED] = "least_loaded",
    [ROUTER_HOT_FIRST] = "hot_first",
    [ROUTER_ZIPF] = "zipf",
};
enum { NAMES = sizeof name / sizeof name[0] };

static const char *name_at(size_t i, const void *context)
{
    (void)context;
    return name[i];
}

static int zipf(struct router *router, const char *argument, char why[VALUE_WHY])
{
    char text[SHOWN_TEXT];
    size_t length = strlen(argument);
    if (argument[0] != '(' || argument[length - 1] != ')' || length >= sizeof text) {
        snprintf(why, VALUE_WHY, "it must have the form zipf(s), such as zipf(1.1)");
        return GS_BAD_INPUT;
    }
    snprintf(text, sizeof text, "%.*s", (int)length - 2, argument + 1);
    int code = units_number(text, &router->s, why);
    if (code == GS_OK && !(router->s >= 0 && router->s <= 20)) {
        snprintf(why, VALUE_WHY, "the exponent of zipf(s) must be from 0 to 20");
        code = GS_BAD_INPUT;
    }
    return code;
}

int router_parse(struct router *router, const char *text, char why[VALUE_WHY])
{
    char hint[HINT_TEXT], head[SHOWN_TEXT];
    size_t length = strcspn(text, "(");
    for (size_t i = 0; i < NAMES; i++) {
        if (strlen(name[i]) != length || strncmp(name[i], text, length) != 0)
            continue;
        router->kind = (enum router_kind)i;
        if (i == ROUTER_ZIPF)
            return zipf(router, text + length, why);
        if (text[length] == '\0')
            return GS_OK;
    }
    snprintf(head, sizeof head, "%.*s", (int)(length < SHOWN_TEXT ? length : SHOWN_TEXT - 1), text);
    snprintf(why, VALUE_WHY, "it must be one of each, random, round_robin, least_loaded, hot_first, zipf(s)%s",
             build_hint(hint, head, NAMES, name_at, NULL));
    return GS_BAD_INPUT;
}
