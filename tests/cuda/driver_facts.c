/* driver_facts.c - hold the table against the driver that GPUSWAP_LIBCUDA names: every entry that its version knows must
 * be there, and opening it must end well, or with a message.  Prints what it found; 1: something is wrong.  With
 * --symbols it lists the symbols of the table. */
#include "backend/cuda/driver.h"
#include "backend/cuda/nvml.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_table(void)
{
    static struct error err;
    const struct driver_entry *entry;
    struct driver driver;
    int wrong = 0, found = 0;

    if (driver_load(&driver, &err) != GS_OK) {
        printf("load: %s\n", err.text);
        return 1;
    }
    for (unsigned i = 0; (entry = driver_entry_at(i)) != NULL; i++) {
        bool there = dlsym(driver.library, entry->symbol) != NULL;

        found += there;
        if (entry->abi > driver.version || there)
            continue;
        printf("CUDA %d has no '%s', which came with %d\n", driver.version, entry->symbol, entry->abi);
        wrong = 1;
    }
    printf("CUDA %d: %d entries, features %u\n", driver.version, found, driver.features);
    driver_close(&driver);
    return wrong;
}

static int check_open(void)
{
    static struct error err;
    struct driver driver;
    int rc = driver_open(&driver, &err);

    printf("open: %s\n", rc == GS_OK ? "there is a GPU" : err.text);
    if (rc == GS_OK)
        driver_close(&driver);
    return rc == GS_OK || rc == GS_NO_DEVICE ? 0 : 1;
}

static int check_management(void)
{
    static struct error err;
    struct nvml nvml;
    int rc = nvml_open(&nvml, &err);

    printf("management: %s\n", rc == GS_OK ? "works" : err.text);
    if (rc == GS_OK)
        nvml_close(&nvml);
    return rc == GS_OK || (rc == GS_NO_DEVICE && strstr(err.text, "lacks") == NULL) ? 0 : 1;
}

/* The library's entries, also where it finds no driver of the kernel. */
static int check_management_table(void)
{
    const char *path = getenv("GPUSWAP_LIBNVML"), *symbol;
    void *library = dlopen(path != NULL ? path : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    unsigned found = 0;
    int wrong = 0;

    if (library == NULL)
        return 0;
    for (unsigned i = 0; (symbol = nvml_symbol_at(i)) != NULL; i++) {
        bool there = dlsym(library, symbol) != NULL;

        found += there;
        if (!there)
            printf("the management library lacks '%s'\n", symbol);
        wrong |= !there;
    }
    printf("management: %u entries\n", found);
    dlclose(library);
    return wrong;
}

static int list_symbols(void)
{
    const struct driver_entry *entry;

    for (unsigned i = 0; (entry = driver_entry_at(i)) != NULL; i++)
        printf("%s\n", entry->symbol);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--symbols") == 0)
        return list_symbols();
    return check_table() | check_open() | check_management() | check_management_table();
}
