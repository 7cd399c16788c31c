/* test_gst.c - the native trace format: every rule of the reader, the canonical writer, and files in odd shapes. */
#include "traces/gst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "#gpuswap-trace,1\n"
#define W_A "0,W,a,n\n"

/* Read all of `text` and write it to `path` on the way (NULL: do not); the code of the first failure. */
static int pass(const char *text, size_t size, const char *path, uint64_t *records, uint64_t *skipped,
                struct error *err)
{
    struct gst *gst;
    struct gst_record record;
    struct gst_writer *writer = NULL;
    int code = gst_open_memory(&gst, text, size, "t.gst", err);
    *records = *skipped = 0;
    if (code)
        return code;
    if (path)
        code = gst_create(&writer, path, gst_header(gst)->note, gst_header(gst)->notes, err);
    while (!code && !(code = gst_next(gst, &record, err)) && record.kind != GST_END) {
        ++*records;
        if (path)
            code = gst_put(writer, &record, err);
    }
    *skipped = gst_skipped(gst);
    if (path && !code)
        code = gst_commit(writer, err);
    else if (path)
        gst_discard(writer);
    gst_close(gst);
    return code;
}

static const char *out_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/gpuswap-test-%ld.gst", (long)getpid());
    return path;
}

static size_t read_file(const char *path, char *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(out, 1, capacity - 1, file);
    fclose(file);
    out[n] = 0;
    return n;
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } table[] = {
        {"", "t.gst: file is empty"},
        {"hello\n", "t.gst:1: not a trace"},
        {"#gpuswap-trace,2\n", "t.gst:1: format version '2'"},
        {"#gpuswap-trace,1\r\n", "t.gst:1: line ends in CR LF"},
        {"\xef\xbb\xbf" MAGIC, "t.gst:1: file starts with a byte order mark"},
        {MAGIC "#meta,horizon\n", "t.gst:2: header line must be '#meta,KEY,VALUE'"},
        {MAGIC "#meta,,x\n", "t.gst:2: header line must be"},
        {MAGIC "#meta,a b,x\n", "t.gst:2: header line must be"},
        {MAGIC "#assume,mem,\xc3\xa4\n", "t.gst:2: header lines hold printable ASCII only"},
        {MAGIC "#meta,horizon,soon\n", "t.gst:2: field 'horizon'"},
        {MAGIC "#meta,horizon,-1\n", "t.gst:2: field 'horizon'"},
        {MAGIC "#meta,horizon,5\n#meta,horizon,6\n", "t.gst:3: field 'horizon': is given twice"},
        {MAGIC "#meta,ref_gpu,A,x\n", "t.gst:2: field 'ref_gpu'"},
        {MAGIC W_A "#meta,name,late\n", "t.gst:3: header line after the first record"},
        {MAGIC "\n", "t.gst:2: line is empty"},
        {MAGIC "x,W,a,n\n", "t.gst:2: field 't': must be an integer from 0 to"},
        {MAGIC "-1,W,a,n\n", "t.gst:2: field 't': must be an integer from 0 to"},
        {MAGIC "3155760000000001,W,a,n\n", "t.gst:2: field 't': must be"},
        {MAGIC "99999999999999999999999,W,a,n\n", "t.gst:2: field 't': must be"},
        {MAGIC "0\n", "t.gst:2: field 't'"},
        {MAGIC "0,Q,a\n", "t.gst:2: field 'kind': 'Q' is none of"},
        {MAGIC "0,WW,a,n\n", "t.gst:2: field 'kind': 'WW' is none of"},
        {MAGIC "0,W\n", "t.gst:2: field 'id': is missing"},
        {MAGIC "0,W,,n\n", "t.gst:2: field 'id': is missing"},
        {MAGIC "0,W,a!,n\n", "t.gst:2: field 'id': must be 1 to 63"},
        {MAGIC "0,W,a\n", "t.gst:2: field 'class': is missing"},
        {MAGIC "0,W,a,z\n", "t.gst:2: field 'class': must be one of 'n t i x', not 'z'"},
        {MAGIC "0,W,a,n,0\n", "t.gst:2: field 'gpus': must be an integer from 1 to 1024, not '0'"},
        {MAGIC "0,W,a,n,1,1.5\n", "t.gst:2: field 'mem': must be an integer from 0 to 1152921504606846976, not '1.5'"},
        {MAGIC "0,W,a,n,1, 5\n", "t.gst:2: field 'mem'"},
        {MAGIC "0,W,a,n,1,+5\n", "t.gst:2: field 'mem'"},
        {MAGIC "0,W,a,n,1,\"5\"\n", "t.gst:2: field 'mem'"},
        {MAGIC "0,W,a,n,1,1152921504606846977\n", "t.gst:2: field 'mem'"},
        {MAGIC "0,W,a,n,1,18446744073709551621\n", "t.gst:2: field 'mem'"},
        {MAGIC "0,W,a,n,1,5,0,300000,200000\n", "t.gst:2: field 'req': request 300000 is above the limit 200000"},
        {MAGIC "0,W,a,n,1,5,0,1000001\n", "t.gst:2: field 'req'"},
        {MAGIC "0,W,a,n,1,5,0,1,1,256\n", "t.gst:2: field 'prio'"},
        {MAGIC "0,W,a,n,1,5,0,1,1,1,2\n", "t.gst:2: field 'swap'"},
        {MAGIC "0,W,a,n,1,5,0,1,1,1,1,q\n", "t.gst:2: field 'loop'"},
        {MAGIC "0,W,a,n,1,5,0,1,1,1,1,c,g g\n", "t.gst:2: field 'group'"},
        {MAGIC "0,W,a,n,1,5,0,1,1,1,1,c,g,\n", "t.gst:2: too many fields; 'W' has at most 10"},
        {MAGIC "0,W,a,n\r\n", "t.gst:2: line ends in CR LF"},
        {MAGIC W_A "0,W,a,n\n", "t.gst:3: field 'id': 'a' is declared already"},
        {MAGIC W_A "5,D,a\n6,W,a,n\n", "t.gst:4: field 'id': 'a' is used again after its D record"},
        {MAGIC W_A "5,D,a\n6,B,a,1\n", "t.gst:4: field 'id': 'a' is used after its D record"},
        {MAGIC W_A "5,D,a,gone\n", "t.gst:3: field 'why': must be one of"},
        {MAGIC W_A "0,B,b,1\n", "t.gst:3: field 'id': 'b' is not declared"},
        {MAGIC W_A "0,B,a\n", "t.gst:3: field 'work': is missing"},
        {MAGIC W_A "0,B,a,0\n", "t.gst:3: field 'work': must be an integer from 1"},
        {MAGIC W_A "0,B,a,-5\n", "t.gst:3: field 'work'"},
        {MAGIC W_A "0,B,a,5,0,0,0,0\n", "t.gst:3: too many fields"},
        {MAGIC W_A "0,B,a,5,,,,\n", "t.gst:3: too many fields"},
        {MAGIC W_A "0,B,a,5,0,9,4\n1,B,a,5,0,0,-5\n", "t.gst:4: field 'keep': brings the sum of keep of 'a' to -1"},
        {MAGIC W_A "0,B,a,5,0,9,4\n1,M,a,0\n1,B,a,5,0,0,-1\n", "t.gst:5: field 'keep'"},
        {MAGIC W_A "9,B,a,1\n8,B,a,1\n", "t.gst:4: field 't': 8 is before the previous record's 9"},
        {MAGIC W_A "9,xnote,a\n8,B,a,1\n", "t.gst:4: field 't': 8 is before"},
        {MAGIC W_A "9,B,a,1\n8,xnote,a\n", "t.gst:4: field 't': 8 is before"},
        {MAGIC "#meta,horizon,7\n" W_A "8,B,a,1\n", "t.gst:4: field 't': 8 is after the horizon 7"},
        {MAGIC W_A "0,T,a,0,5\n", "t.gst:3: field 'iters'"},
        {MAGIC W_A "0,T,a,5,0\n", "t.gst:3: field 'iter_work'"},
        {MAGIC W_A "0,T,a,3155760000000000,2\n",
         "t.gst:3: field 'iters': the run of iterations takes more than 100 years"},
        {MAGIC W_A "0,R,a,1,1\n", "t.gst:3: field 'work': is empty and 'a' has no service model"},
        {MAGIC W_A "0,S,a,0,5,5\n0,R,a,1,1\n", "t.gst:4: field 'work': comes to 0"},
        {MAGIC W_A "0,S,a,5\n0,R,a,1,1,,t t\n", "t.gst:4: field 'tag'"},
        {MAGIC W_A "0,S,a,5,1,1,1,0\n", "t.gst:3: field 'slots'"},
        {MAGIC W_A "0,M,a\n", "t.gst:3: field 'bytes': is missing"},
        {MAGIC W_A "0,U,a,mem,1\n", "t.gst:3: field 'field': must be one of 'prio swap req lim'"},
        {MAGIC W_A "0,U,a,prio,256\n", "t.gst:3: field 'value': must be 0 to 255"},
        {MAGIC W_A "0,U,a,swap,2\n", "t.gst:3: field 'value': must be 0 or 1"},
        {MAGIC W_A "0,U,a,lim,0\n", "t.gst:3: field 'value'"},
        {MAGIC W_A "0,U,a,lim,500\n0,U,a,req,501\n", "t.gst:4: field 'value': request 501 is above the limit 500"},
        {MAGIC W_A "0,U,a,req,501\n0,U,a,lim,500\n", "t.gst:4: field 'value': limit 500 is below the request 501"},
        {"\x28\xb5\x2f\xfd", "t.gst:1: not a trace"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        uint64_t records, skipped;
        int code = pass(table[i].text, strlen(table[i].text), NULL, &records, &skipped, &err);
        if (code != GS_BAD_INPUT || strncmp(err.text, table[i].message, strlen(table[i].message)) != 0)
            fail_msg("'%s' gives %d '%s', not '%s'", table[i].text, code, err.text, table[i].message);
    }
}

static void good_files_come_back_canonical(void **state)
{
    static const struct {
        const char *text, *canonical;
        uint64_t records, skipped;
    } table[] = {
        {MAGIC, MAGIC, 0, 0},
        {"#gpuswap-trace,1", MAGIC, 0, 0},
        {MAGIC W_A, MAGIC W_A, 1, 0},
        {MAGIC "0,W,a,n", MAGIC W_A, 1, 0},
        {MAGIC "#meta,b,\n#assume,c,x, y\n#meta,a,1\n", MAGIC "#meta,b,\n#assume,c,x, y\n#meta,a,1\n", 0, 0},
        {MAGIC "# hello\n" W_A "#\n5,D,a\n", MAGIC W_A "5,D,a\n", 2, 0},
        {MAGIC "000,W,a,n,01,,,,,,,,\n", MAGIC "0,W,a,n,1\n", 1, 0},
        {MAGIC W_A "0,B,a,5,,,\n0,B,a,5,,,007\n0,B,a,5,0,0,-0\n", MAGIC W_A "0,B,a,5\n0,B,a,5,,,7\n0,B,a,5,0,0,0\n", 4,
         0},
        {MAGIC W_A "0,B,a,1,,,5\n0,B,a,1,,,-5\n", MAGIC W_A "0,B,a,1,,,5\n0,B,a,1,,,-5\n", 3, 0},
        {MAGIC W_A "1,x,\n2,xray,zzz,1.5,\"\n3,B,a,1\n", MAGIC W_A "3,B,a,1\n", 2, 2},
        {MAGIC "0,W,a,i\n0,S,a,5\n0,R,a,,,,tag\n", MAGIC "0,W,a,i\n0,S,a,5\n0,R,a,,,,tag\n", 3, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        uint64_t records, skipped;
        char got[4096];
        assert_int_equal(pass(table[i].text, strlen(table[i].text), out_path(), &records, &skipped, &err), GS_OK);
        read_file(out_path(), got, sizeof got);
        unlink(out_path());
        assert_string_equal(got, table[i].canonical);
        assert_int_equal(records, table[i].records);
        assert_int_equal(skipped, table[i].skipped);
    }
}

static void sample_is_read_and_written_byte_by_byte(void **state)
{
    static char text[16384], again[16384];
    struct error err = {0};
    uint64_t records, skipped;
    (void)state;
    size_t n = read_file("tests/data/mixed.gst", text, sizeof text);
    assert_int_equal(pass(text, n, out_path(), &records, &skipped, &err), GS_OK);
    assert_int_equal(records, 18);
    read_file(out_path(), again, sizeof again);
    unlink(out_path());
    assert_string_equal(again, text);
}

static void fields_and_defaults_arrive(void **state)
{
    static const char text[] =
        MAGIC "#meta,name,n\n#meta,ref_gpu,G,80\n#meta,horizon,99\n#meta,source,s\n"
              "1,W,b,t,,7\n2,W,a,n,2,8,3,4,5,6,0,o,g\n3,B,a,5,6,7,-0\n4,R,b,1,2,3,tag\n5,D,b,kill\n";
    struct error err = {0};
    struct gst *gst;
    struct gst_record r;
    (void)state;
    assert_int_equal(gst_open_memory(&gst, text, sizeof text - 1, "t", &err), GS_OK);
    const struct gst_header *header = gst_header(gst);
    assert_string_equal(header->name, "n");
    assert_string_equal(header->source, "s");
    assert_string_equal(header->ref_gpu, "G");
    assert_int_equal(header->ref_gpu_bytes, 80);
    assert_int_equal(header->horizon_us, 99);
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.kind, GST_WORKLOAD);
    assert_string_equal(r.name, "b");
    static const int64_t defaults[] = {GST_TRAINING, 1, 7, 0, -1, 1000000, -1, 1, GST_OPEN};
    assert_memory_equal(r.value, defaults, sizeof defaults);
    assert_int_equal(r.given, 5);
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    static const int64_t given[] = {GST_NOTEBOOK, 2, 8, 3, 4, 5, 6, 0, GST_OPEN};
    assert_memory_equal(r.value, given, sizeof given);
    assert_string_equal(r.text, "g");
    assert_int_equal(r.id, 1);
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.kind, GST_BURST);
    assert_int_equal(r.id, 1);
    assert_int_equal(r.b.work + r.b.think * 10 + r.b.grow * 100 + r.b.keep * 1000, 765);
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.kind, GST_REQUEST);
    assert_int_equal(r.id, 0);
    assert_string_equal(r.text, "tag");
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.d.why, GST_WHY_KILL);
    assert_string_equal(r.name, "b");
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.kind, GST_END);
    assert_int_equal(gst_next(gst, &r, &err), GS_OK);
    assert_int_equal(r.kind, GST_END);
    gst_close(gst);
}

/* A file of `n` workloads and as many bursts, larger than the reader's buffer. */
static char *large(size_t n, size_t *size)
{
    char *text = test_malloc(n * 80 + 100);
    size_t used = (size_t)sprintf(text, MAGIC);
    for (size_t i = 0; i < n; i++)
        used += (size_t)sprintf(text + used, "%zu,W,workload-%zu,n,1,1000000,,,,,,,group-%zu\n", i, i, i % 10);
    for (size_t i = 0; i < n; i++)
        used += (size_t)sprintf(text + used, "%zu,B,workload-%zu,%zu,5\n", n + i, (i * 7) % n, i + 1);
    *size = used;
    return text;
}

static int count(const char *path, uint64_t *records, struct error *err)
{
    struct gst *gst;
    struct gst_record record;
    int code = gst_open(&gst, path, err);
    *records = 0;
    if (code)
        return code;
    while (!(code = gst_next(gst, &record, err)) && record.kind != GST_END)
        ++*records;
    gst_close(gst);
    return code;
}

static void large_files_plain_and_compressed(void **state)
{
    size_t size, n = 60000;
    char path[80];
    char *text = large(n, &size);
    struct error err = {0};
    uint64_t records, skipped;
    struct stat status;
    (void)state;
    assert_true(size > 3 << 20);
    assert_int_equal(pass(text, size, out_path(), &records, &skipped, &err), GS_OK);
    assert_int_equal(records, 2 * n);
    char *again = test_malloc(size + 1);
    assert_int_equal(read_file(out_path(), again, size + 1), size);
    assert_memory_equal(again, text, size);
    assert_int_equal(count(out_path(), &records, &err), GS_OK);
    assert_int_equal(records, 2 * n);
    unlink(out_path());

    static const char *const ending[] = {"gz", "zst"};
    for (int i = 0; i < 2; i++) {
        err = (struct error){0};
        snprintf(path, sizeof path, "%s.%s", out_path(), ending[i]);
        assert_int_equal(pass(text, size, path, &records, &skipped, &err), GS_OK);
        assert_int_equal(count(path, &records, &err), GS_OK);
        assert_int_equal(records, 2 * n);
        assert_int_equal(stat(path, &status), 0);
        assert_true((size_t)status.st_size < size / 2);
        assert_int_equal(truncate(path, status.st_size / 2), 0);
        assert_int_equal(count(path, &records, &err), GS_BAD_INPUT);
        assert_non_null(strstr(err.text, "data is cut short"));
        unlink(path);
    }
    test_free(again);
    test_free(text);
}

static void long_lines_are_refused(void **state)
{
    char text[3000];
    struct error err = {0};
    uint64_t records, skipped;
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        int n = snprintf(text, sizeof text, MAGIC "#");
        memset(text + n, '-', 1022 + (size_t)extra);
        n += 1022 + extra;
        n += snprintf(text + n, 20, "\n" W_A);
        assert_int_equal(pass(text, (size_t)n, NULL, &records, &skipped, &err), extra ? GS_BAD_INPUT : GS_OK);
    }
    assert_string_equal(err.text, "t.gst:2: line is longer than 1023 bytes");
}

static void files_that_cannot_be_read(void **state)
{
    static const struct {
        const char *path;
        int code;
        const char *message;
    } table[] = {
        {"/nowhere/a.gst", GS_NO_INPUT, "cannot open '/nowhere/a.gst': No such file"},
        {"/tmp", GS_NO_INPUT, "cannot read '/tmp': Is a directory"},
    };
    uint64_t records;
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error err = {0};
        assert_int_equal(count(table[i].path, &records, &err), table[i].code);
        assert_non_null(strstr(err.text, table[i].message));
    }
    struct error err = {0};
    FILE *file = fopen(out_path(), "wb");
    assert_non_null(file);
    fwrite("\x28\xb5\x2f\xfd....", 1, 8, file);
    fclose(file);
    assert_int_equal(count(out_path(), &records, &err), GS_BAD_INPUT);
    assert_non_null(strstr(err.text, "zstd"));
    unlink(out_path());
}

static void nothing_half_written_stays(void **state)
{
    static const char bad[] = MAGIC W_A "0,B,a,5\n0,B,b,5\n";
    struct error err = {0};
    uint64_t records, skipped;
    char got[64], temporary[128];
    (void)state;
    FILE *file = fopen(out_path(), "wb");
    assert_non_null(file);
    fputs("old", file);
    fclose(file);
    assert_int_equal(pass(bad, sizeof bad - 1, out_path(), &records, &skipped, &err), GS_BAD_INPUT);
    read_file(out_path(), got, sizeof got);
    assert_string_equal(got, "old");
    snprintf(temporary, sizeof temporary, "/tmp/.%s.%ld.tmp", out_path() + 5, (long)getpid());
    assert_int_not_equal(access(temporary, F_OK), 0);
    unlink(out_path());

    struct error full = {0}, folder = {0}, nowhere = {0};
    static const char good[] = MAGIC W_A;
    assert_int_equal(pass(good, sizeof good - 1, "/dev/full", &records, &skipped, &full), GS_IO);
    assert_non_null(strstr(full.text, "No space left"));
    assert_int_equal(pass(good, sizeof good - 1, "/tmp", &records, &skipped, &folder), GS_CANT_CREATE);
    assert_int_equal(pass(good, sizeof good - 1, "/nowhere/a.gst", &records, &skipped, &nowhere), GS_CANT_CREATE);
}

static void writer_refuses_what_no_reader_takes(void **state)
{
    struct gst_writer *writer;
    struct gst_record w = {.kind = GST_WORKLOAD, .name = "a", .text = "", .given = 1, .w = {.class = GST_NOTEBOOK}};
    static const struct gst_record table[] = {
        {.kind = GST_WORKLOAD, .id = 1, .name = "a", .text = "", .given = 1},
        {.kind = GST_WORKLOAD, .id = 2, .name = "b", .text = "", .given = 1},
        {.kind = GST_WORKLOAD, .id = 1, .name = "b c", .text = "", .given = 1},
        {.kind = GST_WORKLOAD, .id = 1, .name = "b", .text = "", .given = 0},
        {.kind = GST_WORKLOAD, .id = 1, .name = "b", .text = "", .given = 1, .w = {.class = 4}},
        {.kind = GST_BURST, .id = 1, .text = "", .given = 1, .b = {.work = 1}},
        {.kind = GST_BURST, .id = 0, .text = "", .given = 1, .b = {.work = 0}},
        {.kind = GST_BURST, .id = 0, .text = "", .given = 2, .b = {.work = 1}},
        {.kind = GST_BURST, .id = 0, .t_us = 4, .text = "", .given = 1, .b = {.work = 1}},
        {.kind = GST_REQUEST, .id = 0, .t_us = 5, .text = "a b", .given = 12, .r = {.work = 1}},
    };
    struct error err = {0};
    (void)state;
    w.t_us = 5;
    assert_int_equal(gst_create(&writer, out_path(), NULL, 0, &err), GS_OK);
    assert_int_equal(gst_put(writer, &w, &err), GS_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct gst_record record = table[i];
        struct error one = {0};
        if (i != 8)
            record.t_us = 5;
        if (gst_put(writer, &record, &one) != GS_BAD_INPUT)
            fail_msg("record %zu was taken", i);
    }
    assert_int_equal(gst_commit(writer, &err), GS_OK);
    char got[256];
    read_file(out_path(), got, sizeof got);
    assert_string_equal(got, MAGIC "5,W,a,n\n");
    unlink(out_path());
}

static void every_allocation_may_fail(void **state)
{
    static const char text[] = MAGIC "#meta,name,x\n#meta,ref_gpu,A,5\n" W_A "0,B,a,5\n";
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct error err = {0};
        uint64_t records, skipped;
        arena_fail_nth(n);
        int code = pass(text, sizeof text - 1, out_path(), &records, &skipped, &err);
        arena_fail_nth(0);
        if (!code)
            break;
        assert_int_equal(code, GS_SYSTEM);
        assert_true(n < 100);
    }
    unlink(out_path());
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(good_files_come_back_canonical),
        cmocka_unit_test(sample_is_read_and_written_byte_by_byte),
        cmocka_unit_test(fields_and_defaults_arrive),
        cmocka_unit_test(large_files_plain_and_compressed),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(nothing_half_written_stays),
        cmocka_unit_test(writer_refuses_what_no_reader_takes),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
