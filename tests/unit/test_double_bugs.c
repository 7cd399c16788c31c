/* test_double_bugs.c - the mistakes that a program which swaps can make: the driver double sees each of them.
 *
 * A small client swaps a workload of two chunks out and in again while another copies.  Done right it leaves no
 * violation and its memory is intact; with one mistake sown in, the double complains, a call fails, or the check of the
 * memory finds it. */
#include "double_fixture.h"

enum { CHUNKS = 2, WORDS = CHUNKS * CHUNK / 8 };

enum bug {
    NO_BUG,
    UNMAP_BEFORE_EVENT,   /* the chunk goes while its copy is under way */
    UNMAP_AFTER_TIME,     /* the copy is long over, but nobody has looked */
    NO_DRAIN,             /* copied out while a kernel still writes */
    NO_WAIT_FOR_COPY_IN,  /* the kernel starts before its memory is there */
    WRONG_SLOT,           /* the chunks come back in each other's place */
    STALE_COPY,           /* what comes back is what was there a generation ago */
    HALF_COPIED,          /* the last bytes are left out */
    NEVER_COPIED_IN,      /* mapped, and that is all */
    HOST_READS_TOO_EARLY, /* the slot is read before the copy to it is over */
    SLOT_USED_TWICE,      /* a slot is given away while it is being read */
    DOUBLE_RELEASE,
    USE_AFTER_UNMAP,
    NO_ACCESS,            /* mapped and never made accessible */
    PART_UNMAPPED,        /* half of a mapping */
    WRONG_ARGUMENTS,      /* a kernel is given too few bytes of parameters */
    WRONG_SIZE,           /* a kernel is told of more words than there are */
    UNREGISTERED_ARENA,   /* copies with host memory that may be paged */
    UNREGISTER_TOO_EARLY, /* while a copy uses it */
    STREAM_GONE,          /* destroyed under its work, and used */
    EVENT_GONE,
    HANDLE_LOST,    /* unmapped, never released */
    DEFAULT_STREAM, /* which would wait for everybody */
    MODULE_GONE,    /* unloaded under its kernel */
    BUGS
};

static const char *const name[BUGS] = {
    "no bug",
    "unmap before event",
    "unmap after time",
    "no drain",
    "no wait for copy in",
    "wrong slot",
    "stale copy",
    "half copied",
    "never copied in",
    "host reads too early",
    "slot used twice",
    "double release",
    "use after unmap",
    "no access",
    "part unmapped",
    "wrong arguments",
    "wrong size",
    "unregistered arena",
    "unregister too early",
    "stream gone",
    "event gone",
    "handle lost",
    "default stream",
    "module gone",
};

struct client {
    enum bug bug;
    CUstream work, out, in;
    CUevent drained, copied, arrived;
    CUdeviceptr va, result;
    CUmemGenericAllocationHandle handle[CHUNKS];
    unsigned char *arena;
    struct mix_found *found;
    uint64_t seed[3];
    bool noticed; /* by a call that failed, or by the check of the memory */
};

/* A call of the client's: what fails is noticed. */
static void must(struct client *c, CUresult result)
{
    c->noticed |= result != CUDA_SUCCESS;
}

static void make_resident(struct client *c, bool again)
{
    CUmemAllocationProp prop = chunk_prop();
    CUmemAccessDesc desc = chunk_desc();

    for (unsigned i = 0; i < CHUNKS; i++) {
        must(c, cu.chunk_create(&c->handle[i], CHUNK, &prop, 0));
        must(c, cu.chunk_map(c->va + i * CHUNK, CHUNK, 0, c->handle[i], 0));
    }
    if (c->bug != NO_ACCESS || !again)
        must(c, cu.chunk_access(c->va, CHUNKS * CHUNK, &desc, 1));
}

static void start(struct client *c)
{
    must(c, cu.stream_create(&c->work, CU_STREAM_NON_BLOCKING, 0));
    must(c, cu.stream_create(&c->out, CU_STREAM_NON_BLOCKING, 0));
    must(c, cu.stream_create(&c->in, CU_STREAM_NON_BLOCKING, 0));
    must(c, cu.event_create(&c->drained, CU_EVENT_DISABLE_TIMING));
    must(c, cu.event_create(&c->copied, CU_EVENT_DISABLE_TIMING));
    must(c, cu.event_create(&c->arrived, CU_EVENT_DISABLE_TIMING));
    must(c, cu.address_reserve(&c->va, CHUNKS * CHUNK, 0, 0, 0));
    must(c, cu.memory_alloc(&c->result, sizeof *c->found));
    c->arena = mmap(NULL, CHUNKS * CHUNK + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(c->arena != MAP_FAILED);
    if (c->bug != UNREGISTERED_ARENA)
        must(c, cu.host_register(c->arena, CHUNKS * CHUNK + 4096, CU_MEMHOSTREGISTER_PORTABLE));
    c->found = (struct mix_found *)(void *)(c->arena + CHUNKS * CHUNK);
    for (uint64_t g = 0; g < 3; g++)
        c->seed[g] = mix_seed(1, 1, g);
    make_resident(c, false);
    must(c, LAUNCH(fill, c->work, c->va, WORDS, c->seed[0], 0));
}

static void copy_out(struct client *c)
{
    for (unsigned i = 0; i < CHUNKS; i++)
        must(c, cu.copy_out(c->arena + i * CHUNK, c->va + i * CHUNK, CHUNK, c->out));
    must(c, cu.event_record(c->copied, c->out));
}

/* The copy of generation 0 goes to the arena, and the workload on to generation 1. */
static void burst(struct client *c)
{
    must(c, cu.event_record(c->drained, c->work));
    must(c, cu.stream_after(c->out, c->drained, 0));
    copy_out(c);
    must(c, cu.stream_after(c->work, c->copied, 0));
    if (c->bug == WRONG_ARGUMENTS)
        must(c, LAUNCH(touch, c->work, c->va, WORDS, c->seed[0], c->seed[1]));
    else
        must(c, LAUNCH(touch, c->work, c->va, c->bug == WRONG_SIZE ? WORDS + 1 : WORDS, c->seed[0], c->seed[1], 0));
    if (c->bug == DEFAULT_STREAM)
        must(c, cu.copy_out(c->arena, c->va, CHUNK, NULL));
    if (c->bug == MODULE_GONE) {
        must(c, cu.module_unload(module));
        must(c, LAUNCH(busy, c->work, 1));
    }
}

static void swap_out(struct client *c)
{
    must(c, cu.event_record(c->drained, c->work));
    if (c->bug != NO_DRAIN)
        must(c, cu.stream_after(c->out, c->drained, 0));
    if (c->bug != STALE_COPY)
        copy_out(c);
    if (c->bug == HOST_READS_TOO_EARLY && memcmp(c->arena, &(uint64_t){mix_at(c->seed[1], 0)}, 8) != 0)
        c->noticed = true;
    if (c->bug == UNMAP_AFTER_TIME)
        for (int i = 0; i < 3000; i++)
            cu.event_query(c->arrived); /* time passes */
    if (c->bug == UNREGISTER_TOO_EARLY)
        must(c, cu.host_unregister(c->arena));
    if (c->bug == EVENT_GONE)
        must(c, cu.event_destroy(c->copied));
    if (c->bug == STREAM_GONE)
        must(c, cu.stream_destroy(c->out));
    if (c->bug != UNMAP_BEFORE_EVENT && c->bug != UNMAP_AFTER_TIME)
        must(c, cu.event_wait(c->copied));
    if (c->bug == STALE_COPY || c->bug == NO_DRAIN)
        must(c, cu.stream_wait(c->work));
    if (c->bug == PART_UNMAPPED)
        must(c, cu.chunk_unmap(c->va, CHUNK / 2));
    must(c, cu.chunk_unmap(c->va, CHUNKS * CHUNK));
    for (unsigned i = 0; i < CHUNKS && c->bug != HANDLE_LOST; i++)
        must(c, cu.chunk_release(c->handle[i]));
    if (c->bug == DOUBLE_RELEASE)
        must(c, cu.chunk_release(c->handle[0]));
    if (c->bug == USE_AFTER_UNMAP) {
        must(c, LAUNCH(touch, c->work, c->va, 1, 1, 2, 3));
        must(c, cu.stream_wait(c->work));
    }
}

static void swap_in(struct client *c)
{
    size_t bytes = c->bug == HALF_COPIED ? CHUNK - 8 : CHUNK;

    make_resident(c, true);
    for (unsigned i = 0; i < CHUNKS && c->bug != NEVER_COPIED_IN; i++)
        must(c, cu.copy_in(c->va + i * CHUNK, c->arena + (c->bug == WRONG_SLOT ? 1 - i : i) * CHUNK, bytes, c->in));
    if (c->bug == SLOT_USED_TWICE) {
        must(c, cu.copy_out(c->arena, c->result, sizeof *c->found, c->out));
        must(c, cu.stream_wait(c->out));
    }
    must(c, cu.event_record(c->arrived, c->in));
    if (c->bug != NO_WAIT_FOR_COPY_IN)
        must(c, cu.stream_after(c->work, c->arrived, 0));
    must(c, LAUNCH(touch, c->work, c->va, WORDS, c->seed[1], c->seed[2], 0));
}

static void look(struct client *c)
{
    *c->found = (struct mix_found){.first = UINT64_MAX};
    must(c, cu.copy_in(c->result, c->found, sizeof *c->found, c->work));
    must(c, LAUNCH(check, c->work, c->va, WORDS, c->seed[2], 0, c->result));
    must(c, cu.copy_out(c->found, c->result, sizeof *c->found, c->work));
    must(c, cu.stream_wait(c->work));
    must(c, cu.stream_wait(c->in));
    c->noticed |= c->found->bad != 0;
}

static void stop(struct client *c)
{
    must(c, cu.chunk_unmap(c->va, CHUNKS * CHUNK));
    for (unsigned i = 0; i < CHUNKS; i++)
        must(c, cu.chunk_release(c->handle[i]));
    must(c, cu.address_free(c->va, CHUNKS * CHUNK));
    must(c, cu.memory_free(c->result));
    must(c, cu.stream_destroy(c->work));
    must(c, cu.stream_destroy(c->in));
    must(c, cu.stream_destroy(c->out));
    must(c, cu.event_destroy(c->drained));
    must(c, cu.event_destroy(c->copied));
    must(c, cu.event_destroy(c->arrived));
    if (c->bug != UNREGISTERED_ARENA)
        must(c, cu.host_unregister(c->arena));
    must(c, cu.module_unload(module));
    must(c, cu.primary_release(0));
    munmap(c->arena, CHUNKS * CHUNK + 4096);
}

/* Is the bug seen?  The violations go into `text`. */
static bool seen(enum bug bug, const char *options, char *text, size_t size)
{
    struct client client = {.bug = bug};

    double_begin(options);
    start(&client);
    burst(&client);
    swap_out(&client);
    swap_in(&client);
    look(&client);
    stop(&client);
    dbl->leaks();
    dbl->log(text, size);
    driver_close(&cu);
    return client.noticed || *text != '\0';
}

static void test_right(void **state)
{
    static const char *const options[] = {"",          "chaos=1",       "chaos=2",  "chaos=3",
                                          "latency=0", "no_binary=yes", "in=1GB/s", "out=1GB/s duplex=0.5"};
    char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (seen(NO_BUG, options[i], text, sizeof text))
            fail_msg("the client that makes no mistake is accused, with '%s': %s", options[i], text);
}

/* Always, not only when time happens to bring it to light. */
static void test_each_bug(void **state)
{
    static const char *const options[] = {"", "chaos=1", "chaos=2", "in=1GB/s", "out=1GB/s"};
    char text[4096];

    (void)state;
    for (enum bug bug = NO_BUG + 1; bug < BUGS; bug++)
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
            if (!seen(bug, options[i], text, sizeof text))
                fail_msg("nobody sees '%s', with '%s'", name[bug], options[i]);
}

/* And called by its name. */
static void test_kinds(void **state)
{
    static const struct {
        enum bug bug;
        const char *kind;
    } kinds[] = {
        {UNMAP_BEFORE_EVENT, "in-flight"},
        {UNMAP_AFTER_TIME, "in-flight"},
        {NO_DRAIN, "race"},
        {NO_WAIT_FOR_COPY_IN, "race"},
        {SLOT_USED_TWICE, "race"},
        {DOUBLE_RELEASE, "stale"},
        {USE_AFTER_UNMAP, "illegal"},
        {NO_ACCESS, "illegal"},
        {PART_UNMAPPED, "argument"},
        {WRONG_ARGUMENTS, "argument"},
        {WRONG_SIZE, "illegal"},
        {UNREGISTERED_ARENA, "pageable"},
        {UNREGISTER_TOO_EARLY, "in-flight"},
        {STREAM_GONE, "in-flight"},
        {EVENT_GONE, "stale"},
        {HANDLE_LOST, "leak"},
        {DEFAULT_STREAM, "stale"},
        {MODULE_GONE, "in-flight"},
    };
    char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        seen(kinds[i].bug, "", text, sizeof text);
        if (strncmp(text, kinds[i].kind, strlen(kinds[i].kind)) != 0)
            fail_msg("'%s' is '%s', and the double says: %s", name[kinds[i].bug], kinds[i].kind, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_each_bug),
        cmocka_unit_test(test_kinds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
