/* test_scenario.c - values of a scenario: every key's field, default and bounds, and contradictions between keys. */
#include "scenario_text.h"
#include "sim/scenario/keys.h"
#include <math.h>
#include <stdio.h>

static struct outcome out;

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

/* The section of EVERYTHING that takes `key`. */
static const char *section_for(const struct key *key)
{
    bool of_iterations = strncmp(key->name, "iteration", 9) == 0 || strcmp(key->name, "gap") == 0;
    if (strcmp(key->section, "workload") == 0 && strcmp(key->classes, "training") == 0)
        return of_iterations ? "workload.J" : "workload.T";
    if (strcmp(key->section, "workload") == 0)
        return strcmp(key->classes, "inference") == 0 ? "workload.I" : "workload.N";
    return strcmp(key->section, "trace") == 0 ? "trace.R" : strcmp(key->section, "sla") == 0 ? "sla.S" : key->section;
}

/* Wrong type, unit, sign for each kind of value. */
static const char *const bad_values[][12] = {
    [KEY_TEXT] = {NULL},
    [KEY_NAME] = {"nonsense", NULL},
    [KEY_CHOICE] = {"nonsense", "0", NULL},
    [KEY_BOOLEAN] = {"maybe", "2", NULL},
    [KEY_INTEGER] = {"x", "1.5", "-1", "3s", "1e30", NULL},
    [KEY_TIME] = {"x", "5", "5GiB", "-5s", "5 parsecs", "1e30s", NULL},
    [KEY_SECONDS] = {"x", "5", "5GiB", "-5s", "0s", NULL},
    [KEY_SIZE] = {"x", "80", "5s", "-1GiB", "1e30GiB", NULL},
    [KEY_RATE] = {"x", "25", "25GB", "-1GB/s", "0GB/s", NULL},
    [KEY_NUMBER] = {"x", "-1", "1s", "nan", "inf", NULL},
    [KEY_SHARE] = {"x", "-0.1", "1.1", "150%", "1s", NULL},
    [KEY_DIST_TIME] = {"x", "5", "5GiB", "-5s", "exp(5)", "exp(-1s)", "nonsense(5s)", "exp(5s", NULL},
    [KEY_DIST_SIZE] = {"x", "5", "5s", "-1GiB", "exp(5)", "nonsense(5GiB)", "exp(5GiB", NULL},
    [KEY_DIST_NUMBER] = {"x", "5s", NULL},
    [KEY_ARRIVAL] = {"x", "poisson", "poisson(1)", "poisson(0/s)", "poisson(-1/s)", "poisson(1/s,2/s)", "gamma(0,1/s)",
                     "onoff(1m,0s,1/s)", "schedule()", "schedule(5s 1s)", "schedule(1 2)", NULL},
    [KEY_ROUTER] = {"x", "zipf", "zipf(x)", "random()", "1", NULL},
    [KEY_POLICY] = {"nonsense", "/dev/null", NULL},
};

static void refused(const struct key *key, const char *value)
{
    char set[256], line[300], text[4096];
    const char *section = section_for(key);
    snprintf(set, sizeof set, "%s.%s=%s", section, key->name, value);
    snprintf(line, sizeof line, "--set %s: ", set);
    outcome_expect(&out, EVERYTHING, (const char *const[SETS_MAX]){set}, GS_BAD_INPUT, line);
    if (out.err.lines != 1)
        print_error("%s\n", out.err.text);
    assert_int_equal(out.err.lines, 1);
    outcome_fini(&out);

    /* The same in a file, with its line. */
    snprintf(text, sizeof text, "[%s]\n; comment\n%s = %s\n", section, key->name, value);
    outcome_expect(&out, text, NULL, GS_BAD_INPUT, "dir/a.ini:3: ");
    outcome_fini(&out);
}

static void test_bad_values(void **state)
{
    (void)state;
    const struct key *key;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++)
        for (const char *const *value = bad_values[key->kind]; *value; value++)
            refused(key, *value);
}

static void test_bounds(void **state)
{
    (void)state;
    const struct key *key;
    char value[64];
    size_t tried = 0;
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        const char *unit = key->kind == KEY_SIZE || key->kind == KEY_DIST_SIZE   ? "B"
                           : key->kind == KEY_TIME || key->kind == KEY_DIST_TIME ? "ns"
                                                                                 : "";
        bool is_number = key->kind == KEY_INTEGER || key->kind == KEY_NUMBER || key->kind == KEY_SHARE || *unit;
        if (!is_number)
            continue;
        if (key->above || key->min > 0) {
            snprintf(value, sizeof value, "%.12g%s",
                     key->above     ? key->min
                     : key->min > 1 ? key->min - 1
                                    : key->min / 2,
                     unit);
            if (key->kind == KEY_INTEGER && key->min <= 1)
                snprintf(value, sizeof value, "0");
            refused(key, value);
            tried++;
        }
        if (key->max < 1e18) {
            snprintf(value, sizeof value, "%.15g%s", key->kind == KEY_SHARE ? key->max * 1.01 : key->max + 1, unit);
            refused(key, value);
            tried++;
        }
    }
    assert_true(tried > 30);
}

/* Defaults parse, and give the same as writing them out. */
static void test_defaults_written_out(void **state)
{
    (void)state;
    const struct key *key;
    char set[256];
    for (size_t i = 0; (key = keys_at(i)) != NULL; i++) {
        assert_true(strlen(key->help) > 10);
        if (!key->fallback || !key->fallback[0])
            continue;
        snprintf(set, sizeof set, "%s.%s=%s", section_for(key), key->name, key->fallback);
        expect(EVERYTHING "[sweep]\ndesign = latin\nnode.gpu_memory = 80GiB\n", (const char *const[SETS_MAX]){set},
               GS_OK, "");
    }
}

#define REQUESTS "[workload.Q]\nclass = inference\nmemory = 1GiB\narrival = poisson(1/s)\n"

static const struct contradiction {
    const char *text;
    const char *set[SETS_MAX];
    int code;
    const char *message;
} contradictions[] = {
    {EVERYTHING, {"scenario.warmup=8h"}, 65, "--set scenario.warmup=8h: 'warmup' leaves nothing of 'duration'"},
    {EVERYTHING, {"node.gpu_reserved=80GiB"}, 65, "the reserve of 80.0 GiB leaves nothing"},
    {EVERYTHING, {"node.gpu_reserved_per_workload=78GiB"}, 65, "leaves nothing of the GPU's 80.0 GiB"},
    {EVERYTHING, {"node.time_slicing=fair"}, 65, "not available in this version; besides, it is a configuration error"},
    {EVERYTHING, {"node.time_slicing=strict"}, 65, "a configuration error: swap excludes strict and fair time slicing"},
    {EVERYTHING, {"node.time_slicing=fair"}, 65, "a configuration error: swap excludes strict and fair time slicing"},
    {EVERYTHING,
     {"node.time_slicing=fair", "node.swap=no"},
     65,
     "'time_slicing' other than 'timesharing' is not available"},
    {EVERYTHING,
     {"policy.cap.when_full=migrate"},
     65,
     "'cap.when_full = migrate' needs a node with 'node_level_scheduler = yes'"},
    {EVERYTHING,
     {"workload.N.gpus_per_workload=9"},
     78,
     "'N' needs 9 GPUs of one node, but no node has more than 1; raise 'gpus' of [node]"},
    {EVERYTHING, {"workload.I.router=random(2)"}, 65, "it must be one of each, random, round_robin"},
    {EVERYTHING, {"workload.I.router=zipf"}, 65, "the form zipf(s), such as zipf(1.1)"},
    {EVERYTHING, {"workload.I.router=zipf()"}, 65, "'' is not a number"},
    {EVERYTHING, {"workload.I.router=zipf(-1)"}, 65, "from 0 to 20"},
    {EVERYTHING, {"workload.I.router=rundom"}, 65, "did you mean 'random'?"},
    {EVERYTHING, {"workload.I.input_tokens=100"}, 65, "[workload.I] has both 'service' and 'input_tokens'"},
    {EVERYTHING, {"workload.I.output_tokens=100"}, 65, "[workload.I] has both 'service' and 'output_tokens'"},
    {EVERYTHING, {"workload.I.prefill_per_token=1ms"}, 65, "both 'service' and 'prefill_per_token'; keep one of them"},
    {EVERYTHING, {"workload.I.decode_per_token=1ms"}, 65, "both 'service' and 'decode_per_token'; keep one of them"},
    {EVERYTHING, {"workload.I.first_token_overhead=1ms"}, 65, "both 'service' and 'first_token_overhead'"},
    {EVERYTHING REQUESTS, {NULL}, 65, "[workload.Q] needs the key 'service', or 'output_tokens'"},
    {EVERYTHING REQUESTS "input_tokens = 5\n", {NULL}, 65, "'input_tokens' needs 'output_tokens' as well"},
    {EVERYTHING REQUESTS "output_tokens = 5\n", {NULL}, 65, "tokens that take no time"},
    {EVERYTHING REQUESTS "output_tokens = 0\n", {NULL}, 65, "it must be greater than 0"},
    {EVERYTHING REQUESTS "output_tokens = 5\ndecode_per_token = 1ms\n", {NULL}, 0, ""},
    {EVERYTHING, {"sla.S.ttft_p95=1s"}, 0, ""},
    {EVERYTHING, {"workload.I.kv_cache=16GiB"}, 65, "'kv_cache' leaves nothing of 'memory', which may be as little as"},
    {EVERYTHING, {"workload.I.unload=stop", "workload.I.state=host"}, 65, "'state = host' contradicts 'unload = stop'"},
    {EVERYTHING, {"workload.I.unload=stop", "workload.I.keep_host_copy=yes"}, 65, "contradicts 'unload = stop'"},
    {EVERYTHING, {"workload.I.unload=stop"}, 0, ""},
    {EVERYTHING "[sweep]\nx = 1\n", {NULL}, 65, "dir/a.ini:32: unknown key 'x' in [sweep]"},
    {EVERYTHING, {"workload.N.request=0.6", "workload.N.limit=0.5"}, 65, "'request' 0.6 is greater than 'limit' 0.5"},
    {EVERYTHING,
     {"workload.N.gpu_work=1h"},
     65,
     "'gpu_work' belongs to class training, but [workload.N] is of class notebook"},
    {EVERYTHING,
     {"workload.T.think=1h"},
     65,
     "'think' belongs to class notebook, but [workload.T] is of class training"},
    {EVERYTHING, {"workload.T.iterations=5"}, 65, "both 'gpu_work' and 'iterations'"},
    {EVERYTHING, {"workload.T.iteration=5s"}, 65, "both 'gpu_work' and 'iterations'"},
    {EVERYTHING, {"workload.T.gap=5s"}, 65, "'gap' goes with 'iterations'"},
    {EVERYTHING, {"workload.J.cpu_work=5s"}, 65, "'cpu_work' goes with 'gpu_work'"},
    {EVERYTHING,
     {"workload.N.swappable=no", "workload.N.state=host"},
     65,
     "'state = host' contradicts 'swappable = no'"},
    {EVERYTHING, {"workload.N.fraction=regular", "workload.N.state=host"}, 65, "contradicts 'fraction = regular'"},
    {EVERYTHING, {"workload.N.class=notebok"}, 65, "did you mean 'notebook'?"},
    {EVERYTHING, {"trace.R.from=2h", "trace.R.to=1h"}, 65, "'from' is not before 'to'"},
    {EVERYTHING, {"sla.S.class=notebook"}, 65, "[sla.S] needs either 'group' or 'class', not both"},
    {EVERYTHING, {"sla.S.group=M"}, 65, "no workload group 'M'; did you mean 'N'?"},
    {EVERYTHING "[sla.Q]\nresponse_p50 = 1s\n", {NULL}, 65, "dir/a.ini:31: [sla.Q] needs either 'group' or 'class'"},
    {EVERYTHING "[sla.Q]\ngroup = N\n", {NULL}, 65, "[sla.Q] promises nothing"},
    {EVERYTHING "[trace.N]\nfile = x\n", {NULL}, 65, "[trace.N] and [workload.N] have the same name"},
    {EVERYTHING "[node.node]\ngpu_memory = 1GiB\n", {NULL}, 65, "[node.node] and [node] have the same name"},
    {EVERYTHING, {"node.sharing=exclusive", "policy.slicer=ps"}, 65, "excludes slicer 'ps'"},
    {EVERYTHING "[node.B]\ngpu_memory=80GiB\nsharing = exclusive\n",
     {"policy.slicer=ps"},
     65,
     "dir/a.ini:33: 'sharing = exc"},
    {EVERYTHING, {"node.count=1000000", "node.gpus=1000"}, 65, "1000000000 GPUs are too many"},
    {EVERYTHING, {"workload.N.count=10000000"}, 65, "10000003 workloads are too many"},
    {EVERYTHING, {"policy.victm=lru"}, 65, "unknown key 'victm' in [policy]; did you mean 'victim'?"},
    {EVERYTHING, {"policy.victim=lur"}, 65, "unknown victim policy 'lur'; did you mean 'lru'?"},
    {EVERYTHING, {"policy.victim=zzzzzzzz"}, 65, "unknown victim policy 'zzzzzzzz'; 'gpuswap-sim policies' lists them"},
    {EVERYTHING, {"policy.place=./mine.so"}, 66, "plug-in './mine.so' as place: cannot read 'dir/./mine.so': No such"},
    {EVERYTHING, {"policy.slicer.quantun=3s"}, 65, "has no parameter 'quantun'; it has 'quantum', 'switch_cost'"},
    {EVERYTHING, {"policy.victim.x=3s"}, 65, "victim 'lru' has no parameter 'x'; it has none"},
    {EVERYTHING, {"policy.slicer.quantum=30"}, 65, "'slicer.quantum = 30': a time needs a unit"},
    {EVERYTHING, {"policy.slicer.quantum=0s"}, 65, "'slicer.quantum = 0s': it must be from 1ns to"},
    {EVERYTHING, {"policy.slicer.swap_in_quantum=perhaps"}, 65, "'slicer.swap_in_quantum = perhaps': "},
    {EVERYTHING, {"policy.slicer=lru"}, 65, "unknown slicer policy 'lru'; 'lru' is a victim policy"},
    {EVERYTHING, {"policy.quantum=3s"}, 65, "unknown key 'quantum' in [policy]; did you mean 'slicer.quantum'?"},
    {EVERYTHING, {"node.quantum=3s"}, 65, "unknown key 'quantum' in [node]; it is 'slicer.quantum' in [policy]"},
    {EVERYTHING, {"sla.S.throughput_share=80"}, 65, "it must be greater than 0 and at most 1; write '80%'"},
    {EVERYTHING, {"node.polcy=3"}, 65, "unknown key 'polcy' in [node]; did you mean 'policy'?"},
    {EVERYTHING, {"node.gpu_memroy=3GiB"}, 65, "unknown key 'gpu_memroy' in [node]; did you mean 'gpu_memory'?"},
    {EVERYTHING, {"node.victim=lru"}, 65, "unknown key 'victim' in [node]; it is a key of [policy]"},
    {"[node]\ngpu_memory=80GiB\n[workload.N]\nclass=notebook\nmemory=1GiB\nthink=1s\nburst=1s\n",
     {NULL},
     65,
     "[scenario] needs the key 'duration', since workload 'N' of class notebook never ends"},
    {"[node]\ngpu_memory=80GiB\n[workload.N]\nclass=training\nmemory=1GiB\n",
     {NULL},
     65,
     "dir/a.ini:4: [workload.N] needs the key 'gpu_work', or 'iterations' and 'iteration'"},
    {"[node]\ngpu_memory=80GiB\n[workload.N]\nclass=training\nmemory=1GiB\niterations=3\n",
     {NULL},
     65,
     "dir/a.ini:6: [workload.N] needs 'iteration' as well"},
    {"[node]\n[workload.N]\n[trace.A]\n", {NULL}, 65, "dir/a.ini:1: [node] needs the key 'gpu_memory', size"},
    {"[node]\n[workload.N]\n[trace.A]\n", {NULL}, 65, "dir/a.ini:2: [workload.N] needs the key 'class'"},
    {"[node]\n[workload.N]\n[trace.A]\n", {NULL}, 65, "dir/a.ini:2: [workload.N] needs the key 'memory'"},
    {"[node]\n[workload.N]\n[trace.A]\n", {NULL}, 65, "dir/a.ini:3: [trace.A] needs the key 'file'"},
    {"[workload.N]\nclass=notebook\n", {NULL}, 65, "dir/a.ini:1: [workload.N] needs the key 'think'"},
    {"[workload.N]\nclass=notebook\n", {NULL}, 65, "dir/a.ini:1: [workload.N] needs the key 'burst'"},
    {"[workload.N]\nclass=inference\n", {NULL}, 65, "dir/a.ini:1: [workload.N] needs the key 'arrival'"},
    {"[workload.N]\nclass=inference\n", {NULL}, 65, "dir/a.ini:1: [workload.N] needs the key 'service'"},
    {"[scenario]\nduration=1h\n", {NULL}, 65, "dir/a.ini: there is no [node] section"},
    {"[scenario]\nduration=1h\n", {NULL}, 65, "dir/a.ini: there is no [workload.NAME] and no [trace.NAME] section"},
    {"[sla.S]\nclass = training\nresponse_p50=1s\n[workload.N]\nclass=notebook\n",
     {NULL},
     65,
     "no workload is of class training"},

    {EVERYTHING,
     {"workload.N.memory=79GiB"},
     78,
     "'N' needs 79.0 GiB of one GPU, but no GPU shows it more than 78.0 GiB: 80.0 GiB less 'gpu_reserved' of 2.00 GiB"},
    {EVERYTHING,
     {"node.gpus=2", "workload.N.gpus_per_workload=2", "workload.N.memory=157GiB"},
     78,
     "'N' needs 78.5 GiB of each of its 2 GPUs, but no GPU shows it more than 78.0 GiB: 80.0 GiB less"},
    {EVERYTHING,
     {"workload.N.memory=79GiB", "node.gpu_reserved_per_workload=1GiB"},
     78,
     "more than 77.0 GiB: 80.0 GiB less 'gpu_reserved' and 'gpu_reserved_per_workload' of 3.00 GiB"},
    {EVERYTHING,
     {"workload.N.limit=0.2"},
     78,
     "'N' needs 20.0 GiB of one GPU, but no GPU shows it more than 16.0 GiB: 'limit' 0.2 of 80.0 GiB"},
    {EVERYTHING,
     {"workload.N.context=61GiB"},
     78,
     "'N' needs 20.0 GiB of one GPU, but no GPU shows it more than 19.0 GiB: 80.0 GiB less its 'context' of 61.0 GiB"},
    {EVERYTHING, {"workload.N.context=90GiB"}, 78, "no GPU shows it more than 0"},
    {EVERYTHING, {"workload.N.swappable=no"}, 78, "all do; add a node with 'swap = no'"},
    {EVERYTHING, {"workload.N.state=host", "workload.N.count=5"}, 78, "hold 116 GiB, but the swap files only 100 GiB"},
    {EVERYTHING, {"workload.I.count=7"}, 78, "hold 112 GiB, but the swap files only 100 GiB"},
    {EVERYTHING, {"workload.N.state=host", "node.swap=no"}, 78, "hold 20.0 GiB, but the swap files only 0"},
    {EVERYTHING, {"workload.N.state=gpu", "workload.N.count=4"}, 78, "hold 80.0 GiB, but the GPUs only 78.0 GiB"},
};

static void test_contradictions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof contradictions / sizeof contradictions[0]; i++) {
        const struct contradiction *c = &contradictions[i];
        expect(c->text, c->set, c->code, c->message);
    }
}

/* What is just within the limits of the table above. */
static void test_satisfiable(void **state)
{
    (void)state;
    static const char *const good[][SETS_MAX] = {
        {"workload.N.memory=78GiB"},
        {"node.gpus=2", "workload.N.gpus_per_workload=2", "workload.N.memory=156GiB"},
        {"workload.N.memory=exp(200GiB)"},
        {"workload.N.limit=0.25"},
        {"workload.N.context=60GiB"},
        {"workload.N.state=host", "workload.N.count=4"},
        {"workload.I.count=6"},
        {"workload.N.state=gpu", "workload.N.count=3"},
        {"node.swap=no", "workload.N.swappable=no"},
        {"node.swap=no"},
        {"workload.I.state=disk", "workload.I.count=60"},
        {"workload.N.request=0.5", "workload.N.limit=50%"},
        {"scenario.warmup=auto"},
        {"node.sharing=exclusive"},
        {"sla.S.group=R"},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect(EVERYTHING, good[i], GS_OK, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_bad_values, fini),
        cmocka_unit_test_teardown(test_bounds, fini),
        cmocka_unit_test_teardown(test_defaults_written_out, fini),
        cmocka_unit_test_teardown(test_contradictions, fini),
        cmocka_unit_test_teardown(test_satisfiable, fini),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
