/* table.c - every backend: one row each. */
#include "backend/backend.h"

const struct backend_ops *backend_at(size_t i)
{
    static const struct backend_ops *const table[] = {&backend_sim, &backend_null, &backend_fault};

    return i < sizeof table / sizeof *table ? table[i] : NULL;
}
