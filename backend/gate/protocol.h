/* protocol.h - what the gate in a process and the daemon say to each other.
 *
 * A connection is an AF_UNIX socket of the type SOCK_SEQPACKET, one for each process, opened by the gate.  Each message
 * is one frame of 64 bytes, little-endian:
 *
 *    0  u16 magic    GATE_MAGIC
 *    2  u8  version  GATE_VERSION
 *    3  u8  type     enum gate_type
 *    4  u32 seq      counts the frames of the sender from 1
 *    8  u64 epoch    of the grant that it is about; 0: of none
 *   16  u64 a
 *   24  u64 b
 *   32  u64 c
 *   40  u32 gpu      as the process counts its GPUs; the UUID says which it is
 *   44  u32 pid      of the sender, as it sees itself; who it is, SO_PEERCRED says
 *   48  u8  tail[16]
 *
 * What a type does not use is 0.  A frame of another size, magic, version or type, or with a field that its type does
 * not allow, ends the connection: whoever gets it closes.
 *
 *   type      from    a              b             c             tail
 *   HELLO     gate    mode           ticket        -             name of the process, padded with 0
 *   WELCOME   daemon  client         idle_us       -             -
 *   REQ       gate    bytes wanted   -             -             UUID of the GPU
 *   GRANT     daemon  quantum_us     -             -             -
 *   DROP      daemon  deadline_us    save          -             -
 *   RELEASED  gate    reason         busy_us       overrun_us    -
 *   STAT      gate    submissions    bypass        overruns      -
 *   PING      gate    any            -             -             -
 *   PONG      daemon  that of PING   -             -             -
 *   BYE       both    -              -             -             -
 *
 * The conversation.  HELLO comes first and is answered with WELCOME.  Its ticket is what the environment has as
 * GPUSWAP_TICKET, 16 hexadecimal digits, 0: none; a process whose parents are gone shows by it whose child it was.  A process that wants the GPU sends one REQ, and
 * waits for GRANT as long as it takes.  From GRANT on its work goes to the GPU unasked; one grant holds for the process
 * and all of its GPUs.  It ends, by the gate itself, once `quantum_us` have passed (0: never so) or when it had nothing
 * to do for `idle_us` (0: never so), or because the daemon sends DROP.  Then the gate lets nothing more through, waits
 * for the end of all that was submitted, and answers RELEASED; with the reason EXIT it does not wait, as the driver
 * throws away what is left.  From RELEASED to the next GRANT the gate's thread makes no call of the driver.  What the
 * process wants after that, it asks for with another REQ.  `bytes wanted` is the memory that a call is about to take,
 * 0: none, or not known.  A UUID of zeros: the process has no context yet.  Once a process has had the GPU, every call of
 * the driver while the gate is shut asks for it, as the process may be off the GPU and the call wait in the driver.
 *
 * Epochs.  The daemon numbers its grants upwards from 1, over all processes.  A new connection begins anew.  DROP and
 * RELEASED carry the epoch of the grant that they end.  A GRANT whose epoch is not larger than the last one, or that
 * nobody asked for, is ignored; so are a DROP of another grant than the one that holds and a second DROP: the RELEASED
 * that ends it was sent already, or will be.
 *
 * Time.  All is microseconds.  `deadline_us` is how long the daemon waits after DROP; at the end of a quantum the gate
 * allows itself a quarter of the quantum, and any time when it had nothing to do.  When work goes on for longer, the gate says so at once by STAT with one
 * overrun more, and RELEASED comes when the work has really ended, with `overrun_us`.  `busy_us` is the time from GRANT
 * to the end of the last work that the gate saw.
 *
 * Silence.  While it waits for WELCOME or GRANT, the gate sends PING after some silence, and takes the daemon for gone
 * when PONG does not come as soon.  Without a daemon the gate stands open (or stays shut, as the process was told), and
 * tries to connect again every second.
 */
#ifndef GS_PROTOCOL_H
#define GS_PROTOCOL_H

#include <stdint.h>

enum { GATE_MAGIC = 0x5347, GATE_VERSION = 1, GATE_FRAME = 64, GATE_TAIL = 16 };

/* X(type, number, the gate sends it, the daemon sends it) */
#define GATE_TYPES(X)                                                                                                  \
    X(HELLO, 1, 1, 0)                                                                                                  \
    X(WELCOME, 2, 0, 1)                                                                                                \
    X(REQ, 3, 1, 0)                                                                                                    \
    X(GRANT, 4, 0, 1)                                                                                                  \
    X(DROP, 5, 0, 1)                                                                                                   \
    X(RELEASED, 6, 1, 0)                                                                                               \
    X(STAT, 7, 1, 0)                                                                                                   \
    X(BYE, 8, 1, 1)                                                                                                    \
    X(PING, 9, 1, 0)                                                                                                   \
    X(PONG, 10, 0, 1)

enum gate_type {
#define NAME(type, number, gate, daemon) GATE_##type = (number),
    GATE_TYPES(NAME)
#undef NAME
};

/* HELLO.a: what the process leaves to the daemon. */
enum gate_mode {
    GATE_MODE_GATE = 1, /* when it runs; its memory is its own */
};

/* RELEASED.a: why. */
enum gate_reason {
    GATE_IDLE = 1,    /* it had nothing to do */
    GATE_QUANTUM = 2, /* its time was over */
    GATE_ASKED = 3,   /* by DROP */
    GATE_EXIT = 4,    /* the process ends */
};

/* A frame as fields. */
struct gate_frame {
    uint8_t type; /* enum gate_type */
    uint32_t seq;
    uint64_t epoch;
    uint64_t a, b, c;
    uint32_t gpu, pid;
    unsigned char tail[GATE_TAIL];
};

#endif
