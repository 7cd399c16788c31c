/* requests.c - what a request asks for: its service time, or tokens and what each of them takes. */
#include "sim/load/sources.h"

static const double TOKENS_MAX = 1e7; /* so that a prompt and an answer can be counted at a minute a token */

static int64_t tokens(const struct dist *dist, struct stream *stream, int64_t least)
{
    double drawn = dist_draw(dist, stream) + 0.5;

    return drawn < (double)least ? least : (int64_t)(drawn < TOKENS_MAX ? drawn : TOKENS_MAX);
}

void request_ready(struct load *load, struct source *by, uint32_t workload, struct load_event *event)
{
    const struct workload_group *g = by->group;

    if (!g->has_tokens) {
        load_burst(load, workload, dist_draw_integer(&g->service, &by->service), 0, event);
        return;
    }
    int64_t in = tokens(&g->input_tokens, &by->service, 0), out = tokens(&g->output_tokens, &by->burst, 1);
    gs_ns first_ns = g->first_token_overhead + in * g->prefill_per_token + g->decode_per_token;
    load_burst(load, workload, first_ns + (out - 1) * g->decode_per_token, 0, event);
    if (event->kind == LOAD_BURST)
        event->job->token_ns = first_ns;
}
