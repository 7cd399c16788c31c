/* test_live_faults.c - what can go wrong with a GPU and with the host under live mode, a row each: the run goes on or ends
 * with a message that says what happened, where, and what to do; nothing that lay elsewhere is lost, nothing leaks, and what
 * was recorded is in the database. */
#include "tests/unit/live_fixture.h"
#include "backend/device.h"
#include "backend/live/state.h"
#include "sim/results/results.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOUBLE "memory=4MiB context=1MiB granularity=64KiB in=31MB/s out=31MB/s "
#define NODE(further)                                                                                                  \
    "[scenario]\nduration = 60s\nwarmup = 0s\nrecord = bursts\n[node]\ngpu_memory = 2MiB\ngpu_reserved = 0B\n"         \
    "chunk = 64KiB\nh2d = 31MB/s\nd2h = 31MB/s\nswap_overhead = 0s\ntransfer = overlapped\n" further "\n"
#define NOTEBOOKS(count, memory, further)                                                                              \
    "[workload.NB]\nclass = notebook\ncount = " count "\nmemory = " memory                                             \
    "\ncontext = 0B\nthink = exp(2s)\nburst = exp(500ms)\n" further "\n"

static const char one[] = NODE("swap_file = 10MiB") NOTEBOOKS("4", "960KiB", "");
static const char turns[] =
    NODE("swap_file = 3MiB") "[policy]\nslicer = rr\nslicer.quantum = 500ms\n" NOTEBOOKS("3", "1600KiB", "");
static const char two[] = NODE("gpus = 2\nswap_file = 10MiB") NOTEBOOKS("8", "960KiB", "");
static const char sets[] = NODE("gpus = 2\nswap_file = 10MiB") NOTEBOOKS("3", "3MiB", "gpus_per_workload = 2");
static const char grows[] = NODE("swap_file = 10MiB") NOTEBOOKS("4", "512KiB", "grow = uniform(0B,512KiB)");
static const char streams[] = NODE(
    "swap_file = 10MiB") "[policy]\nprefetch = pipeline\n[workload.IN]\nclass = inference\nstate = new\ncount = 4\n"
                         "memory = 1280KiB\ncontext = 0B\narrival = poisson(24/min)\nservice = exp(400ms)\n";
#define CLEAN "[policy]\nprefetch = clean\nprefetch.after = 100ms\n"
static const char cleans[] = NODE("swap_file = 10MiB") CLEAN NOTEBOOKS("4", "960KiB", "");
static const char sets_clean[] =
    NODE("gpus = 2\nswap_file = 10MiB") CLEAN NOTEBOOKS("3", "2MiB", "gpus_per_workload = 2");
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

static char folder[64], path[128];
static const char *only; /* rows with this in their name */

static int64_t ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t answer = -1;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static char noted[1000]; /* what the run had to say at its end */

static void note(void *unused, const char *text)
{
    (void)unused;
    snprintf(noted, sizeof noted, "%s", text);
}

static const struct live_device device = {.ordinal = {0, 1}, .ordinals = 2, .time_scale = 1, .note = note};

static int run_recorded(const char *text, const struct backend_ops *ops, struct error *err)
{
    struct arena arena = {0};
    struct overrides none = {0};
    struct scenario scenario;
    struct run_options options = {.backend = ops, .device = &device};
    struct load_traces *traces = NULL;
    struct run_outcome outcome = {0};
    struct gs_workload_spec *spec = NULL;
    uint32_t workloads = 0;
    int rc = scenario_parse(&scenario, text, strlen(text), "fault.ini", NULL, &none, &arena, err);

    unlink(path);
    noted[0] = '\0';
    scenario.threads = 1;
    if (rc == GS_OK)
        rc = load_read_traces(&traces, &scenario, &arena, err);
    if (rc == GS_OK)
        rc = load_specs(&scenario, traces, 0, &spec, &workloads, &arena, err);
    if (rc == GS_OK)
        rc = results_open(&options.results, path, &scenario, spec, workloads, "0", "double", err);
    if (rc == GS_OK)
        rc = run_scenario(&scenario, &options, traces, &outcome, &arena, err);
    results_close(options.results);
    run_fini(&outcome);
    load_close_traces(traces);
    arena_fini(&arena);
    return rc;
}

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

/* --- the swap file has fewer slots than the books say --- */

static uint32_t slots_left;

static int submit_without_slots(struct backend *be, const struct gs_command *command, struct error *err)
{
    if (command->kind == GS_PLACE && command->workload == 0)
        while (be->slots.free_count > slots_left)
            slots_take(&be->slots);
    return live_submit(be, command, err);
}

/* Of a copy that was given up nothing is left, on any GPU. */
static int wait_for_slots(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = live_wait(be, until_ns, event, err);

    if (rc != GS_OK || (*event)->kind != BACKEND_EVENT || (*event)->event.kind != GS_FAILED ||
        (*event)->event.command != GS_CLEAN)
        return rc;
    for (uint32_t k = 0; k < be->process[(*event)->event.workload].parts; k++) {
        const struct memory *part = &be->process[(*event)->event.workload].part[k];

        for (uint32_t i = 0; i < part->count; i++)
            assert_int_equal(part->chunk[i].slot, SLOT_NONE);
    }
    return rc;
}

/* Whoever cannot leave stays, with all of his words, and others go on; copies that are written ahead are given up. */
static void test_full_swap_file(void **state)
{
    static const struct {
        const char *text;
        uint32_t slots;
    } cases[] = {{one, 20}, {two, 20}, {sets, 0}, {cleans, 20}, {sets_clean, 24}};
    static struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct backend_ops ops = live_begin(DOUBLE "gpus=2", true);

        memset(&err, 0, sizeof err);
        slots_left = cases[i].slots;
        ops.submit = submit_without_slots;
        ops.wait = wait_for_slots;
        if (run_recorded(cases[i].text, &ops, &err) != GS_OK)
            fail_msg("%s", err.text);
        print_message("    %llu swaps had no effect\n", (unsigned long long)seen.failed);
        assert_true(seen.failed > 0);
        assert_int_equal(seen.wrong, 0);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
        assert_true(ask("SELECT count(*) FROM burst WHERE outcome = 'done' AND end_ns > 30e9") > 3);
    }
}

/* --- the limits of a control group, looked up before anything is taken --- */

static void write_file(const char *root, const char *name, const char *text)
{
    char file[300], *slash;
    FILE *out;

    snprintf(file, sizeof file, "%s/%s", root, name);
    for (slash = strchr(file + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(file, 0700);
        *slash = '/';
    }
    out = fopen(file, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void test_limits_of_the_host(void **state)
{
    static const struct {
        const char *most, *used;
        uint32_t slots;
        const char *says; /* NULL: it fits */
    } limits[] = {
        {"max", "0", 40, NULL},
        {"10485760", "0", 40, NULL},
        {"10485760", "1048576", 40,
         "a swap file of 10 MiB does not fit: the limit of this control group is 10 MiB, 9 of which are free"},
        {"max", "0", 80, "a swap file of 20 MiB does not fit: this machine has 16 MiB of memory left"},
    };
    static struct error err;
    struct driver driver;
    struct gpu gpu;

    (void)state;
    double_reset(DOUBLE);
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_open(&driver, &err), GS_OK);
    assert_int_equal(gpu_open(&gpu, &driver, &(struct gpu_options){.chunk_bytes = 256 << 10}, &err), GS_OK);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct slots_options options = {.count = limits[i].slots, .host_root = folder};
        uint64_t registered = dbl->calls("cuMemHostRegister");
        struct slots slots;

        memset(&err, 0, sizeof err);
        write_file(folder, "proc/meminfo", "MemTotal: 32768 kB\nMemAvailable: 16384 kB\n");
        write_file(folder, "proc/self/cgroup", "0::/pod\n");
        write_file(folder, "sys/fs/cgroup/pod/memory.max", limits[i].most);
        write_file(folder, "sys/fs/cgroup/pod/memory.current", limits[i].used);
        assert_int_equal(slots_open(&slots, &gpu, &options, &err), limits[i].says == NULL ? GS_OK : GS_UNSATISFIABLE);
        if (limits[i].says != NULL && strstr(err.text, limits[i].says) == NULL)
            fail_msg("it says: %s", err.text);
        assert_int_equal(dbl->calls("cuMemHostRegister") - registered, limits[i].says == NULL);
        slots_close(&slots);
    }
    gpu_close(&gpu);
    driver_close(&driver);
    assert_int_equal(dbl->leaks(), 0);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_live_faults.XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/results.db", folder);
    return 0;
}

static int teardown(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_last_moment),
        cmocka_unit_test(test_full_swap_file),
        cmocka_unit_test(test_limits_of_the_host),
    };

    only = argc > 1 ? argv[1] : NULL;
    return cmocka_run_group_tests(tests, setup, teardown);
}
