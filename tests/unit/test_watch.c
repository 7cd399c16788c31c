/* test_watch.c - what the watch makes of a management library that says whatever the test wants it to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backend/cuda/watch.h"

enum { MOST = 8, SECOND = 1000000 };
#define GIB (UINT64_C(1) << 30)
#define DAY INT64_C(1700000000000000)

/* What the library says. */
static struct {
    struct nvml_process process[MOST];
    unsigned processes;
    int processes_result;
    struct nvml_use use[MOST];
    unsigned uses;
    int use_result;
    struct nvml_sample sample[MOST];
    unsigned samples;
    int samples_result;
    uint64_t asked_since;
    unsigned gpus, mig;
} says;

static int say_count(unsigned *count)
{
    *count = says.gpus;
    return NVML_SUCCESS;
}

static int say_device(unsigned index, nvml_device *device)
{
    *device = (nvml_device)((uintptr_t)index + 1);
    return NVML_SUCCESS;
}

static int say_name(nvml_device device, char *text, unsigned length)
{
    (void)device;
    snprintf(text, length, "a GPU");
    return NVML_SUCCESS;
}

static int say_uuid(nvml_device device, char *text, unsigned length)
{
    snprintf(text, length, "GPU-%u", (unsigned)(uintptr_t)device);
    return NVML_SUCCESS;
}

static int say_memory(nvml_device device, struct nvml_memory *memory)
{
    (void)device;
    memory->total = 80 * GIB;
    memory->used = 3 * GIB;
    return NVML_SUCCESS;
}

static int say_mig(nvml_device device, unsigned *current, unsigned *pending)
{
    (void)device;
    *current = *pending = says.mig;
    return NVML_SUCCESS;
}

static int say_processes(nvml_device device, unsigned *count, struct nvml_process *process)
{
    (void)device;
    memcpy(process, says.process, sizeof says.process);
    *count = says.processes;
    return says.processes_result;
}

static int say_use(nvml_device device, struct nvml_use *use, unsigned *count, unsigned long long since_us)
{
    (void)device;
    says.asked_since = since_us;
    memcpy(use, says.use, sizeof says.use);
    *count = says.uses;
    return says.use_result;
}

static int say_samples(nvml_device device, int kind, unsigned long long since_us, int *type, unsigned *count,
                       struct nvml_sample *sample)
{
    (void)device;
    assert_int_equal(kind, NVML_GPU_UTILIZATION_SAMPLES);
    *type = NVML_VALUE_UNSIGNED;
    *count = 0;
    for (unsigned i = 0; i < says.samples; i++)
        if (says.sample[i].stamp_us > since_us)
            sample[(*count)++] = says.sample[i];
    return says.samples_result != NVML_SUCCESS ? says.samples_result : *count > 0 ? NVML_SUCCESS : NVML_NOT_FOUND;
}

static const struct nvml nvml = {.count = say_count,
                                 .device = say_device,
                                 .name = say_name,
                                 .uuid = say_uuid,
                                 .memory = say_memory,
                                 .processes = say_processes,
                                 .mig = say_mig,
                                 .use = say_use,
                                 .samples = say_samples};

static struct arena arena;
static struct watch watch;
static struct error err;
static char rows[4000], root[64];

/* "TIME ID MEMORY USE", times since DAY in ms, memory in GiB. */
static void keep(void *context, const struct watch_row *row)
{
    size_t used = strlen(rows);

    (void)context;
    snprintf(rows + used, sizeof rows - used, "%lld %s %.3g %.3g\n", (long long)((row->at_us - DAY) / 1000), row->id,
             row->used_bytes < 0 ? -1 : (double)row->used_bytes / (double)GIB, row->use);
}

static int set_up(void **state)
{
    (void)state;
    memset(&says, 0, sizeof says);
    memset(&err, 0, sizeof err);
    says.gpus = 1;
    snprintf(root, sizeof root, "/tmp/watch_XXXXXX");
    watch = (struct watch){.nvml = &nvml, .root = mkdtemp(root), .arena = &arena, .row = keep};
    *rows = '\0';
    return watch.root != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[100];

    (void)state;
    arena_fini(&arena);
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

/* A process that /proc shows. */
static void born(unsigned pid, const char *name, unsigned started)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc", root);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/proc/%u", root, pid);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/proc/%u/stat", root, pid);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%u (%s) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %u 20 21\n", pid, name, started);
    fclose(file);
}

static void begin(void)
{
    assert_int_equal(watch_add(&watch, NULL, &err), GS_OK);
}

static void look(int64_t ms)
{
    assert_int_equal(watch_look(&watch, DAY + ms * 1000, &err), GS_OK);
}

static void period_ends(int64_t ms, unsigned percent)
{
    says.sample[0] = (struct nvml_sample){(uint64_t)(DAY + ms * 1000), {percent}};
    says.samples = 1;
}

static void expect(const char *text)
{
    assert_string_equal(rows, text);
    *rows = '\0';
}

static void test_periods(void **state)
{
    (void)state;
    born(7, "py thon(3)", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    period_ends(-100, 30);
    begin();
    look(0);
    expect("0 py_thon_3_-7-99.gpu0 1 -1\n");
    look(50); /* nothing new: no row */
    expect("");
    period_ends(67, 40);
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY + 60000), .sm = 38};
    says.uses = 1;
    look(100);
    assert_int_equal(says.asked_since, DAY - 100000);
    expect("-100 py_thon_3_-7-99.gpu0 -1 0.38\n");
    says.use_result = NVML_NOT_FOUND; /* idle */
    period_ends(234, 0);
    says.process[0].used = 2 * GIB;
    look(250);
    expect("250 py_thon_3_-7-99.gpu0 2 -1\n67 py_thon_3_-7-99.gpu0 -1 0\n");
    assert_int_equal(watch.met.periods, 2);
    assert_int_equal(watch.met.longest_us, 167000);
}

/* Who leaves within a period is charged for his share of it; a number that is used again is somebody new. */
static void test_leaving(void **state)
{
    (void)state;
    born(7, "a", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    period_ends(0, 0);
    begin();
    look(10);
    born(7, "b", 120);
    look(110);
    period_ends(167, 50);
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY + 167000), .sm = 50};
    says.uses = 1;
    says.processes = 0;
    look(210);
    expect("10 a-7-99.gpu0 1 -1\n110 b-7-120.gpu0 1 -1\n0 a-7-99.gpu0 -1 0.5\n0 b-7-120.gpu0 -1 0.5\n");
    period_ends(334, 0);
    look(400);
    expect("");
}

static void has_words(unsigned pid, const char *words, size_t size)
{
    char path[200];
    FILE *file;

    snprintf(path, sizeof path, "%s/proc/%u/cmdline", root, pid);
    file = fopen(path, "w");
    assert_non_null(file);
    fwrite(words, 1, size, file);
    fclose(file);
}

/* The daemon has a context on each GPU where it moves memory itself; what others have there is theirs alone. */
static void test_daemon(void **state)
{
    static const char serve[] = "/usr/bin/gpuswap-sim\0serve\0node.ini", live[] = "gpuswap-sim\0live\0serve";

    (void)state;
    born(7, "a", 99);
    born(8, "gpuswap-sim", 98);
    has_words(8, serve, sizeof serve);
    born(9, "gpuswap-sim", 97); /* this is a load */
    has_words(9, live, sizeof live);
    for (unsigned i = 0; i < 3; i++)
        says.process[i] = (struct nvml_process){.pid = 7 + i, .used = (i + 1) * GIB};
    says.processes = 3;
    period_ends(0, 0);
    begin();
    look(10);
    period_ends(167, 50);
    says.use[0] = (struct nvml_use){.pid = 8, .stamp_us = (uint64_t)(DAY + 167000), .sm = 50};
    says.uses = 1;
    look(210);
    expect("10 a-7-99.gpu0 1 -1\n10 gpuswap-sim-9-97.gpu0 3 -1\n0 a-7-99.gpu0 -1 0\n0 gpuswap-sim-9-97.gpu0 -1 0\n");
    assert_int_equal(watch.met.processes, 2);
    assert_int_equal(watch.met.strangers, 0);
}

/* Shares above 100 %, entries of before, processes that are not listed. */
static void test_nonsense(void **state)
{
    (void)state;
    born(7, "a", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    period_ends(0, 0);
    begin();
    look(10);
    period_ends(167, 50);
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY + 167000), .sm = 4000000};
    says.use[1] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY - 1), .sm = 70};
    says.use[2] = (struct nvml_use){.pid = 8, .stamp_us = (uint64_t)(DAY + 167000), .sm = 10};
    says.uses = 3;
    look(200);
    expect("10 a-7-99.gpu0 1 -1\n0 a-7-99.gpu0 -1 0\n");
    assert_int_equal(watch.met.strangers, 1);
}

/* A period that ends between the two questions belongs to what is told of processes. */
static void test_between(void **state)
{
    (void)state;
    born(7, "a", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    period_ends(0, 0);
    begin();
    look(10);
    period_ends(167, 50);
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY + 334000), .sm = 40};
    says.uses = 1;
    look(335);
    assert_int_equal(watch.met.longest_us, 334000);
    period_ends(334, 30);
    look(340);
    expect("10 a-7-99.gpu0 1 -1\n0 a-7-99.gpu0 -1 0.4\n");
}

/* A driver whose clock is not that of day: its time is moved. */
static void test_other_clock(void **state)
{
    (void)state;
    born(7, "a", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    says.sample[0] = (struct nvml_sample){5 * SECOND, {0}};
    says.samples = 1;
    begin();
    look(0);
    says.sample[0].stamp_us = 6 * SECOND;
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = 6 * SECOND, .sm = 25};
    says.uses = 1;
    look(1000);
    expect("0 a-7-99.gpu0 1 -1\n0 a-7-99.gpu0 -1 0.25\n");
    assert_int_equal(watch.met.longest_us, SECOND);
}

/* Without samples of the GPU, periods end with what is told of processes, or after a second. */
static void test_without_samples(void **state)
{
    (void)state;
    born(7, "a", 99);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.processes = 1;
    says.samples_result = NVML_NOT_SUPPORTED;
    says.use_result = NVML_NOT_FOUND;
    begin();
    look(0);
    look(100);
    look(600);
    expect("0 a-7-99.gpu0 1 -1\n");
    says.use_result = NVML_SUCCESS;
    says.use[0] = (struct nvml_use){.pid = 7, .stamp_us = (uint64_t)(DAY + 650000), .sm = 60};
    says.uses = 1;
    look(700);
    expect("0 a-7-99.gpu0 -1 0.6\n");
    says.use_result = NVML_NOT_FOUND;
    look(1600);
    expect("");
    look(1700);
    expect("650 a-7-99.gpu0 -1 0\n");
}

/* Without processes' use: one alone is charged for all, of several nobody is. */
static void test_without_use(void **state)
{
    (void)state;
    born(7, "a", 99);
    born(8, "b", 100);
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB};
    says.process[1] = (struct nvml_process){.pid = 8, .used = UINT64_MAX};
    says.processes = 1;
    says.use_result = NVML_NOT_SUPPORTED;
    period_ends(0, 0);
    begin();
    look(0);
    period_ends(167, 80);
    look(200);
    expect("0 a-7-99.gpu0 1 -1\n0 a-7-99.gpu0 -1 0.8\n");
    says.processes = 2;
    period_ends(334, 80);
    look(400);
    expect("400 b-8-100.gpu0 -1 -1\n167 a-7-99.gpu0 -1 -1\n167 b-8-100.gpu0 -1 -1\n");
    assert_int_equal(watch.met.shared, 1);
    assert_int_equal(watch.met.no_memory, 1);
}

static void test_refusals(void **state)
{
    (void)state;
    says.process[0] = (struct nvml_process){.pid = 7, .used = GIB}; /* nothing in /proc */
    says.processes = 1;
    says.gpus = 2;
    assert_int_equal(watch_add(&watch, "GPU-2", &err), GS_OK);
    assert_int_equal(watch.gpu[0].index, 1);
    assert_int_equal(watch_add(&watch, "2", &err), GS_NO_DEVICE);
    memset(&err, 0, sizeof err);
    look(0);
    expect("0 process-7-0.gpu1 1 -1\n");
    assert_int_equal(watch.met.unseen, 1);
    says.processes_result = NVML_NO_PERMISSION;
    look(100);
    assert_int_equal(watch.met.refused, 1);
    assert_int_equal(watch.met.refusal, NVML_NO_PERMISSION);
    assert_int_equal(watch.gpu[0].count, 1);
    says.processes_result = NVML_GPU_IS_LOST;
    assert_int_equal(watch_look(&watch, DAY + 200000, &err), GS_NO_DEVICE);
    assert_string_equal(err.text, "GPU 1 is lost");
    says.processes_result = NVML_NO_PERMISSION;
    memset(&err, 0, sizeof err);
    assert_int_equal(watch_add(&watch, "0", &err), GS_NOT_PERMITTED);
}

/* Entries that are larger than the header says, and lists that make no sense either way. */
static void test_stride(void **state)
{
    struct nvml_holder holder[MOST];
    unsigned char *raw = (unsigned char *)says.process;
    nvml_device device;

    (void)state;
    nvml.device(0, &device);
    for (unsigned i = 0; i < 3; i++) {
        struct nvml_process one = {.pid = 100 + i, .used = (i + 1) * GIB};
        memcpy(raw + i * 32, &one, sizeof one);
    }
    says.processes = 3;
    assert_int_equal(nvml_holders(&nvml, device, holder, MOST), 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(holder[i].pid, 100 + i);
        assert_int_equal(holder[i].used_bytes, (i + 1) * GIB);
    }
    memset(raw + 24, 0xFF, 8); /* and a field that is not known instead of zero */
    assert_int_equal(nvml_holders(&nvml, device, holder, MOST), 3);
    says.process[0].used = 90 * GIB;
    assert_int_equal(nvml_holders(&nvml, device, holder, MOST), NVML_NONSENSE);
}

static void test_used(void **state)
{
    nvml_device device;

    (void)state;
    nvml.device(0, &device);
    says.process[0] = (struct nvml_process){.pid = 100, .used = UINT64_MAX};
    says.process[1] = (struct nvml_process){.pid = 101, .used = GIB};
    says.processes = 2;
    uint64_t used[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(nvml_used(&nvml, device, 100 + i, &used[i]), NVML_SUCCESS);
    assert_true(used[0] == UINT64_MAX && used[1] == GIB && used[2] == 0);
    says.processes_result = NVML_NO_PERMISSION;
    assert_int_equal(nvml_used(&nvml, device, 102, &used[0]), NVML_NO_PERMISSION);
    assert_true(used[0] == UINT64_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_daemon), /* of a node */
        TEST(test_periods),     TEST(test_leaving),     TEST(test_nonsense),
        TEST(test_other_clock), TEST(test_without_use), TEST(test_without_samples),
        TEST(test_refusals),    TEST(test_stride),      TEST(test_between),
        TEST(test_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
