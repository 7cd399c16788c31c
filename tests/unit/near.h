/* near.h - compare doubles; cmocka's own assert_float_equal compares floats. */
#ifndef GS_TEST_NEAR_H
#define GS_TEST_NEAR_H

#include <math.h>

/* |is - due| <= within, and neither is NAN. */
#define assert_near(is, due, within)                                                                                   \
    do {                                                                                                               \
        double is_ = (is), due_ = (due), within_ = (within);                                                           \
        if (!(fabs(is_ - due_) <= within_))                                                                            \
            fail_msg("%s is %.17g, not %.17g +/- %.3g", #is, is_, due_, within_);                                      \
    } while (0)

#endif
