/* probe.c - a program behind the gate that looks at it closely: `probe WHAT`.  0: all is as it should be. */
#include "backend/gate/submissions.h"
#include "backend/gate/symbols.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef unsigned call(uint64_t, ...);
typedef unsigned launch(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t);
typedef unsigned lookup(const char *, void **, int, uint64_t, int *);

static void *gate, *real;
static int wrong;

static void expect(bool holds, const char *what)
{
    if (!holds)
        printf("not so: %s\n", what);
    wrong |= !holds;
}

static void *in(void *library, const char *symbol)
{
    return dlsym(library, symbol);
}

static void function(void *to, void *library, const char *symbol)
{
    void *address = in(library, symbol);

    if (address == NULL) {
        printf("there is no '%s'\n", symbol);
        exit(1);
    }
    memcpy(to, &address, sizeof address);
}

static void *ask(const char *name, int version, uint64_t flags)
{
    lookup *look;
    void *out = NULL;
    int status;

    function(&look, gate, "cuGetProcAddress_v2");
    look(name, &out, version, flags, &status);
    return out;
}

/* Names, versions and flags, with the driver `few` behind. */
static void probe_lookup(void)
{
    const char **called = in(real, "few_called");
    lookup *newest;
    void *out = NULL, *newer, *truly = NULL;
    int status = 7;
    launch *gated;

    function(&gated, gate, "cuLaunchKernel"); /* so that the daemon knows us */
    expect(gated(1, 2, 3, 4, 5, 6, 7, 8, 4096, 10, 11) == 0, "a launch");
    function(&newest, real, "cuGetProcAddress_v2");
    expect(ask("cuLaunchKernel", 13000, 0) == in(gate, "cuLaunchKernel"), "a launch is gated");
    expect(ask("cuLaunchKernel", 4000, 1) == in(gate, "cuLaunchKernel"), "in its oldest ABI, too");
    expect(ask("cuLaunchKernel", 3999, 0) == NULL, "and is not there before");
    expect(ask("cuLaunchKernel", 13000, 2) == in(gate, "cuLaunchKernel_ptsz"), "by the thread's default stream");
    expect(ask("cuMemcpyHtoDAsync", 2000, 0) == in(gate, "cuMemcpyHtoDAsync"), "32 bits");
    expect(ask("cuMemcpyHtoDAsync", 3020, 0) == in(gate, "cuMemcpyHtoDAsync_v2"), "64 bits");
    expect(ask("cuMemcpyHtoDAsync", 6050, 2) == NULL, "too early for the thread's stream");
    expect(ask("cuMemcpyHtoDAsync", 14000, 0) == in(gate, "cuMemcpyHtoDAsync_v2"), "a newer driver, the same ABI");
    expect(ask("cuGetProcAddress", 12000, 0) == in(gate, "cuGetProcAddress_v2"), "the lookup itself");
    expect(ask("cuGetProcAddress", 11030, 0) == in(gate, "cuGetProcAddress"), "and its old ABI");
    expect(ask("cuCtxGetLimit", 13000, 0) == in(gate, "cuCtxGetLimit"), "others go by way of the gate, too");
    newer = ask("cuLaunchKernel", 14000, 0);
    newest("cuLaunchKernel", &truly, 14000, 0, &status);
    expect(newer != NULL && newer == truly, "an ABI that the gate does not know is the driver's");
    *called = "";
    function(&newest, gate, "cuGetProcAddress_v2");
    expect(newest("", &out, 0, 0, &status) == 500 && out == NULL && status == 1, "no name is passed on");
    expect(strcmp(*called, "cuGetProcAddress_v2") == 0, "to the driver");
}

/* All arguments arrive. */
static void probe_words(void)
{
    const char **called = in(real, "few_called");
    const uint64_t *word = in(real, "few_word");
    launch *gated;
    call *limit;

    function(&gated, gate, "cuLaunchKernel_ptsz");
    expect(gated(1, 2, 3, 4, 5, 6, 7, 8, 4096, UINT64_MAX, 11) == 0, "a launch succeeds");
    expect(strcmp(*called, "cuLaunchKernel_ptsz") == 0, "it is that launch");
    for (uint64_t i = 0; i < 8; i++)
        expect(word[i] == i + 1, "a word of it");
    expect(word[8] == 4096 && word[9] == UINT64_MAX && word[10] == 11, "the last of them");
    function(&limit, gate, "cuCtxGetLimit");
    expect(limit(21, 22) == 0 && word[0] == 21 && word[1] == 22, "a call that is only passed on");
    function(&limit, gate, "cuGraphCreate");
    expect(limit(1, 2) == 500, "what the driver lacks is not found");
}

/* Each call of the toolkit's stub says that it is one. */
static void probe_stub(void)
{
#define NAME(symbol) #symbol,
    static const char *const name[] = {GATE_SYMBOLS(NAME)};

    for (unsigned i = 0; i < REALS; i++) {
        unsigned (*any)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t);

        function(&any, gate, name[i]);
        if (any(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) != 34) {
            printf("'%s' does not say that it is a stub\n", name[i]);
            wrong = 1;
        }
    }
}

/* NVIDIA's own driver without a GPU: what it says by the gate is what it says itself. */
static void probe_same(void)
{
#define ROW(symbol, base, since, thread, words, way) {#symbol, #base, since, thread},
    static const struct {
        const char *symbol, *base;
        int since, thread;
    } row[] = {GATE_SUBMISSIONS(ROW)};
    call *a, *b;
    int version[2] = {0}, found = 0;
    const char *text[2] = {0};

    function(&a, gate, "cuDriverGetVersion");
    function(&b, real, "cuDriverGetVersion");
    expect(a((uintptr_t)&version[0]) == b((uintptr_t)&version[1]) && version[0] == version[1], "the version");
    function(&a, gate, "cuGetErrorString");
    function(&b, real, "cuGetErrorString");
    expect(a(2, &text[0]) == 0 && b(2, &text[1]) == 0 && strcmp(text[0], text[1]) == 0, "a text");
    function(&a, gate, "cuInit");
    function(&b, real, "cuInit");
    expect(a(0) == b(0), "cuInit");
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        void *out = ask(row[i].base, row[i].since, row[i].thread ? 2 : 1);

        if (row[i].since > version[0] || in(real, row[i].symbol) == NULL || out == NULL)
            continue; /* a driver need not hand out the oldest ABIs any more */
        found++;
        if (out != in(gate, row[i].symbol)) {
            printf("'%s' of CUDA %d is not gated\n", row[i].base, row[i].since);
            wrong = 1;
        }
    }
    printf("CUDA %d, %d calls gated by cuGetProcAddress\n", version[0], found);
    expect(found > 100, "most are there");
}

/* A child of a fork is a process of its own, and says HELLO for itself. */
static void probe_fork(void)
{
    call *init;
    launch *gated;
    int status = -1;
    pid_t child;

    function(&init, gate, "cuInit");
    function(&gated, gate, "cuLaunchKernel");
    expect(init(0) == 0, "cuInit");
    gated(1, 2, 3, 4, 5, 6, 7, 8, 4096, 10, 11);
    if ((child = fork()) == 0)
        exit(gated(1, 2, 3, 4, 5, 6, 7, 8, 4096, 10, 11) == 0 ? 0 : 1);
    expect(waitpid(child, &status, 0) == child && status == 0, "the child");
}

/* The driver's other name is the gate's, too. */
static void probe_name(void)
{
    void *other = dlopen("libcuda.so", RTLD_NOW | RTLD_LOCAL);

    expect(other != NULL && in(other, "cuLaunchKernel") == in(gate, "cuLaunchKernel"), "libcuda.so is the gate");
}

static double nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* A launch while granted, against the driver's own and against a system call that does next to nothing: rounds of each in
 * turn, and the medians of them. */
static void probe_cost(void)
{
    enum { ROUNDS = 301, LAUNCHES = 2000 };
    static double took[3][ROUNDS];
    launch *way[2];

    function(&way[0], real, "cuLaunchKernel");
    function(&way[1], gate, "cuLaunchKernel");
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < 3; i++) {
            double start = nanoseconds();

            for (uint64_t n = 0; n < LAUNCHES; n++)
                if (i < 2)
                    way[i](n, 2, 3, 4, 5, 6, 7, 8, 4096, 10, 11);
                else
                    syscall(SYS_getppid);
            took[i][round] = (nanoseconds() - start) / LAUNCHES;
        }
    for (int i = 0; i < 3; i++)
        qsort(took[i], ROUNDS, sizeof(double), by_size);
    printf("a launch: %.1f ns, by the gate %.1f ns: %.1f ns more; a system call: %.1f ns\n", took[0][ROUNDS / 2],
           took[1][ROUNDS / 2], took[1][ROUNDS / 2] - took[0][ROUNDS / 2], took[2][ROUNDS / 2]);
    expect(took[1][ROUNDS / 2] - took[0][ROUNDS / 2] < took[2][ROUNDS / 2], "the gate costs less than a system call");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } probe[] = {{"lookup", probe_lookup}, {"words", probe_words}, {"stub", probe_stub}, {"same", probe_same},
                 {"fork", probe_fork},     {"name", probe_name},   {"cost", probe_cost}};

    gate = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    real = dlopen(getenv("GPUSWAP_LIBCUDA"), RTLD_NOW | RTLD_LOCAL);
    if (gate == NULL || real == NULL || gate == real) {
        printf("there are no two drivers: %s\n", dlerror());
        return 1;
    }
    for (unsigned i = 0; i < sizeof probe / sizeof *probe; i++)
        if (argc == 2 && strcmp(argv[1], probe[i].name) == 0) {
            probe[i].run();
            return wrong;
        }
    return 64;
}
