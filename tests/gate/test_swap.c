/* test_swap.c - processes behind the gate share a GPU that has room for one of them: a small daemon stops one, takes it off
 * the GPU, brings the other back and lets it run, again and again, and all data stay right.  As a daemon does it. */
#include "../unit/double_fixture.h"
#include "daemon.h"

enum { CLIENTS_MOST = 3 };

struct member {
    pid_t pid;
    int file, output;
    bool known, wants, saved, gone;
    unsigned swaps;
};

static struct member member[CLIENTS_MOST];
static unsigned members;
static struct member *holder;
static unsigned back;
static struct error error;

static void add(const char *name, const char *bursts, const char *mib)
{
    char path[512], options[300];
    const char *const argv[] = {path, bursts, mib, "3", NULL};
    struct member *new = &member[members++];

    snprintf(path, sizeof path, "%s/client_%s", CLIENTS, name);
    snprintf(options, sizeof options, "GPUSWAP_GATE_SILENCE_MS=60000");
    client_start(DOUBLE_LIBCUDA, options, argv);
    daemon_accept();
    *new = (struct member){.pid = child, .file = connection, .output = output};
}

/* It may have ended a moment ago; then its BYE is on the way. */
static void say(struct member *to, struct gate_frame frame)
{
    frame_send(to->file, &frame);
}

/* What was asked of a process; false: it has ended meanwhile, as it may at any time. */
static bool done(CUresult result)
{
    assert_true(result == CUDA_SUCCESS || result == CUDA_ERROR_INVALID_VALUE || result == CUDA_ERROR_NOT_INITIALIZED);
    return result == CUDA_SUCCESS;
}

static void take_off(struct member *one)
{
    CUcheckpointLockArgs args = {.timeoutMs = WAIT_MS};

    if (one->saved || one->gone || !one->known || !done(cu.checkpoint_lock(one->pid, &args)) ||
        !done(cu.checkpoint_save(one->pid, NULL)))
        return;
    one->saved = true;
    one->swaps++;
}

/* Nobody holds the GPU: the next one that wants it gets it, alone. */
static void choose(void)
{
    static unsigned next;

    for (unsigned k = 0; k < members && holder == NULL; k++) {
        struct member *one = &member[++next % members];

        if (!one->wants || one->gone)
            continue;
        for (unsigned i = 0; i < members; i++)
            if (&member[i] != one)
                take_off(&member[i]);
        if (one->saved && done(cu.checkpoint_restore(one->pid, NULL)))
            done(cu.checkpoint_unlock(one->pid, NULL));
        one->saved = one->wants = false;
        one->known = true; /* from here on it may have something there */
        holder = one;
        say(one, (struct gate_frame){.type = GATE_GRANT, .epoch = ++epoch, .a = 30000});
    }
}

static void hear(struct member *from)
{
    struct gate_frame frame = {0};
    const char *why = "";
    int got = frame_take(from->file, FRAME_OF_GATE, &frame, &why);

    if (got == 0)
        return;
    if (got < 0 || frame.type == GATE_BYE)
        from->gone = true;
    else if (frame.type == GATE_HELLO)
        say(from, (struct gate_frame){.type = GATE_WELCOME, .a = 1, .b = 5000});
    else if (frame.type == GATE_REQ)
        from->wants = true;
    if (holder == from && (from->gone || frame.type == GATE_RELEASED))
        holder = NULL;
}

static unsigned alive(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < members; i++)
        count += !member[i].gone;
    return count;
}

/* A call that was on its way to the driver when its process was taken off the GPU waits there, and nobody has heard of it:
 * when the GPU is free anyway, whoever is away comes back. */
static void bring_back(void)
{
    for (unsigned i = 0; i < members && holder == NULL; i++) {
        struct member *one = &member[i];

        if (!one->saved || one->gone)
            continue;
        for (unsigned k = 0; k < members; k++)
            if (k != i)
                take_off(&member[k]);
        if (done(cu.checkpoint_restore(one->pid, NULL)))
            done(cu.checkpoint_unlock(one->pid, NULL));
        one->saved = false;
        back++;
        return;
    }
}

static void run(void)
{
    int silent = 0;

    while (alive() > 0) {
        struct pollfd file[CLIENTS_MOST];

        for (unsigned i = 0; i < members; i++)
            file[i] = (struct pollfd){.fd = member[i].gone ? -1 : member[i].file, .events = POLLIN};
        if (poll(file, members, 1000) == 0) {
            if (++silent > WAIT_MS / 1000)
                fail_msg("nobody says anything any more");
            bring_back();
            continue;
        }
        silent = 0;
        for (unsigned i = 0; i < members; i++)
            if (file[i].revents != 0)
                hear(&member[i]);
        choose();
    }
}

/* After a failure, too. */
static int end_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < members; i++)
        if (waitpid(member[i].pid, NULL, WNOHANG) == 0) {
            kill(member[i].pid, SIGKILL);
            waitpid(member[i].pid, NULL, 0);
        }
    return 0;
}

static void test_sharing(void **state)
{
    char options[200];

    (void)state;
    snprintf(options, sizeof options, "real_clock=yes folder=%s", folder);
    double_reset(options);
    memset(&error, 0, sizeof error);
    assert_int_equal(driver_open(&cu, &error), GS_OK);
    snprintf(double_options, sizeof double_options, "strict=yes real_clock=yes folder=%s", folder);
    daemon_listen();
    add("once", "8", "40");
    add("anew", "8", "36");
    add("threads", "8", "32");
    run();
    for (unsigned i = 0; i < members; i++) {
        child = member[i].pid;
        output = member[i].output;
        assert_int_equal(client_wait(NULL, 0), 0);
        print_message("taken off %u times\n", member[i].swaps);
        assert_true(member[i].swaps > 0);
        close(member[i].file);
    }
    print_message("brought back unasked: %u\n", back);
    connection = -1;
    daemon_close();
    driver_close(&cu);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_sharing, end_all)};

    return cmocka_run_group_tests(tests, daemon_begin, daemon_end);
}
