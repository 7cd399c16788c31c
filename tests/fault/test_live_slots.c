/* test_live_slots.c - the swap file of live mode: fewer slots than the books say, and hosts that have no memory for it. */
#include "live_recorded.h"
#include "backend/live/state.h"

#include <sys/stat.h>

#define CLEAN "[policy]\nprefetch = clean\nprefetch.after = 100ms\n"
static const char cleans[] = NODE("swap_file = 10MiB") CLEAN NOTEBOOKS("4", "960KiB", "");
static const char sets_clean[] =
    NODE("gpus = 2\nswap_file = 10MiB") CLEAN NOTEBOOKS("3", "2MiB", "gpus_per_workload = 2");

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_swap_file),
        cmocka_unit_test(test_limits_of_the_host),
    };

    return cmocka_run_group_tests(tests, recorded_setup, recorded_teardown);
}
