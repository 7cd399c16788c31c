/* chunks.c - a client that reserves addresses and maps memory under them chunk by chunk, as caching allocators do. */
#include "client.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    CUmemAllocationProp prop = {.type = CU_MEM_ALLOCATION_TYPE_PINNED};
    CUmemAccessDesc access = {.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    enum { MOST = 1024 };
    static CUmemGenericAllocationHandle handle[MOST];
    size_t grain = 0, chunks;
    struct client client;
    struct data data;
    CUdeviceptr at;

    client_begin(&client, argc, argv);
    prop.location = access.location = (CUmemLocation){.type = CU_MEM_LOCATION_TYPE_DEVICE, .id = client.device};
    CALL(&client, chunk_granularity, &grain, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    chunks = (client.bytes + grain - 1) / grain;
    if (chunks > MOST)
        return 64;
    CALL(&client, address_reserve, &at, chunks * grain, 0, 0, 0);
    for (size_t i = 0; i < chunks; i++) {
        CALL(&client, chunk_create, &handle[i], grain, &prop, 0);
        CALL(&client, chunk_map, at + i * grain, grain, 0, handle[i], 0);
    }
    CALL(&client, chunk_access, at, chunks * grain, &access, 1);
    data_begin(&client, &data, at, chunks * grain, client.seed);
    data_fill(&client, &data);
    for (unsigned burst = 1; burst <= client.bursts; burst++) {
        client_say(&client, burst, data_burst(&client, &data));
        client_pause(&client);
    }
    data_end(&client, &data);
    CALL(&client, chunk_unmap, at, chunks * grain);
    for (size_t i = 0; i < chunks; i++)
        CALL(&client, chunk_release, handle[i]);
    CALL(&client, address_free, at, chunks * grain);
    client_end(&client);
    return 0;
}
