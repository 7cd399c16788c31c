/* test_double_work.c - the driver double's streams and events: order, times, faults, and processes side by side. */
#include "double_fixture.h"
#include "backend/cuda/nvml.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = CHUNK / 8 };

static CUstream one, two;
static CUevent event;
static CUdeviceptr va;
static CUmemGenericAllocationHandle handle[2];
static unsigned char *arena;

static void begin(const char *options)
{
    double_begin(options);
    OK(cu.stream_create(&one, CU_STREAM_NON_BLOCKING, 0));
    OK(cu.stream_create(&two, CU_STREAM_NON_BLOCKING, -1));
    OK(cu.event_create(&event, CU_EVENT_DEFAULT));
    OK(cu.address_reserve(&va, 2 * CHUNK, 0, 0, 0));
    handle[0] = chunk_in(va);
    handle[1] = chunk_in(va + CHUNK);
    arena = arena_begin(2 * CHUNK);
}

static void end(void)
{
    arena_end(arena, 2 * CHUNK);
    chunk_out(va, handle[0]);
    chunk_out(va + CHUNK, handle[1]);
    OK(cu.address_free(va, 2 * CHUNK));
    OK(cu.event_destroy(event));
    OK(cu.stream_destroy(one));
    OK(cu.stream_destroy(two));
    double_end();
}

static void wait_both(void)
{
    OK(cu.stream_wait(one));
    OK(cu.stream_wait(two));
}

/* A copy takes latency + bytes / rate; one direction is served one at a time; two directions slow each other. */
static void test_times(void **state)
{
    uint64_t start;

    (void)state;
    begin("in=2GiB/s out=2GiB/s latency=0 duplex=0.5");
    start = dbl->now_ns();
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.stream_wait(one));
    assert_in_range(dbl->now_ns() - start, 976562, 976562 + 4000); /* 2 MiB at 2 GiB/s, and a few calls */
    start = dbl->now_ns();
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.copy_in(va + CHUNK, arena + CHUNK, CHUNK, two));
    wait_both();
    assert_in_range(dbl->now_ns() - start, 2 * 976562, 2 * 976562 + 8000);
    start = dbl->now_ns();
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.copy_out(arena + CHUNK, va + CHUNK, CHUNK, two));
    wait_both();
    assert_in_range(dbl->now_ns() - start, 2 * 976562, 2 * 976562 + 8000); /* each at half of its rate */
    end();
}

/* A stream does one thing after another; a query is not ready until it is; nothing happens before somebody looks. */
static void test_order_in_a_stream(void **state)
{
    (void)state;
    begin("");
    memset(arena, 7, CHUNK);
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.copy_out(arena + CHUNK, va, CHUNK, one));
    OK(cu.event_record(event, one));
    assert_int_equal(cu.stream_query(one), CUDA_ERROR_NOT_READY);
    assert_int_equal(cu.event_query(event), CUDA_ERROR_NOT_READY);
    assert_int_not_equal(arena[CHUNK + 5], 7);
    OK(cu.event_wait(event));
    assert_int_equal(arena[CHUNK + 5], 7);
    OK(cu.event_query(event));
    OK(cu.stream_query(one));
    end();
}

/* Polling comes to an end, too. */
static void test_polling(void **state)
{
    unsigned polls = 0;

    (void)state;
    begin("");
    OK(cu.copy_in(va, arena, CHUNK, one));
    while (cu.stream_query(one) == CUDA_ERROR_NOT_READY)
        assert_true(++polls < 100000);
    assert_true(polls > 10);
    end();
}

static void test_events(void **state)
{
    CUevent start, untimed;
    float ms = 0;

    (void)state;
    begin("");
    OK(cu.event_create(&start, CU_EVENT_BLOCKING_SYNC));
    OK(cu.event_create(&untimed, CU_EVENT_DISABLE_TIMING));
    OK(cu.event_query(event)); /* never recorded: over */
    OK(cu.stream_after(one, event, 0));
    OK(cu.event_record(start, one));
    OK(LAUNCH(busy, one, 3000000));
    OK(cu.event_record(event, one));
    assert_int_equal(cu.event_elapsed(&ms, start, event), CUDA_ERROR_NOT_READY);
    OK(cu.event_wait(event));
    OK(cu.event_elapsed(&ms, start, event));
    assert_true(ms > 2.99F && ms < 3.02F);
    OK(cu.event_destroy(start));
    OK(cu.event_destroy(untimed));
    end();
}

/* An event orders two streams, whatever the delays; without it the race is seen. */
static void test_order_between_streams(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        char options[40];

        snprintf(options, sizeof options, "chaos=%u", seed);
        begin(options);
        memset(arena, (int)seed, CHUNK);
        OK(cu.copy_in(va, arena, CHUNK, one));
        OK(cu.event_record(event, one));
        OK(cu.stream_after(two, event, 0));
        OK(cu.copy_out(arena + CHUNK, va, CHUNK, two));
        OK(cu.stream_wait(two)); /* which is after stream one's */
        assert_int_equal(arena[2 * CHUNK - 1], seed);
        end();
    }
    begin("");
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.copy_out(arena + CHUNK, va, CHUNK, two));
    assert_violation("race");
}

/* A wait refers to the record that was made before it, not to a later one. */
static void test_wait_for_an_earlier_record(void **state)
{
    (void)state;
    begin("");
    OK(LAUNCH(busy, one, 1000000));
    OK(cu.event_record(event, one));
    OK(cu.stream_after(two, event, 0));
    OK(LAUNCH(busy, one, 500000000));
    OK(cu.event_record(event, one));
    OK(cu.stream_wait(two));
    assert_in_range(dbl->now_ns(), 1000000, 5000000);
    OK(cu.event_wait(event));
    assert_true(dbl->now_ns() > 500000000);
    end();
}

/* Which call fails, how, and from when on. */
static void test_faults_at_once(void **state)
{
    CUmemGenericAllocationHandle more;
    CUmemAllocationProp prop = chunk_prop();

    (void)state;
    begin("fault=cuMemCreate#4=2 fault=cuStreamQuery#2+=999");
    OK(cu.chunk_create(&more, CHUNK, &prop, 0));
    OK(cu.chunk_release(more));
    assert_int_equal(cu.chunk_create(&more, CHUNK, &prop, 0), CUDA_ERROR_OUT_OF_MEMORY);
    OK(cu.chunk_create(&more, CHUNK, &prop, 0));
    OK(cu.chunk_release(more));
    OK(cu.stream_query(one));
    assert_int_equal(cu.stream_query(one), CUDA_ERROR_UNKNOWN);
    assert_int_equal(cu.stream_query(one), CUDA_ERROR_UNKNOWN);
    assert_int_equal(dbl->calls("cuMemCreate"), 5);
    end();
}

/* Work that fails takes the context with it, when its turn has come, for good. */
static void test_faults_later(void **state)
{
    size_t free_bytes, total;

    (void)state;
    begin("fault=cuLaunchKernel#2=op719");
    OK(LAUNCH(busy, one, 1000));
    OK(LAUNCH(busy, one, 1000));
    OK(cu.copy_in(va, arena, CHUNK, one));
    assert_int_equal(cu.stream_wait(one), CUDA_ERROR_LAUNCH_FAILED);
    assert_int_equal(cu.memory_info(&free_bytes, &total), CUDA_ERROR_LAUNCH_FAILED);
    assert_int_equal(cu.copy_in(va, arena, CHUNK, two), CUDA_ERROR_LAUNCH_FAILED);
    assert_no_violation();

    begin("fault=cuMemcpyHtoDAsync#1=op214");
    OK(cu.copy_in(va, arena, CHUNK, one));
    OK(cu.event_record(event, one));
    assert_int_equal(cu.event_wait(event), CUDA_ERROR_ECC_UNCORRECTABLE);

    begin("fault=cuMemUnmap#1=lost46");
    OK(LAUNCH(busy, one, 1000));
    assert_int_equal(cu.chunk_unmap(va, CHUNK), CUDA_ERROR_DEVICE_UNAVAILABLE);
    assert_int_equal(cu.stream_wait(one), CUDA_ERROR_DEVICE_UNAVAILABLE);
}

/* A kernel without end is never ready; to wait for it would take for ever, which the virtual clock calls by its name. */
static void test_faults_hang(void **state)
{
    (void)state;
    begin("fault=cuLaunchKernel#1=hang");
    OK(LAUNCH(busy, one, 1000));
    for (int i = 0; i < 1000; i++)
        assert_int_equal(cu.stream_query(one), CUDA_ERROR_NOT_READY);
    OK(cu.copy_in(va, arena, CHUNK, two)); /* other engines go on */
    OK(cu.stream_wait(two));
    assert_int_equal(cu.stream_wait(one), CUDA_ERROR_LAUNCH_TIMEOUT);
}

static void *in_thread(void *wanted)
{
    CUresult expected = *(const CUresult *)wanted;
    CUstream stream;

    return cu.stream_create(&stream, CU_STREAM_NON_BLOCKING, 0) == expected ? wanted : NULL;
}

static void test_contexts_are_per_thread(void **state)
{
    CUresult expected = CUDA_ERROR_INVALID_CONTEXT;
    CUcontext current;
    pthread_t thread;
    void *right = NULL;

    (void)state;
    begin("");
    OK(cu.context_get(&current));
    assert_ptr_equal(current, context);
    assert_int_equal(pthread_create(&thread, NULL, in_thread, &expected), 0);
    pthread_join(thread, &right);
    assert_non_null(right);
    assert_violation("context");
}

struct worker {
    pthread_t thread;
    CUstream stream;
    CUdeviceptr at;
    unsigned char *host, value;
    int failed;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    CUevent done;

    w->failed = cu.context_set(context) != CUDA_SUCCESS || cu.event_create(&done, 0) != CUDA_SUCCESS;
    for (int i = 0; i < 50 && !w->failed; i++) {
        memset(w->host, w->value + i, CHUNK);
        w->failed |= cu.copy_in(w->at, w->host, CHUNK, w->stream) != CUDA_SUCCESS;
        w->failed |= cu.event_record(done, w->stream) != CUDA_SUCCESS || cu.event_wait(done) != CUDA_SUCCESS;
        memset(w->host, 0, CHUNK);
        w->failed |= cu.copy_out(w->host, w->at, CHUNK, w->stream) != CUDA_SUCCESS;
        w->failed |= cu.stream_wait(w->stream) != CUDA_SUCCESS;
        w->failed |= w->host[1234] != (unsigned char)(w->value + i);
    }
    cu.event_destroy(done);
    return NULL;
}

/* Several threads at once, by both clocks. */
static void run_threads(const char *options)
{
    struct worker worker[2];

    begin(options);
    worker[0] = (struct worker){.stream = one, .at = va, .host = arena, .value = 1};
    worker[1] = (struct worker){.stream = two, .at = va + CHUNK, .host = arena + CHUNK, .value = 101};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&worker[i].thread, NULL, work, &worker[i]), 0);
    for (int i = 0; i < 2; i++) {
        pthread_join(worker[i].thread, NULL);
        assert_false(worker[i].failed);
    }
    end();
}

static void test_threads(void **state)
{
    (void)state;
    run_threads("");
    run_threads("real_clock=yes");
}

/* A GPU's memory is one, whoever asks: another process finds less, and gives back what it held when it dies.  The
 * management library tells who holds what. */
static void test_processes(void **state)
{
    char options[200], path[] = "/tmp/double_ledger_XXXXXX";
    static struct error err;
    struct nvml nvml;
    struct nvml_holder holder[8];
    nvml_device device;
    int file = mkstemp(path), pipe_up[2], pipe_down[2], status;
    char byte;
    pid_t child;

    (void)state;
    assert_true(file >= 0 && pipe(pipe_up) == 0 && pipe(pipe_down) == 0);
    snprintf(options, sizeof options, "memory=12MiB context=2MiB ledger=%s", path);
    setenv("GPUSWAP_DOUBLE", options, 1);
    setenv("GPUSWAP_LIBNVML", DOUBLE_LIBNVML, 1);
    if ((child = fork()) == 0) {
        begin(options); /* 2 MiB of context and 4 MiB of memory */
        byte = 1;
        _exit(write(pipe_up[1], &byte, 1) == 1 && read(pipe_down[0], &byte, 1) == 1 ? 0 : 1);
    }
    assert_int_equal(read(pipe_up[0], &byte, 1), 1);
    begin(options); /* the rest */
    {
        CUmemGenericAllocationHandle more;
        CUmemAllocationProp prop = chunk_prop();

        assert_int_equal(cu.chunk_create(&more, CHUNK, &prop, 0), CUDA_ERROR_OUT_OF_MEMORY);
        assert_int_equal(nvml_open(&nvml, &err), GS_OK);
        assert_int_equal(nvml.device(0, &device), NVML_SUCCESS);
        assert_int_equal(nvml_holders(&nvml, device, holder, 8), 2);
        assert_int_equal(holder[0].used_bytes + holder[1].used_bytes, 12 * MIB);
        assert_int_equal(write(pipe_down[1], &byte, 1), 1);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        assert_int_equal(nvml_holders(&nvml, device, holder, 8), 1);
        assert_int_equal(holder[0].pid, getpid());
        assert_int_equal(holder[0].used_bytes, 6 * MIB);
        OK(cu.chunk_create(&more, CHUNK, &prop, 0));
        OK(cu.chunk_release(more));
        nvml_close(&nvml);
    }
    end();
    close(file);
    unlink(path);
}

static void test_management(void **state)
{
    static struct error err;
    struct nvml nvml;

    (void)state;
    setenv("GPUSWAP_LIBNVML", "/nonexistent.so", 1);
    assert_int_equal(nvml_open(&nvml, &err), GS_NO_DEVICE);
    assert_non_null(strstr(err.text, "'/nonexistent.so' cannot be loaded"));
    memset(&err, 0, sizeof err);
    setenv("GPUSWAP_LIBNVML", DOUBLE_LIBCUDA, 1);
    assert_int_equal(nvml_open(&nvml, &err), GS_NO_DEVICE);
    assert_non_null(strstr(err.text, "lacks 'nvmlInit_v2'"));
    memset(&err, 0, sizeof err);
    setenv("GPUSWAP_LIBNVML", DOUBLE_LIBNVML, 1);
    unsetenv("GPUSWAP_DOUBLE");
    assert_int_equal(nvml_open(&nvml, &err), GS_NO_DEVICE);
    assert_non_null(strstr(err.text, "kernel module of the NVIDIA driver is not loaded"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_order_in_a_stream),
        cmocka_unit_test(test_polling),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_order_between_streams),
        cmocka_unit_test(test_wait_for_an_earlier_record),
        cmocka_unit_test(test_faults_at_once),
        cmocka_unit_test(test_faults_later),
        cmocka_unit_test(test_faults_hang),
        cmocka_unit_test(test_contexts_are_per_thread),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_management),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
