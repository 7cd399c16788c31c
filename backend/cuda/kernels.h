/* kernels.h - the kernels of kernels.cu as they lie in the program. */
#ifndef GS_CUDA_KERNELS_H
#define GS_CUDA_KERNELS_H

/* Compiled for GPUs of today, where nvcc was there when this program was built; else one byte, 0.  Drivers older than
 * the toolkit refuse it. */
extern const unsigned char kernels_fatbin[];

/* The text that every driver since 410 compiles itself, for GPUs to come, too. */
extern const unsigned char kernels_ptx[];

#endif
