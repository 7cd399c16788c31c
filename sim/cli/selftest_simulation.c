/* selftest_simulation.c - does this program do here what it does elsewhere? */
#include "sim/cli/selftest.h"
#include "sim/cli/simulate.h"
#include "sim/run/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char text[] = "[scenario]\nduration = 2h\nreplications = 4\nrecord = events\n"
                           "[node]\ngpu_memory = 40GiB\ntransfer = overlapped\n"
                           "[policy]\nvictim = lru\nslicer = nvshare\n"
                           "[workload.NB]\nclass = notebook\ncount = 4\nmemory = lognormal(14GiB,0.3)\n"
                           "think = exp(2m)\nburst = lognormal(8s,1)\n";

/* The report of a run, as JSON, without the time that it took. */
static int run(int threads, const char *db, struct text *json, struct error *err)
{
    struct simulate s;
    struct overrides none = {0};
    struct scenario scenario;
    struct simulated done = {0};
    int rc;

    simulate_init(&s);
    s.db = db;
    s.quiet = true;
    rc = scenario_parse(&scenario, text, sizeof text - 1, "selftest", NULL, &none, &s.arena, err);
    if (rc == GS_OK) {
        scenario.threads = threads;
        rc = simulate_one(&s, &scenario, &done, err);
    }
    if (rc == GS_OK && (rc = simulate_stopped(&s, &done, err)) == GS_OK) {
        done.report.run.wall.value = 0;
        report_json(json, &done.report);
        if (json->failed)
            rc = error_set(err, GS_SYSTEM, "out of memory");
    }
    simulated_fini(&done);
    simulate_fini(&s);
    return rc;
}

static int read_back(const char *db, struct text *json, struct error *err)
{
    struct arena arena = {0};
    struct report report;
    int rc = results_load_report(&report, db, 0, &arena, err);

    if (rc == GS_OK) {
        report.run.wall.value = 0;
        report_json(json, &report);
    }
    arena_fini(&arena);
    return rc;
}

static bool same(const struct text *a, const struct text *b)
{
    return a->length == b->length && a->length > 0 && memcmp(a->data, b->data, a->length) == 0;
}

static void tell(unsigned *failed, const char *name, bool ok, const char *what, const char *why)
{
    *failed += !ok;
    selftest_tell(name, ok, ok ? what : why);
}

static int try(const char *db, unsigned *failed, struct error *err)
{
    struct text one = {0}, four = {0}, back = {0};
    struct audit audit;
    int rc = run(1, db, &one, err);

    if (rc == GS_OK && (rc = run(4, db, &four, err)) == GS_OK) {
        tell(failed, "simulation", same(&one, &four), "the same bytes on one thread and on four",
             "the report hangs on the number of threads; please report it");
        if ((rc = read_back(db, &back, err)) == GS_OK)
            tell(failed, "database", same(&four, &back), "a run is read back as it was written",
                 "a report that is read back differs; please report it");
    }
    if (rc == GS_OK && (rc = audit_run(&audit, db, 0, err)) == GS_OK)
        tell(failed, "audit", audit.differences == 0 && audit.commands > 0, "policies give the recorded commands again",
             audit.first);
    text_fini(&one);
    text_fini(&four);
    text_fini(&back);
    return rc;
}

int selftest_simulation(unsigned *failed, struct error *err)
{
    static const char *const part[] = {"", "-wal", "-shm"};
    const char *where = getenv("TMPDIR");
    char folder[512], db[600], file[640];
    int rc;

    snprintf(folder, sizeof folder, "%s/gpuswap-selftest-XXXXXX", where != NULL && *where != '\0' ? where : "/tmp");
    if (mkdtemp(folder) == NULL)
        return error_set(err, GS_CANT_CREATE, "'%s' cannot be created: %s; set TMPDIR to a folder that may be written",
                         folder, strerror(errno));
    snprintf(db, sizeof db, "%s/results.db", folder);
    rc = try(db, failed, err);
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        snprintf(file, sizeof file, "%s%s", db, part[i]);
        unlink(file);
    }
    rmdir(folder);
    return rc;
}
