/* router.c - the load balancer of a group: one stream of requests for all, and which workload gets each.
 *
 * When requests come, what they ask for and one number for the choice are drawn for each request, from streams of the
 * group's own.  So two policies see the same requests, wherever these go. */
#include "sim/load/sources.h"
#include "sim/base/exact.h"

static bool shares_open(struct door *door, double s, struct arena *arena)
{
    double sum = 0;
    double *share = arena_array(arena, door->members, sizeof *share);

    door->share = share;
    for (uint32_t i = 0; share != NULL && i < door->members; i++)
        share[i] = sum += exact_pow((double)i + 1.0, -s);
    return share != NULL;
}

bool door_open(struct load *load, uint32_t first, uint32_t members, const struct scenario *scenario,
               uint32_t replication)
{
    uint32_t id = load->count + load->doors;
    struct door *door = &load->door[load->doors++];
    struct source *s = &load->source[id];

    *door = (struct door){.first = first, .members = members};
    s->kind = SOURCE_DOOR;
    s->group = load->source[first].group;
    s->next_ns = s->change_ns = s->detach_ns = GS_NEVER;
    stream_init(&s->arrival, scenario->seed, replication, first, PURPOSE_ARRIVAL);
    stream_init(&s->service, scenario->seed, replication, first, PURPOSE_SERVICE);
    stream_init(&s->burst, scenario->seed, replication, first, PURPOSE_BURST);
    stream_init(&s->think, scenario->seed, replication, first, PURPOSE_ROUTE);
    for (uint32_t i = 0; i < members; i++)
        load->source[first + i].door = id;
    return s->group->router.kind != ROUTER_ZIPF || shares_open(door, s->group->router.s, load->arena);
}

void door_come(struct load *load, uint32_t id, gs_ns now_ns)
{
    struct source *s = &load->source[id];

    if (s->status != STATUS_COMING)
        return;
    s->status = STATUS_HERE;
    arrival_start(s);
    load_schedule(load, load_later(now_ns, arrival_gap(s, now_ns)), id);
}

static bool is_here(const struct load *load, uint32_t workload)
{
    return load->source[workload].status == STATUS_HERE;
}

/* It need not wait for a swap, nor for another request. */
static bool is_hot(const struct load *load, uint32_t workload)
{
    const struct source *s = &load->source[workload];
    uint8_t state = load->view->workload[workload].state;

    return (state == GS_RESIDENT || state == GS_SWAPPING_IN) && s->pending < s->group->slots;
}

static uint32_t by_popularity(const struct load *load, const struct door *door, double u)
{
    uint32_t low = 0, high = door->members - 1;

    u *= door->share[high];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (u < door->share[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return is_here(load, door->first + low) ? door->first + low : GS_NONE;
}

static uint32_t at_random(const struct load *load, const struct door *door, double u)
{
    uint32_t here = 0;

    for (uint32_t i = 0; i < door->members; i++)
        here += is_here(load, door->first + i);
    uint32_t skip = (uint32_t)(u * here);
    for (uint32_t i = 0; here > 0 && i < door->members; i++)
        if (is_here(load, door->first + i) && skip-- == 0)
            return door->first + i;
    return GS_NONE;
}

/* Of those that are here, and hot if one is and it matters, the one with the fewest requests; of these the next in turn. */
static uint32_t by_load(const struct load *load, struct door *door, enum router_kind kind)
{
    uint32_t best = GS_NONE;
    bool best_is_hot = false;

    for (uint32_t i = 0; i < door->members; i++) {
        uint32_t id = door->first + (door->turn + i) % door->members;
        if (!is_here(load, id))
            continue;
        bool hot = kind == ROUTER_HOT_FIRST && load->view != NULL && is_hot(load, id);
        bool better = best == GS_NONE || (hot && !best_is_hot) ||
                      (hot == best_is_hot && load->source[id].pending < load->source[best].pending);
        if (!better)
            continue;
        best = id;
        best_is_hot = hot;
        if (kind == ROUTER_ROUND_ROBIN)
            break;
    }
    if (best != GS_NONE)
        door->turn = best - door->first + 1;
    return best;
}

void door_take(struct load *load, uint32_t id, struct load_event *event)
{
    struct source *s = &load->source[id];
    struct door *door = &load->door[id - load->count];
    enum router_kind kind = s->group->router.kind;
    double u = stream_uniform(&s->think);
    uint32_t workload = kind == ROUTER_ZIPF     ? by_popularity(load, door, u)
                        : kind == ROUTER_RANDOM ? at_random(load, door, u)
                                                : by_load(load, door, kind);

    s->next_ns = GS_NEVER;
    event->workload = workload;
    request_ready(load, s, workload, event);
    s->pending += event->kind == LOAD_BURST && s->group->arrival.kind == ARRIVAL_USERS;
    load_schedule(load, load_later(event->at_ns, arrival_gap(s, event->at_ns)), id);
}
