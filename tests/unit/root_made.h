/* root_made.h - a made-up /proc and /sys: a folder for each test, and files in it. */
#ifndef GS_ROOT_MADE_H
#define GS_ROOT_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char root[64];

static inline int new_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/root_XXXXXX");
    return mkdtemp(root) != NULL ? 0 : -1;
}

static inline int take_away(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

static inline int end_root(void **state)
{
    (void)state;
    return nftw(root, take_away, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the root, with the folders on the way to it. */
static inline void put(const char *path, const char *text)
{
    char full[512];
    FILE *file;

    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#endif
