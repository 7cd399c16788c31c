/* test_conform.c - the checks that users run on their GPUs, on the driver double: all of them hold there without one
 * violation, and each of them fails when what it is about goes wrong. */
#include "double_fixture.h"
#include "backend/cuda/conform_parts.h"

static struct error err;
static struct conform conform;
static struct conform_result result;

static int64_t now_ns(void)
{
    return (int64_t)dbl->now_ns();
}

static void nap(const void *unused)
{
    (void)unused;
    dbl->rest(dbl->now_ns() + GPU_NAP_NS);
}

static const struct conform_check *find(const char *name)
{
    const struct conform_check *one;

    for (unsigned i = 0; (one = conform_at(i)) != NULL; i++)
        if (strcmp(one->name, name) == 0)
            return one;
    fail_msg("there is no check '%s'", name);
    return NULL;
}

static void begin(const char *options)
{
    double_reset(options);
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_open(&cu, &err), GS_OK);
    conform = (struct conform){.cu = &cu, .budget_bytes = 24 * MIB, .now_ns = now_ns, .nap = nap};
}

static void run_all(const char *options)
{
    const struct conform_check *one;

    begin(options);
    for (unsigned i = 0; (one = conform_at(i)) != NULL; i++) {
        conform_run(&conform, one, &result);
        if (!result.ok)
            fail_msg("'%s' with '%s': %s", one->name, options, result.text);
        assert_string_equal(result.text, "");
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
    }
    driver_close(&cu);
}

static void test_all_hold(void **state)
{
    static const char *const options[] = {"",
                                          "granularity=256KiB",
                                          "chaos=1",
                                          "chaos=2 in=1GB/s",
                                          "latency=0",
                                          "no_binary=yes",
                                          "duplex=0.6",
                                          "granularity=64KiB out=500MB/s",
                                          "driver=12080 gpus=2"};

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        run_all(options[i]);
}

/* No more of the GPU than is allowed, besides the context and a page. */
static void test_budget(void **state)
{
    const struct conform_check *one;

    (void)state;
    for (unsigned i = 0; (one = conform_at(i)) != NULL; i++) {
        begin("granularity=64KiB context=1MiB memory=9216KiB"); /* 8 MiB, of which 7 may be used */
        conform.budget_bytes = 7 * MIB;
        conform_run(&conform, one, &result);
        if (!result.ok)
            fail_msg("'%s': %s", one->name, result.text);
        driver_close(&cu);
    }
    begin("");
    conform.budget_bytes = 1 * MIB;
    conform_run(&conform, find("swap"), &result);
    assert_string_equal(result.text, "1 MiB are too little for it");
    driver_close(&cu);
}

/* Calls that fail, and work that silently does not happen: the check says so, and what it took is given back. */
static void test_each_can_fail(void **state)
{
    static const struct {
        const char *name, *options, *says;
    } cases[] = {
        {"granularity", "fault=cuMemGetAllocationGranularity#2=1", "invalid argument"},
        {"granularity", "fault=cuMemSetAccess#1=1", "'cuMemSetAccess'"},
        {"remap", "fault=cuLaunchKernel#1=skip", "words of"},
        {"remap", "fault=cuMemcpyDtoHAsync#2=skip", "findings did not come back"},
        {"kernels", "fault=cuMemcpyDtoHAsync#2=skip", "findings did not come back"},
        {"remap", "fault=cuMemMap#3=1", "'cuMemMap'"},
        {"remap", "fault=cuMemUnmap#2=1", "'cuMemUnmap'"},
        {"free", "fault=cuMemRelease#2=1", "'cuMemRelease'"},
        {"free", "fault=cuMemCreate#2=2", "'cuMemCreate'"},
        {"free", "free_lag=3s", "of those released are not free after 2 s"},
        {"out-of-memory", "fault=cuMemCreate#1=1", "to be refused as out of memory"},
        {"out-of-memory", "fault=cuMemCreate#2=2", "after one that was refused"},
        {"kernels", "fault=cuLaunchKernel#2=skip", "written: "},
        {"kernels", "fault=cuLaunchKernel#8=skip", "moved on: "},
        {"kernels", "fault=cuMemcpyHtoDAsync#3=skip", "one planted: 0 words are wrong, not 1"},
        {"kernels", "fault=cuLaunchKernel#3=op719", "'cuLaunchKernel'"},
        {"ptx", "fault=cuLaunchKernel#1=skip", "written by the text"},
        {"ptx", "fault=cuModuleLoadDataEx#2=218", "the driver does not take it"},
        {"busy", "latency=10ms", "asked for 1 ms, it took"},
        {"busy", "fault=cuEventElapsedTime#2=400", "'cuEventElapsedTime'"},
        {"busy", "fault=cuLaunchKernel#2=hang", "has not ended for 30 s: it hangs"},
        {"events", "fault=cuStreamWaitEvent#2=skip", "took word 0 from before it"},
        {"events", "fault=cuEventQuery#1=400", "'cuEventQuery'"},
        {"priorities", "fault=cuCtxGetStreamPriorityRange#1=1", "'cuCtxGetStreamPriorityRange'"},
        {"priorities", "fault=cuStreamCreateWithPriority#4=1", "'cuStreamCreateWithPriority'"},
        {"swap", "fault=cuMemcpyDtoHAsync#3=skip", "words came back wrong"},
        {"swap", "fault=cuMemcpyHtoDAsync#9=skip", "words came back wrong"},
        {"swap", "fault=cuMemUnmap#3=1", "invalid argument"},
        {"exchange", "fault=cuMemcpyDtoHAsync#20=skip", "words came back wrong"},
        {"exchange", "fault=cuMemCreate#3+=2", "no memory for a swap-in"},
        {"duplex", "duplex=0.2", "both ways at once took"},
        {"duplex", "fault=cuMemcpyHtoDAsync#3=1", "'copies'"},
    };
    const struct conform_check *one;
    unsigned failed[64] = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(cases[i].options);
        conform_run(&conform, find(cases[i].name), &result);
        if (result.ok || strstr(result.text, cases[i].says) == NULL)
            fail_msg("'%s' with '%s': %s", cases[i].name, cases[i].options, result.ok ? "holds" : result.text);
        for (unsigned k = 0; (one = conform_at(k)) != NULL; k++)
            failed[k] += one == find(cases[i].name);
        driver_close(&cu);
    }
    for (unsigned k = 0; (one = conform_at(k)) != NULL; k++)
        if (failed[k] == 0)
            fail_msg("nobody has seen '%s' fail", one->name);
}

/* The GPU goes in the middle of each: the check fails and ends. */
static void test_lost(void **state)
{
    static const char *const faults[] = {"fault=cuMemCreate#1=lost46", "fault=cuLaunchKernel#2=lost46",
                                         "fault=cuEventRecord#2=lost46"};
    const struct conform_check *one;

    (void)state;
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
        for (unsigned i = 0; (one = conform_at(i)) != NULL; i++) {
            begin(faults[f]);
            conform_run(&conform, one, &result);
            assert_true(result.ok == (*result.text == '\0'));
            driver_close(&cu);
        }
}

/* It hangs in the middle of each: the check says so and ends, asks it for nothing more, and no other check is tried. */
static void test_hangs(void **state)
{
    static const struct {
        const char *call;
        unsigned nth;
    } faults[] = {{"cuLaunchKernel", 1}, {"cuMemcpyHtoDAsync", 2}, {"cuMemcpyDtoHAsync", 1}};
    const struct conform_check *one;
    unsigned hung = 0;

    (void)state;
    for (size_t f = 0; f < sizeof faults / sizeof *faults; f++)
        for (unsigned i = 0; (one = conform_at(i)) != NULL; i++) {
            char options[100];

            snprintf(options, sizeof options, "fault=%s#%u=hang", faults[f].call, faults[f].nth);
            begin(options);
            conform_run(&conform, one, &result);
            if (dbl->calls(faults[f].call) >= faults[f].nth &&
                (result.ok || strstr(result.text, "30 s: it hangs") == NULL))
                fail_msg("'%s' with '%s': %s", one->name, options, result.ok ? "holds" : result.text);
            assert_no_violation();
            if (!result.ok) {
                conform_run(&conform, find("free"), &result);
                assert_string_equal(result.text, "not tried: the GPU hangs");
                hung++;
            }
            driver_close(&cu);
        }
    print_message("%u hung\n", hung);
    assert_true(hung > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_hold), cmocka_unit_test(test_budget), cmocka_unit_test(test_each_can_fail),
        cmocka_unit_test(test_lost),     cmocka_unit_test(test_hangs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
