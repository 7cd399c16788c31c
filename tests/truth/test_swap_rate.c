/* test_swap_rate.c - what live mode takes off the rate of swaps: exchanges of two workloads on the driver double, by the
 * machine's clock and with links without a limit, against as many bytes copied by memcpy in between. */
#include "tests/unit/double_fixture.h"
#include "backend/cuda/mover.h"

#include <time.h>

enum { CHUNKS = 24, ROUNDS = 9 };
static const int64_t chunk_bytes = INT64_C(8) << 20;

static struct error err;
static struct gpu gpu;
static struct slots slots;
static struct mover mover;
static struct memory memory[2];

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int rc)
{
    if (rc != GS_OK)
        fail_msg("%s", err.text);
}

static void begin(void)
{
    struct gpu_options wanted = {.chunk_bytes = chunk_bytes};

    double_reset("memory=264MiB context=4MiB granularity=2MiB in=10000GB/s out=10000GB/s duplex=1 latency=0 "
                 "kernels=10000GB/s real_clock=yes");
    must(driver_open(&cu, &err));
    must(gpu_open(&gpu, &cu, &wanted, &err));
    must(slots_open(&slots, &gpu, &(struct slots_options){.count = 2 * CHUNKS}, &err));
    mover_init(&mover, &gpu, 1, &slots, 3, INT64_C(1000000000));
    for (unsigned i = 0; i < 2; i++)
        must(memory_open(&memory[i], &gpu, &slots, CHUNKS * chunk_bytes, 42, i, &err));
}

static void end(void)
{
    memory_close(&memory[0]);
    memory_close(&memory[1]);
    slots_close(&slots);
    gpu_close(&gpu);
    driver_close(&cu);
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
}

/* Until `in` has come, and `out` has left, if any. */
static void swap(struct memory *in, struct memory *out)
{
    struct memory *ended;
    bool failed;

    if (out != NULL)
        must(mover_begin(&mover, out, MOVE_OUT, 0, &err));
    if (in != NULL)
        must(mover_begin(&mover, in, MOVE_IN, 0, &err));
    while (!mover_is_idle(&mover)) {
        must(mover_pump(&mover, now_ns(), &ended, &failed, &err));
        assert_false(failed);
        if (ended == NULL)
            mover_wait(&mover);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *value)
{
    qsort(value, ROUNDS, sizeof *value, by_value);
    return value[ROUNDS / 2];
}

/* `serial`: one leaves before the other comes, and the GPU's memory goes back to the driver in between. */
static double rate(const char *what, bool serial)
{
    size_t bytes = CHUNKS * (size_t)chunk_bytes;
    char *from = malloc(bytes), *to = malloc(bytes);
    double share[ROUNDS];

    assert_true(from != NULL && to != NULL);
    memset(from, 1, bytes);
    memset(to, 2, bytes);
    begin();
    swap(&memory[0], NULL);
    swap(&memory[1], &memory[0]);
    for (int i = 0; i < ROUNDS; i++) {
        struct memory *in = &memory[i % 2], *out = &memory[1 - i % 2];
        int64_t start, swapped;

        must(memory_burst(out, 1000, 0, CHUNKS, &err)); /* else it would leave without a copy */
        OK(cu.stream_wait(out->work));
        start = now_ns();
        if (serial)
            swap(NULL, out);
        swap(in, serial ? NULL : out);
        swapped = now_ns();
        memcpy(to, from, bytes);
        memcpy(from, to, bytes);
        share[i] = (double)(now_ns() - swapped) / (double)(swapped - start);
    }
    assert_int_equal(dbl->calls("cuMemcpyDtoHAsync"), (ROUNDS + 1) * CHUNKS);
    assert_int_equal(dbl->calls("cuMemcpyHtoDAsync"), ROUNDS * CHUNKS);
    print_message("%s: %zu MiB out and as many in, at %.3f of the rate of memcpy\n", what, bytes >> 20, median(share));
    end();
    free(from);
    free(to);
    return median(share);
}

/* Others on the machine may take away from either: three tries. */
static void check_rate(const char *what, bool serial)
{
    for (int i = 0; i < 3; i++)
        if (rate(what, serial) >= 0.9)
            return;
    fail_msg("%s: swaps take more than copying by memcpy", what);
}

static void test_overlapped(void **state)
{
    (void)state;
    check_rate("overlapped", false);
}

static void test_serial(void **state)
{
    (void)state;
    check_rate("serial", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlapped), cmocka_unit_test(test_serial)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
