/* test_spool.c - lists written side by side come back whole, whatever their length and values; no file stays behind. */
#include "traces/spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LISTS = 40, ITEMS = 3000 };

/* Item `i` of a list, of so many values: small ones, large ones and the extremes. */
static void item_of(size_t list, size_t i, int64_t value[SPOOL_VALUES])
{
    for (size_t k = 0; k < SPOOL_VALUES; k++) {
        uint64_t x = (list * 1000003 + i * 8191 + k + 1) * UINT64_C(0x9e3779b97f4a7c15);
        unsigned shift = (unsigned)(x >> 58);
        value[k] = (int64_t)(x >> shift) * (x & 1 ? -1 : 1);
        value[k] = shift == 0 ? INT64_MAX : shift == 1 ? INT64_MIN : value[k];
    }
    value[0] = (int64_t)(i * i * (list + 1)); /* grows, as times do */
}

static size_t values_of(size_t list)
{
    return 1 + list % SPOOL_VALUES;
}

static size_t length_of(size_t list)
{
    return list % 5 == 0 ? list / 5 : ITEMS / (list + 1);
}

static void test_lists_come_back(void **unused)
{
    struct arena arena = {0};
    struct error err = {0};
    struct spool *spool;
    struct spool_list list[LISTS] = {{0}};
    unsigned char block[2][SPOOL_BLOCK];

    (void)unused;
    assert_int_equal(spool_open(&spool, &arena, &err), GS_OK);
    for (size_t i = 0; i < ITEMS; i++)
        for (size_t l = 0; l < LISTS; l++) {
            int64_t value[SPOOL_VALUES];
            item_of(l, i, value);
            if (i < length_of(l))
                assert_int_equal(spool_put(spool, &list[l], value, values_of(l), &err), GS_OK);
            else if (i == length_of(l))
                assert_int_equal(spool_end(spool, &list[l], &err), GS_OK);
        }
    spool_written(spool);
    for (size_t l = 0; l < LISTS; l++) {
        struct spool_reader reader[2] = {{.next = list[l].first, .block = block[0]},
                                         {.next = list[l].first, .block = block[1]}};
        for (size_t i = 0; i <= length_of(l); i++) {
            int64_t due[SPOOL_VALUES], value[SPOOL_VALUES];
            item_of(l, i, due);
            for (size_t r = 0; r < 2; r++) {
                bool more;
                assert_int_equal(spool_get(spool, &reader[r], value, values_of(l), &more, &err), GS_OK);
                assert_int_equal(more, i < length_of(l));
                if (more)
                    assert_memory_equal(value, due, values_of(l) * sizeof *value);
            }
        }
    }
    spool_close(spool);
    arena_fini(&arena);
}

/* An empty folder for the file. */
static const char *folder(void)
{
    static char path[64];
    strcpy(path, "/tmp/gpuswap-spool-XXXXXX");
    assert_non_null(mkdtemp(path));
    assert_int_equal(setenv("TMPDIR", path, 1), 0);
    return path;
}

static int entries_in(const char *path)
{
    DIR *d = opendir(path);
    int n = -2; /* . and .. */
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void test_no_file_stays(void **unused)
{
    struct arena arena = {0};
    struct error err = {0};
    struct spool *spool;
    const char *path = folder();

    (void)unused;
    assert_int_equal(spool_open(&spool, &arena, &err), GS_OK);
    assert_int_equal(entries_in(path), 0);
    spool_close(spool);
    spool_close(NULL);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(spool_open(&spool, &arena, &err), GS_CANT_CREATE);
    assert_null(spool);
    assert_non_null(strstr(err.text, "set TMPDIR to a folder with room"));
    assert_non_null(strstr(err.text, path));
    unsetenv("TMPDIR");
    arena_fini(&arena);
}

/* No room: here by a limit to the size of files. */
static void test_full_disk(void **unused)
{
    struct arena arena = {0};
    struct error err = {0};
    struct spool *spool;
    struct spool_list list = {0};
    struct rlimit before, small;
    int code = GS_OK;

    (void)unused;
    assert_int_equal(spool_open(&spool, &arena, &err), GS_OK);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 100 * SPOOL_BLOCK;
    setrlimit(RLIMIT_FSIZE, &small);
    for (int64_t i = 0; i < 100000 && !code; i++)
        code = spool_put(spool, &list, (const int64_t[]){i, 1000000}, 2, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(code, GS_IO);
    assert_non_null(strstr(err.text, "cannot write to a temporary file in"));
    spool_close(spool);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_come_back),
        cmocka_unit_test(test_no_file_stays),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
