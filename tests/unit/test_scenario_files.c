/* test_scenario_files.c - a scenario as text: lines, includes, --set, faults. */
#include "scenario_text.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct outcome out;
static char folder[] = "/tmp/scenario-XXXXXX";

static const gs_ns second = 1000000000;
static const int64_t gib = 1 << 30;

static int fini(void **state)
{
    (void)state;
    outcome_fini(&out);
    return 0;
}

static void expect(const char *text, const char *const set[SETS_MAX], int code, const char *message)
{
    outcome_expect(&out, text, set, code, message);
    outcome_fini(&out);
}

/* A parameter stays with the policy it was written for. */
static void test_override_of_policy_leaves_its_parameters(void **state)
{
    (void)state;
    outcome_expect(&out, COMPLETE, (const char *[SETS_MAX]){"policy.slicer=rr"}, GS_OK, "");
    assert_true(out.scenario.policy[GS_SLOT_SLICER].param[0].i == 10 * second);
    outcome_fini(&out);
    outcome_expect(&out, COMPLETE, (const char *[SETS_MAX]){"policy.slicer=fcfs"}, GS_OK, "");
    assert_int_equal(out.scenario.settings, 104);
    outcome_fini(&out);
    expect(COMPLETE, (const char *[SETS_MAX]){"policy.slicer=fcfs", "policy.slicer.quantum=3s"}, 65,
           "slicer 'fcfs' has no parameter 'quantum'; it has none");
}

static void test_overrides(void **state)
{
    (void)state;
    outcome_expect(&out, EVERYTHING,
                   (const char *[SETS_MAX]){"node.gpu_memory=40GiB", " workload.N.count = 9 ", "scenario.seed=3",
                                            "policy.victim=mru", "policy.slicer.quantum=10s", "scenario.seed=4",
                                            "workload.N.count=8"},
                   GS_OK, "");
    const struct scenario *s = &out.scenario;
    assert_true(s->node[0].gpu_memory == 40 * gib && s->workload[0].count == 8 && s->seed == 4);
    assert_string_equal(s->policy[GS_SLOT_VICTIM].policy->name, "mru");
    assert_string_equal(s->policy[GS_SLOT_VICTIM].place.file, "--set");
    assert_true(s->policy[GS_SLOT_SLICER].param[0].i == 10 * second);
    assert_string_equal(s->text, EVERYTHING);
    outcome_fini(&out);
    static const char bare[] = "[node]\ngpu_memory=80GiB\n[workload.a.b]\nclass=training\nmemory=1GiB\ngpu_work=1s\n";
    outcome_expect(&out, bare,
                   (const char *[SETS_MAX]){"scenario.seed=3", "policy.slicer=fcfs", "workload.a.b.count=2"}, GS_OK,
                   "");
    assert_true(out.scenario.seed == 3 && out.scenario.workload[0].count == 2);
    outcome_fini(&out);
    expect(bare, (const char *[SETS_MAX]){"workload.a.c.count=2"}, 65,
           "--set workload.a.c.count=2: the scenario has no section [workload.a.c]; did you mean 'workload.a.b'?");
    expect(bare, (const char *[SETS_MAX]){"count=2"}, 64, "--set count=2: it must read SECTION.KEY=VALUE");
    expect(bare, (const char *[SETS_MAX]){"node.count"}, 64, "must read SECTION.KEY=VALUE");
    expect(bare, (const char *[SETS_MAX]){"node.=3"}, 64, "must read SECTION.KEY=VALUE");
    expect(bare, (const char *[SETS_MAX]){"node.count= "}, 65, "key 'count' has no value");
    expect(bare, (const char *[SETS_MAX]){"node.count=\x01"}, 64, "byte 0x01 at column 12 is no text");
}

static const struct line {
    const char *text;
    size_t length;       /* 0: up to the NUL */
    const char *message; /* NULL: good */
} lines[] = {
    {"\xEF\xBB\xBF" EVERYTHING, 0, NULL},
    {"; comment\n# comment\n   \t\n" EVERYTHING "[scenario ", 0, "dir/a.ini:34: '[scenario' is no section"},
    {EVERYTHING "response_p50 = 3s", 0, NULL},
    {EVERYTHING "  response_p50\t=3s ; comment = 4\n[sla.T]#no\n", 0, "'[sla.T]#no' is no section"},
    {EVERYTHING "[ policy ]\n", 0, "dir/a.ini:31: section [policy] is repeated; it stands in line 5 already"},
    {EVERYTHING "response_p95 = 3s\n", 0,
     "dir/a.ini:31: key 'response_p95' is repeated in [sla.S]; it stands in line 30"},
    {EVERYTHING "response_p50 = ; 3s\n", 0, "dir/a.ini:31: key 'response_p50' has no value"},
    {EVERYTHING "  3s\n", 0, "dir/a.ini:31: '3s' is neither 'key = value' nor [section] nor a comment"},
    {EVERYTHING "= 3s\n", 0, "'= 3s' is neither"},
    {EVERYTHING "include = x\n", 0, "dir/a.ini:31: 'include' must stand before the first section"},
    {"seed = 3\n" EVERYTHING, 0, "dir/a.ini:1: key 'seed' stands before the first section"},
    {EVERYTHING "[workload]\n", 0, "section [workload] needs a name, such as [workload.A]"},
    {EVERYTHING "[policy.x]\n", 0, "section [policy.x] takes no name; write [policy]"},
    {EVERYTHING "[workload.a b]\n", 0, "the name in [workload.a b] must consist of"},
    {EVERYTHING "[node.]\n", 0, "the name in [node.] must consist of"},
    {EVERYTHING "[workloadd.A]\nx = 1\n", 0, "dir/a.ini:31: unknown section [workloadd.A]; did you mean 'workload'?"},
    {EVERYTHING "x\0y", sizeof EVERYTHING + 2,
     "dir/a.ini:31: byte 0x00 at column 2 is no text; a scenario is UTF-8 text"},
    {"\xFF\xFEn\0o\0", 6, "dir/a.ini:1: byte 0xff at column 1 is no text"},
    {"\x7F"
     "ELF\2\1",
     6, "dir/a.ini:1: byte 0x7f at column 1 is no text"},
    {"a = \xC0\xAF\n", 0, "byte 0xc0 at column 5 is no text"},
    {"a = \xED\xA0\x80\n", 0, "byte 0xed at column 5 is no text"},
    {"", 0, "there is no [node] section"},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct line *l = &lines[i];
        outcome_parse(&out, l->text, l->length ? l->length : strlen(l->text), NULL);
        if (out.code != (l->message ? 65 : 0) || (l->message && !strstr(out.err.text, l->message)))
            fail_msg("row %zu: expected %s, got %d %s", i, l->message ? l->message : "success", out.code, out.err.text);
        outcome_fini(&out);
    }
}

/* Heads that are misspelt: one message, and none of what is missing for it. */
static void test_broken_heads(void **state)
{
    (void)state;
    static const struct {
        const char *old, *fresh, *message;
    } heads[] = {
        {"[node]", "[node", "dir/a.ini:3: '[node' is no section"},
        {"[node]", "[nodes]", "dir/a.ini:3: unknown section [nodes]; did you mean 'node'?"},
        {"[node]", "[node.]", "dir/a.ini:3: the name in [node.] must consist of"},
        {"[scenario]", "[scenarios]", "dir/a.ini:1: unknown section [scenarios]"},
        {"[workload.N]", "[workload]", "dir/a.ini:7: section [workload] needs a name"},
        {"[workload.N]", "workload.N]", "dir/a.ini:7: 'workload.N]' is neither"},
        {"[workload.N]", "[sweep]", "dir/a.ini:8: unknown key 'class' in [sweep]"},
    };
    static const char *const set[SETS_MAX] = {"node.gpus=2", "workload.N.count=2"};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[2 * sizeof EVERYTHING];
        const char *at = strstr(EVERYTHING, heads[i].old);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - EVERYTHING), EVERYTHING, heads[i].fresh,
                 at + strlen(heads[i].old));
        outcome_expect(&out, text, set, 65, heads[i].message);
        assert_true(out.err.lines == 1 || i >= 5); /* rows from 5 on break no head */
        assert_true(out.err.lines > 1 || i < 5);
        outcome_fini(&out);
    }
}

static void test_carriage_returns(void **state)
{
    (void)state;
    char text[2 * sizeof COMPLETE], *p = text;
    for (const char *c = COMPLETE; *c; c++) {
        if (*c == '\n')
            *p++ = '\r';
        *p++ = *c;
    }
    outcome_parse(&out, text, (size_t)(p - text), NULL);
    assert_int_equal(out.code, GS_OK);
    assert_string_equal(out.scenario.name, "all of it");
}

static void test_long_lines(void **state)
{
    (void)state;
    enum { TIMES = 100000, STEP = 9 };
    static const char head[] =
        "[node]\ngpu_memory=80GiB\n[scenario]\nduration=1h\n[workload.I]\nclass=inference\nmemory=1GiB\n"
        "service=1s\narrival=schedule(";
    size_t bytes = sizeof head + TIMES * STEP + 8;
    char *text = malloc(bytes), *p = text;
    assert_non_null(text);
    p += snprintf(p, bytes, "%s", head);
    for (int i = 0; i < TIMES; i++)
        p += snprintf(p, bytes - (size_t)(p - text), "%07ds ", i);
    snprintf(p, bytes - (size_t)(p - text), ")\n");
    outcome_expect(&out, text, NULL, GS_OK, "");
    assert_int_equal(out.scenario.workload[0].arrival.times, TIMES);
    outcome_fini(&out);
    memset(text, 'x', bytes - 1);
    text[bytes - 1] = '\0';
    outcome_expect(&out, text, NULL, 65, "xxx...' is neither 'key = value'");
    assert_true(strlen(out.err.text) < 400);
    outcome_fini(&out);
    memcpy(text, "[node]\n", 7);
    text[bytes / 2] = '=';
    outcome_expect(&out, text, NULL, 65, "dir/a.ini:2: unknown key 'xxx");
    free(text);
}

static void test_errors_come_together(void **state)
{
    (void)state;
    char text[4096] = "[node]\n", *p = text + strlen(text);
    for (int i = 0; i < 30; i++)
        p += snprintf(p, sizeof text - (size_t)(p - text), "key%c%d = 1\n", 'a' + i % 26, i);
    outcome_expect(&out, text, NULL, 65, "dir/a.ini:2: unknown key 'keya0'");
    assert_true(out.err.lines > ERROR_LINES_MAX);
    assert_non_null(strstr(out.err.text, "dir/a.ini:20: "));
}

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void read_expect(const char *name, int code, const char *message)
{
    char path[256];
    memset(&out, 0, sizeof out);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    out.code = scenario_read(&out.scenario, path, NULL, &out.arena, &out.err);
    if (out.code != code || !strstr(out.err.text, message))
        fail_msg("%s: expected %d %s, got %d %s", name, code, message, out.code, out.err.text);
}

static void test_includes(void **state)
{
    (void)state;
    char name[32], text[64];
    put("base.ini", EVERYTHING);
    put("sub/mid.ini", "include = ../base.ini\n[node]\ngpu_memory = 40GiB\ngpus = 2\n[trace.Q]\nfile = q.gst\n");
    put("top.ini",
        "include = sub/mid.ini\n[node]\ngpus = 3\n[workload.M]\nclass = training\nmemory = 1GiB\ngpu_work = 1s\n");
    read_expect("top.ini", GS_OK, "");
    const struct scenario *s = &out.scenario;
    assert_string_equal(s->name, "top");
    assert_true(s->node[0].gpu_memory == 40 * gib && s->node[0].gpus == 3 && s->node[0].place.line == 2);
    assert_int_equal(s->workloads, 7);
    assert_non_null(strstr(s->trace[1].file, "/sub/q.gst"));
    assert_non_null(strstr(s->trace[0].file, "/sub/../load.gst"));
    assert_true(strncmp(s->text, "include = sub/mid.ini\n[node]\n", 29) == 0);
    assert_non_null(strstr(s->text, "/sub/mid.ini\ninclude = ../base.ini\n"));
    outcome_fini(&out);

    put("gone.ini", "; first\ninclude = nowhere.ini\n" EVERYTHING);
    read_expect("gone.ini", GS_NO_INPUT, "gone.ini:2: include '");
    outcome_fini(&out);
    read_expect("nowhere.ini", GS_NO_INPUT, "nowhere.ini: cannot be opened: No such file or directory");
    outcome_fini(&out);
    read_expect("sub", GS_NO_INPUT, "sub: cannot be read: Is a directory");
    outcome_fini(&out);
    put("loop.ini", "include = back.ini\n");
    put("back.ini", "include = loop.ini\n" EVERYTHING);
    read_expect("loop.ini", GS_BAD_INPUT, "back.ini:1: include '");
    assert_non_null(strstr(out.err.text, "/loop.ini' includes itself"));
    outcome_fini(&out);
    for (int i = 0; i < 18; i++) {
        snprintf(name, sizeof name, "deep%d.ini", i);
        snprintf(text, sizeof text, "include = deep%d.ini\n", i + 1);
        put(name, text);
    }
    put("deep18.ini", EVERYTHING);
    read_expect("deep2.ini", GS_OK, "");
    outcome_fini(&out);
    read_expect("deep1.ini", GS_BAD_INPUT, "deep17.ini:1: includes are nested deeper than 16");
}

static int replay_read(struct replay_load *replay, const char *name, const char *const set[SETS_MAX])
{
    char path[256];
    struct overrides overrides = {.set = set};
    while (set && set[overrides.sets])
        overrides.sets++;
    memset(&out, 0, sizeof out);
    snprintf(path, sizeof path, "%s/%s", folder, name ? name : "");
    out.code = scenario_replay(&out.scenario, name ? path : NULL, replay, &overrides, &out.arena, &out.err);
    return out.code;
}

static void test_replay(void **state)
{
    (void)state;
    struct replay_load replay = {.trace = "far/day.gst"};
    assert_int_equal(replay_read(&replay, NULL, NULL), GS_OK);
    const struct scenario *s = &out.scenario;
    assert_true(s->node[0].gpu_memory == 80 * gib && s->traces == 1 && s->workloads == 1);
    assert_string_equal(s->trace[0].file, "far/day.gst");
    assert_string_equal(s->name, "day.gst");
    assert_null(s->trace[0].format);
    outcome_fini(&out);

    put("own.ini", EVERYTHING "[sla.C]\nclass = training\nslowdown_mean = 3\n[trace.trace]\nfile = x\nsample = 7\n");
    replay = (struct replay_load){.trace = "/day;1.gst", .format = "gst", .options = "a=1, b=2"};
    assert_int_equal(replay_read(&replay, "own.ini", NULL), GS_OK);
    assert_true(replay.groups == 5 && replay.slas == 1 && s->workloads == 1 && s->slas == 1 && s->nodes == 1);
    assert_string_equal(s->sla[0].name, "C");
    assert_string_equal(s->workload[0].name, REPLAY_GROUP);
    assert_string_equal(s->trace[0].file, "/day;1.gst");
    assert_string_equal(s->trace[0].format, "gst");
    assert_string_equal(s->trace[0].options, "a=1, b=2");
    assert_true(s->trace[0].sample == 7 && s->policy[GS_SLOT_SLICER].param[0].i == 30 * second);
    for (size_t i = 0; i < s->settings; i++)
        assert_int_not_equal(strncmp(s->setting[i].section, "workload.", 9), 0);
    outcome_fini(&out);

    static const char *const promise[SETS_MAX] = {"sla.S.group=trace", "sla.Q.group=trace", "sla.Q.response_p50=1s"};
    assert_int_equal(replay_read(&replay, "own.ini", promise), GS_OK);
    assert_true(replay.slas == 0 && s->slas == 3 && s->sla[0].group == 0 && s->sla[2].group == 0);
    outcome_fini(&out);
    assert_int_equal(replay_read(&replay, "own.ini", (const char *[SETS_MAX]){"workload.N.count=2"}), GS_BAD_INPUT);
    assert_non_null(strstr(out.err.text, ": [workload.N] is left out, as the trace is the whole load"));
    outcome_fini(&out);
    assert_int_equal(replay_read(&replay, "none.ini", NULL), GS_NO_INPUT);
    assert_non_null(strstr(out.err.text, "/none.ini: cannot be opened: "));
    outcome_fini(&out);
    /* An SLA is made for a replay only. */
    expect(EVERYTHING, (const char *[SETS_MAX]){"sla.Q.group=N"}, 65,
           "the scenario has no section [sla.Q]; did you mean 'sla.S'? --set changes sections that are there; write");
}

static void test_traces_are_no_scenarios(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_trace;
    } files[] = {
        {"#gpuswap-trace,1\n", true}, {"a,b\n1,2\n", true},       {"a,b", true},       {"{\"t\": 1}\n", true},
        {"\x1f\x8b\b", true},         {"\x28\xb5\x2f\xfd", true}, {"; a, b\n", false}, {"# a, b\n", false},
        {"[node], [x]\n", false},     {"include = a,b\n", false}, {"\n1,2\n", false},  {"", false},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        put("what", files[i].text);
        read_expect("what", GS_BAD_INPUT + (strncmp(files[i].text, "include", 7) == 0), "");
        bool told =
            strstr(out.err.text, "what: this looks like a trace, not like a scenario; run it with: gpuswap-sim");
        if (told != files[i].is_trace || (told && out.err.lines != 1))
            fail_msg("row %zu: %s", i, out.err.text);
        outcome_fini(&out);
    }
}

/* The Nth allocation fails: a clean error each time, and in the end success. */
static void test_no_memory(void **state)
{
    (void)state;
    put("base.ini", "[scenario]\nduration = 1h\n");
    put("memory.ini", "include = base.ini\n[node]\ngpu_memory = 80GiB\n");
    int code = GS_SYSTEM;
    uint64_t n = 1;
    for (; code == GS_SYSTEM && n < 10000; n++) {
        memset(&out, 0, sizeof out);
        arena_fail_nth(n);
        code = outcome_parse(&out, COMPLETE, strlen(COMPLETE), (const char *[SETS_MAX]){"scenario.seed=3"});
        arena_fail_nth(0);
        outcome_fini(&out);
    }
    assert_int_equal(code, GS_OK);
    assert_true(n > 30);
    for (n = 1, code = GS_SYSTEM; code == GS_SYSTEM && n < 10000; n++) {
        char path[256];
        memset(&out, 0, sizeof out);
        snprintf(path, sizeof path, "%s/memory.ini", folder);
        arena_fail_nth(n);
        code = scenario_read(&out.scenario, path, NULL, &out.arena, &out.err);
        arena_fail_nth(0);
        outcome_fini(&out);
    }
    assert_int_equal(code, GS_BAD_INPUT); /* it has no workload */
    put("own.ini", EVERYTHING);
    for (n = 1, code = GS_SYSTEM; code == GS_SYSTEM && n < 10000; n++) {
        struct replay_load replay = {.trace = "far/day.gst", .format = "gst"};
        arena_fail_nth(n);
        code = replay_read(&replay, "own.ini", (const char *[SETS_MAX]){"scenario.seed=3"});
        arena_fail_nth(0);
        outcome_fini(&out);
    }
    assert_int_equal(code, GS_OK);
}

static int folder_make(void **state)
{
    (void)state;
    char path[256];
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/sub", folder);
    return mkdir(path, 0777);
}

static int folder_remove(void **state)
{
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_override_of_policy_leaves_its_parameters, fini),
        cmocka_unit_test_teardown(test_overrides, fini),
        cmocka_unit_test_teardown(test_lines, fini),
        cmocka_unit_test_teardown(test_carriage_returns, fini),
        cmocka_unit_test_teardown(test_long_lines, fini),
        cmocka_unit_test_teardown(test_errors_come_together, fini),
        cmocka_unit_test_teardown(test_broken_heads, fini),
        cmocka_unit_test_teardown(test_includes, fini),
        cmocka_unit_test_teardown(test_replay, fini),
        cmocka_unit_test_teardown(test_traces_are_no_scenarios, fini),
        cmocka_unit_test_teardown(test_no_memory, fini),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
