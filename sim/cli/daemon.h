/* daemon.h - how commands talk to the daemon of this node (gpuswap-sim serve). */
#ifndef GS_DAEMON_H
#define GS_DAEMON_H

#include "sim/base/error.h"

#include <stddef.h>

enum { DAEMON_TEXT = 65536 };

/* Its socket: as given, or as the environment's GPUSWAP_SOCKET, or the usual place: /run/gpuswap/gpuswap.sock for root,
 * else gpuswap.sock in the user's XDG_RUNTIME_DIR. */
const char *daemon_socket(const char *given);

/* The usual place of this user; NULL: he has none. */
const char *daemon_own_socket(void);

/* A connection, or -1: GS_NO_DEVICE, no daemon there. */
int daemon_connect(const char *socket, struct error *err);

/* Ask, and wait for what it says, without its "ok": GS_OK.  Else what it refuses: GS_UNSATISFIABLE; or GS_IO. */
int daemon_ask(int connection, const char *words, char answer[DAEMON_TEXT], struct error *err);

#endif
