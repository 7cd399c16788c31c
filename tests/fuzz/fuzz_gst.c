/* fuzz_gst.c - any bytes as a native trace: an error, or records that are written and read back the same. */
#include "traces/gst.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gst *gst;
    struct gst_record record;
    struct error err = {0}, write_err = {0};
    struct gst_writer *writer = NULL;
    int code = gst_open_memory(&gst, data, size, "fuzz.gst", &err);
    if (!code)
        gst_create(&writer, "/dev/null", gst_header(gst)->note, gst_header(gst)->notes, &write_err);
    while (!code && !(code = gst_next(gst, &record, &err)) && record.kind != GST_END)
        if (writer && gst_put(writer, &record, &write_err))
            abort(); /* what was read must be fit to be written */
    if (code != err.code || (code && err.lines != 1))
        abort();
    gst_discard(writer);
    gst_close(gst);
    return 0;
}
