/* placement.c - on how few GPUs the pods of each node go by their requests, as a scheduler puts them that packs.
 *
 * First fit decreasing (Johnson, SIAM J. Computing 3(4), 1974), node by node; of pods without a node the sum counts.
 */
#include "sim/cluster/parts.h"
#include <math.h>
#include <stdlib.h>

struct request {
    size_t host;
    double share;
    int64_t devices;
};

static int by_host_and_share(const void *a, const void *b)
{
    const struct request *x = a, *y = b;
    if (x->host != y->host)
        return x->host < y->host ? -1 : 1;
    return (x->share < y->share) - (x->share > y->share);
}

static struct request *gather(struct cluster *c, size_t *count)
{
    struct request *request = arena_array(c->arena, c->pods, sizeof *request);
    *count = 0;
    for (size_t i = 0; i < c->pods && request; i++) {
        const struct gpu_pod *pod = &c->pod[i];
        const struct gpu_node *node = pod->host == SIZE_MAX ? NULL : &c->node[pod->host];
        double all = node && node->gpu_memory != UNSAID ? (double)node->gpu_memory : 0x1p36;
        double share = pod->want == WANT_BYTES ? (double)pod->bytes / all : pod->share;
        if (pod->want != WANT_WHOLE)
            request[(*count)++] = (struct request){pod->host, fmin(share, 1), pod->devices};
    }
    if (request && *count > 0)
        qsort(request, *count, sizeof *request, by_host_and_share);
    return request;
}

/* One pod on the first GPUs that have room for it. */
static void put(struct gpu_node *node, double used[GPUS_MAX], const struct request *r)
{
    int64_t missing = r->devices;
    for (int64_t g = 0; g < node->gpus - node->whole && missing > 0; g++)
        if (used[g] + r->share < 1 + 1e-9) {
            used[g] += r->share;
            missing--;
            node->busy = g + 1 > node->busy ? g + 1 : node->busy;
        }
    if (missing > 0) /* more than fits: all GPUs are in use */
        node->busy = node->gpus - node->whole;
}

void find_busy(struct cluster *c)
{
    size_t count;
    double used[GPUS_MAX], waiting = 0;
    const struct request *request = gather(c, &count);
    if (!request) {
        cluster_no_memory(c);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (request[i].host == SIZE_MAX) {
            waiting += request[i].share * (double)request[i].devices;
            continue;
        }
        for (size_t g = 0; g < GPUS_MAX && (i == 0 || request[i].host != request[i - 1].host); g++)
            used[g] = 0;
        put(&c->node[request[i].host], used, &request[i]);
    }
    for (size_t i = 0; i < c->nodes && waiting > 0; i++) {
        int64_t left = c->node[i].gpus - c->node[i].whole - c->node[i].busy;
        int64_t more = (double)left < ceil(waiting) ? left : (int64_t)ceil(waiting);
        c->node[i].busy += more;
        waiting -= (double)more;
    }
}
