/* requests.c - what a request asks for: its service time, or tokens and what each of them takes. */
#include "sim/load/sources.h"

static const double TOKENS_MAX = 1e7; /* so that a prompt and an answer can be counted at a minute a token */

static int64_t tokens(const struct dist *dist, struct stream *stream, int64_t least)
{
    double drawn = dist_draw(dist, stream) + 0.5;

    return drawn < (double)least ? least : (int64_t)(drawn < TOKENS_MAX ? drawn : TOKENS_MAX);
}

/* Returns the work; `*first_ns`: of it, until the first token, 0 if nobody knows. */
static gs_ns draw(struct source *by, gs_ns *first_ns)
{
    const struct workload_group *g = by->group;

    *first_ns = 0;
    if (!g->has_tokens)
        return dist_draw_integer(&g->service, &by->service);
    int64_t in = tokens(&g->input_tokens, &by->service, 0), out = tokens(&g->output_tokens, &by->burst, 1);
    *first_ns = g->first_token_overhead + in * g->prefill_per_token + g->decode_per_token;
    return *first_ns + (out - 1) * g->decode_per_token;
}

void request_ready(struct load *load, struct source *by, uint32_t workload, struct load_event *event)
{
    gs_ns first_ns, work_ns = draw(by, &first_ns); /* in any case: who comes later is to find the same numbers */

    if (workload == GS_NONE)
        return;
    load_burst(load, workload, work_ns, 0, event);
    if (event->kind == LOAD_BURST)
        event->job->token_ns = first_ns;
}
