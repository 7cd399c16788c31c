/* device_option.h - the words of --device. */
#ifndef GS_DEVICE_OPTION_H
#define GS_DEVICE_OPTION_H

#include "backend/device.h"

/* "cuda:N", "cuda:N,M,..." or "double", "double:N": `most` GPUs at most, each once; none are named by "double" alone.
 * False: it is nothing of this. */
bool device_option(struct live_device *device, const char *text, unsigned most);

#endif
