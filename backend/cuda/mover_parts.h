/* mover_parts.h - what the mover's two files have of each other. */
#ifndef GS_CUDA_MOVER_PARTS_H
#define GS_CUDA_MOVER_PARTS_H

#include "backend/cuda/mover.h"

/* mover.c */
struct move mover_move(struct mover *mover, enum move_kind kind, uint32_t from,
                       uint32_t to); /* that is about to begin */
/* Copies to the host wait for what is in `stream`, which `drained` tells the end of. */
CUresult mover_out_after(struct memory *memory, CUstream stream);
/* Has the host seen the end of all that was issued on the chunk: kernels and copies?  Else it must not be unmapped. */
CUresult mover_over(const struct memory *memory, uint32_t i);

/* mover_in.c */
/* Have the next chunks come to a GPU, as far as there is memory for them; see which have come. */
CUresult mover_begin_in(struct mover *mover, struct gpu *gpu, int64_t now_ns);
CUresult mover_end_in(struct memory *memory, int64_t now_ns);
/* A swap-in for which there is no memory: what has come goes back.  What had its slot lent is copied out again, what was
 * only filled is forgotten.  Bursts that began on what had come end first. */
CUresult mover_undo(struct mover *mover, struct memory *memory);

#endif
