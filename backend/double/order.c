/* order.c - what comes before what.
 *
 * Work comes after what was before it in its stream, after the event that its stream was told to wait for, and after all
 * of which the host had seen the end when it issued the work.  What the host knows is over is no longer in the list, so
 * a piece of work in the list that is no ancestor of a new one is unordered with it. */
#include "backend/double/state.h"
#include "sim/base/arena.h"

/* Mark the ancestors of `op`, itself included; ancestors have smaller ids, so one pass downwards finds them all. */
static void mark_ancestors(struct op *op)
{
    size_t last = 0;

    for (size_t i = 0; i < the.ops; i++) {
        the.op[i]->marked = the.op[i] == op;
        if (the.op[i] == op)
            last = i;
    }
    for (size_t i = last + 1; i-- > 0;) {
        struct op *before, *after;

        if (!the.op[i]->marked)
            continue;
        before = op_find(the.op[i]->before);
        after = op_find(the.op[i]->after);
        if (before != NULL)
            before->marked = true;
        if (after != NULL)
            after->marked = true;
    }
}

static bool conflict(const struct op *a, const struct op *b)
{
    for (unsigned i = 0; i < a->touches; i++)
        for (unsigned k = 0; k < b->touches; k++)
            if ((a->touch[i].writes || b->touch[k].writes) &&
                ranges_meet(a->touch[i].range.address, a->touch[i].range.bytes, b->touch[k].range.address,
                            b->touch[k].range.bytes))
                return true;
    return false;
}

void order_check(struct op *op)
{
    static const char *const name[] = {"record", "wait", "copy to the device", "copy to the host", "kernel"};

    if (op->touches == 0)
        return;
    mark_ancestors(op);
    for (size_t i = 0; i < the.ops; i++)
        if (!the.op[i]->marked && conflict(the.op[i], op)) {
            violation("race", "a %s and a %s of another stream touch the same bytes, and nothing orders them",
                      name[op->kind], name[the.op[i]->kind]);
            return;
        }
}

void order_known(uint64_t id)
{
    struct op *op = op_find(id);
    size_t kept = 0;

    if (op == NULL)
        return;
    mark_ancestors(op);
    for (size_t i = 0; i < the.ops; i++)
        if (the.op[i]->marked)
            heap_free(the.op[i]);
        else
            the.op[kept++] = the.op[i];
    the.ops = kept;
}

bool order_inflight(uint64_t address, size_t bytes)
{
    for (size_t i = 0; i < the.ops; i++)
        for (unsigned k = 0; k < the.op[i]->touches; k++)
            if (ranges_meet(the.op[i]->touch[k].range.address, the.op[i]->touch[k].range.bytes, address, bytes))
                return true;
    return false;
}
