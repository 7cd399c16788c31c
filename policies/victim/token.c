/* token.c - the swap token: of those that came in, one on each GPU stays until its burst ends, so that at least one gets
 * on while the others push each other out.  Else lru.  Own variant: it is held for twice a swap out and in at most. */
#include "policies/policy.h"

enum { TOKENS = 64 }; /* one for each GPU; GPUs 64 apart share one */

static const struct gs_param params[] = {
    {"hold", GS_NUMBER, "2", 0, 100, NULL, "how long it stays at most, in times of its swap out and in"},
    GS_PARAM_END,
};

struct token {
    uint32_t holder;
    gs_ns until_ns;
    uint64_t turns; /* of the holder: its burst has not ended */
};

static double keep(const struct gs_self *self, uint32_t workload)
{
    return (double)self->view->workload[workload].last_use_ns;
}

static struct token *token(const struct gs_self *self, uint32_t workload)
{
    return (struct token *)self->state + self->view->workload[workload].gpu % TOKENS;
}

static bool held(const struct gs_self *self, const struct token *t)
{
    const struct gs_workload *w = &self->view->workload[t->holder];

    return self->view->now_ns < t->until_ns && w->state == GS_RESIDENT && w->wants && w->turns == t->turns;
}

static gs_ns pinned_until(const struct gs_self *self, uint32_t workload)
{
    const struct token *t = token(self, workload);

    return t->holder == workload && held(self, t) ? t->until_ns : 0;
}

static void swapped_in(const struct gs_self *self, uint32_t workload)
{
    double swap_ns = gs_swap_in_ns(self->view, workload) + gs_swap_out_ns(self->view, workload);
    gs_ns hold_ns = (gs_ns)(self->param[0].d * swap_ns);

    if (!held(self, token(self, workload)))
        *token(self, workload) =
            (struct token){workload, self->view->now_ns + hold_ns, self->view->workload[workload].turns};
}

const struct gs_victim_policy victim_token = {
    .abi = GS_POLICY_ABI,
    .name = "token",
    .help = "lru, but one that came in stays until its burst ends",
    .source = "Jiang and Zhang, Token-ordered LRU, Performance Evaluation 60, 2005; mm/thrash.c of Linux 2.6",
    .when = "Against thrashing where all that fit share the GPU, or turns are so short that workloads leave before "
            "they have "
            "got on. Others may have to wait for its time. A decision costs next to nothing.",
    .param = params,
    .state_size = TOKENS * sizeof(struct token),
    .keep = keep,
    .pinned_until = pinned_until,
    .swapped_in = swapped_in,
};
