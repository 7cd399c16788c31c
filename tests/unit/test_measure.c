/* test_measure.c - what is measured on the driver double is what the double was told to be: its links, latency, duplex,
 * context.  The double knows nothing of who measures it, so that this is an independent check of the method. */
#include "double_fixture.h"
#include "backend/measure/rows.h"

static struct measured measured;
static struct error err;

static int try(const char *options, const struct measure_options *wanted)
{
    double_reset(options);
    memset(&err, 0, sizeof err);
    return measure_gpu(wanted, &measured, &err);
}

static void measure(const char *options)
{
    static const struct measure_options wanted = {.is_double = true};

    if (try(options, &wanted) != GS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
}

static void expect(const char *what, double value, double truth, double share)
{
    print_message("%s: %.9g, and is %.9g\n", what, value, truth);
    if (!(value >= truth * (1 - share) && value <= truth * (1 + share)))
        fail_msg("%s is measured as %.9g, and is %.9g", what, value, truth);
}

struct truth {
    double in, out, pageable, duplex, latency_ns, context;
};

static void check_link(const char *kind, double per_s, double fixed_ns)
{
    const struct measure_fit *fit = measure_line(&measured, kind);

    assert_non_null(fit);
    expect(kind, fit->per_s, per_s, 0.01);
    if (fit->fixed_ns - fixed_ns > 100 || fixed_ns - fit->fixed_ns > 100) /* ns: 1 % of the latencies below */
        fail_msg("%s takes %.0f ns besides, and is %.0f", kind, fit->fixed_ns, fixed_ns);
    assert_true(fit->worst < 0.01);
}

static void check_truth(const struct truth *truth)
{
    enum { CALL_NS = 1000 }; /* which each call takes on the double: part of a copy that the host waits for */
    double plain_in = truth->in < truth->pageable ? truth->in : truth->pageable;
    double plain_out = truth->out < truth->pageable ? truth->out : truth->pageable;

    check_link("copy_in", truth->in, truth->latency_ns);
    check_link("copy_out", truth->out, truth->latency_ns);
    check_link("copy_in_pageable", plain_in, truth->latency_ns + CALL_NS);
    check_link("copy_out_pageable", plain_out, truth->latency_ns + CALL_NS);
    expect("duplex", measured.duplex, truth->duplex, 0.01);
    expect("context", measure_find(&measured, "context_bytes", -1)->p50, truth->context, 0);
    expect("busy", measure_line(&measured, "busy")->per_s, 1e9, 0.001);
}

static void test_links(void **state)
{
    static const struct {
        const char *options;
        struct truth truth;
    } cases[] = {
        {"memory=64MiB", {25e9, 25e9, 6e9, 0.8, 8000, 2 << 20}},
        {"memory=32MiB granularity=256KiB in=55GB/s out=50GB/s duplex=1 latency=20us pageable=12GB/s context=5MiB",
         {55e9, 50e9, 12e9, 1, 20000, 5 << 20}},
        {"memory=32MiB granularity=256KiB in=12GB/s out=3GB/s duplex=0.5 latency=10us pageable=5GB/s",
         {12e9, 3e9, 5e9, 0.5, 10000, 2 << 20}},
        {"memory=32MiB granularity=256KiB in=1GB/s out=8GB/s duplex=0.7 latency=40us",
         {1e9, 8e9, 6e9, 0.7, 40000, 2 << 20}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].options);
        measure(cases[i].options);
        check_truth(&cases[i].truth);
    }
}

/* By hand: quantiles of ten samples; and the line of least relative squares through (1, 2), (2, 3), (4, 7).  With u = 1/y
 * and v = x/y it is the (a, b) that solves a uu + b uv = u, a uv + b vv = v, each summed up. */
static void test_rows(void **state)
{
    static const double size[] = {1, 2, 4}, value[] = {2, 3, 7};
    double uu = 0, uv = 0, vv = 0, u = 0, v = 0, a, b;
    struct measure_row *row;

    (void)state;
    memset(&measured, 0, sizeof measured);
    row = rows_add(&measured, "ten", 1, "ns");
    for (int i = 0; i < 10; i++)
        rows_sample(row, (double)((i * 7) % 10 + 1));
    rows_summarise(row);
    expect("p50", row->p50, 5, 0);
    expect("p95", row->p95, 10, 0);
    expect("min", row->min, 1, 0);
    expect("max", row->max, 10, 0);
    assert_true(row->unsteady);
    for (int i = 0; i < 3; i++) {
        row = rows_add(&measured, "line", (int64_t)size[i], "ns");
        rows_sample(row, value[i]);
        rows_summarise(row);
        assert_false(row->unsteady);
        uu += 1 / value[i] / value[i];
        uv += size[i] / value[i] / value[i];
        vv += size[i] * size[i] / value[i] / value[i];
        u += 1 / value[i];
        v += size[i] / value[i];
    }
    rows_fit(&measured, "line");
    a = (u * vv - v * uv) / (uu * vv - uv * uv);
    b = (uu * v - uv * u) / (uu * vv - uv * uv);
    expect("fixed", measure_line(&measured, "line")->fixed_ns, a, 1e-9);
    expect("rate", measure_line(&measured, "line")->per_s, 1e9 / b, 1e-9);
    expect("worst", measure_line(&measured, "line")->worst, (a + 2 * b - 3) / 3, 1e-9);
}

/* Whole swaps take what the link takes, chunk by chunk, and little besides. */
static void test_swaps(void **state)
{
    const struct measure_fit *in, *out;
    double chunk_ns;

    (void)state;
    measure("memory=32MiB granularity=256KiB in=10GB/s out=5GB/s latency=10us");
    assert_int_equal(measured.chunk_bytes, MIB);
    in = measure_line(&measured, "swap_in");
    out = measure_line(&measured, "swap_out");
    chunk_ns = (double)measured.chunk_bytes / 10 + 10000;
    expect("swap_in", in->per_s, (double)measured.chunk_bytes / chunk_ns * 1e9, 0.01);
    chunk_ns = (double)measured.chunk_bytes / 5 + 10000;
    expect("swap_out", out->per_s, (double)measured.chunk_bytes / chunk_ns * 1e9, 0.01);
    assert_true(in->fixed_ns > 0 && in->fixed_ns < 50000 && out->fixed_ns > 0 && out->fixed_ns < 50000);
    assert_true(in->worst < 0.01 && out->worst < 0.01);
}

/* A link that is thousands of times too slow: what would take too long is left out, and that is said; the rates are right. */
static void test_slow(void **state)
{
    (void)state;
    measure("memory=64MiB in=5MB/s out=3MB/s pageable=1MB/s latency=10us");
    assert_true(measured.largest_bytes >= 4 * 4096 && measured.largest_bytes <= MIB);
    expect("copy_in", measure_line(&measured, "copy_in")->per_s, 5e6, 0.01);
    expect("copy_out", measure_line(&measured, "copy_out")->per_s, 3e6, 0.01);
    expect("copy_in_pageable", measure_line(&measured, "copy_in_pageable")->per_s, 1e6, 0.01);
    assert_true(measured.notes > 0 && strstr(measured.note[measured.notes - 1], "would take too long") != NULL);
    print_message("%.1f s of its clock in all\n", (double)dbl->now_ns() * 1e-9);
    assert_true(dbl->now_ns() < UINT64_C(300000000000));
    measure("memory=64MiB in=5kB/s out=3kB/s");
    expect("copy_in", measure_line(&measured, "copy_in")->per_s, 5e3, 0.01);
}

/* Both GPUs have links of their own: at once they are as fast as one after the other. */
static void test_several(void **state)
{
    (void)state;
    measure("memory=32MiB granularity=256KiB gpus=2 in=10GB/s out=5GB/s latency=0us");
    expect("all_in", measured.all_in_per_s, 20e9, 0.01);
    expect("all_out", measured.all_out_per_s, 10e9, 0.01);
    expect("all_share", measured.all_share, 1, 0.01);
}

/* Delays that differ are not taken for a measurement: the rows say so. */
static void test_unsteady(void **state)
{
    unsigned unsteady = 0;

    (void)state;
    measure("memory=32MiB granularity=256KiB chaos=3");
    for (unsigned i = 0; i < measured.rows; i++)
        unsteady += measured.row[i].unsteady;
    print_message("%u unsteady\n", unsteady);
    assert_true(unsteady > 0);
    measure("memory=32MiB granularity=256KiB");
    for (unsigned i = 0; i < measured.rows; i++)
        assert_false(measured.row[i].unsteady);
}

/* Whichever call fails: it is told, everything is given back, nothing is done wrong. */
static void test_faults(void **state)
{
    static const struct {
        const char *fault;
        int code;
    } cases[] = {
        {"cuMemAlloc#2=2", GS_BUSY},           {"cuMemHostRegister#2=304", GS_UNSATISFIABLE},
        {"cuMemcpyHtoDAsync#40=op700", GS_IO}, {"cuMemcpyDtoH#3=719", GS_IO},
        {"cuMemCreate#9=2", GS_BUSY},          {"cuMemSetAccess#3=999", GS_IO},
        {"cuMemHostRegister#4=2", GS_BUSY},    {"cuEventRecord#50=lost46", GS_NO_DEVICE},
        {"cuLaunchKernel#60=op719", GS_IO},
    };
    static const struct measure_options wanted = {.is_double = true};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[200];

        snprintf(options, sizeof options, "memory=32MiB granularity=256KiB fault=%s", cases[i].fault);
        if (try(options, &wanted) != cases[i].code)
            fail_msg("'%s' ends with %d: %s", cases[i].fault, err.code, err.text);
        if (strstr(cases[i].fault, "=op") == NULL && strstr(cases[i].fault, "lost") == NULL && dbl->leaks() != 0)
            fail_msg("'%s' leaves something", cases[i].fault);
        assert_no_violation();
    }
}

static struct {
    const char *name;
    uint64_t calls[3]; /* copies and kernels so far */
} step[8];
static unsigned steps;
static const char *const step_call[] = {"cuMemcpyHtoDAsync", "cuMemcpyDtoHAsync", "cuLaunchKernel"};

static void note_step(void *unused, const char *name, const struct measure_row *row)
{
    (void)unused;
    if (row != NULL)
        return;
    step[steps].name = name;
    for (int i = 0; i < 3; i++)
        step[steps].calls[i] = dbl->calls(step_call[i]);
    steps++;
}

static const struct measure_options noted = {.is_double = true, .progress = note_step};

/* A GPU that fails with `fault` in the first call of each of the `calls` in each step: that is told, and no step follows.  How often
 * it was tried. */
static unsigned fail_each_step(const char *fault, int calls, const char *told, bool frees)
{
    static const char like[] = "memory=32MiB granularity=256KiB gpus=2";
    unsigned all, tried = 0;

    steps = 0;
    assert_int_equal(try(like, &noted), GS_OK);
    all = steps;
    for (unsigned s = 0; s < all; s++)
        for (int i = 0; i < calls; i++) {
            uint64_t before = step[s].calls[i];
            char options[200];

            if (s + 1 < all && step[s + 1].calls[i] == before)
                continue;
            snprintf(options, sizeof options, "%s fault=%s#%llu%s", like, step_call[i], (unsigned long long)before + 1,
                     fault);
            steps = 0;
            if (try(options, &noted) != GS_IO || strstr(err.text, told) == NULL)
                fail_msg("'%s' in '%s' ends with %d: %s", options, step[s].name, err.code, err.text);
            print_message("%s: %s\n", step[s].name, err.text);
            assert_int_equal(steps, s + 1);
            if (frees)
                assert_int_equal(dbl->leaks(), 0);
            assert_no_violation();
            tried++;
        }
    return tried;
}

/* A GPU that returns wrong bytes, from whichever step on that copies, either way. */
static void test_spoilt(void **state)
{
    (void)state;
    /* copies, both ways at once, whole swaps, all GPUs at once */
    assert_int_equal(fail_each_step("+=spoil", 2, "changed", true), 8);
    for (int i = 0; i < 2; i++) {
        steps = 0;
        assert_int_equal(try(i == 0 ? "memory=32MiB granularity=256KiB fault=cuMemcpyHtoD#1+=spoil"
                                    : "memory=32MiB granularity=256KiB fault=cuMemcpyDtoH#1+=spoil",
                             &noted),
                         GS_IO);
        assert_int_equal(steps, 2); /* contexts, copies */
    }
}

/* A GPU that hangs, from whichever step on: it is not waited for without end, and nothing is asked of it any more. */
static void test_hangs(void **state)
{
    (void)state;
    /* kernels also hold what is timed, and are timed themselves */
    assert_int_equal(fail_each_step("=hang", 3, "has not ended for 30 s: it hangs", false), 13);
}

static void test_refused(void **state)
{
    static const struct {
        struct measure_options wanted;
        int code;
        const char *says;
    } cases[] = {
        {{.is_double = false}, GS_NO_DEVICE, "say '--device double'"},
        {{.is_double = true, .ordinal = 1}, GS_NO_DEVICE, "there is no GPU 1"},
        {{.is_double = true, .chunk_bytes = 32 * MIB}, GS_UNSATISFIABLE, "chunks of 32 MiB are too large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(try("memory=64MiB", &cases[i].wanted), cases[i].code);
        if (strstr(err.text, cases[i].says) == NULL)
            fail_msg("it says: %s", err.text);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_links),   cmocka_unit_test(test_swaps),
        cmocka_unit_test(test_slow),    cmocka_unit_test(test_several), cmocka_unit_test(test_unsteady),
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_spoilt),  cmocka_unit_test(test_hangs),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
