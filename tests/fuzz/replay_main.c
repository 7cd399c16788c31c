/* replay_main.c - feed every file of a corpus folder to a fuzz target, where libFuzzer is not linked in. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 if the file was read and the target came back. */
static int replay(const char *folder, const char *name)
{
    char path[4096];
    FILE *file;
    uint8_t *data;
    size_t size;
    static const size_t size_max = 1 << 20;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "rb");
    data = malloc(size_max);
    if (!file || !data) {
        fprintf(stderr, "cannot read '%s'\n", path);
        free(data);
        if (file)
            fclose(file);
        return 1;
    }
    size = fread(data, 1, size_max, file);
    fclose(file);
    fprintf(stderr, "%s, %zu bytes\n", path, size); /* the last line before a crash names its input */
    /* A copy of the exact size, so that a sanitizer sees reads past the end. */
    uint8_t *exact = malloc(size ? size : 1);
    if (exact) {
        for (size_t i = 0; i < size; i++)
            exact[i] = data[i];
        LLVMFuzzerTestOneInput(exact, size);
    }
    free(exact);
    free(data);
    return exact == NULL;
}

int main(int argc, char **argv)
{
    struct dirent **entry;
    int entries, files = 0, failures = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 64;
    }
    entries = scandir(argv[1], &entry, NULL, alphasort);
    if (entries < 0) {
        perror(argv[1]);
        return 66;
    }
    for (int i = 0; i < entries; i++) {
        if (entry[i]->d_name[0] != '.') {
            failures += replay(argv[1], entry[i]->d_name);
            files++;
        }
        free(entry[i]);
    }
    free(entry);
    if (files == 0) {
        fprintf(stderr, "'%s' is empty\n", argv[1]);
        return 66;
    }
    return failures != 0;
}
