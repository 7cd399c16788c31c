/* test_live_stream.c - workloads that run while they come in: no part of a burst ends before the chunks that it uses have come,
 * however slow those became after it had begun. */
#include "live_fixture.h"
#include "backend/live/state.h"

#define DOUBLE "memory=10MiB context=1MiB granularity=64KiB in=8MB/s out=8MB/s latency=0 "
#define NODE                                                                                                           \
    "[scenario]\nduration = 20s\nwarmup = 0s\n[node]\ngpu_memory = 8MiB\ngpu_reserved = 0B\nchunk = 64KiB\n"           \
    "swap_overhead = 0s\ntransfer = overlapped\nh2d = 8MB/s\nswap_file = 40MiB\n"
#define MODELS(memory, further)                                                                                        \
    "[workload.IN]\nclass = inference\nstate = new\ncount = 5\nmemory = " memory                                       \
    "\ncontext = 0B\narrival = poisson(30/min)\n"                                                                      \
    "service = exp(400ms)\n" further "\n"

static struct {
    uint64_t looks;   /* at bursts whose memory was not all there */
    uint64_t held;    /* of these, with a piece on the GPU that had to wait for a chunk */
    uint64_t too_far; /* that had got further than their chunks */
} streams;

/* The chunks that so much of a burst uses: as large a share of them, the last one whole. */
static uint32_t chunks_of(const struct memory *part, gs_ns work_ns, gs_ns alone_ns)
{
    uint64_t chunks = ((uint64_t)part->count * (uint64_t)work_ns + (uint64_t)alone_ns - 1) / (uint64_t)alone_ns;

    return chunks < part->count ? (uint32_t)chunks : part->count;
}

static bool are_there(struct backend *be, struct memory *part, uint32_t chunks)
{
    OK(gpu_use(part->gpu));
    for (uint32_t i = part->move.from; i < chunks; i++)
        if (part->chunk[i].state == CHUNK_ABSENT || be->driver.event_query(part->chunk[i].event) != CUDA_SUCCESS)
            return false;
    return true;
}

static void look(struct backend *be, struct process *p)
{
    for (uint32_t r = 0; r < p->running; r++) {
        const struct running *run = &p->run[r];
        const struct job *job = run->job;
        bool held = false;

        for (uint32_t i = 0; i < p->parts; i++) {
            /* half a nanosecond's rounding aside, what is asked for in double precision */
            streams.too_far += !are_there(be, &p->part[i], chunks_of(&p->part[i], job->done_ns - 1, job->alone_ns));
            held |= !are_there(be, &p->part[i], chunks_of(&p->part[i], run->issued_ns - 1, job->alone_ns));
        }
        streams.looks++;
        streams.held += held;
    }
}

static int wait_and_look(struct backend *be, gs_ns until_ns, const struct backend_event **event, struct error *err)
{
    int rc = live_wait(be, until_ns, event, err);

    for (uint32_t i = 0; rc == GS_OK && i < be->workloads; i++)
        if (be->process[i].moving && be->process[i].streams)
            look(be, &be->process[i]);
    return rc;
}

/* By turns, so that who comes in is slowed down by others who do; both ways at once, so that it is by those who leave. */
static void test_no_further_than_its_memory(void **state)
{
    static const struct {
        const char *name, *text, *options;
    } cases[] = {
        {"others come in, too", NODE "d2h = 8MB/s\n[policy]\nprefetch = pipeline\n" MODELS("3MiB", "dirty = 0"),
         "duplex=1"},
        {"others leave meanwhile",
         NODE "d2h = 8MB/s\nduplex = 0.5\n[policy]\nprefetch = pipeline\n" MODELS("3MiB", "dirty = 50%"), "duplex=0.5"},
        {"others leave slowly", NODE "d2h = 2MB/s\n[policy]\nprefetch = pipeline\n" MODELS("3MiB", "dirty = 50%"),
         "duplex=1 out=2MB/s"},
        {"random delays", NODE "d2h = 8MB/s\n[policy]\nprefetch = pipeline\n" MODELS("3MiB", "dirty = 0"),
         "duplex=1 chaos=5"},
        {"on two GPUs",
         NODE
         "d2h = 8MB/s\ngpus = 2\n[policy]\nprefetch = pipeline\n" MODELS("6MiB", "dirty = 0\ngpus_per_workload = 2"),
         "gpus=2 duplex=1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[300];
        struct backend_ops ops;

        snprintf(options, sizeof options, DOUBLE "%s", cases[i].options);
        ops = live_begin(options, true);
        ops.wait = wait_and_look;
        memset(&streams, 0, sizeof streams);
        assert_true(run(cases[i].text, &ops).completed > 10);
        print_message("%s: %llu looks, %llu at pieces that wait for a chunk\n", cases[i].name,
                      (unsigned long long)streams.looks, (unsigned long long)streams.held);
        assert_true(seen.events[GS_READY] > 0 && streams.held > 0);
        assert_int_equal(streams.too_far, 0);
        assert_int_equal(seen.wrong, 0);
        assert_int_equal(dbl->leaks(), 0);
        assert_no_violation();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_further_than_its_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
