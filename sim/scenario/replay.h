/* replay.h - the sections of a scenario whose load is a recorded trace. */
#ifndef GS_SCENARIO_REPLAY_H
#define GS_SCENARIO_REPLAY_H

#include "sim/scenario/ini.h"

/* Leave the scenario's own loads out and add the trace; before --set. */
void replay_lay(struct ini *ini, struct replay_load *replay);

/* Leave out what was promised to those loads; after --set, which may promise it to the trace. */
void replay_slas(struct ini *ini, struct replay_load *replay);

#endif
