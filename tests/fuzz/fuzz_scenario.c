/* fuzz_scenario.c - any bytes as a scenario: an error or a scenario, never a crash. */
#include "sim/scenario/scenario.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input up to the first record separator is the scenario, the rest a --set. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario scenario;
    struct arena arena = {0};
    struct error err = {0};
    size_t length = 0;
    while (length < size && data[length] != 0x1E)
        length++;
    char set[256] = "";
    const char *sets[] = {set};
    size_t rest = size - length;
    for (size_t i = 1; i < rest && i < sizeof set; i++)
        set[i - 1] = (char)data[length + i];
    struct overrides overrides = {.set = sets, .sets = rest > 1};
    int code = scenario_parse(&scenario, (const char *)data, length, "fuzz.ini", "/nowhere", &overrides, &arena, &err);
    if (code != err.code || (code != GS_OK) != (err.lines > 0))
        abort();
    if (code == GS_OK && (scenario.nodes == 0 || scenario.workloads == 0 || scenario.duration <= 0))
        abort();
    arena_fini(&arena);
    return 0;
}
