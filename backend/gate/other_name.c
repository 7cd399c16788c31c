/* other_name.c - nothing but a name: `libcuda.so`, for programs that ask for the driver by that one.  Preloaded behind the
 * gate, it is what they get, and as it needs the gate, all calls are found there. */
extern int gate_other_name; /* a file of C is not empty */
