/* frame.h - frames of the gate's protocol as bytes, and which bytes are none. */
#ifndef GS_FRAME_H
#define GS_FRAME_H

#include "backend/gate/protocol.h"

#include <stddef.h>

enum frame_sender { FRAME_OF_GATE = 1, FRAME_OF_DAEMON = 2 };

void frame_write(const struct gate_frame *frame, unsigned char bytes[GATE_FRAME]);

/* NULL: `bytes` are a frame that `sender` may send, now in *frame.  Else what is wrong with them, in plain words. */
const char *frame_read(const void *bytes, size_t count, enum frame_sender sender, struct gate_frame *frame);

const char *frame_name(unsigned type); /* "GRANT"; "?" */

/* Send one frame and do not wait: 0, or -1 with errno. */
int frame_send(int socket, const struct gate_frame *frame);

/* Take one frame that has come: 1; 0: none is there now; -1: the other end is gone, or sent what is no frame, and *why
 * says which. */
int frame_take(int socket, enum frame_sender sender, struct gate_frame *frame, const char **why);

#endif
