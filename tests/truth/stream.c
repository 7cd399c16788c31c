/* stream.c - the driver: a second between requests, a millisecond for each answer. */
#include "tests/truth/stream.h"

#include "policies/controller.h"
#include "sim/base/random.h"
#include "sim/base/units.h"

#include <string.h>

enum { PENDING_MOST = 4 * FEED_MOST, PARAMS_MOST = 16 };
static const gs_ns step_ns = 1000000, period_ns = 1000000000;

struct driver {
    const struct feed *feed;
    struct controller *ctl;
    struct gs_command pending[PENDING_MOST];
    size_t first, count, at; /* at: the request that is being served */
    gs_ns now_ns;
    bool ran;
    struct feed_result result;
};

static union gs_value parsed(const struct gs_param *param, const char *text)
{
    union gs_value value = {.i = 0};
    char why[UNITS_WHY];
    bool yes = false;
    int rc = -1;

    if (param->kind == GS_TIME)
        rc = units_time(text, &value.i, why);
    else if (param->kind == GS_SIZE)
        rc = units_size(text, &value.i, why);
    else if (param->kind == GS_NUMBER)
        rc = units_number(text, &value.d, why);
    else if (param->kind == GS_INTEGER)
        rc = units_integer(text, &value.i, why);
    else if (param->kind == GS_BOOLEAN && (rc = units_boolean(text, &yes, why)) == 0)
        value.i = yes;
    for (int64_t i = 0; param->kind == GS_CHOICE && param->choice[i] != NULL; i++)
        if (strcmp(param->choice[i], text) == 0)
            value.i = i, rc = 0;
    if (rc != 0)
        fail_msg("'%s' is no value of '%s'", text, param->key);
    return value;
}

static void fill_params(const struct gs_param *param, const char *const *set, union gs_value *value)
{
    size_t used = 0, n = 0;

    for (size_t i = 0; param != NULL && param[i].key != NULL; i++) {
        size_t length = strlen(param[i].key);
        assert_true(i < PARAMS_MOST);
        value[i] = parsed(&param[i], param[i].fallback);
        for (n = 0; set != NULL && set[n] != NULL; n++)
            if (strncmp(set[n], param[i].key, length) == 0 && set[n][length] == '=') {
                value[i] = parsed(&param[i], set[n] + length + 1);
                used++;
            }
    }
    for (n = 0; set != NULL && set[n] != NULL; n++)
        ;
    assert_int_equal(used, n);
}

static gs_ns next_want_ns(const void *self, uint32_t workload)
{
    const struct driver *d = self;

    for (size_t i = d->at + 1; i < d->feed->requests; i++)
        if (d->feed->request[i] == workload)
            return (gs_ns)(i + 1) * period_ns;
    return GS_NEVER;
}

static void perform(struct driver *d, const struct gs_event *event)
{
    const struct gs_commands *out = controller_step(d->ctl, event);

    for (uint32_t i = 0; i < out->count; i++) {
        const struct gs_command *c = &out->item[i];
        if (c->kind == GS_REJECT)
            fail_msg("request %zu is refused", d->at);
        if (c->kind != GS_SWAP_IN && c->kind != GS_SWAP_OUT && c->kind != GS_RUN)
            continue;
        assert_true(d->count < PENDING_MOST);
        d->pending[(d->first + d->count++) % PENDING_MOST] = *c;
    }
}

/* Do what the next command asks, and tell. */
static void answer(struct driver *d)
{
    struct gs_command c = d->pending[d->first];
    struct gs_event event = {.kind = GS_DONE, .command = c.kind, .workload = c.workload, .since_ns = GS_NEVER};
    bool counted = d->at >= d->feed->from;

    d->first = (d->first + 1) % PENDING_MOST;
    d->count--;
    event.at_ns = d->now_ns += step_ns;
    if (c.kind == GS_RUN) {
        event.kind = GS_IDLE;
        d->ran = c.workload == d->feed->request[d->at];
    } else if (c.kind == GS_SWAP_IN) {
        d->result.misses += counted;
        d->result.in += counted ? c.moved_bytes : 0;
    } else {
        d->result.out += counted ? c.moved_bytes : 0;
        if (d->feed->evicted != NULL)
            d->feed->evicted[d->result.victims] = (uint8_t)c.workload;
        d->result.victims++;
    }
    perform(d, &event);
}

static void request(struct driver *d)
{
    uint32_t workload = d->feed->request[d->at];
    struct gs_event event = {.kind = GS_WANT, .workload = workload};

    event.at_ns = event.since_ns = d->now_ns = (gs_ns)(d->at + 1) * period_ns;
    event.bytes = d->feed->bytes == NULL ? 1 : d->feed->bytes[workload];
    d->ran = false;
    perform(d, &event);
    while (d->count > 0)
        answer(d);
    if (!d->ran)
        fail_msg("%s: request %zu, for workload %u, is not served", d->feed->victim, d->at, (unsigned)workload);
    if (d->at >= d->feed->from)
        d->result.held += (double)(d->feed->capacity - controller_view(d->ctl)->gpu[0].free_bytes);
}

static void attach_all(struct driver *d)
{
    for (uint32_t i = 0; i < d->feed->workloads; i++)
        perform(d, &(struct gs_event){.kind = GS_ATTACH, .workload = i});
}

struct feed_result feed_run(const struct feed *feed)
{
    static _Alignas(64) unsigned char memory[1 << 16];
    struct gs_workload_spec spec[FEED_MOST];
    struct gs_node_spec node = {.gpus = 1,
                                .gpu_bytes = feed->capacity,
                                .swap_cap_bytes = INT64_C(1) << 60,
                                .swap = true,
                                .max_workloads_per_gpu = UINT32_MAX,
                                .h2d_bytes_per_s = 1,
                                .d2h_bytes_per_s = 1,
                                .speed = 1};
    union gs_value victim_param[PARAMS_MOST], cap_param[PARAMS_MOST];
    struct driver d = {.feed = feed};
    struct gs_oracle oracle = {.next_want_ns = next_want_ns, .self = &d};
    struct gs_setup setup = {.nodes = 1,
                             .workloads = feed->workloads,
                             .node = &node,
                             .workload = spec,
                             .seed = feed->seed,
                             .oracle = &oracle};
    struct gs_policies *p = &setup.policies;

    p->victim = (const void *)gs_policy_find(GS_SLOT_VICTIM, feed->victim);
    p->slicer = (const void *)gs_policy_find(GS_SLOT_SLICER, "fcfs");
    p->cap = (const void *)gs_policy_find(GS_SLOT_CAP, "static");
    p->prefetch = (const void *)gs_policy_find(GS_SLOT_PREFETCH, "none");
    p->place = (const void *)gs_policy_find(GS_SLOT_PLACE, "spread");
    if (p->victim == NULL)
        fail_msg("there is no victim policy '%s'", feed->victim);
    fill_params(p->victim->param, feed->set, victim_param);
    fill_params(p->cap->param, NULL, cap_param);
    p->victim_param = victim_param;
    p->cap_param = cap_param;
    assert_true(feed->workloads <= FEED_MOST);
    for (uint32_t i = 0; i < feed->workloads; i++)
        spec[i] = (struct gs_workload_spec){.initial = GS_HOST,
                                            .slots = 1,
                                            .swappable = true,
                                            .request = 1,
                                            .limit = 1,
                                            .dirty = 1,
                                            .bytes = feed->bytes == NULL ? 1 : feed->bytes[i]};
    assert_true(controller_size(&setup) <= sizeof memory);
    memset(memory, 0, sizeof memory);
    d.ctl = controller_init(memory, &setup);
    attach_all(&d);
    for (; d.at < feed->requests; d.at++)
        request(&d);
    assert_null(controller_check(d.ctl));
    d.result.held /= (double)(feed->requests - feed->from);
    return d.result;
}

void feed_draw(uint8_t *request, size_t requests, const double *share, uint32_t workloads, uint64_t seed)
{
    struct stream stream;
    double sum = 0;

    for (uint32_t i = 0; i < workloads; i++)
        sum += share[i];
    stream_init(&stream, seed, 0, 0, PURPOSE_TEST);
    for (size_t n = 0; n < requests; n++) {
        double left = (double)(stream_bits(&stream) >> 11) * 0x1p-53 * sum;
        uint8_t i = 0;
        while (i + 1u < workloads && left >= share[i])
            left -= share[i++];
        request[n] = i;
    }
}
