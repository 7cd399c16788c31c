/* unpack.c - read a file and undo its compression, whichever it is. */
#include "traces/packed.h"
#include "sim/base/arena.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { INPUT_BYTES = 256 * 1024, MAGIC_BYTES = 4 };

struct unpack {
    enum { UNKNOWN, PLAIN, GZIP, ZSTD } packing;
    int fd;
    bool at_end;  /* the file has been read to its end */
    bool between; /* no gzip member or zstd frame is under way */
    int code;     /* what the next call fails with */
    int failed_errno;
    const char *why;
    z_stream gzip;
    ZSTD_DCtx *zstd;
    unsigned char *in;
    size_t start, end; /* of what was read and not yet used */
};

struct unpack *unpack_open(int fd)
{
    struct unpack *u = heap_resize(NULL, sizeof *u);
    if (!u)
        return NULL;
    *u = (struct unpack){.fd = fd, .between = true, .in = heap_resize(NULL, INPUT_BYTES)};
    if (!u->in) {
        heap_free(u);
        return NULL;
    }
    return u;
}

static int fail(struct unpack *u, int code, const char *why)
{
    u->failed_errno = errno;
    u->why = why;
    return u->code = code;
}

/* read(2), whatever signals come; sets at_end. */
static int read_some(struct unpack *u, void *out, size_t size, size_t *got)
{
    ssize_t n;
    *got = 0;
    do
        n = read(u->fd, out, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail(u, GS_IO, "");
    *got = (size_t)n;
    u->at_end = n == 0;
    return GS_OK;
}

/* At least `least` bytes of input, fewer only at the end of the file. */
static int want_input(struct unpack *u, size_t least)
{
    while (u->end - u->start < least && !u->at_end) {
        size_t got;
        memmove(u->in, u->in + u->start, u->end - u->start);
        u->end -= u->start;
        u->start = 0;
        if (read_some(u, u->in + u->end, INPUT_BYTES - u->end, &got))
            return u->code;
        u->end += got;
    }
    return GS_OK;
}

static bool is_gzip(const struct unpack *u)
{
    return u->end - u->start >= 2 && u->in[u->start] == 0x1f && u->in[u->start + 1] == 0x8b;
}

/* A frame of data, or one to be skipped, with which parallel compressors begin. */
static bool is_zstd(const struct unpack *u)
{
    static const unsigned char frame[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd}, skip[MAGIC_BYTES] = {0, 0x2a, 0x4d, 0x18};
    const unsigned char *p = u->in + u->start;
    return u->end - u->start >= MAGIC_BYTES &&
           (!memcmp(p, frame, MAGIC_BYTES) || ((p[0] & 0xf0) == 0x50 && !memcmp(p + 1, skip + 1, MAGIC_BYTES - 1)));
}

static int recognise(struct unpack *u)
{
    if (want_input(u, MAGIC_BYTES))
        return u->code;
    if (is_gzip(u)) {
        if (inflateInit2(&u->gzip, 15 + 16) != Z_OK)
            return fail(u, GS_SYSTEM, "out of memory");
        u->packing = GZIP;
    } else if (is_zstd(u)) {
        if (!(u->zstd = ZSTD_createDCtx()))
            return fail(u, GS_SYSTEM, "out of memory");
        u->packing = ZSTD;
    } else {
        u->packing = PLAIN;
    }
    return GS_OK;
}

/* One step of gzip: uses up input or makes output, or `u->code` is set. */
static size_t step_gzip(struct unpack *u, char *out, size_t size)
{
    size_t most = size < INT32_MAX ? size : INT32_MAX;
    u->gzip.next_in = u->in + u->start;
    u->gzip.avail_in = (unsigned)(u->end - u->start);
    u->gzip.next_out = (unsigned char *)out;
    u->gzip.avail_out = (unsigned)most;
    u->between = false;
    int code = inflate(&u->gzip, Z_NO_FLUSH);
    u->start = u->end - u->gzip.avail_in;
    if (code == Z_STREAM_END) {
        u->between = true;
        if (!want_input(u, 2) && is_gzip(u))
            inflateReset(&u->gzip);
        else
            u->start = u->end; /* what stands behind the last member is padding, as for gzip itself */
    } else if (code == Z_MEM_ERROR) {
        fail(u, GS_SYSTEM, "out of memory");
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
        fail(u, GS_BAD_INPUT, "gzip data is broken");
    }
    return most - u->gzip.avail_out;
}

static size_t step_zstd(struct unpack *u, char *out, size_t size)
{
    ZSTD_inBuffer in = {u->in + u->start, u->end - u->start, 0};
    ZSTD_outBuffer to = {out, size, 0};
    size_t left = ZSTD_decompressStream(u->zstd, &to, &in);
    u->start += in.pos;
    u->between = left == 0;
    if (ZSTD_isError(left))
        fail(u, GS_BAD_INPUT, "zstd data is broken, or packed with a window of more than 128 MiB");
    return to.pos;
}

/* Until there is output, the end, or an error. */
static void unpack_some(struct unpack *u, char *out, size_t size, size_t *got)
{
    while (!*got && !u->code && !want_input(u, 1)) {
        bool had_input = u->start < u->end;
        if (!had_input && u->between)
            return;
        *got = u->packing == GZIP ? step_gzip(u, out, size) : step_zstd(u, out, size);
        if (!*got && !had_input && !u->code)
            fail(u, GS_BAD_INPUT, u->packing == GZIP ? "gzip data is cut short" : "zstd data is cut short");
    }
}

static void copy_some(struct unpack *u, char *out, size_t size, size_t *got)
{
    *got = u->end - u->start < size ? u->end - u->start : size;
    memcpy(out, u->in + u->start, *got);
    u->start += *got;
    if (!*got && !u->at_end)
        read_some(u, out, size, got);
}

int unpack_read(struct unpack *u, char *out, size_t size, size_t *got, const char **why)
{
    *got = 0;
    if (!u->code && u->packing == UNKNOWN)
        recognise(u);
    if (!u->code && u->packing == PLAIN)
        copy_some(u, out, size, got);
    else if (!u->code)
        unpack_some(u, out, size, got);
    if (*got || !u->code)
        return GS_OK;
    errno = u->failed_errno;
    *why = u->why;
    return u->code;
}

void unpack_close(struct unpack *u)
{
    if (!u)
        return;
    if (u->packing == GZIP)
        inflateEnd(&u->gzip);
    ZSTD_freeDCtx(u->zstd);
    close(u->fd);
    heap_free(u->in);
    heap_free(u);
}
