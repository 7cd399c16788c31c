/* device_option.c - read which GPUs are meant. */
#include "sim/cli/device_option.h"
#include "sim/base/units.h"

#include <stdio.h>
#include <string.h>

/* "0" or "0,2,3": each once. */
static bool read_ordinals(struct live_device *device, const char *text, unsigned most)
{
    char copy[128], *rest = copy, why[UNITS_WHY];

    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy || *text == '\0')
        return false;
    for (char *word = strsep(&rest, ","); word != NULL; word = strsep(&rest, ",")) { /* ",," has an empty one */
        int64_t number = -1;

        if (units_integer(word, &number, why) != GS_OK || number < 0 || number > 255 || device->ordinals == most)
            return false;
        for (unsigned i = 0; i < device->ordinals; i++)
            if (device->ordinal[i] == (unsigned)number)
                return false;
        device->ordinal[device->ordinals++] = (unsigned)number;
    }
    return device->ordinals > 0;
}

bool device_option(struct live_device *device, const char *text, unsigned most)
{
    device->ordinals = 0;
    device->is_double = strncmp(text, "double", 6) == 0;
    if (strcmp(text, "double") == 0)
        return true;
    if (strncmp(text, "double:", 7) != 0 && strncmp(text, "cuda:", 5) != 0)
        return false;
    return read_ordinals(device, strchr(text, ':') + 1, most);
}
