/* lookup.c - cuGetProcAddress: by it the CUDA runtime gets nearly all calls, each in the ABI of some version.
 *
 * Where the driver hands out one of its exported calls, the gate hands out its own of that name; for calls that submit
 * work, that of the same ABI.  A driver newer than the table may hand out an ABI that the table lacks: then what it hands out for the
 * newest version of the table is another address, and the caller gets what the driver gave, not gated, and counted. */
#include "backend/gate/gate.h"
#include "backend/gate/hooks.h"
#include "backend/gate/submissions.h"

#include <string.h>

enum { NEWEST = 13000, PER_THREAD = 2 };

#define DECLARE_SUBMISSION(symbol, base, since, thread, words, stream) EXPORT unsigned symbol(WORDS_##words);
#define DECLARE_HOOK(symbol, base, since, thread, words) EXPORT unsigned symbol(WORDS_##words);
GATE_SUBMISSIONS(DECLARE_SUBMISSION)
GATE_HOOKS(DECLARE_HOOK)

struct row {
    const char *base;
    int since;
    bool thread;
    void (*function)(void);
};

#define ROW_SUBMISSION(symbol, base, since, thread, words, stream) {#base, since, thread, (void (*)(void))symbol},
#define ROW_HOOK(symbol, base, since, thread, words) {#base, since, thread, (void (*)(void))symbol},
static const struct row rows[] = {GATE_SUBMISSIONS(ROW_SUBMISSION) GATE_HOOKS(ROW_HOOK)};
enum { ROWS = sizeof rows / sizeof *rows };

/* The gate's function of that name and ABI; NULL: none.  `ours`: there is one of that name. */
static void *own(const char *name, int version, bool thread, bool *ours)
{
    const struct row *best = NULL;
    bool by_thread = false;
    void *address = NULL;

    *ours = false;
    for (size_t i = 0; i < ROWS; i++)
        if (strcmp(rows[i].base, name) == 0) {
            *ours = true;
            by_thread |= rows[i].thread;
        }
    for (size_t i = 0; i < ROWS && *ours; i++)
        if (strcmp(rows[i].base, name) == 0 && rows[i].thread == (thread && by_thread) && rows[i].since <= version &&
            (best == NULL || rows[i].since > best->since))
            best = &rows[i];
    if (best != NULL)
        memcpy(&address, &best->function, sizeof address);
    return address;
}

/* What the driver hands out for the newest version that the table is of. */
static void *known(uint64_t name, uint64_t flags)
{
    void *address = NULL;
    uint32_t status = 0;

    if (real_has(REAL_cuGetProcAddress_v2))
        REAL(cuGetProcAddress_v2, 5)(name, (uintptr_t)&address, NEWEST, flags, (uintptr_t)&status);
    else
        REAL(cuGetProcAddress, 4)(name, (uintptr_t)&address, NEWEST, flags);
    return address;
}

/* A call that the gate only passes on goes by way of it all the same, so that it asks for the GPU while that is shut. */
static void *passed_on(void *address)
{
    for (unsigned i = 0; i < REALS; i++)
        if (memcmp(&gate_real[i], &address, sizeof address) == 0 && real_has(i)) {
            memcpy(&address, &gate_own[i], sizeof address);
            break;
        }
    return address;
}

/* Put the gate's function, where it has one, in the place of what the driver handed out. */
static void replace(uint64_t name, uint64_t out, int version, uint64_t flags)
{
    void **address = (void **)(uintptr_t)out, *mine;
    bool ours;

    if (name == 0 || out == 0 || *address == NULL || *(const char *)(uintptr_t)name == '\0')
        return;
    mine = own((const char *)(uintptr_t)name, version, (flags & PER_THREAD) != 0, &ours);
    if (!ours) {
        *address = passed_on(*address);
        return;
    }
    if (mine != NULL && (version <= NEWEST || known(name, flags) == *address))
        *address = mine;
    else
        service_bypass();
}

unsigned cuGetProcAddress(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
    unsigned result;

    real_begin();
    result = REAL(cuGetProcAddress, 4)(a1, a2, a3, a4);
    if (result == CU_OK)
        replace(a1, a2, (int)(uint32_t)a3, a4);
    return result;
}

unsigned cuGetProcAddress_v2(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
    unsigned result;

    real_begin();
    result = REAL(cuGetProcAddress_v2, 5)(a1, a2, a3, a4, a5);
    if (result == CU_OK)
        replace(a1, a2, (int)(uint32_t)a3, a4);
    return result;
}
