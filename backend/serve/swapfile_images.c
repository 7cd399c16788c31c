/* swapfile_images.c - who has which slots of the swap file: what its labels say is all that is known. */
#include "backend/serve/swapfile_parts.h"

#include <stdlib.h>

static bool is_of(const struct label *label, int pid, uint64_t start)
{
    return label->pid == pid && label->start == start;
}

static void drop(struct swapfile *f, int pid, uint64_t start)
{
    for (uint32_t i = 0; i < f->slots; i++)
        if (is_of(&f->label[i], pid, start))
            f->label[i] = (struct label){0};
}

/* Of processes that are gone, unless their slots are being copied to or from. */
static void sweep(struct swapfile *f)
{
    struct sight last = {0};

    for (uint32_t i = 0; i < f->slots; i++) {
        const struct label *label = &f->label[i];
        bool held = false;

        for (const struct image *image = f->held; image != NULL; image = image->next)
            held |= is_of(label, image->pid, image->start);
        if (label->pid != 0 && !held && !label_is_there(label, &last))
            drop(f, label->pid, label->start);
    }
}

static uint32_t count_free(const struct swapfile *f)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < f->slots; i++)
        count += f->label[i].pid == 0;
    return count;
}

/* Slots from `image->slots` to `slots`; there are so many. */
static bool take(struct swapfile *f, struct image *image, uint32_t slots)
{
    uint32_t *grown = realloc(image->slot, slots * sizeof *grown);

    if (grown == NULL)
        return false;
    image->slot = grown;
    for (uint32_t i = 0; i < f->slots && image->slots < slots; i++)
        if (f->label[i].pid == 0) {
            f->label[i] = (struct label){.start = image->start, .part = image->slots, .pid = image->pid};
            image->slot[image->slots++] = i;
        }
    return true;
}

static void hold(struct swapfile *f, struct image *image)
{
    image->next = f->held;
    f->held = image;
}

int swapfile_begin(struct swapfile *f, int pid, uint64_t start, uint64_t bytes, struct image *image, struct error *err)
{
    uint32_t wanted = swapfile_slots_for(bytes);
    int rc = GS_OK;

    *image = (struct image){.pid = pid, .start = start};
    pthread_mutex_lock(&f->lock);
    drop(f, pid, start);
    if (count_free(f) < wanted)
        sweep(f);
    if (count_free(f) < wanted)
        rc = error_set(err, GS_BUSY, "the swap file has %llu MiB left, and process %d may need %llu MiB",
                       (unsigned long long)count_free(f) * (SWAPFILE_SLOT >> 20), pid,
                       (unsigned long long)wanted * (SWAPFILE_SLOT >> 20));
    else if (!take(f, image, wanted))
        rc = error_set(err, GS_BUSY, "out of memory for a list of slots");
    else
        hold(f, image);
    pthread_mutex_unlock(&f->lock);
    return rc;
}

bool swapfile_grow(struct swapfile *f, struct image *image, uint64_t bytes)
{
    uint32_t wanted = swapfile_slots_for(bytes);
    bool there;

    pthread_mutex_lock(&f->lock);
    if (wanted > image->slots && count_free(f) < wanted - image->slots)
        sweep(f);
    there = wanted <= image->slots || (count_free(f) >= wanted - image->slots && take(f, image, wanted));
    pthread_mutex_unlock(&f->lock);
    return there;
}

static enum image_state state_of(struct swapfile *f, int pid, uint64_t start, uint64_t *bytes, uint32_t *slots)
{
    enum image_state state = IMAGE_NONE;

    *slots = 0;
    for (uint32_t i = 0; i < f->slots; i++) {
        if (!is_of(&f->label[i], pid, start))
            continue;
        ++*slots;
        if (state == IMAGE_NONE)
            state = IMAGE_BEGUN;
        if (f->label[i].part == 0 && atomic_load_explicit(&f->label[i].state, memory_order_acquire) != IMAGE_NONE) {
            state = (enum image_state)f->label[i].state;
            *bytes = f->label[i].bytes;
        }
    }
    return state;
}

enum image_state swapfile_state(struct swapfile *f, int pid, uint64_t start)
{
    enum image_state state;
    uint64_t bytes;
    uint32_t slots;

    pthread_mutex_lock(&f->lock);
    state = state_of(f, pid, start, &bytes, &slots);
    pthread_mutex_unlock(&f->lock);
    return state;
}

/* Each part once, and all that the bytes need: else what the labels say is not what was committed. */
static bool collect(const struct swapfile *f, struct image *image)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < image->slots; i++)
        image->slot[i] = UINT32_MAX;
    for (uint32_t i = 0; i < f->slots; i++) {
        const struct label *label = &f->label[i];

        if (!is_of(label, image->pid, image->start) || label->part >= image->slots ||
            image->slot[label->part] != UINT32_MAX)
            continue;
        image->slot[label->part] = i;
        found++;
    }
    return found == image->slots && image->slots == swapfile_slots_for(image->bytes);
}

enum image_state swapfile_find(struct swapfile *f, int pid, uint64_t start, struct image *image, struct error *err)
{
    enum image_state state;

    *image = (struct image){.pid = pid, .start = start};
    pthread_mutex_lock(&f->lock);
    state = state_of(f, pid, start, &image->bytes, &image->slots);
    if (state == IMAGE_WHOLE) {
        image->slot = calloc(image->slots, sizeof *image->slot);
        if (image->slot == NULL || !collect(f, image))
            state = IMAGE_BEGUN;
        else
            hold(f, image);
    }
    pthread_mutex_unlock(&f->lock);
    if (state == IMAGE_BEGUN || state == IMAGE_SPOILT) {
        free(image->slot);
        error_set(err, GS_IO, "the swap file does not have all of process %d", pid);
    }
    return state;
}

unsigned char *swapfile_at(const struct swapfile *f, const struct image *image, uint32_t part)
{
    return f->base + f->head_bytes + (uint64_t)image->slot[part] * SWAPFILE_SLOT;
}

static void settle(struct swapfile *f, struct image *image, enum image_state state, uint32_t slots)
{
    pthread_mutex_lock(&f->lock);
    while (image->slots > slots)
        f->label[image->slot[--image->slots]] = (struct label){0};
    f->label[image->slot[0]].bytes = image->bytes;
    atomic_store_explicit(&f->label[image->slot[0]].state, (uint32_t)state, memory_order_release);
    pthread_mutex_unlock(&f->lock);
}

void swapfile_commit(struct swapfile *f, struct image *image, uint64_t bytes)
{
    image->bytes = bytes;
    settle(f, image, IMAGE_WHOLE, swapfile_slots_for(bytes));
}

/* The label is what is needed of it. */
void swapfile_spoil(struct swapfile *f, struct image *image)
{
    settle(f, image, IMAGE_SPOILT, 1);
}

void swapfile_end(struct swapfile *f, struct image *image, bool keeps)
{
    pthread_mutex_lock(&f->lock);
    for (struct image **at = &f->held; *at != NULL; at = &(*at)->next)
        if (*at == image) {
            *at = image->next;
            break;
        }
    if (!keeps)
        drop(f, image->pid, image->start);
    pthread_mutex_unlock(&f->lock);
    free(image->slot);
    image->slot = NULL;
}

void swapfile_drop(struct swapfile *f, int pid, uint64_t start)
{
    pthread_mutex_lock(&f->lock);
    drop(f, pid, start);
    pthread_mutex_unlock(&f->lock);
}

/* Labels of one process mostly follow each other. */
void swapfile_held(struct swapfile *f, struct holding *holding, unsigned count)
{
    unsigned last = 0;

    for (unsigned i = 0; i < count; i++)
        holding[i].bytes = 0;
    pthread_mutex_lock(&f->lock);
    for (uint32_t i = 0; i < f->slots && count > 0; i++) {
        const struct label *label = &f->label[i];

        if (label->pid == 0)
            continue;
        for (unsigned k = 0; k < count && !is_of(label, holding[last].pid, holding[last].start); k++)
            last = (last + 1) % count;
        if (is_of(label, holding[last].pid, holding[last].start))
            holding[last].bytes += SWAPFILE_SLOT;
    }
    pthread_mutex_unlock(&f->lock);
}
