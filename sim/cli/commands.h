/* commands.h - the commands of gpuswap-sim: one row each in main.c, one function each in a file of its own.
 *
 * argv[0] of a command is the program with the command ("gpuswap-sim run"); it prints data on stdout and talk on stderr,
 * and returns an exit code with a message in `err` where something went wrong.
 */
#ifndef GS_COMMANDS_H
#define GS_COMMANDS_H

#include "sim/base/error.h"

int cmd_run(int argc, char **argv, struct error *err);
int cmd_replay(int argc, char **argv, struct error *err);
int cmd_live(int argc, char **argv, struct error *err);
int cmd_serve(int argc, char **argv, struct error *err);
int cmd_exec(int argc, char **argv, struct error *err);
int cmd_ctl(int argc, char **argv, struct error *err);
int cmd_proxy(int argc, char **argv, struct error *err);
int cmd_compare(int argc, char **argv, struct error *err);
int cmd_sweep(int argc, char **argv, struct error *err);
int cmd_merge(int argc, char **argv, struct error *err);
int cmd_regret(int argc, char **argv, struct error *err);
int cmd_capacity(int argc, char **argv, struct error *err);
int cmd_advise(int argc, char **argv, struct error *err);
int cmd_audit(int argc, char **argv, struct error *err);
int cmd_explain(int argc, char **argv, struct error *err);
int cmd_import_config(int argc, char **argv, struct error *err);
int cmd_report(int argc, char **argv, struct error *err);
int cmd_trace(int argc, char **argv, struct error *err);
int cmd_policies(int argc, char **argv, struct error *err);
int cmd_backends(int argc, char **argv, struct error *err);
int cmd_record(int argc, char **argv, struct error *err);
int cmd_selftest(int argc, char **argv, struct error *err);
int cmd_calibrate(int argc, char **argv, struct error *err);
int cmd_predict(int argc, char **argv, struct error *err);
int cmd_doctor(int argc, char **argv, struct error *err);
int cmd_keys(int argc, char **argv, struct error *err);
int cmd_bench(int argc, char **argv, struct error *err);

#endif
