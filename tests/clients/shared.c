/* shared.c - a client that offers its memory to other processes, by cuIpcGetMemHandle. */
#include "client.h"

#include <dlfcn.h>
#include <string.h>

int main(int argc, char **argv)
{
    CUresult (*share)(CUipcMemHandle *, CUdeviceptr) = NULL;
    CUipcMemHandle handle;
    struct client client;
    struct data data;
    CUdeviceptr at;
    void *address;

    client_begin(&client, argc, argv);
    address = dlsym(client.cu.library, "cuIpcGetMemHandle");
    memcpy(&share, &address, sizeof share);
    CALL(&client, memory_alloc, &at, client.bytes);
    client_ok(&client, share == NULL ? CUDA_ERROR_NOT_FOUND : share(&handle, at), "cuIpcGetMemHandle");
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
