/* test_serve_worker.c - the threads that move processes, two of them on the double with two GPUs: what is asked for comes
 * out in order and is so, whatever programs do meanwhile.  Also under the thread sanitizer. */
#include "double_fixture.h"

#include "backend/serve/worker.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GPUS = 2, PROGRAMS = 4, EACH = PROGRAMS / GPUS, LOCK_MS = 5000 };

static char folder[] = "/tmp/gpuswap-worker.XXXXXX";
static struct driver driver;
static struct nvml nvml;
static nvml_device device[GPUS];
static struct worker *worker[GPUS];
static struct depot depot; /* the driver keeps everything */
static int results;
static pid_t program[PROGRAMS];
static int output[PROGRAMS] = {-1, -1, -1, -1};
static uint32_t asked[GPUS], answered[GPUS];

/* It works until it is killed, or finds a wrong word. */
static void start(int i)
{
    static const char *const name[PROGRAMS] = {"once", "chunks", "threads", "busy"};
    char path[300], text[5][400], bursts[] = "1000000", mib[] = "4", pause_ms[] = "1";
    char *argv[] = {path, bursts, mib, pause_ms, NULL};
    char *environment[] = {text[0], text[1], text[2], text[3], text[4], NULL};
    posix_spawn_file_actions_t actions;

    snprintf(path, sizeof path, "%s/client_%s", CLIENTS, name[i]);
    snprintf(text[0], sizeof *text, "LD_LIBRARY_PATH=%s", DOUBLE_FOLDER);
    snprintf(text[1], sizeof *text, "GPUSWAP_DOUBLE=%s", getenv("GPUSWAP_DOUBLE"));
    snprintf(text[2], sizeof *text, "CUDA_VISIBLE_DEVICES=%d", i / EACH);
    snprintf(text[3], sizeof *text, "TSAN_OPTIONS=%s", getenv("TSAN_OPTIONS") != NULL ? getenv("TSAN_OPTIONS") : "");
    snprintf(text[4], sizeof *text, "ASAN_OPTIONS=detect_leaks=0");
    posix_spawn_file_actions_init(&actions);
    output[i] = memfd_create("output", MFD_CLOEXEC);
    assert_true(output[i] >= 0);
    posix_spawn_file_actions_adddup2(&actions, output[i], STDOUT_FILENO);
    assert_int_equal(posix_spawn(&program[i], path, &actions, NULL, argv, environment), 0);
    posix_spawn_file_actions_destroy(&actions);
}

static off_t said(int i)
{
    struct stat file;

    return fstat(output[i], &file) == 0 ? file.st_size : -1;
}

/* It says more bursts, and so has found no wrong word in them. */
static void must_go_on(int i)
{
    enum { SOME = 100 };
    off_t before = said(i);

    for (int attempt = 0; attempt < 2000 && said(i) < before + SOME; attempt++)
        usleep(10000);
    assert_true(said(i) >= before + SOME);
    assert_int_equal(waitpid(program[i], NULL, WNOHANG), 0);
}

static void stop(int i)
{
    if (program[i] > 0) {
        kill(program[i], SIGKILL);
        waitpid(program[i], NULL, 0);
        close(output[i]);
    }
    program[i] = 0;
}

static enum checkpoint_state state_of(int i)
{
    enum checkpoint_state state = CHECKPOINT_NONE;
    struct error err = {0};

    return checkpoint_state(&driver, program[i], &state, &err) == GS_OK ? state : CHECKPOINT_NONE;
}

static void must_have_begun(int i)
{
    for (int attempt = 0; attempt < 2000 && state_of(i) == CHECKPOINT_NONE; attempt++)
        usleep(10000);
    assert_int_equal(state_of(i), CHECKPOINT_RUNS);
}

static int begin(void **state)
{
    static struct error err;
    char options[200];

    (void)state;
    if (*folder != '\0' && access(folder, F_OK) != 0 && mkdtemp(folder) == NULL)
        return -1;
    snprintf(options, sizeof options, "real_clock=yes gpus=2 in=4GB/s out=4GB/s folder=%s", folder);
    setenv("GPUSWAP_DOUBLE", options, 1);
    setenv("GPUSWAP_LIBNVML", DOUBLE_LIBNVML, 1);
    double_reset(options);
    if (driver_open(&driver, &err) != GS_OK || nvml_open(&nvml, &err) != GS_OK ||
        checkpoint_probe(&driver, &err) != GS_OK || (results = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
        fail_msg("%s", err.text);
    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
        assert_int_equal(nvml.device(gpu, &device[gpu]), NVML_SUCCESS);
        assert_int_equal(worker_open(&worker[gpu], &driver, &nvml, device[gpu], &depot, results, &err), GS_OK);
        asked[gpu] = answered[gpu] = 0;
    }
    return 0;
}

static int end(void **state)
{
    DIR *files = opendir(folder);
    struct dirent *file;

    (void)state;
    for (int i = 0; i < PROGRAMS; i++)
        stop(i);
    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
        if (!worker_close(worker[gpu]))
            return -1;
        worker[gpu] = NULL;
    }
    close(results);
    nvml_close(&nvml);
    driver_close(&driver);
    while (files != NULL && (file = readdir(files)) != NULL)
        unlinkat(dirfd(files), file->d_name, 0);
    if (files != NULL)
        closedir(files);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void ask(int i, enum work_kind kind)
{
    int gpu = i / EACH;
    struct work work = {.kind = kind, .place = (uint32_t)i << 16 | asked[gpu]++, .timeout_ms = LOCK_MS, .pids = 1};

    work.pid[0] = program[i];
    work.pidfd[0] = (int)syscall(SYS_pidfd_open, program[i], 0);
    assert_true(work.pidfd[0] >= 0);
    assert_int_equal(worker_ask(worker[gpu], &work), GS_OK);
}

/* In the order in which they were asked for. */
static struct work take(int gpu)
{
    struct work work;

    assert_true(worker_wait(worker[gpu], &work));
    assert_int_equal(work.place & 0xffff, answered[gpu]++);
    assert_int_equal((work.place >> 16) / EACH, gpu);
    assert_int_equal(work.pids, 0); /* its files are closed */
    return work;
}

/* One after the other, each looked at. */
static void test_there_and_back(void **state)
{
    static const struct {
        enum work_kind kind;
        enum checkpoint_state after;
    } step[] = {
        {WORK_QUIET, CHECKPOINT_QUIET}, {WORK_RESUME, CHECKPOINT_RUNS}, {WORK_AWAY, CHECKPOINT_AWAY},
        {WORK_AWAY, CHECKPOINT_AWAY},   {WORK_BACK, CHECKPOINT_RUNS},   {WORK_BACK, CHECKPOINT_RUNS},
        {WORK_QUIET, CHECKPOINT_QUIET}, {WORK_AWAY, CHECKPOINT_AWAY},   {WORK_BACK, CHECKPOINT_RUNS},
    };
    struct work work;
    uint64_t count = 0;

    (void)state;
    start(0);
    must_have_begun(0);
    for (unsigned i = 0; i < sizeof step / sizeof *step; i++) {
        ask(0, step[i].kind);
        work = take(0);
        if (work.rc != GS_OK)
            fail_msg("step %u: %s", i, work.why);
        assert_int_equal(state_of(0), step[i].after);
    }
    assert_false(worker_take(worker[0], &work));
    assert_false(worker_wait(worker[0], &work)); /* nothing is under way: it does not wait */
    assert_int_equal(read(results, &count, sizeof count), sizeof count);
    assert_int_equal(count, sizeof step / sizeof *step);
    must_go_on(0);
}

/* A process that there was no file for has not ended: nothing is done, and that is said. */
static void test_unheld(void **state)
{
    struct work work = {.timeout_ms = LOCK_MS, .pids = 1, .pidfd = {-1}, .unheld = true};

    (void)state;
    start(0);
    must_have_begun(0);
    work.pid[0] = program[0];
    for (int kind = WORK_AWAY; kind <= WORK_RESUME; kind++) {
        work.kind = (enum work_kind)kind;
        work.place = asked[0]++;
        assert_int_equal(worker_ask(worker[0], &work), GS_OK);
        assert_int_equal(take(0).rc, GS_BUSY);
    }
    assert_int_equal(state_of(0), CHECKPOINT_RUNS);
}

/* Many at once, to both threads, while the programs work. */
static void test_many_at_once(void **state)
{
    enum { ROUNDS = 3 };

    (void)state;
    for (int i = 0; i < PROGRAMS; i++)
        start(i);
    for (int i = 0; i < PROGRAMS; i++)
        must_have_begun(i);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < PROGRAMS; i++) {
            ask(i, WORK_AWAY);
            ask(i, WORK_BACK);
        }
        for (int gpu = 0; gpu < GPUS; gpu++)
            for (int i = 0; i < 2 * EACH; i++)
                assert_int_equal(take(gpu).rc, GS_OK);
    }
    for (int i = 0; i < PROGRAMS; i++)
        must_go_on(i);
}

/* One that ends in the middle is left out, and the next is served. */
static void test_ends_meanwhile(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) {
        start(0);
        must_have_begun(0);
        for (int i = 0; i < 4; i++)
            ask(0, i % 2 == 0 ? WORK_AWAY : WORK_BACK);
        usleep((useconds_t)round * 3000);
        stop(0);
        for (int i = 0; i < 4; i++) {
            struct work work = take(0);

            if (work.rc != GS_OK || work.lost)
                fail_msg("round %d: %s", round, work.why);
        }
    }
}

/* It is closed with work before it: what is under way is waited for, the rest is left, and no file stays open. */
static void test_closed_early(void **state)
{
    int before, after;

    (void)state;
    start(0);
    must_have_begun(0);
    before = dup(results);
    close(before);
    for (int i = 0; i < 20; i++)
        ask(0, i % 2 == 0 ? WORK_AWAY : WORK_BACK);
    assert_true(worker_close(worker[0]));
    worker[0] = NULL;
    after = dup(results);
    close(after);
    assert_int_equal(after, before);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, begin, end),
        cmocka_unit_test_setup_teardown(test_unheld, begin, end),
        cmocka_unit_test_setup_teardown(test_many_at_once, begin, end),
        cmocka_unit_test_setup_teardown(test_ends_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_closed_early, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, remove_folder);
}
