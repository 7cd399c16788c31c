/* test_double_memory.c - the driver double's memory: what a driver promises holds, what it forbids is refused and noted. */
#include "double_fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A call that must be refused, and noted as a violation of that kind. */
#define REFUSED(result, kind, call)                                                                                    \
    do {                                                                                                               \
        assert_int_equal(call, result);                                                                                \
        assert_violation(kind);                                                                                        \
        double_forget();                                                                                               \
    } while (0)

static CUdeviceptr va;

/* The violations so far were expected; there is no call for that, as tests ask for none, so begin anew. */
static void double_forget(void)
{
    OK(cu.module_unload(module));
    double_begin("");
    OK(cu.address_reserve(&va, 4 * CHUNK, 0, 0, 0));
}

static void test_sizes(void **state)
{
    CUmemAllocationProp prop = chunk_prop(), other = prop;
    CUmemGenericAllocationHandle handle;
    size_t grain = 0;
    CUdeviceptr at;

    (void)state;
    double_begin("");
    OK(cu.address_reserve(&va, 4 * CHUNK, 0, 0, 0));
    OK(cu.chunk_granularity(&grain, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    assert_int_equal(grain, CHUNK);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_create(&handle, grain / 2, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_create(&handle, 0, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_create(&handle, grain, &prop, 1));
    other.allocFlags.gpuDirectRDMACapable = 1;
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_create(&handle, grain, &other, 0));
    other = prop;
    other.location.id = 7;
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_create(&handle, grain, &other, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.address_reserve(&at, 5000, 0, 0, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.address_reserve(&at, CHUNK, 3 * CHUNK, 0, 0));
    OK(cu.address_reserve(&at, CHUNK, 8 * CHUNK, 0, 0));
    assert_int_equal(at % (8 * CHUNK), 0);
    OK(cu.address_free(at, CHUNK));
    OK(cu.address_free(va, 4 * CHUNK));
    double_end();
}

static void test_mappings(void **state)
{
    CUmemAllocationProp prop = chunk_prop();
    CUmemGenericAllocationHandle a, b;
    CUmemAccessDesc desc = chunk_desc();

    (void)state;
    double_begin("");
    double_forget();
    OK(cu.chunk_create(&a, CHUNK, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_map(va, CHUNK, 4096, a, 0));
    OK(cu.chunk_create(&a, CHUNK, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_map(va + 4 * CHUNK, CHUNK, 0, a, 0)); /* outside */
    OK(cu.chunk_create(&a, CHUNK, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_map(va + 4096, CHUNK, 0, a, 0));
    a = chunk_in(va);
    OK(cu.chunk_create(&b, CHUNK, &prop, 0));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_map(va, CHUNK, 0, b, 0)); /* there is something */
    a = chunk_in(va);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_map(va + CHUNK, CHUNK, 0, a, 0)); /* twice */
    a = chunk_in(va);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_unmap(va, CHUNK / 2));
    a = chunk_in(va);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_unmap(va, 2 * CHUNK));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.chunk_access(va, CHUNK, &desc, 1)); /* nothing there */
    a = chunk_in(va);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.address_free(va, 4 * CHUNK));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "stale", cu.address_free(va, 2 * CHUNK));
    a = chunk_in(va);
    b = chunk_in(va + CHUNK);
    OK(cu.chunk_unmap(va, 2 * CHUNK)); /* a run of whole mappings, at once */
    OK(cu.chunk_release(a));
    OK(cu.chunk_release(b));
    OK(cu.address_free(va, 4 * CHUNK));
    double_end();
}

static void test_handles(void **state)
{
    CUmemGenericAllocationHandle a;

    (void)state;
    double_begin("");
    double_forget();
    a = chunk_in(va);
    chunk_out(va, a);
    REFUSED(CUDA_ERROR_INVALID_VALUE, "stale", cu.chunk_release(a)); /* twice */
    a = chunk_in(va);
    chunk_out(va, a);
    chunk_in(va); /* takes the old one's place, and not its name */
    REFUSED(CUDA_ERROR_INVALID_VALUE, "stale", cu.chunk_release(a));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "stale", cu.chunk_map(va, CHUNK, 0, 12345, 0));
    OK(cu.address_free(va, 4 * CHUNK));
    double_end();
}

/* Memory is free when it is unmapped and released, in either order, and not before. */
static void test_capacity(void **state)
{
    CUmemAllocationProp prop = chunk_prop();
    CUmemGenericAllocationHandle handle[4], one_more;
    size_t free_bytes = 0, total = 0;

    (void)state;
    double_begin("memory=10MiB context=2MiB");
    OK(cu.address_reserve(&va, 4 * CHUNK, 0, 0, 0));
    for (unsigned i = 0; i < 4; i++)
        handle[i] = chunk_in(va + i * CHUNK);
    OK(cu.memory_info(&free_bytes, &total));
    assert_int_equal(free_bytes, 0);
    assert_int_equal(total, 10 * MIB);
    assert_int_equal(dbl->used_bytes(0), 10 * MIB);
    assert_int_equal(cu.chunk_create(&one_more, CHUNK, &prop, 0), CUDA_ERROR_OUT_OF_MEMORY);
    OK(cu.chunk_release(handle[0]));
    assert_int_equal(cu.chunk_create(&one_more, CHUNK, &prop, 0), CUDA_ERROR_OUT_OF_MEMORY);
    OK(cu.chunk_unmap(va, CHUNK));
    OK(cu.chunk_create(&one_more, CHUNK, &prop, 0));
    OK(cu.chunk_release(one_more));
    for (unsigned i = 1; i < 4; i++)
        chunk_out(va + i * CHUNK, handle[i]);
    OK(cu.address_free(va, 4 * CHUNK));
    double_end();
}

/* New memory holds neither zeros nor what was there before. */
static void test_new_memory_is_junk(void **state)
{
    unsigned char byte;
    CUmemGenericAllocationHandle handle;

    (void)state;
    double_begin("");
    OK(cu.address_reserve(&va, CHUNK, 0, 0, 0));
    for (int i = 0; i < 3; i++) {
        handle = chunk_in(va);
        assert_int_equal(dbl->peek(va + 77, &byte, 1), 0);
        assert_int_not_equal(byte, 0);
        assert_int_not_equal(byte, 0x5A);
        byte = 0x5A;
        assert_int_equal(dbl->poke(va + 77, &byte, 1), 0);
        chunk_out(va, handle);
    }
    OK(cu.address_free(va, CHUNK));
    double_end();
}

/* A device address is no address of the host. */
static void test_host_faults(void **state)
{
    CUmemGenericAllocationHandle handle;
    int status = 0;
    pid_t child;

    (void)state;
    double_begin("");
    OK(cu.address_reserve(&va, CHUNK, 0, 0, 0));
    handle = chunk_in(va);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        _exit(*(volatile char *)(uintptr_t)va == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    chunk_out(va, handle);
    OK(cu.address_free(va, CHUNK));
    double_end();
}

static void test_fork(void **state)
{
    size_t free_bytes, total;
    int status = 0;
    pid_t child;

    (void)state;
    double_begin("");
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(cu.memory_info(&free_bytes, &total) == CUDA_ERROR_NOT_INITIALIZED ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    double_end();
}

static void test_registered(void **state)
{
    static char memory[8192];

    (void)state;
    double_begin("");
    double_forget();
    OK(cu.host_register(memory, 4096, CU_MEMHOSTREGISTER_PORTABLE));
    REFUSED(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "argument", cu.host_register(memory + 4000, 4096, 0));
    REFUSED(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "stale", cu.host_unregister(memory));
    REFUSED(CUDA_ERROR_INVALID_VALUE, "argument", cu.host_register(memory, 4096, 0x80));
    OK(cu.address_free(va, 4 * CHUNK));
    double_end();
}

/* Everything that is not given back is told. */
static void test_leaks(void **state)
{
    CUstream stream;
    CUevent event;
    char text[1000];

    (void)state;
    double_begin("");
    OK(cu.address_reserve(&va, 4 * CHUNK, 0, 0, 0));
    chunk_in(va);
    OK(cu.stream_create(&stream, CU_STREAM_NON_BLOCKING, 0));
    OK(cu.event_create(&event, 0));
    assert_int_equal(dbl->leaks(), 6); /* with the module and the context */
    dbl->log(text, sizeof text);
    assert_non_null(strstr(text, "leak: 1 pieces of memory\n"));
    assert_non_null(strstr(text, "leak: 1 streams\n"));
    driver_close(&cu);
}

static void test_options(void **state)
{
    static const char *const wrong[] = {
        "gpus=9",    "memory=many", "granularity=100000", "speed=1", "fault=cuMemCreate", "fault=x#0=2",
        "fault=x#1", "in=0B/s",     "ledger=/none/such",  "duplex=0"};
    static const char *const no_call[] = {"cuMemCrate", "cuMemAlloc_v2", "cumemcreate", "cuGetErrorName",
                                          "nvmlInit_v2"};
    char why[DOUBLE_WHY], option[64];

    (void)state;
    dbl = double_control();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        why[0] = '\0';
        assert_int_not_equal(dbl->reset(wrong[i], why), 0);
        assert_string_not_equal(why, "");
    }
    for (size_t i = 0; i < sizeof no_call / sizeof *no_call; i++) {
        snprintf(option, sizeof option, "fault=%s#1=2", no_call[i]);
        assert_int_not_equal(dbl->reset(option, why), 0);
        snprintf(option, sizeof option, "has no call '%s'", no_call[i]);
        assert_non_null(strstr(why, option));
        assert_non_null(strstr(why, "docs/driver-double.md"));
    }
    assert_int_equal(dbl->reset("fault=nvmlDeviceGetMemoryInfo_v2#9+=15", why), 0);
    assert_int_equal(dbl->reset("", why), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),    cmocka_unit_test(test_mappings),           cmocka_unit_test(test_handles),
        cmocka_unit_test(test_capacity), cmocka_unit_test(test_new_memory_is_junk), cmocka_unit_test(test_host_faults),
        cmocka_unit_test(test_fork),     cmocka_unit_test(test_registered),         cmocka_unit_test(test_leaks),
        cmocka_unit_test(test_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
