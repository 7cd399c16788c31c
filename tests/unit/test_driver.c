/* test_driver.c - the table of the CUDA driver: what it finds, and what it says where there is none. */
#include "double_fixture.h"

static struct error err;

static void expect(const char *library, const char *text)
{
    memset(&err, 0, sizeof err);
    setenv("GPUSWAP_LIBCUDA", library, 1);
    assert_int_equal(driver_open(&cu, &err), GS_NO_DEVICE);
    if (strstr(err.text, text) == NULL)
        fail_msg("it says '%s' and not '%s'", err.text, text);
    assert_null(cu.library);
}

static void test_opens(void **state)
{
    (void)state;
    double_reset("gpus=2 driver=12040");
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_open(&cu, &err), GS_OK);
    assert_int_equal(cu.version, 12040);
    assert_int_equal(cu.features, 0); /* the double cannot take processes off the GPU */
    assert_null(cu.checkpoint_lock);
    assert_non_null(cu.chunk_map);
    driver_close(&cu);
    assert_null(cu.library);
    assert_no_violation();
}

static void test_says_what_is_missing(void **state)
{
    (void)state;
    expect("/nonexistent/libcuda.so.1", "'/nonexistent/libcuda.so.1', which GPUSWAP_LIBCUDA names, cannot be loaded");
    expect("libm.so.6", "'libm.so.6' is no CUDA driver");
    double_reset("driver=10010");
    expect(DOUBLE_LIBCUDA, "knows CUDA 10.1 and must know 11.4; install driver 470 or newer");
    double_reset("fault=cuInit#1=100");
    expect(DOUBLE_LIBCUDA, "finds no GPU");
    double_reset("fault=cuInit#1=802");
    expect(DOUBLE_LIBCUDA, "'cuInit'");
    double_reset("fault=cuInit#1=803"); /* the library was renewed, the kernel's module was not */
    expect(DOUBLE_LIBCUDA, "'cuInit' says CUresult (803); see what 'nvidia-smi' says");
    double_reset("fault=cuInit#1=999");
    expect(DOUBLE_LIBCUDA, "does not begin");
    double_reset("fault=cuDriverGetVersion#1=34");
    expect(DOUBLE_LIBCUDA, "is the toolkit's stub and no driver");
}

static void test_nothing_to_load(void **state)
{
    (void)state;
    if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD) != NULL)
        fail_msg("the double is loaded already");
    unsetenv("GPUSWAP_LIBCUDA");
    memset(&err, 0, sizeof err);
    if (driver_open(&cu, &err) == GS_OK) { /* a machine that has a driver */
        driver_close(&cu);
        skip();
    }
    assert_int_equal(err.code, GS_NO_DEVICE);
}

/* Symbols and versions of all rows belong together: no two rows share a field or a symbol. */
static void test_rows(void **state)
{
    const struct driver_entry *a, *b;

    (void)state;
    for (unsigned i = 0; (a = driver_entry_at(i)) != NULL; i++) {
        assert_true(a->abi >= 2000 && a->abi <= CUDA_VERSION);
        assert_true(a->feature != DRIVER_ALWAYS || a->abi <= DRIVER_OLDEST);
        for (unsigned k = 0; k < i; k++) {
            b = driver_entry_at(k);
            assert_string_not_equal(a->symbol, b->symbol);
            assert_true(a->offset != b->offset);
        }
    }
}

static void test_verdicts(void **state)
{
    (void)state;
    assert_int_equal(driver_judge(CUDA_SUCCESS), DRIVER_FINE);
    assert_int_equal(driver_judge(CUDA_ERROR_OUT_OF_MEMORY), DRIVER_LATER);
    assert_int_equal(driver_judge(CUDA_ERROR_NOT_READY), DRIVER_LATER);
    assert_int_equal(driver_judge(CUDA_ERROR_ILLEGAL_ADDRESS), DRIVER_BROKEN);
    assert_int_equal(driver_judge(CUDA_ERROR_ECC_UNCORRECTABLE), DRIVER_BROKEN);
    assert_int_equal(driver_judge(CUDA_ERROR_INVALID_VALUE), DRIVER_OURS);
    assert_int_equal(driver_judge(CUDA_ERROR_DEVICE_UNAVAILABLE), DRIVER_GONE);
    assert_int_equal(driver_judge((CUresult)98765), DRIVER_BROKEN);
}

static void test_fail_texts(void **state)
{
    (void)state;
    double_begin("");
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_fail(&cu, CUDA_ERROR_OUT_OF_MEMORY, "cuMemCreate", &err), GS_BUSY);
    assert_string_equal(err.text, "'cuMemCreate': out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)");
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_fail(&cu, (CUresult)98765, "cuMemMap", &err), GS_IO);
    assert_string_equal(err.text, "'cuMemMap': an error that the driver has no text for (CUresult, 98765)");
    double_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_load), /* first: once the double is loaded, its name finds it */
        cmocka_unit_test(test_opens),
        cmocka_unit_test(test_says_what_is_missing),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_fail_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
