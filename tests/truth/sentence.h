/* sentence.h - what the tests of single sentences share: a GPU that shows workloads 60 GiB and moves 10 GiB a second each way. */
#ifndef GS_SENTENCE_H
#define GS_SENTENCE_H

#include "tests/truth/truth.h"

#define GPU_ONLY "gpu_memory = 62GiB\nh2d = 10GiB/s\nd2h = 10GiB/s\ndisk = 10GiB/s\n"
#define ONE_GPU "[node]\n" GPU_ONLY
#define FOR(time) "[scenario]\nduration = " time "\n"
#define NOTEBOOK(name, memory, think, burst, keys)                                                                     \
    "[workload." name "]\nclass = notebook\nmemory = " memory "\nthink = " think "\nburst = " burst "\n" keys
#define JOB(name, memory, work, keys)                                                                                  \
    "[workload." name "]\nclass = training\nmemory = " memory "\ngpu_work = " work "\n" keys
#define MODEL(name, memory, requests, service, keys)                                                                   \
    "[workload." name "]\nclass = inference\nmemory = " memory "\narrival = schedule(" requests                        \
    ")\nservice = " service "\n" keys

static const int64_t gib = INT64_C(1) << 30;

static struct truth ran;

/* Run once; what was measured holds until the next run. */
static inline const struct tally *measure_with(const char *text, const char *const *set)
{
    truth_end(&ran);
    truth_run(&ran, text, set);
    return ran.outcome.tally[0];
}

static inline const struct tally *measure(const char *text)
{
    return measure_with(text, NULL);
}

static inline const struct tally *measure_set(const char *text, const char *one)
{
    const char *const set[] = {one, NULL};

    return measure_with(text, set);
}

static inline int forget(void **unused)
{
    (void)unused;
    truth_end(&ran);
    memset(&ran, 0, sizeof ran);
    return 0;
}

#endif
