/* modules.c - images of kernels, and their launch. */
#include "backend/double/state.h"

#include <stdio.h>
#include <string.h>

/* The PTX of CUDA 11.x is version 7.x, that of 12.x 8.x, and so on. */
static bool ptx_is_too_new(const char *text)
{
    const char *version = strstr(text, ".version ");
    int major, minor, most = the.options.driver_version / 1000 - 4;

    if (version == NULL || version[9] < '0' || version[9] > '9' || version[10] != '.')
        return true;
    major = version[9] - '0';
    minor = version[11] - '0';
    return major > most || (major == most && minor > the.options.driver_version % 1000 / 10);
}

static CUresult read_image(const void *image, struct module *module)
{
    const char *text = image;

    if (text[0] == '/' || text[0] == '.' || text[0] == '\n')
        return ptx_is_too_new(text) ? CUDA_ERROR_UNSUPPORTED_PTX_VERSION : ptx_read(text, module);
    if (the.options.no_binary || the.options.interpret)
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    return binary_read(image, module);
}

static void tell_log(unsigned options, const CUjit_option *option, void *const *value, const char *text)
{
    char *log = NULL;
    size_t size = 0;

    for (unsigned i = 0; i < options; i++) {
        if (option[i] == CU_JIT_ERROR_LOG_BUFFER)
            log = value[i];
        if (option[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
            size = (uintptr_t)value[i];
    }
    if (log != NULL && size > 0)
        snprintf(log, size, "%s", text);
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int numOptions, CUjit_option *options,
                            void **optionValues)
{
    unsigned gpu = 0, i = 0;
    struct module *made;
    CUresult result;

    if ((result = enter("cuModuleLoadDataEx", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if (module == NULL || image == NULL)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuModuleLoadDataEx of nothing"));
    while (i < MODULES && the.module[i].live)
        i++;
    if (i == MODULES)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    made = &the.module[i];
    *made = (struct module){.generation = made->generation + 1, .gpu = gpu};
    if ((result = read_image(image, made)) != CUDA_SUCCESS) {
        tell_log(numOptions, options, optionValues, "the driver double does not understand this image");
        for (unsigned k = 0; k < made->functions; k++)
            ptx_free(made->function[k].ptx);
        return leave(result);
    }
    made->live = true;
    for (unsigned k = 0; k < made->functions; k++) {
        made->function[k].module = i;
        made->function[k].twin = twin_find(made->function[k].name);
    }
    *module = (CUmodule)(uintptr_t)handle_make(HANDLE_MODULE, made->generation, i);
    return leave(CUDA_SUCCESS);
}

static struct module *find(CUmodule handle, unsigned *index)
{
    unsigned generation;

    if (handle_split((uint64_t)(uintptr_t)handle, HANDLE_MODULE, MODULES, &generation, index) &&
        the.module[*index].live && the.module[*index].generation == generation)
        return &the.module[*index];
    violation("stale", "a module that is no more");
    return NULL;
}

static void unload(struct module *module)
{
    for (unsigned k = 0; k < module->functions; k++)
        ptx_free(module->function[k].ptx);
    *module = (struct module){.generation = module->generation};
}

CUresult cuModuleUnload(CUmodule hmod)
{
    struct module *module;
    CUresult result;
    unsigned index;

    if ((result = enter("cuModuleUnload", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((module = find(hmod, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    for (size_t i = 0; i < the.ops; i++)
        if (the.op[i]->kind == OP_KERNEL && the.op[i]->function->module == index) {
            violation("in-flight", "cuModuleUnload of a kernel of which the host has not seen the end");
            return leave(CUDA_ERROR_INVALID_VALUE);
        }
    unload(module);
    return leave(CUDA_SUCCESS);
}

void modules_forget(void)
{
    for (unsigned i = 0; i < MODULES; i++)
        unload(&the.module[i]);
}

CUresult cuModuleGetFunction(CUfunction *hfunc, CUmodule hmod, const char *name)
{
    struct module *module;
    CUresult result;
    unsigned index;

    if ((result = enter("cuModuleGetFunction", ENTER_CONTEXT, NULL)) != CUDA_SUCCESS)
        return result;
    if ((module = find(hmod, &index)) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    for (unsigned k = 0; k < module->functions; k++)
        if (strcmp(module->function[k].name, name) == 0) {
            *hfunc = (CUfunction)(uintptr_t)handle_make(HANDLE_FUNCTION, module->generation, index * FUNCTIONS + k);
            return leave(CUDA_SUCCESS);
        }
    return leave(CUDA_ERROR_NOT_FOUND);
}

static const struct function *function_of(CUfunction handle)
{
    unsigned generation, index;
    const struct module *module;

    if (!handle_split((uint64_t)(uintptr_t)handle, HANDLE_FUNCTION, MODULES * FUNCTIONS, &generation, &index))
        return NULL;
    module = &the.module[index / FUNCTIONS];
    return module->live && module->generation == generation && index % FUNCTIONS < module->functions
               ? &module->function[index % FUNCTIONS]
               : NULL;
}

/* The packed buffer of `extra`: its size must be that of the kernel's parameters. */
static bool take_packed(struct op *op, void **extra)
{
    const unsigned char *buffer = NULL;
    size_t size = 0, needed = 0;

    for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
        if (extra[0] == CU_LAUNCH_PARAM_BUFFER_POINTER)
            buffer = extra[1];
        else if (extra[0] == CU_LAUNCH_PARAM_BUFFER_SIZE)
            size = *(const size_t *)extra[1];
        else
            return false;
    }
    for (unsigned i = 0; i < op->function->parameters; i++)
        needed += op->function->parameter_bytes[i];
    if (buffer == NULL || size != needed)
        return false;
    memcpy(op->parameter, buffer, size);
    return true;
}

static bool take_parameters(struct op *op, void **parameters, void **extra)
{
    const struct function *function = op->function;

    if (function->parameters != function->twin->parameters || (parameters != NULL) == (extra != NULL))
        return false;
    for (unsigned i = 0; i < function->parameters; i++)
        if (function->parameter_bytes[i] != sizeof op->parameter[i])
            return false;
    if (extra != NULL)
        return take_packed(op, extra);
    for (unsigned i = 0; i < function->parameters; i++)
        memcpy(&op->parameter[i], parameters[i], sizeof op->parameter[i]);
    return true;
}

CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                        unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                        unsigned int sharedMemBytes, CUstream hStream, void **kernelParams, void **extra)
{
    enum { THREADS = 1024 };
    unsigned gpu = 0, stream;
    const struct function *function;
    struct op *op, plan;
    CUresult result;

    if ((result = enter("cuLaunchKernel", ENTER_CONTEXT, &gpu)) != CUDA_SUCCESS)
        return result;
    if ((function = function_of(f)) == NULL || the.module[function->module].gpu != gpu)
        return leave(WRONG(CUDA_ERROR_INVALID_HANDLE, "stale", "cuLaunchKernel of a function that is no more"));
    if (stream_find(hStream, gpu, &stream) == NULL)
        return leave(CUDA_ERROR_INVALID_HANDLE);
    if (function->twin == NULL)
        return leave(WRONG(CUDA_ERROR_NOT_SUPPORTED, "argument", "a kernel that the double does not know"));
    if (gridDimX == 0 || gridDimY != 1 || gridDimZ != 1 || blockDimX == 0 || blockDimX > THREADS || blockDimY != 1 ||
        blockDimZ != 1 || sharedMemBytes != 0)
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuLaunchKernel: %u blocks of %u threads", gridDimX,
                           blockDimX));
    plan = (struct op){.function = function};
    if (!take_parameters(&plan, kernelParams, extra))
        return leave(WRONG(CUDA_ERROR_INVALID_VALUE, "argument", "cuLaunchKernel: parameters of '%s'", function->name));
    if ((op = op_new(stream, OP_KERNEL)) == NULL)
        return leave(CUDA_ERROR_OUT_OF_MEMORY);
    op->function = function;
    memcpy(op->parameter, plan.parameter, sizeof op->parameter);
    op->grid = gridDimX;
    op->block = blockDimX;
    op->left_ns = (double)the.options.latency_ns;
    function->twin->plan(op);
    op_submit(op);
    return leave(CUDA_SUCCESS);
}
