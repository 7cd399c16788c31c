/* test_tokens.c - requests made of tokens: when the first one is there, worked out by hand.  A request of 1,000 tokens in and
 * 10 out takes 0.1 s + 1 s + 0.5 s = 1.6 s alone, its first token 1.15 s. */
#include "tests/truth/truth.h"

#define NODE(further) "[scenario]\nduration = 100s\n[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\n" further "\n"
#define MODEL(name, state, arrivals, further)                                                                          \
    "[workload." name "]\nclass = inference\nmemory = 20GB\nstate = " state "\narrival = " arrivals                    \
    "\ninput_tokens = 1000\noutput_tokens = 10\nfirst_token_overhead = 100ms\nprefill_per_token = 1ms\n"               \
    "decode_per_token = 50ms\n" further "\n"

static void test_alone(void **unused)
{
    static const char text[] = NODE("") MODEL("A", "gpu", "schedule(1s 10s)", "");
    static const char *const fast[] = {"node.gpu_speed=2", NULL}, *const brief[] = {"workload.A.output_tokens=1", NULL};
    static const struct truth_burst due[] = {
        {.ready = 1, .start = 1, .first = 2.15, .end = 2.6},
        {.ready = 10, .start = 10, .first = 11.15, .end = 11.6},
    };
    static const struct truth_burst due_fast[] = {
        {.ready = 1, .start = 1, .first = 1.575, .end = 1.8},
        {.ready = 10, .start = 10, .first = 10.575, .end = 10.8},
    };
    static const struct truth_burst due_brief[] = {
        {.ready = 1, .start = 1, .first = 2.15, .end = 2.15},
        {.ready = 10, .start = 10, .first = 11.15, .end = 11.15},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, fast, due_fast);
    TRUTH_TIMELINE(text, brief, due_brief);
}

/* Of a service time nobody knows when the first token is there. */
static void test_a_service_has_no_first_token(void **unused)
{
    static const char text[] = NODE("") "[workload.A]\nclass = inference\nmemory = 20GB\nstate = gpu\n"
                                        "arrival = schedule(1s)\nservice = 1s\n";
    static const struct truth_burst due[] = {{.ready = 1, .start = 1, .end = 2}};
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* The second comes when the first has 0.15 s to go to its first token, which takes 0.3 s then.  It has come to 0.6 s when the
 * first ends, at 3.2 s, and goes on alone. */
static void test_two_slots(void **unused)
{
    static const char text[] = NODE("") MODEL("A", "gpu", "schedule(1s 2s)", "slots = 2");
    static const char *const together[] = {"workload.A.arrival=schedule(1s 1s)", NULL};
    static const char *const one[] = {"workload.A.slots=1", NULL};
    static const struct truth_burst due[] = {
        {.ready = 1, .start = 1, .first = 2.3, .end = 3.2, .queue = .6},
        {.ready = 2, .start = 2, .first = 3.75, .end = 4.2, .queue = .6},
    };
    static const struct truth_burst due_together[] = {
        {.ready = 1, .start = 1, .first = 3.3, .end = 4.2, .queue = 1.6},
        {.ready = 1, .start = 1, .first = 3.3, .end = 4.2, .queue = 1.6},
    };
    static const struct truth_burst due_one[] = {
        {.ready = 1, .start = 1, .first = 2.15, .end = 2.6},
        {.ready = 2, .start = 2.6, .first = 3.75, .end = 4.2, .queue = .6},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(text, together, due_together);
    TRUTH_TIMELINE(text, one, due_one);
}

/* Turns of 0.5 s: A has 1 s of its 1.15 s after its second, at 2.5 s; its third begins at 3 s. */
static void test_stopped_in_the_prompt(void **unused)
{
    static const char text[] = NODE("sharing = exclusive\n[policy]\nslicer = rr\nslicer.quantum = 500ms")
        MODEL("A", "gpu", "schedule(1s)", "") MODEL("B", "gpu", "schedule(1s)", "");
    static const struct truth_burst due[] = {
        {.workload = 0, .ready = 1, .start = 1, .first = 3.15, .end = 4.1, .preempted = 1.5},
        {.workload = 1, .ready = 1, .start = 1.5, .first = 3.65, .end = 4.2, .queue = .5, .preempted = 1.1},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
}

/* 20 GB at 25 GB/s; and a stop in the middle of the prompt to make room for B, which needs all of the GPU: A is swapped out
 * and in again between its turns, 0.8 s and 1.6 s each. */
static void test_after_a_swap(void **unused)
{
    static const char text[] = NODE("") MODEL("A", "host", "schedule(1s)", "");
    static const char turns[] = NODE("sharing = exclusive\n[policy]\nslicer = rr\nslicer.quantum = 1s")
        MODEL("A", "gpu", "schedule(1s)", "") MODEL("B", "host", "schedule(1s)", "");
    static const char *const large[] = {"workload.B.memory=40GB", NULL};
    static const struct truth_burst due[] = {{.ready = 1, .start = 1.8, .first = 2.95, .end = 3.4, .swap_in = .8}};
    static const struct truth_burst due_turns[] = {
        {.workload = 0,
         .ready = 1,
         .start = 1,
         .first = 7.95,
         .end = 8.4,
         .preempted = 3.4,
         .swap_out = 1.6,
         .swap_in = .8},
        {.workload = 1,
         .ready = 1,
         .start = 4.4,
         .first = 10.95,
         .end = 11.4,
         .queue = 1,
         .preempted = 3,
         .swap_out = 1.6,
         .swap_in = 3.2},
    };
    (void)unused;
    TRUTH_TIMELINE(text, NULL, due);
    TRUTH_TIMELINE(turns, large, due_turns);
}

/* That a request stops at its first token on the way changes nothing else, to the nanosecond. */
static void test_the_responses_are_those_of_the_same_service(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 20000s\n[node]\ngpu_memory = 40GB\ngpu_reserved = 0GB\ngpu_speed = 1.3\n"
        "sharing = exclusive\nidle_detect = 3ms\n[policy]\nslicer = rr\nslicer.quantum = 700ms\n"
        "[workload.A]\nclass = inference\ncount = 3\nslots = 3\nmemory = 20GB\narrival = poisson(0.1/s)\n";
    static const char *const tokens[] = {
        "workload.A.input_tokens=333",          "workload.A.output_tokens=13",
        "workload.A.first_token_overhead=11ms", "workload.A.prefill_per_token=1000003ns",
        "workload.A.decode_per_token=70001us",  NULL};
    static const char *const service[] = {"workload.A.service=1254013999ns", NULL};
    struct truth a, b;
    (void)unused;
    truth_run(&a, text, tokens);
    truth_run(&b, text, service);
    const struct group_tally *x = &a.outcome.tally[0]->group[0], *y = &b.outcome.tally[0]->group[0];
    assert_true(x->completed > 1000);
    assert_int_equal(x->completed, y->completed);
    assert_true(x->response_ns == y->response_ns);
    assert_true(x->stall_ns[STALL_PREEMPTED] == y->stall_ns[STALL_PREEMPTED]);
    assert_int_equal(x->ttft.count, x->completed);
    assert_int_equal(y->ttft.count, 0);
    truth_end(&a);
    truth_end(&b);
}

static double ttft_mean(struct tally *tally, uint32_t group)
{
    return sketch_mean(&tally->group[group].ttft) / 1e9;
}

/* M/G/1: what is in front of a request, by Pollaczek and Khinchine, and then its own first token.  0.2 s or 2.2 s of work, as
 * likely: 0.4 x 2.44 / (2 x 0.52) + 0.2. */
static void test_a_mix_of_tokens(void **unused)
{
    static const char text[] =
        "[scenario]\nduration = 200000s\nwarmup = 1000s\nreplications = 30\n[node]\ngpu_memory = 40GB\n"
        "[workload.A]\nclass = inference\nmemory = 20GB\nstate = gpu\narrival = poisson(0.4/s)\n"
        "output_tokens = mix(1:1, 1:21)\nfirst_token_overhead = 100ms\ndecode_per_token = 100ms\n";
    struct truth t;
    (void)unused;
    truth_run(&t, text, NULL);
    truth_expect("first token, mixed answers", truth_interval(&t, ttft_mean, 0), .4 * 2.44 / (2 * .52) + .2);
    truth_expect("response, mixed answers", truth_interval(&t, truth_mean, 0), .4 * 2.44 / (2 * .52) + 1.2);
    truth_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),           cmocka_unit_test(test_a_service_has_no_first_token),
        cmocka_unit_test(test_two_slots),       cmocka_unit_test(test_stopped_in_the_prompt),
        cmocka_unit_test(test_after_a_swap),    cmocka_unit_test(test_the_responses_are_those_of_the_same_service),
        cmocka_unit_test(test_a_mix_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
