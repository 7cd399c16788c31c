/* double_fixture.h - the driver's table over the driver double, begun anew for each test. */
#ifndef GS_DOUBLE_FIXTURE_H
#define GS_DOUBLE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/cuda/driver.h"
#include "backend/cuda/kernels.h"
#include "backend/cuda/mix.h"
#include "backend/double/double.h"

enum { MIB = 1 << 20, CHUNK = 2 * MIB };

static struct driver cu;
static const struct double_control *dbl;
static CUcontext context;
static CUmodule module;
static CUfunction fill, touch, check, busy;

#define OK(call) assert_int_equal(call, CUDA_SUCCESS)

/* The double's library by itself, for its control. */
static inline const struct double_control *double_control(void)
{
    void *library = dlopen(DOUBLE_LIBCUDA, RTLD_NOW | RTLD_LOCAL);
    const struct double_control *control;

    assert_non_null(library);
    control = dlsym(library, DOUBLE_CONTROL);
    assert_non_null(control);
    return control;
}

static inline void double_reset(const char *options)
{
    char why[DOUBLE_WHY] = "";

    dbl = double_control();
    if (dbl->reset(options, why) != 0)
        fail_msg("%s", why);
    setenv("GPUSWAP_LIBCUDA", DOUBLE_LIBCUDA, 1);
}

/* A driver with a context on GPU 0 that is current, and the kernels. */
static inline void double_begin(const char *options)
{
    static struct error err;
    char text[4096];

    double_reset(options);
    memset(&err, 0, sizeof err);
    assert_int_equal(driver_open(&cu, &err), GS_OK);
    OK(cu.primary_flags(0, CU_CTX_SCHED_BLOCKING_SYNC));
    OK(cu.primary_retain(&context, 0));
    OK(cu.context_set(context));
    snprintf(text, sizeof text, "%s", options);
    if (kernels_fatbin[0] == 0 || strstr(options, "interpret") != NULL || strstr(options, "no_binary") != NULL)
        OK(cu.module_load(&module, kernels_ptx, 0, NULL, NULL));
    else
        OK(cu.module_load(&module, kernels_fatbin, 0, NULL, NULL));
    OK(cu.module_function(&fill, module, "kernel_fill"));
    OK(cu.module_function(&touch, module, "kernel_touch"));
    OK(cu.module_function(&check, module, "kernel_check"));
    OK(cu.module_function(&busy, module, "kernel_busy"));
}

/* The violations, so that a test that meets one says which. */
static inline void assert_no_violation(void)
{
    char text[4096];

    dbl->log(text, sizeof text);
    assert_string_equal(text, "");
}

/* At least one, and the first of this kind. */
static inline void assert_violation(const char *kind)
{
    char text[4096];

    dbl->log(text, sizeof text);
    if (strncmp(text, kind, strlen(kind)) != 0 || text[strlen(kind)] != ':')
        fail_msg("expected a violation '%s', and the log says: %s", kind, text);
}

/* Everything given back: nothing leaks. */
static inline void double_end(void)
{
    OK(cu.module_unload(module));
    OK(cu.primary_release(0));
    assert_int_equal(dbl->leaks(), 0);
    assert_no_violation();
    driver_close(&cu);
}

static inline CUmemAllocationProp chunk_prop(void)
{
    CUmemAllocationProp prop;

    memset(&prop, 0, sizeof prop);
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    return prop;
}

static inline CUmemAccessDesc chunk_desc(void)
{
    CUmemAccessDesc desc;

    memset(&desc, 0, sizeof desc);
    desc.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
    desc.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    return desc;
}

/* One chunk, made, mapped at `at` and accessible. */
static inline CUmemGenericAllocationHandle chunk_in(CUdeviceptr at)
{
    CUmemAllocationProp prop = chunk_prop();
    CUmemAccessDesc desc = chunk_desc();
    CUmemGenericAllocationHandle handle;

    OK(cu.chunk_create(&handle, CHUNK, &prop, 0));
    OK(cu.chunk_map(at, CHUNK, 0, handle, 0));
    OK(cu.chunk_access(at, CHUNK, &desc, 1));
    return handle;
}

static inline void chunk_out(CUdeviceptr at, CUmemGenericAllocationHandle handle)
{
    OK(cu.chunk_unmap(at, CHUNK));
    OK(cu.chunk_release(handle));
}

static inline void *arena_begin(size_t bytes)
{
    void *arena = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(arena != MAP_FAILED);
    OK(cu.host_register(arena, bytes, CU_MEMHOSTREGISTER_PORTABLE));
    return arena;
}

static inline void arena_end(void *arena, size_t bytes)
{
    OK(cu.host_unregister(arena));
    munmap(arena, bytes);
}

/* Launch with the parameters packed, as the program does: then the driver checks their size. */
static inline CUresult launch(CUfunction kernel, CUstream stream, const uint64_t *parameter, size_t bytes)
{
    uint64_t copy[8];
    void *extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, copy, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes, CU_LAUNCH_PARAM_END};

    memcpy(copy, parameter, bytes);
    return cu.launch(kernel, 4, 1, 1, 32, 1, 1, 0, stream, NULL, extra);
}
#define LAUNCH(kernel, stream, ...)                                                                                    \
    launch(kernel, stream, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}))

#endif
