/* doctor_simulation.c - what simulations need of this machine: little. */
#include "backend/cuda/host.h"
#include "sim/base/units.h"
#include "sim/cli/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_processors(struct findings *findings)
{
    doctor_add(findings, DOCTOR_OK, "processors", "%ld; replications run side by side on them (key 'threads')",
               sysconf(_SC_NPROCESSORS_ONLN));
}

static void check_memory(struct findings *findings, const char *root)
{
    struct host_memory memory = host_memory(root, 0);
    int64_t left = host_memory_left(&memory);
    char size[UNITS_TEXT];
    enum { LITTLE = 256 << 20 };

    if (left < 0)
        doctor_add(findings, DOCTOR_NOTE, "memory", "not known, as /proc/meminfo cannot be read");
    else
        doctor_add(findings, left < LITTLE ? DOCTOR_NOTE : DOCTOR_OK, "memory", "%s free%s",
                   units_show_size(size, (double)left),
                   left < LITTLE ? "; long traces with many threads may want more" : "");
}

/* Is there a program of that name in PATH? */
static bool has_program(const char *name)
{
    const char *path = getenv("PATH");
    char file[4096];

    while (path != NULL && *path != '\0') {
        int length = (int)strcspn(path, ":");

        snprintf(file, sizeof file, "%.*s/%s", length, path, name);
        if (access(file, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

void doctor_simulation(struct findings *findings, const char *root)
{
    check_processors(findings);
    check_memory(findings, root);
    if (has_program("gnuplot"))
        doctor_add(findings, DOCTOR_OK, "gnuplot", "draws the pictures of 'report --plots'");
    else
        doctor_add(findings, DOCTOR_NOTE, "gnuplot",
                   "not in PATH: 'report --plots' writes data without pictures; apt install gnuplot-nox");
}
