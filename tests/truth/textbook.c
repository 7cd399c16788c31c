/* textbook.c - cache algorithms by the book. */
#include "tests/truth/textbook.h"

#include <string.h>

static size_t find(const struct book_list *list, uint8_t page)
{
    size_t i = 0;

    while (i < list->length && list->page[i] != page)
        i++;
    return i;
}

static bool has(const struct book_list *list, uint8_t page)
{
    return find(list, page) < list->length;
}

static void push(struct book_list *list, uint8_t page)
{
    memmove(list->page + 1, list->page, list->length++);
    list->page[0] = page;
}

static bool drop(struct book_list *list, uint8_t page)
{
    size_t i = find(list, page);

    if (i == list->length)
        return false;
    memmove(list->page + i, list->page + i + 1, --list->length - i);
    return true;
}

static uint8_t pop(struct book_list *list)
{
    return list->length == 0 ? BOOK_NOBODY : list->page[--list->length];
}

static uint8_t last(const struct book_list *list)
{
    return list->length == 0 ? BOOK_NOBODY : list->page[list->length - 1];
}

/* Frames in a circle; a newcomer takes the frame of its victim and the hand goes on behind it. */
uint8_t book_clock(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *frame = &b->list[0];
    size_t at = find(frame, page);
    uint8_t victim = BOOK_NOBODY;

    *hit = at < frame->length;
    if (*hit) {
        b->count[page] += b->count[page] < b->k;
        return victim;
    }
    b->count[page] = 1;
    if (frame->length < b->size) {
        frame->page[frame->length++] = page;
        return victim;
    }
    for (; b->count[frame->page[b->hand]] > 0; b->hand = (b->hand + 1) % b->size)
        b->count[frame->page[b->hand]]--;
    victim = frame->page[b->hand];
    frame->page[b->hand] = page;
    b->hand = (b->hand + 1) % b->size;
    return victim;
}

/* The hand counts from the old end. */
uint8_t book_sieve(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *queue = &b->list[0];
    uint8_t victim = BOOK_NOBODY;

    *hit = has(queue, page);
    if (*hit) {
        b->mark[page] = true;
        return victim;
    }
    if (queue->length == b->size) {
        for (;;) {
            if (b->hand >= queue->length)
                b->hand = 0;
            victim = queue->page[queue->length - 1 - b->hand];
            if (!b->mark[victim])
                break;
            b->mark[victim] = false;
            b->hand++;
        }
        if (b->hand == queue->length - 1)
            b->hand = 0; /* it was the newest: start over, though a newer one is about to come */
        drop(queue, victim);
    }
    push(queue, page);
    b->mark[page] = false;
    return victim;
}

/* Lists: small, main, ghost. */
uint8_t book_s3fifo(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *small = &b->list[0], *large = &b->list[1], *ghost = &b->list[2];
    size_t target = b->size > 10 ? (b->size + 9) / 10 : 1;
    uint8_t victim = BOOK_NOBODY;

    *hit = has(small, page) || has(large, page);
    if (*hit) {
        b->count[page] += b->count[page] < 3;
        return victim;
    }
    while (victim == BOOK_NOBODY && small->length + large->length == b->size) {
        bool new = small->length >= target;
        uint8_t tail = pop(new ? small : large);
        if (b->count[tail] > new) {
            b->count[tail] = new ? 0 : b->count[tail] - 1;
            push(large, tail);
            continue;
        }
        victim = tail;
        if (new)
            push(ghost, tail);
        if (ghost->length > b->size - target)
            pop(ghost);
    }
    b->count[page] = 0;
    push(drop(ghost, page) ? large : small, page);
    return victim;
}

/* Lists: T1, T2, B1, B2. */
static uint8_t arc_replace(struct book *b, bool in_b2)
{
    struct book_list *t1 = &b->list[0], *t2 = &b->list[1];
    double length = (double)t1->length;
    uint8_t victim;

    if (t1->length >= 1 && (length > b->target || (in_b2 && !(length < b->target)))) {
        victim = pop(t1);
        push(&b->list[2], victim);
    } else {
        victim = pop(t2);
        push(&b->list[3], victim);
    }
    return victim;
}

static uint8_t arc_ghost(struct book *b, uint8_t page, bool in_b2)
{
    double b1 = (double)b->list[2].length, b2 = (double)b->list[3].length, size = (double)b->size;
    double step = in_b2 ? (b1 > b2 ? b1 / b2 : 1) : (b2 > b1 ? b2 / b1 : 1);

    b->target += in_b2 ? -step : step;
    b->target = b->target < 0 ? 0 : b->target > size ? size : b->target;
    uint8_t victim = arc_replace(b, in_b2);
    drop(&b->list[in_b2 ? 3 : 2], page);
    push(&b->list[1], page);
    return victim;
}

uint8_t book_arc(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *t1 = &b->list[0], *t2 = &b->list[1], *b1 = &b->list[2], *b2 = &b->list[3];
    size_t first = t1->length + b1->length, all = first + t2->length + b2->length;
    uint8_t victim = BOOK_NOBODY;

    *hit = drop(t1, page) || drop(t2, page);
    if (*hit) {
        push(t2, page);
        return victim;
    }
    if (has(b1, page) || has(b2, page))
        return arc_ghost(b, page, has(b2, page));
    if (first == b->size) {
        if (t1->length < b->size) {
            pop(b1);
            victim = arc_replace(b, false);
        } else {
            victim = pop(t1);
        }
    } else if (all >= b->size) {
        if (all == 2 * b->size)
            pop(b2);
        victim = arc_replace(b, false);
    }
    push(t1, page);
    return victim;
}

/* Lists: stack S of LIR pages (mark) and others, queue Q of resident others. */
static void lirs_prune(struct book *b)
{
    while (b->list[0].length > 0 && !b->mark[last(&b->list[0])])
        pop(&b->list[0]);
}

static void lirs_promote(struct book *b, uint8_t page)
{
    b->mark[page] = true;
    uint8_t bottom = last(&b->list[0]);
    b->mark[bottom] = false;
    push(&b->list[1], bottom);
    lirs_prune(b);
}

uint8_t book_lirs(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *stack = &b->list[0], *queue = &b->list[1];
    bool seen = has(stack, page);
    uint8_t victim = BOOK_NOBODY;

    *hit = b->mark[page] || has(queue, page);
    if (b->mark[page]) {
        drop(stack, page);
        push(stack, page);
        lirs_prune(b);
        return victim;
    }
    if (!*hit && b->hand + 1 < b->size) { /* hand: how many LIR pages there are while they are filled up */
        b->hand++;
        b->mark[page] = true;
        push(stack, page);
        return victim;
    }
    if (!drop(queue, page) && queue->length > 0)
        victim = pop(queue);
    drop(stack, page);
    push(stack, page);
    if (seen) {
        lirs_promote(b, page);
    } else {
        push(queue, page);
        lirs_prune(b);
    }
    return victim;
}

/* Of those in the cache (list 0) the least by `better`. */
static uint8_t least(const struct book *b, bool (*less)(const struct book *b, uint8_t x, uint8_t y))
{
    uint8_t best = b->list[0].page[0];

    for (size_t i = 1; i < b->list[0].length; i++)
        if (less(b, b->list[0].page[i], best))
            best = b->list[0].page[i];
    return best;
}

static bool lru2_less(const struct book *b, uint8_t x, uint8_t y)
{
    return b->past[x][1] != b->past[y][1] ? b->past[x][1] < b->past[y][1] : b->past[x][0] < b->past[y][0];
}

uint8_t book_lru2(struct book *b, uint8_t page, bool *hit)
{
    uint8_t victim = BOOK_NOBODY;

    *hit = has(&b->list[0], page);
    if (!*hit) {
        if (b->list[0].length == b->size) {
            victim = least(b, lru2_less);
            drop(&b->list[0], victim);
        }
        push(&b->list[0], page);
    }
    b->past[page][1] = b->past[page][0];
    b->past[page][0] = ++b->now;
    return victim;
}

/* Lists: A1in, A1out, Am. */
uint8_t book_2q(struct book *b, uint8_t page, bool *hit)
{
    struct book_list *in = &b->list[0], *out = &b->list[1], *main = &b->list[2];
    size_t in_most = b->size / 4 > 0 ? b->size / 4 : 1, out_most = b->size / 2 > 0 ? b->size / 2 : 1;
    uint8_t victim = BOOK_NOBODY;

    *hit = has(in, page) || has(main, page);
    if (*hit) {
        if (drop(main, page))
            push(main, page);
        return victim;
    }
    if (in->length + main->length == b->size) {
        if (in->length > in_most || main->length == 0) {
            victim = pop(in);
            push(out, victim);
            if (out->length > out_most)
                pop(out);
        } else {
            victim = pop(main);
        }
    }
    push(drop(out, page) ? main : in, page);
    return victim;
}

/* Ties go to the lowest page. */
static bool value_less(const struct book *b, uint8_t x, uint8_t y)
{
    return b->value[x] < b->value[y] || (!(b->value[y] < b->value[x]) && x < y);
}

/* Credits of one each; when room is needed all pay until somebody has nothing left. */
uint8_t book_landlord(struct book *b, uint8_t page, bool *hit)
{
    uint8_t victim = BOOK_NOBODY;

    *hit = has(&b->list[0], page);
    if (!*hit && b->list[0].length == b->size) {
        victim = least(b, value_less);
        double rent = b->value[victim];
        for (size_t i = 0; i < b->size; i++)
            b->value[b->list[0].page[i]] -= rent;
        drop(&b->list[0], victim);
    }
    if (!*hit)
        push(&b->list[0], page);
    b->value[page] = 1;
    return victim;
}

/* Worth = inflation + uses, and the inflation is the worth of the last victim. */
uint8_t book_gdsf(struct book *b, uint8_t page, bool *hit)
{
    uint8_t victim = BOOK_NOBODY;

    *hit = has(&b->list[0], page);
    if (!*hit) {
        if (b->list[0].length == b->size) {
            victim = least(b, value_less);
            b->inflation = b->value[victim];
            drop(&b->list[0], victim);
        }
        push(&b->list[0], page);
        b->count[page] = 0;
    }
    b->value[page] = b->inflation + ++b->count[page];
    return victim;
}

/* The same, and of equals the one used longest ago. */
static bool aged_less(const struct book *b, uint8_t x, uint8_t y)
{
    return b->value[x] < b->value[y] || (!(b->value[y] < b->value[x]) && b->past[x][0] < b->past[y][0]);
}

uint8_t book_lfu_aged(struct book *b, uint8_t page, bool *hit)
{
    uint8_t victim = BOOK_NOBODY;

    *hit = has(&b->list[0], page);
    if (!*hit) {
        if (b->list[0].length == b->size) {
            victim = least(b, aged_less);
            b->inflation = b->value[victim];
            drop(&b->list[0], victim);
        }
        push(&b->list[0], page);
        b->count[page] = 0;
    }
    b->value[page] = b->inflation + ++b->count[page];
    b->past[page][0] = ++b->now;
    return victim;
}
