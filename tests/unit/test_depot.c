/* test_depot.c - how much room a program is given in the swap file, by what a management library of the test's own says. */
#include "backend/serve/depot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int count_result, device_result, memory_result, list_result;
static uint64_t used;

static int count_gpus(unsigned *count)
{
    *count = count_result == NVML_SUCCESS ? 1 : 0;
    return count_result;
}

static int find_device(unsigned index, nvml_device *device)
{
    (void)index;
    *device = NULL;
    return device_result;
}

static int tell_memory(nvml_device device, struct nvml_memory *memory)
{
    (void)device;
    memory->total = 1 << 30;
    return memory_result;
}

static int list_processes(nvml_device device, unsigned *count, struct nvml_process *process)
{
    (void)device;
    *count = 1;
    *process = (struct nvml_process){.pid = (unsigned)getpid(), .used = used};
    return list_result;
}

/* The library does not answer, or never tells: before anything is asked of the driver or written into the file. */
static int save(int *result, int value, struct error *err)
{
    static struct nvml nvml = {
        .count = count_gpus, .device = find_device, .memory = tell_memory, .processes = list_processes};
    static char file; /* its room is not asked for */
    const struct depot depot = {.nvml = &nvml, .file = (struct swapfile *)(void *)&file};
    const struct stored process = {.pid = (int)getpid(), .start = 1, .bytes = 1};
    int rc;

    *err = (struct error){0};
    *result = value;
    rc = depot_save(&depot, &process, err);
    *result = NVML_SUCCESS;
    return rc;
}

static void test_no_answer_is_asked_for_again(void **state)
{
    static int *const call[] = {&count_result, &device_result, &memory_result, &list_result};
    enum { UNKNOWN = 999 };
    struct error err;

    (void)state;
    for (unsigned i = 0; i < sizeof call / sizeof *call; i++) {
        assert_int_equal(save(call[i], UNKNOWN, &err), GS_BUSY);
        assert_non_null(strstr(err.text, "cannot be told just now"));
        assert_int_equal(save(call[i], NVML_TIMEOUT, &err), GS_BUSY);
    }
}

static void test_what_is_never_told_is_final(void **state)
{
    static int *const call[] = {&device_result, &memory_result, &list_result};
    struct error err;

    (void)state;
    for (unsigned i = 0; i < sizeof call / sizeof *call; i++) {
        assert_int_equal(save(call[i], NVML_NOT_SUPPORTED, &err), GS_UNSATISFIABLE);
        assert_int_equal(save(call[i], NVML_NO_PERMISSION, &err), GS_UNSATISFIABLE);
    }
    used = UINT64_MAX;
    assert_int_equal(save(&list_result, NVML_SUCCESS, &err), GS_UNSATISFIABLE);
    assert_non_null(strstr(err.text, "the driver does not tell how much"));
    used = 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_answer_is_asked_for_again),
        cmocka_unit_test(test_what_is_never_told_is_final),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
