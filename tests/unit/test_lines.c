/* test_lines.c - files plain and compressed, whole, joined, broken and cut short, line by line. */
#include "traces/lines.h"
#include "traces/packed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES = 200000 }; /* some MiB: more than any buffer on the way */

static const char *path_with(const char *ending)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/gpuswap-lines-%ld%s", (long)getpid(), ending);
    return path;
}

/* Append lines first .. last, "line 7 ...", to the file as its ending says. */
static void append(const char *path, int first, int last)
{
    char text[64];
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    struct pack *pack = pack_open(fd, path);
    assert_non_null(pack);
    for (int i = first; i <= last; i++) {
        int n = snprintf(text, sizeof text, "line %d %u\n", i, (unsigned)i * 2654435761U);
        assert_true(pack_write(pack, text, (size_t)n));
    }
    assert_true(pack_finish(pack));
    assert_true(pack_close(pack));
}

static void append_bytes(const char *path, const char *bytes, size_t n)
{
    FILE *file = fopen(path, "ab");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* Read to the end or to an error; each line must say its number.  Returns the code, *read the lines. */
static int count(const char *path, uint64_t *read, struct error *err)
{
    struct lines *lines;
    char *line;
    size_t length;
    *err = (struct error){0};
    int code = lines_open(&lines, path, LINES_MAX, err);
    *read = 0;
    while (!code && !(code = lines_next(lines, &line, &length, err)) && line) {
        char expected[64];
        size_t n = (size_t)snprintf(expected, sizeof expected, "line %llu ", (unsigned long long)++*read);
        assert_memory_equal(line, expected, n);
        assert_int_equal(lines_number(lines), *read);
    }
    lines_close(lines);
    return code;
}

static const struct {
    const char *ending, *broken, *cut;
} packing[] = {
    {"", NULL, NULL},
    {".gz", "gzip data is broken", "gzip data is cut short"},
    {".zst", "zstd data is broken", "zstd data is cut short"},
};
enum { PACKINGS = sizeof packing / sizeof *packing };

static void whole_and_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < PACKINGS; i++) {
        const char *path = path_with(packing[i].ending);
        struct stat status;
        struct error err;
        uint64_t read;
        append(path, 1, LINES);
        assert_int_equal(stat(path, &status), 0);
        assert_true(i == 0 || status.st_size < LINES * 15);
        if (i == 2) { /* zstd leaves checksums out unless told */
            char head[5];
            int fd = open(path, O_RDONLY);
            assert_int_equal(pread(fd, head, 5, 0), 5);
            assert_true(head[4] & 4);
            close(fd);
        }
        assert_int_equal(count(path, &read, &err), GS_OK);
        assert_int_equal(read, LINES);
        append(path, LINES + 1, LINES + 10); /* another member or frame */
        assert_int_equal(count(path, &read, &err), GS_OK);
        assert_int_equal(read, LINES + 10);
        unlink(path);
    }
}

static void what_stands_around_the_data(void **state)
{
    static const char skipped[] = "\x50\x2a\x4d\x18\x03\0\0\0"
                                  "xyz",
                      padding[300] = {0};
    struct error err;
    uint64_t read;
    (void)state;
    const char *path = path_with(".zst"); /* a frame to skip first, as parallel compressors write it */
    append_bytes(path, skipped, sizeof skipped - 1);
    append(path, 1, 5);
    assert_int_equal(count(path, &read, &err), GS_OK);
    assert_int_equal(read, 5);
    append_bytes(path, "rubbish", 7);
    assert_int_equal(count(path, &read, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, ".zst:6: zstd data is broken"));
    unlink(path);
    path = path_with(".gz");
    append(path, 1, 5);
    append_bytes(path, padding, sizeof padding);
    assert_int_equal(count(path, &read, &err), GS_OK);
    assert_int_equal(read, 5);
    unlink(path);
    path = path_with(""); /* fewer bytes than a magic has */
    append_bytes(path, "l", 1);
    struct lines *lines;
    char *line;
    size_t length;
    assert_int_equal(lines_open(&lines, path, LINES_MAX, &err), GS_OK);
    assert_int_equal(lines_next(lines, &line, &length, &err), GS_OK);
    assert_int_equal(length, 1);
    lines_close(lines);
    unlink(path);
}

/* The lines before the damage come, then the error says how far it got. */
static void cut_short_and_broken(void **state)
{
    (void)state;
    for (size_t i = 1; i < PACKINGS; i++) {
        const char *path = path_with(packing[i].ending);
        struct stat status;
        struct error err;
        uint64_t read;
        char where[64];
        append(path, 1, LINES);
        assert_int_equal(stat(path, &status), 0);
        for (int cut = 0; cut < 3; cut++) { /* within the checksum, in the middle, in the first block */
            static const off_t keep[] = {-1, 0, 40};
            assert_int_equal(truncate(path, cut == 0   ? status.st_size - 1
                                            : cut == 1 ? status.st_size / 2
                                                       : keep[cut]),
                             0);
            assert_int_equal(count(path, &read, &err), GS_BAD_INPUT);
            snprintf(where, sizeof where, "%s:%llu: %s", packing[i].ending, (unsigned long long)read + 1,
                     packing[i].cut);
            assert_non_null(strstr(err.text, where));
            assert_true(cut == 0 ? read > LINES * 9 / 10 : cut == 1 ? read > LINES / 10 && read < LINES : read < 100);
        }
        unlink(path);
        append(path, 1, LINES);
        int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, "\xff\xff\xff\xff", 4, status.st_size - 4), 4); /* length or checksum */
        close(fd);
        assert_int_equal(count(path, &read, &err), GS_BAD_INPUT);
        snprintf(where, sizeof where, "%s:%llu: %s", packing[i].ending, (unsigned long long)read + 1,
                 packing[i].broken);
        if (!strstr(err.text, where))
            fail_msg("'%s' does not say '%s'", err.text, where);
        unlink(path);
    }
}

/* A file that has no end: the error must come before it. */
static void endless_line_is_refused(void **state)
{
    struct lines *lines;
    struct error err = {0};
    char *line;
    size_t length;
    (void)state;
    assert_int_equal(lines_open(&lines, "/dev/zero", 1000000, &err), GS_OK);
    assert_int_equal(lines_next(lines, &line, &length, &err), GS_BAD_INPUT);
    assert_string_equal(err.text, "/dev/zero:1: line is longer than 65536 bytes");
    assert_null(line);
    lines_close(lines);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_joined),
        cmocka_unit_test(what_stands_around_the_data),
        cmocka_unit_test(cut_short_and_broken),
        cmocka_unit_test(endless_line_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
