/* pack.c - write a file, compressed as its name says. */
#include "traces/packed.h"
#include "sim/base/arena.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { OUTPUT_BYTES = 128 * 1024, ZSTD_LEVEL = 9 };

struct pack {
    int fd;
    gzFile gzip; /* owns `fd` */
    ZSTD_CCtx *zstd;
    char *out; /* OUTPUT_BYTES, of zstd */
};

static bool ends_in(const char *name, const char *ending)
{
    size_t n = strlen(name), m = strlen(ending);
    return n > m && !strcmp(name + n - m, ending);
}

struct pack *pack_open(int fd, const char *name)
{
    struct pack *p = heap_resize(NULL, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct pack){.fd = fd};
    bool ok = true;
    if (ends_in(name, ".gz")) {
        ok = (p->gzip = gzdopen(fd, "wb6")) != NULL;
    } else if (ends_in(name, ".zst")) {
        p->out = heap_resize(NULL, OUTPUT_BYTES);
        ok = p->out && (p->zstd = ZSTD_createCCtx()) != NULL;
        if (ok) {
            ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
            ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
        }
    }
    if (ok)
        return p;
    p->fd = -1;
    pack_close(p);
    return NULL;
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR)
            return false;
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Give zstd `size` bytes; with ZSTD_e_end, let it finish the frame. */
static bool through_zstd(struct pack *p, const char *data, size_t size, ZSTD_EndDirective how)
{
    ZSTD_inBuffer in = {data, size, 0};
    size_t left;
    do {
        ZSTD_outBuffer to = {p->out, OUTPUT_BYTES, 0};
        left = ZSTD_compressStream2(p->zstd, &to, &in, how);
        errno = 0;
        if (ZSTD_isError(left) || !write_all(p->fd, p->out, to.pos))
            return false;
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return true;
}

bool pack_write(struct pack *p, const char *data, size_t size)
{
    errno = 0;
    if (p->zstd)
        return through_zstd(p, data, size, ZSTD_e_continue);
    if (p->gzip)
        return !size || gzwrite(p->gzip, data, (unsigned)size) == (int)size;
    return write_all(p->fd, data, size);
}

bool pack_finish(struct pack *p)
{
    errno = 0;
    if (p->zstd)
        return through_zstd(p, "", 0, ZSTD_e_end);
    return !p->gzip || gzflush(p->gzip, Z_FINISH) == Z_OK;
}

bool pack_close(struct pack *p)
{
    bool ok = true;
    if (!p)
        return ok;
    errno = 0;
    if (p->gzip)
        ok = gzclose(p->gzip) == Z_OK;
    else if (p->fd >= 0)
        ok = close(p->fd) == 0;
    ZSTD_freeCCtx(p->zstd);
    heap_free(p->out);
    heap_free(p);
    return ok;
}
