/* fuzz_gate.c - any bytes as frames of the gate's protocol: refused with a reason, or the same bytes again when written. */
#include "backend/gate/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    do {
        size_t count = size < GATE_FRAME ? size : GATE_FRAME;

        for (int sender = FRAME_OF_GATE; sender <= FRAME_OF_DAEMON; sender++) {
            struct gate_frame frame;
            unsigned char bytes[GATE_FRAME];
            const char *why = frame_read(data, count, (enum frame_sender)sender, &frame);

            if (why != NULL && *why == '\0')
                abort();
            if (why != NULL)
                continue;
            frame_write(&frame, bytes);
            if (memcmp(bytes, data, GATE_FRAME) != 0 || *frame_name(frame.type) == '?')
                abort();
        }
        data += count;
        size -= count;
    } while (size > 0);
    return 0;
}
