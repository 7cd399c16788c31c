/* stored_read.c - read the lists of a trace on disk. */
#include "traces/stored_values.h"

int stored_burst(const struct trace_stored *stored, struct spool_reader *reader, struct trace_burst *burst, bool *more,
                 struct error *err)
{
    int64_t value[BURST_VALUES] = {0};
    int code = spool_get(stored->spool, reader, value, BURST_VALUES, more, err);
    *burst = (struct trace_burst){value[0], value[1], value[2], value[3], value[4]};
    return code;
}

int stored_run(const struct trace_stored *stored, struct spool_reader *reader, struct trace_run *run, bool *more,
               struct error *err)
{
    int64_t value[RUN_VALUES] = {0};
    int code = spool_get(stored->spool, reader, value, RUN_VALUES, more, err);
    *run = (struct trace_run){value[0], value[1], value[2], value[3], (double)value[4] / (double)GST_PPM};
    return code;
}

int stored_resize(const struct trace_stored *stored, struct spool_reader *reader, struct trace_resize *resize,
                  bool *more, struct error *err)
{
    int64_t value[RESIZE_VALUES] = {0};
    int code = spool_get(stored->spool, reader, value, RESIZE_VALUES, more, err);
    *resize = (struct trace_resize){value[0], value[1]};
    return code;
}

int stored_update(const struct trace_stored *stored, struct spool_reader *reader, struct trace_update *update,
                  bool *more, struct error *err)
{
    int64_t value[UPDATE_VALUES] = {0};
    int code = spool_get(stored->spool, reader, value, UPDATE_VALUES, more, err);
    *update = (struct trace_update){value[0], (enum gst_update)value[1], value[2]};
    return code;
}

int stored_wish(const struct trace_stored *stored, struct spool_reader *reader, struct stored_wish *wish, bool *more,
                struct error *err)
{
    int64_t value[WISH_VALUES] = {0};
    do {
        int code = spool_get(stored->spool, reader, value, WISH_VALUES, more, err);
        if (code || !*more)
            return code;
        wish->member = stored->member[value[1]];
    } while (wish->member == UINT32_MAX);
    wish->at_ns = value[0];
    wish->work_ns = value[2];
    wish->grow_bytes = value[3];
    wish->keep_bytes = value[4];
    wish->first_ns = value[5];
    return GS_OK;
}

void trace_stored_close(struct trace_stored *stored)
{
    if (!stored)
        return;
    spool_close(stored->spool);
    stored->spool = NULL;
}
