/* test_live_faults.c - what can go wrong with a GPU and with the host under live mode, a row each: the run goes on or ends
 * with a message that says what happened, where, and what to do; nothing that lay elsewhere is lost, nothing leaks, and what
 * was recorded is in the database. */
#include "live_recorded.h"

static const char turns[] =
    NODE("swap_file = 3MiB") "[policy]\nslicer = rr\nslicer.quantum = 500ms\n" NOTEBOOKS("3", "1600KiB", "");
static const char grows[] = NODE("swap_file = 10MiB") NOTEBOOKS("4", "512KiB", "grow = uniform(0B,512KiB)");
static const char streams[] = NODE(
    "swap_file = 10MiB") "[policy]\nprefetch = pipeline\n[workload.IN]\nclass = inference\nstate = new\ncount = 4\n"
                         "memory = 1280KiB\ncontext = 0B\narrival = poisson(24/min)\nservice = exp(400ms)\n";
static const char huge[] = NODE("swap_file = 900TiB") NOTEBOOKS("1000000", "2000KiB", "");

enum ending {
    GOES_ON, /* nobody but a swap or two notices; all is given back */
    FAILS,   /* the same, and at least one swap had no effect, and what the driver said is told */
    ENDS,    /* with an error, the GPU's context lost: what was in it cannot be given back */
    REFUSED, /* before anything runs: all is given back */
};

static const struct {
    const char *name, *text, *faults;
    enum ending ending;
    int code;
    const char *says[4];
} rows[] = {
    /* no memory, and memory that cannot be mapped: only late, or for good */
    {"no memory, once", one, "fault=cuMemCreate#40=2", GOES_ON, 0, {NULL}},
    {"no memory, twice, on one of two GPUs", two, "fault=cuMemCreate#61=2 fault=cuMemCreate#62=2", GOES_ON, 0, {NULL}},
    {"no memory any more", one, "fault=cuMemCreate#60+=2", FAILS, 0, {NULL}},
    {"no memory any more, in an exchange", turns, "fault=cuMemCreate#60+=2", FAILS, 0, {NULL}},
    {"no memory any more, on two GPUs", two, "fault=cuMemCreate#100+=2", FAILS, 0, {NULL}},
    {"no memory any more for parts of sets", sets, "fault=cuMemCreate#40+=2", FAILS, 0, {NULL}},
    {"no memory any more, for one part", sets, "fault=cuMemCreate#40+=2 gpus=2", FAILS, 0, {NULL}},
    {"no memory any more, while it runs", streams, "out=4MB/s in=4MB/s fault=cuMemCreate#52+=2", FAILS, 0, {NULL}},
    {"no memory to grow, for a while", grows, "fault=cuMemCreate#50=2 fault=cuMemCreate#51=2", GOES_ON, 0, {NULL}},
    {"memory that cannot be mapped, once", one, "fault=cuMemMap#40=999", GOES_ON, 0, {NULL}},
    {"memory that cannot be mapped any more", one, "fault=cuMemMap#60+=800", FAILS, 0, {NULL}},
    {"memory that cannot be accessed, once", turns, "fault=cuMemSetAccess#40=999", GOES_ON, 0, {NULL}},
    {"memory that cannot be accessed any more", one, "fault=cuMemSetAccess#60+=999", FAILS, 0, {NULL}},
    {"no memory at all",
     one,
     "fault=cuMemCreate#1+=2",
     FAILS,
     0,
     {"GPU 0 (FFFF:00:00.0): ", "'cuMemCreate': out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2), for a chunk of 64 KiB",
      "gpu_reserved"}},
    {"no memory to grow any more",
     grows,
     "fault=cuMemCreate#36+=2",
     ENDS,
     GS_UNSATISFIABLE,
     {"no memory for a burst",
      "for 30 s: 'cuMemCreate': out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2), for a chunk of 64 KiB"}},

    /* a context that is lost */
    {"ECC, by a copy out",
     turns,
     "fault=cuMemcpyDtoHAsync#30=op214",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "CUDA_ERROR_ECC_UNCORRECTABLE, 214", "nvidia-smi -q -d ECC", "CUDA_VISIBLE_DEVICES"}},
    {"ECC, by a kernel on one of two GPUs",
     two,
     "fault=cuLaunchKernel#1500=op214",
     ENDS,
     GS_IO,
     {"(FFFF:0", "CUDA_ERROR_ECC_UNCORRECTABLE, 214", "nvidia-smi -q -d ECC"}},
    {"ECC, by a call", one, "fault=cuMemUnmap#49=lost214", ENDS, GS_IO, {"GPU 0 (FFFF:00:00.0)", "214"}},
    {"a kernel that fails",
     one,
     "fault=cuLaunchKernel#700=op719",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "CUDA_ERROR_LAUNCH_FAILED, 719", "dmesg", "run again"}},
    {"a copy in that goes astray",
     turns,
     "fault=cuMemcpyHtoDAsync#30=op700",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "CUDA_ERROR_ILLEGAL_ADDRESS, 700", "dmesg"}},
    {"a context that is destroyed",
     one,
     "fault=cuLaunchKernel#700=op709",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "709", "run again"}},
    {"an error that nobody knows",
     one,
     "fault=cuLaunchKernel#700=op888",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "888", "run again"}},
    {"the GPU is gone",
     one,
     "fault=cuMemUnmap#47=lost46",
     ENDS,
     GS_NO_DEVICE,
     {"GPU 0 (FFFF:00:00.0)", "CUDA_ERROR_DEVICE_UNAVAILABLE, 46", "reset or a reboot"}},
    {"the GPU is gone when memory is asked for",
     one,
     "fault=cuMemCreate#70=lost46",
     ENDS,
     GS_NO_DEVICE,
     {"GPU 0 (FFFF:00:00.0)", "46", "reset or a reboot"}},

    /* nothing ends any more */
    {"a burst hangs",
     one,
     "fault=cuLaunchKernel#700=hang",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "has not ended for 30 s: it hangs", "Xid"}},
    {"a copy out hangs",
     turns,
     "fault=cuMemcpyDtoHAsync#30=hang",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "a copy to the host has not ended for 30 s: it hangs"}},
    {"a copy in hangs",
     turns,
     "fault=cuMemcpyHtoDAsync#30=hang",
     ENDS,
     GS_IO,
     {"GPU 0 (FFFF:00:00.0)", "a copy to the GPU has not ended for 30 s: it hangs"}},
    {"a copy of one of two GPUs hangs",
     sets,
     "fault=cuMemcpyDtoHAsync#51=hang",
     ENDS,
     GS_IO,
     {"GPU ", "has not ended for 30 s: it hangs"}},

    /* the swap file */
    {"the driver does not lock it",
     one,
     "fault=cuMemHostRegister#2=1",
     REFUSED,
     GS_UNSATISFIABLE,
     {"does not lock a swap file of ", "CUDA_ERROR_INVALID_VALUE (1)", "the machine has ", "lower 'swap_file'"}},
    {"the driver has no memory for it",
     two,
     "fault=cuMemHostRegister#3=2",
     REFUSED,
     GS_UNSATISFIABLE,
     {"does not lock a swap file of ", "CUDA_ERROR_OUT_OF_MEMORY (2)", "lower 'swap_file'"}},
    {"the host has not so much memory",
     huge,
     "",
     REFUSED,
     GS_UNSATISFIABLE,
     {"a swap file of ", "MiB does not fit: ", "MiB", "lower 'swap_file'"}},
    {"the kernels do not load",
     one,
     "fault=cuModuleLoadDataEx#1=200 fault=cuModuleLoadDataEx#2=218",
     REFUSED,
     GS_NO_DEVICE,
     {"does not take the kernels"}},
    {"the second GPU has no context",
     two,
     "fault=cuDevicePrimaryCtxRetain#2=2",
     REFUSED,
     GS_BUSY,
     {"cuDevicePrimaryCtxRetain"}},
};

static const char *only; /* rows with this in their name */

/* Rows of the bursts that had ended, and none of the sums that only a whole run has. */
static void record_is_intact(bool ran)
{
    assert_int_equal(ask("SELECT count(*) FROM run WHERE status = 'incomplete'"), 1);
    assert_int_equal(ask("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    if (ran)
        assert_true(ask("SELECT count(*) FROM burst WHERE outcome = 'done'") > 0);
}

static void try_row(size_t i)
{
    static struct error err;
    struct backend_ops ops;
    char options[400];
    int rc;

    memset(&err, 0, sizeof err);
    snprintf(options, sizeof options, DOUBLE "gpus=%d %s", rows[i].text == two || rows[i].text == sets ? 2 : 1,
             rows[i].faults);
    ops = live_begin(options, rows[i].ending != ENDS); /* a check would wait for what hangs by the real clock */
    rc = run_recorded(rows[i].text, &ops, &err);
    assert_no_violation();
    assert_int_equal(seen.wrong, 0);
    if (rows[i].ending == GOES_ON || rows[i].ending == FAILS) {
        if (rc != GS_OK)
            fail_msg("it does not go on: %s", err.text);
        assert_true(rows[i].ending == FAILS ? seen.failed > 0 : seen.failed == 0);
        if (rows[i].ending == FAILS && strstr(noted, " had no effect, as the driver gave no memory: 'cuMem") == NULL)
            fail_msg("the note: %s", noted);
        assert_true(rows[i].ending == FAILS || *noted == '\0');
        for (int k = 0; k < 4 && rows[i].says[k] != NULL; k++)
            if (strstr(noted, rows[i].says[k]) == NULL)
                fail_msg("no '%s' in the note: %s", rows[i].says[k], noted);
        assert_int_equal(dbl->leaks(), 0);
        return;
    }
    if (rc != rows[i].code)
        fail_msg("code %d, not %d: %s", rc, rows[i].code, err.text);
    for (int k = 0; k < 4 && rows[i].says[k] != NULL; k++)
        if (strstr(err.text, rows[i].says[k]) == NULL)
            fail_msg("no '%s' in: %s", rows[i].says[k], err.text);
    assert_int_equal(err.lines, 1);
    print_message("    %s\n", err.text);
    if (rows[i].ending == REFUSED)
        assert_int_equal(dbl->leaks(), 0);
    record_is_intact(rows[i].ending == ENDS);
}

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (only != NULL && strstr(rows[i].name, only) == NULL)
            continue;
        print_message("%s\n", rows[i].name);
        try_row(i);
    }
}

/* --- so late that nobody asks any more: the last piece of work that a run issues --- */

static void try_last(const char *text, const char *call, const char *effect, const char *says)
{
    static struct error err;
    char options[400];
    struct backend_ops ops = live_begin(DOUBLE, false);

    memset(&err, 0, sizeof err);
    assert_int_equal(run_recorded(text, &ops, &err), GS_OK);
    snprintf(options, sizeof options, DOUBLE "fault=%s#%llu=%s", call, (unsigned long long)dbl->calls(call), effect);
    print_message("    %s\n", options);
    ops = live_begin(options, false);
    assert_int_equal(run_recorded(text, &ops, &err), GS_IO);
    if (strstr(err.text, says) == NULL)
        fail_msg("no '%s' in: %s", says, err.text);
    assert_no_violation();
    record_is_intact(true);
}

static void test_last_moment(void **state)
{
    static const char hangs[] = "has not ended for 30 s: it hangs";

    (void)state;
    try_last(one, "cuLaunchKernel", "hang", hangs);
    try_last(one, "cuLaunchKernel", "op214", "CUDA_ERROR_ECC_UNCORRECTABLE, 214");
    try_last(turns, "cuMemcpyDtoHAsync", "hang", hangs);
    try_last(turns, "cuMemcpyHtoDAsync", "hang", hangs);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_last_moment),
    };

    only = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, recorded_setup, recorded_teardown);
}
