/* managed.c - a client that takes its memory by cuMemAllocManaged, which keeps it on the GPU. */
#include "client.h"

#include <dlfcn.h>
#include <string.h>

int main(int argc, char **argv)
{
    CUresult (*managed)(CUdeviceptr *, size_t, unsigned) = NULL;
    struct client client;
    struct data data;
    CUdeviceptr at = 0;
    void *address;

    client_begin(&client, argc, argv);
    address = dlsym(client.cu.library, "cuMemAllocManaged");
    memcpy(&managed, &address, sizeof managed);
    client_ok(&client, managed == NULL ? CUDA_ERROR_NOT_FOUND : managed(&at, client.bytes, CU_MEM_ATTACH_GLOBAL),
              "cuMemAllocManaged");
    data_begin(&client, &data, at, client.bytes, client.seed);
    data_fill(&client, &data);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        client_say(&client, burst, data_burst(&client, &data));
        client_pause(&client);
    }
    data_end(&client, &data);
    CALL(&client, memory_free, at);
    client_end(&client);
    return 0;
}
