/* explain_words.h - the sentences that tell a piece of a burst's time. */
#ifndef GS_EXPLAIN_WORDS_H
#define GS_EXPLAIN_WORDS_H

#include "sim/explain/explain.h"

struct telling {
    struct text *out;
    const struct explain_run *about;
    const struct explain_burst *burst;
    const struct explain_choice *told; /* the last choice of victims that was told */
    bool summed;                       /* the piece that is told stands for all of its kind */
};

const char *telling_name(const struct telling *t, uint32_t workload);
/* `format` takes the time as a string. */
void tell_time(const struct telling *t, const char *format, gs_ns ns);
/* What a piece is and who has a part in it; `stopped_now`: it had the GPU before. */
void tell_piece(const struct telling *t, const struct explain_piece *piece, bool stopped_now);
/* Whom the victim policy chose from in a piece, indented, on lines of their own; not twice in a row. */
void tell_choices(struct telling *t, const struct explain_piece *piece);

#endif
