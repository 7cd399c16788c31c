/* test_swapfile.c - slots of the daemon's swap file: who has which, what a file that is full does, and what the next daemon
 * finds. */
#include "backend/serve/state.h"
#include "backend/serve/swapfile.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SLOTS = 8, CHILDREN = 3 };

static char path[64];
static struct swapfile *file;
static struct error err;
static pid_t child[CHILDREN];
static uint64_t start[CHILDREN];

static void begin_child(int i)
{
    child[i] = fork();
    if (child[i] == 0) {
        pause();
        _exit(0);
    }
    start[i] = process_start(child[i]);
}

static void end_child(int i)
{
    kill(child[i], SIGKILL);
    waitpid(child[i], NULL, 0);
}

static int open_slots(uint32_t slots, bool *fresh)
{
    memset(&err, 0, sizeof err);
    return swapfile_open(&file, path, (int64_t)slots * SWAPFILE_SLOT, 0, fresh, &err);
}

static int begin(void **state)
{
    bool fresh = false;

    (void)state;
    snprintf(path, sizeof path, "/dev/shm/gpuswap-unit-%d", (int)getpid());
    for (int i = 0; i < CHILDREN; i++)
        begin_child(i);
    return open_slots(SLOTS, &fresh) != GS_OK || !fresh;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < CHILDREN; i++)
        end_child(i);
    swapfile_close(file);
    return access(path, F_OK) == 0; /* nobody is left who needs it */
}

/* As if the daemon were killed: its mapping and its lock go, and nothing is tidied up. */
static void killed(void)
{
    uint64_t bytes;

    swapfile_memory(file, &bytes);
    link(path, "/dev/shm/gpuswap-unit-kept");
    swapfile_close(file); /* it removes the name if nobody needs it */
    if (access(path, F_OK) != 0)
        rename("/dev/shm/gpuswap-unit-kept", path);
    unlink("/dev/shm/gpuswap-unit-kept");
}

static void save(int i, uint64_t bytes, unsigned char fill)
{
    struct image image;

    assert_int_equal(swapfile_begin(file, child[i], start[i], bytes, &image, &err), GS_OK);
    for (uint32_t part = 0; part < image.slots; part++)
        memset(swapfile_at(file, &image, part), fill + (int)part, SWAPFILE_SLOT);
    swapfile_commit(file, &image, bytes);
    swapfile_end(file, &image, true);
}

static void check(int i, uint64_t bytes, unsigned char fill)
{
    struct image image;

    assert_int_equal(swapfile_find(file, child[i], start[i], &image, &err), IMAGE_WHOLE);
    assert_int_equal(image.bytes, bytes);
    for (uint32_t part = 0; part < image.slots; part++) {
        const unsigned char *slot = swapfile_at(file, &image, part);

        assert_int_equal(slot[0], fill + (int)part);
        assert_int_equal(slot[SWAPFILE_SLOT - 1], fill + (int)part);
    }
    swapfile_end(file, &image, true);
}

static void test_images_do_not_meet(void **state)
{
    (void)state;
    save(0, 3 * SWAPFILE_SLOT, 10);
    save(1, 2 * SWAPFILE_SLOT + 1, 20);
    save(2, 1, 30);
    check(0, 3 * SWAPFILE_SLOT, 10);
    check(1, 2 * SWAPFILE_SLOT + 1, 20);
    check(2, 1, 30);
    swapfile_drop(file, child[1], start[1]);
    save(2, 4 * SWAPFILE_SLOT, 40); /* in the slots of two others, and in place of what it had */
    check(0, 3 * SWAPFILE_SLOT, 10);
    check(2, 4 * SWAPFILE_SLOT, 40);
    assert_int_equal(swapfile_state(file, child[1], start[1]), IMAGE_NONE);
}

/* Asked for all at once, also who has nothing, and one who had that number before. */
static void test_held_bytes(void **state)
{
    struct holding held[] = {{.pid = child[2], .start = start[2]},
                             {.pid = child[0], .start = start[0]},
                             {.pid = child[1], .start = start[1]},
                             {.pid = child[0], .start = start[0] + 1}};

    (void)state;
    save(0, SWAPFILE_SLOT, 10);
    save(1, SWAPFILE_SLOT, 20);
    swapfile_drop(file, child[0], start[0]);
    save(2, 3 * SWAPFILE_SLOT, 30); /* on both sides of the other's */
    for (int i = 0; i < 2; i++) {
        swapfile_held(file, held, 4);
        assert_int_equal(held[0].bytes, 3 * SWAPFILE_SLOT);
        assert_int_equal(held[1].bytes, 0);
        assert_int_equal(held[2].bytes, SWAPFILE_SLOT);
        assert_int_equal(held[3].bytes, 0);
    }
    swapfile_held(file, held, 0);
}

static void test_full(void **state)
{
    struct image image, more;

    (void)state;
    save(0, 5 * SWAPFILE_SLOT, 10);
    assert_int_equal(swapfile_begin(file, child[1], start[1], 4 * SWAPFILE_SLOT, &image, &err), GS_BUSY);
    assert_non_null(strstr(err.text, "6 MiB left"));
    assert_int_equal(swapfile_begin(file, child[1], start[1], 2 * SWAPFILE_SLOT, &image, &err), GS_OK);
    assert_true(swapfile_grow(file, &image, 3 * SWAPFILE_SLOT));
    assert_false(swapfile_grow(file, &image, 3 * SWAPFILE_SLOT + 1));
    swapfile_commit(file, &image, SWAPFILE_SLOT); /* what it did not need is free again */
    assert_int_equal(swapfile_begin(file, child[2], start[2], 2 * SWAPFILE_SLOT, &more, &err), GS_OK);
    swapfile_end(file, &more, false);
    swapfile_end(file, &image, true);
    end_child(0); /* and what the dead have, if it is needed */
    save(2, 7 * SWAPFILE_SLOT, 50);
    assert_int_equal(swapfile_state(file, child[0], start[0]), IMAGE_NONE);
    begin_child(0);
}

/* Without a file for /proc nobody can be told to be gone. */
static void test_no_files_left(void **state)
{
    struct rlimit before, none;
    struct image image;
    int rc;

    (void)state;
    save(0, 5 * SWAPFILE_SLOT, 10);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    rc = swapfile_begin(file, child[1], start[1], 4 * SWAPFILE_SLOT, &image, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(rc, GS_BUSY);
    check(0, 5 * SWAPFILE_SLOT, 10);
}

/* While somebody copies, slots are his, though the process is gone. */
static void test_held(void **state)
{
    struct image image, other;

    (void)state;
    assert_int_equal(swapfile_begin(file, child[0], start[0], 5 * SWAPFILE_SLOT, &image, &err), GS_OK);
    end_child(0);
    assert_int_equal(swapfile_begin(file, child[1], start[1], 4 * SWAPFILE_SLOT, &other, &err), GS_BUSY);
    swapfile_end(file, &image, true);
    assert_int_equal(swapfile_begin(file, child[1], start[1], 4 * SWAPFILE_SLOT, &other, &err), GS_OK);
    swapfile_end(file, &other, false);
    begin_child(0);
}

static void test_next_daemon(void **state)
{
    struct image image;
    bool fresh = true;

    (void)state;
    save(0, 2 * SWAPFILE_SLOT, 10);
    assert_int_equal(swapfile_begin(file, child[1], start[1], 3 * SWAPFILE_SLOT, &image, &err), GS_OK);
    swapfile_end(file, &image, true);
    save(2, SWAPFILE_SLOT, 30);
    assert_int_equal(swapfile_find(file, child[2], start[2], &image, &err), IMAGE_WHOLE);
    swapfile_spoil(file, &image);
    swapfile_end(file, &image, true);
    killed();
    assert_int_equal(open_slots(SLOTS + 1, &fresh), GS_UNSATISFIABLE); /* of another size */
    assert_int_equal(open_slots(SLOTS, &fresh), GS_OK);
    assert_false(fresh);
    check(0, 2 * SWAPFILE_SLOT, 10);
    assert_int_equal(swapfile_state(file, child[1], start[1]), IMAGE_BEGUN);
    assert_int_equal(swapfile_state(file, child[2], start[2]), IMAGE_SPOILT);
    assert_int_equal(swapfile_find(file, child[2], start[2], &image, &err), IMAGE_SPOILT);
    assert_int_equal(swapfile_state(file, child[0], start[0] + 1), IMAGE_NONE); /* another process of that number */
    for (int i = 0; i < CHILDREN; i++)
        end_child(i);
    killed();
    assert_int_equal(open_slots(SLOTS + 1, &fresh), GS_OK); /* nobody needs it: it begins anew */
    assert_true(fresh);
    for (int i = 0; i < CHILDREN; i++)
        begin_child(i);
}

static void test_not_there_twice(void **state)
{
    struct swapfile *other = file;
    bool fresh;

    (void)state;
    assert_int_equal(open_slots(SLOTS, &fresh), GS_BUSY);
    file = other;
}

/* Not a file, and not in memory. */
static void test_no_swap_file(void **state)
{
    static const char dear[] =
        "what somebody would miss, and longer than the head of a swap file is, so that all is read\n";
    char text[sizeof dear];
    bool fresh = false;
    FILE *other;

    (void)state;
    swapfile_close(file);
    assert_non_null(other = fopen(path, "w"));
    assert_int_equal(fputs(dear, other) >= 0 && fclose(other) == 0, 1);
    assert_int_equal(open_slots(SLOTS, &fresh), GS_CANT_CREATE);
    assert_non_null(other = fopen(path, "r"));
    assert_non_null(fgets(text, sizeof text, other));
    fclose(other);
    assert_string_equal(text, dear);
    unlink(path);
    assert_int_equal(open_slots(SLOTS, &fresh), GS_OK);
}

static void test_where(void **state)
{
    struct swapfile *other;
    bool fresh;

    (void)state;
    assert_int_equal(swapfile_open(&other, "/dev/null", SWAPFILE_SLOT, 0, &fresh, &err), GS_UNSATISFIABLE);
    assert_null(other);
    memset(&err, 0, sizeof err);
    assert_int_equal(swapfile_open(&other, "/nowhere/at/all", SWAPFILE_SLOT, 0, &fresh, &err), GS_CANT_CREATE);
    assert_int_equal(symlink(path, "/dev/shm/gpuswap-unit-link"), 0);
    assert_int_equal(swapfile_open(&other, "/dev/shm/gpuswap-unit-link", SWAPFILE_SLOT, 0, &fresh, &err),
                     GS_CANT_CREATE);
    unlink("/dev/shm/gpuswap-unit-link");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_images_do_not_meet, begin, end),
        cmocka_unit_test_setup_teardown(test_held_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_full, begin, end),
        cmocka_unit_test_setup_teardown(test_no_files_left, begin, end),
        cmocka_unit_test_setup_teardown(test_held, begin, end),
        cmocka_unit_test_setup_teardown(test_next_daemon, begin, end),
        cmocka_unit_test_setup_teardown(test_not_there_twice, begin, end),
        cmocka_unit_test_setup_teardown(test_no_swap_file, begin, end),
        cmocka_unit_test_setup_teardown(test_where, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
