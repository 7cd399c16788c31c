/* cmd_trace.h - the command `trace`: argv[1] is its subcommand. */
#ifndef GS_CLI_CMD_TRACE_H
#define GS_CLI_CMD_TRACE_H

#include "sim/base/error.h"

int cmd_trace(int argc, char **argv, struct error *err);

#endif
