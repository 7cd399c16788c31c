/* test_scenario_fields.c - complete scenarios, field by field, and the defaults of what they leave out. */
#include "scenario_text.h"
#include <math.h>

static struct outcome out;

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

static void test_complete_scenario_and_nodes(void **state)
{
    (void)state;
    outcome_expect(&out, COMPLETE, NULL, GS_OK, "");
    const struct scenario *s = &out.scenario;
    assert_string_equal(s->name, "all of it");
    assert_string_equal(s->file, "dir/a.ini");
    assert_string_equal(s->text, COMPLETE);
    assert_true(s->duration == 28800 * second && s->warmup == 600 * second);
    assert_true(s->seed == 7 && s->replications == 20 && s->threads == 2 && s->record == RECORD_EVENTS);
    assert_int_equal(s->nodes, 2);
    const struct node_group *a = &s->node[0], *b = &s->node[1];
    assert_string_equal(a->name, "A");
    assert_string_equal(a->place.file, "dir/a.ini");
    assert_int_equal(a->place.line, 9);
    assert_true(a->count == 2 && a->gpus == 4 && a->gpu_memory == 80 * gib && a->gpu_reserved == 3 * gib);
    assert_true(a->gpu_reserved_per_workload == gib && a->gpu_speed == 1.5 && a->swap && a->swap_file == 200 * gib);
    assert_true(a->h2d == 24e9 && a->d2h == 20e9 && a->transfer == TRANSFER_OVERLAPPED && a->duplex == 0.6);
    assert_true(a->pinned == 50 * gib && a->pageable == 3e9 && a->pin_cost == 20000000);
    assert_true(a->host_bandwidth == 90e9 && a->link_discipline == LINK_FCFS && a->swap_overhead == 5000000);
    assert_true(a->chunk == 32 << 20 && a->disk == 3e9 && a->sharing == SHARING_EXCLUSIVE && a->idle_detect == second);
    assert_true(!a->node_level_scheduler && a->max_workloads_per_gpu == 12 && a->regular_fraction_freezes_gpu);
    assert_int_equal(a->time_slicing, 0);
    assert_string_equal(b->name, "node");
    assert_true(b->count == 1 && b->gpus == 1 && b->gpu_memory == 40 * gib && b->gpu_reserved == 2 * gib && !b->swap);
    assert_true(b->gpu_reserved_per_workload == 0 && b->gpu_speed == 1 && b->swap_file == 100 * gib);
    assert_true(b->h2d == 25e9 && b->d2h == 25e9 && b->transfer == TRANSFER_SERIAL && b->duplex == 1);
    assert_true(b->pinned == INT64_MAX && b->pageable == 2e9 && b->pin_cost == 0);
    assert_true(isinf(b->host_bandwidth) && b->link_discipline == LINK_PS && b->swap_overhead == 0);
    assert_true(b->chunk == 64 << 20 && b->disk == 2e9 && b->sharing == SHARING_CONCURRENT && b->idle_detect == 0);
    assert_true(b->max_workloads_per_gpu == INT64_MAX && !b->regular_fraction_freezes_gpu);
}

static void test_complete_policies(void **state)
{
    (void)state;
    outcome_expect(&out, COMPLETE, NULL, GS_OK, "");
    const struct policy_choice *p = out.scenario.policy;
    static const char *const name[GS_SLOTS] = {"mru", "nvshare", "static", "none", "pack"};
    for (int i = 0; i < GS_SLOTS; i++)
        assert_string_equal(p[i].policy->name, name[i]);
    assert_true(p[GS_SLOT_SLICER].param[0].i == 10 * second);
    assert_true(p[GS_SLOT_SLICER].param[1].i == 5 * second);
    assert_true(p[GS_SLOT_SLICER].param[2].i == 0);
    assert_int_equal(p[GS_SLOT_VICTIM].place.line, 40);
}

static bool is_constant(const struct dist *dist, double value)
{
    return dist->kind == DIST_CONSTANT && dist->a == value;
}

static void test_complete_workloads(void **state)
{
    (void)state;
    outcome_expect(&out, COMPLETE, NULL, GS_OK, "");
    assert_int_equal(out.scenario.workloads, 5);
    const struct workload_group *n = &out.scenario.workload[0], *t = n + 1, *r = n + 2, *j = n + 3, *i = n + 4;
    assert_string_equal(n->name, "N");
    assert_true(n->class == GS_NOTEBOOK && n->count == 3 && is_constant(&n->memory, 20.0 * (double)gib));
    assert_true(n->context == 300 << 20 && n->dirty == 0.5 && n->keep_host_copy && n->request == 0.25 &&
                n->limit == 0.5);
    assert_true(n->fraction == FRACTION_DYNAMIC && n->swappable && n->gpus_per_workload == 1 && n->priority == 9);
    assert_true(n->start.kind == DIST_EXP && n->think.kind == DIST_EXP && is_constant(&n->burst, 10e9));
    assert_true(is_constant(&n->grow, (double)gib) && n->state == INITIAL_DISK && n->trace == -1);
    assert_true(n->pools == 1 && n->pool[0].node[0] && n->pool[0].node[1] && scenario_may_use(n, 1));
    assert_true(t->pools == 0 && scenario_pool(t, NULL) == NULL && scenario_may_use(t, 0));
    assert_true(r->pools == 2 && scenario_pool(r, "team")[0] && !scenario_pool(r, "team")[1]);
    assert_true(!scenario_pool(r, "others")[0] && scenario_pool(r, NULL)[1] && scenario_may_use(r, 0));
    assert_true(t->class == GS_TRAINING && t->count == 1 && !t->iterates && is_constant(&t->gpu_work, 3600e9));
    assert_true(is_constant(&t->cpu_work, 120e9) && t->fraction == FRACTION_REGULAR && !t->swappable);
    assert_true(t->context == 0 && t->dirty == 1 && !t->keep_host_copy && t->request == -1 && t->limit == 1);
    assert_true(t->priority == 64 && t->state == INITIAL_NEW && is_constant(&t->start, 0));
    assert_string_equal(r->name, "R");
    assert_true(r->trace == 0 && r->count == 0 && r->class == GS_TRAINING &&
                is_constant(&r->memory, 8.0 * (double)gib));
    assert_true(r->context == 1 << 20 && r->dirty == 0.25 && r->keep_host_copy && r->priority == 5 && r->limit == 1);
    assert_true(r->swappable && r->request == -1 && r->state == INITIAL_NEW && r->slots == 1);
    assert_true(j->iterates && j->iterations == 10 && is_constant(&j->iteration, 2e9) && is_constant(&j->gap, 1e9));
    assert_true(i->class == GS_INFERENCE && i->arrival.kind == ARRIVAL_GAMMA && i->arrival.cv == 2);
    assert_true(i->arrival.rate_per_s == 0.5 && is_constant(&i->service, 2e9) && i->slots == 4 && i->priority == 192);
    assert_true(i->state == INITIAL_GPU && i->cold_start == 30 * second);
}

static void test_complete_traces_and_slas(void **state)
{
    (void)state;
    static const double target[] = {1, 1.5, 3, 4, 2, 3, 4, 5, 0.9, 0};
    outcome_expect(&out, COMPLETE, NULL, GS_OK, "");
    const struct trace_source *r = out.scenario.trace;
    assert_int_equal(out.scenario.traces, 1);
    assert_string_equal(r->file, "dir/load.gst");
    assert_string_equal(r->format, "adobe-notebooks");
    assert_true(r->has_class && r->class == GS_TRAINING && r->has_memory && is_constant(&r->memory, 8.0 * (double)gib));
    assert_true(r->context == 1 << 20 && r->dirty == 0.25 && r->keep_host_copy && r->priority == 5 && r->loop == 1);
    assert_true(r->from == 3600 * second && r->to == 7200 * second && r->scale_time == 0.5 && r->sample == 100);
    const struct sla *sla = out.scenario.sla;
    assert_int_equal(out.scenario.slas, 11);
    for (size_t i = 0; i < 10; i++) {
        assert_string_equal(sla[i].name, "S");
        assert_true(sla[i].group == 4 && sla[i].class == GS_INFERENCE && sla[i].target == target[i]);
        assert_true(sla_metric_is_floor(sla[i].metric) == (sla[i].metric == SLA_THROUGHPUT_SHARE));
    }
    assert_string_equal(sla_metric_name(sla[1].metric), "response_p95");
    assert_true(sla[10].group == -1 && sla[10].class == GS_TRAINING && sla[10].metric == SLA_SLOWDOWN_MEAN);
    assert_int_equal(out.scenario.settings, 106);
    assert_string_equal(out.scenario.setting[7].section, "node.A");
    assert_string_equal(out.scenario.setting[7].key, "count");
    assert_string_equal(out.scenario.setting[7].value, "2");
}

static void test_defaults(void **state)
{
    (void)state;
    static const char text[] = "[node]\ngpu_memory = 80GiB\n[trace.R]\nfile = /abs/load.gst\n[workload.I]\nclass = "
                               "training\nmemory = 1GiB\ngpu_work = 1s\n";
    outcome_expect(&out, text, NULL, GS_OK, "");
    const struct scenario *s = &out.scenario;
    const struct trace_source *r = s->trace;
    assert_string_equal(s->name, "a");
    assert_true(s->duration == GS_NEVER && s->warmup == 0 && s->seed == 1 && s->replications == 1 && s->threads == 0);
    assert_true(s->record == RECORD_SUMMARY);
    assert_string_equal(r->file, "/abs/load.gst");
    assert_true(r->format == NULL || *r->format == 0);
    assert_true(!r->has_class && r->class == GS_NOTEBOOK && !r->has_memory && r->loop == -1 && r->from == 0);
    assert_true(r->to == GS_NEVER && r->scale_time == 1 && r->sample == 0 && r->dirty == 1 && r->priority == 128);
    static const char *const name[GS_SLOTS] = {"lru", "ps", "static", "none", "spread"};
    for (int i = 0; i < GS_SLOTS; i++) {
        assert_string_equal(s->policy[i].policy->name, name[i]);
        assert_null(s->policy[i].place.file);
    }
}

/* The state that an inference workload starts in, where nobody says. */
static void test_state_by_class(void **state)
{
    (void)state;
    static const struct {
        const char *set[SETS_MAX];
        int state;
    } row[] = {
        {{NULL}, INITIAL_HOST},
        {{"node.swap=no"}, INITIAL_NEW},
        {{"workload.I.fraction=regular"}, INITIAL_NEW},
        {{"workload.I.state=disk"}, INITIAL_DISK},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        outcome_expect(&out, EVERYTHING, row[i].set, GS_OK, "");
        assert_int_equal(out.scenario.workload[3].state, row[i].state);
        assert_int_equal(out.scenario.workload[0].state, INITIAL_NEW);
        outcome_fini(&out);
    }
}

static void test_arrivals(void **state)
{
    (void)state;
    outcome_expect(&out, EVERYTHING, (const char *[SETS_MAX]){"workload.I.arrival=onoff(10m, 1h, 2/s)"}, GS_OK, "");
    const struct arrival *a = &out.scenario.workload[3].arrival;
    assert_true(a->kind == ARRIVAL_ONOFF && a->on_mean_ns == 600e9 && a->off_mean_ns == 3600e9 && a->rate_per_s == 2);
    outcome_fini(&out);
    outcome_expect(&out, EVERYTHING, (const char *[SETS_MAX]){"workload.I.arrival=schedule(0s 30s, 30s 5m)"}, GS_OK,
                   "");
    a = &out.scenario.workload[3].arrival;
    assert_true(a->kind == ARRIVAL_SCHEDULE && a->times == 4 && a->time[0] == 0 && a->time[3] == 300 * second);
    outcome_fini(&out);
    expect(EVERYTHING, (const char *[SETS_MAX]){"workload.I.arrival=posson(1/s)"}, 65, "did you mean 'poisson'?");
    expect(EVERYTHING, (const char *[SETS_MAX]){"workload.I.arrival=gamma(1/s)"}, 65, "form gamma(cv,rate), such as");
    expect(EVERYTHING, (const char *[SETS_MAX]){"workload.I.arrival=poisson(1/s,2)"}, 65,
           "form poisson(rate), such as");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_complete_scenario_and_nodes, fini),
        cmocka_unit_test_teardown(test_complete_policies, fini),
        cmocka_unit_test_teardown(test_complete_workloads, fini),
        cmocka_unit_test_teardown(test_complete_traces_and_slas, fini),
        cmocka_unit_test_teardown(test_defaults, fini),
        cmocka_unit_test_teardown(test_state_by_class, fini),
        cmocka_unit_test_teardown(test_arrivals, fini),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
