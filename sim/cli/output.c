/* output.c - opens files for reports early, writes them whole. */
#include "sim/cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_stdout(const char *path)
{
    return strcmp(path, "-") == 0;
}

int output_open(struct output *output, const char *path, struct error *err)
{
    *output = (struct output){.path = path};
    if (path == NULL)
        return GS_OK;
    if (is_stdout(path)) {
        output->file = stdout;
        return GS_OK;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    output->is_new = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(path, O_WRONLY | O_CLOEXEC);
    output->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (output->file != NULL)
        return GS_OK;
    error_set(err, GS_CANT_CREATE, "cannot create '%s': %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return GS_CANT_CREATE;
}

int output_write(struct output *output, const char *data, size_t length, struct error *err)
{
    bool standard = is_stdout(output->path), ok = true;
    struct stat status;

    if (!standard && fstat(fileno(output->file), &status) == 0 && S_ISREG(status.st_mode))
        ok = ftruncate(fileno(output->file), 0) == 0;
    output->is_written = true;
    ok = ok && fwrite(data, 1, length, output->file) == length && fflush(output->file) == 0;
    if (!standard) {
        ok = fclose(output->file) == 0 && ok;
        output->file = NULL;
    }
    return ok ? GS_OK
              : error_set(err, GS_IO, "cannot write '%s': %s", standard ? "standard output" : output->path,
                          strerror(errno));
}

void output_close(struct output *output)
{
    if (output->file != NULL && output->file != stdout)
        fclose(output->file);
    if (output->is_new && !output->is_written)
        unlink(output->path);
    *output = (struct output){0};
}

int write_text(const char *path, const char *data, size_t length, struct error *err)
{
    struct output output;
    int rc = output_open(&output, path, err);

    if (rc == GS_OK)
        rc = output_write(&output, data, length, err);
    output_close(&output);
    return rc;
}
