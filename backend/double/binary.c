/* binary.c - what a compiled image tells of its kernels: names, and sizes of parameters.
 *
 * A fat binary is a header and entries, each with a header of its own and an ELF file; the section `.nv.info.KERNEL` of
 * that is a list of attributes, of which 0x17 describes one parameter. */
#include "backend/double/state.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#define FATBIN_MAGIC 0xBA55ED50u
enum { KIND_ELF = 2, FORMAT_SIZED = 4, ATTRIBUTE_PARAMETER = 0x17 };

struct fatbin_header {
    uint32_t magic;
    uint16_t version, header_bytes;
    uint64_t bytes; /* of what follows */
};

struct fatbin_entry {
    uint16_t kind, version;
    uint32_t header_bytes;
    uint64_t bytes;
    uint32_t compressed_bytes, unused;
    uint16_t minor, major;
    uint32_t architecture; /* 90 for sm_90 */
};

static void read_attributes(struct function *function, const unsigned char *at, size_t bytes)
{
    for (size_t i = 0; i + 4 <= bytes;) {
        uint16_t size, ordinal;
        uint32_t packed;

        memcpy(&size, at + i + 2, sizeof size);
        if (at[i] == FORMAT_SIZED && at[i + 1] == ATTRIBUTE_PARAMETER && size >= 12 && i + 16 <= bytes) {
            memcpy(&ordinal, at + i + 8, sizeof ordinal);
            memcpy(&packed, at + i + 12, sizeof packed);
            if (ordinal < PARAMETERS) {
                function->parameter_bytes[ordinal] = packed >> 18;
                if (ordinal >= function->parameters)
                    function->parameters = ordinal + 1u;
            }
        }
        i += at[i] == FORMAT_SIZED ? 4u + size : 4u;
    }
}

static CUresult read_elf(const unsigned char *elf, struct module *module)
{
    static const char prefix[] = ".nv.info.";
    Elf64_Ehdr header;
    Elf64_Shdr names, section;

    memcpy(&header, elf, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return CUDA_ERROR_INVALID_IMAGE;
    memcpy(&names, elf + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);
    for (unsigned i = 0; i < header.e_shnum && module->functions < FUNCTIONS; i++) {
        struct function *function = &module->function[module->functions];
        const char *name;

        memcpy(&section, elf + header.e_shoff + i * sizeof section, sizeof section);
        name = (const char *)elf + names.sh_offset + section.sh_name;
        if (strncmp(name, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(function->name, sizeof function->name, "%s", name + sizeof prefix - 1);
        read_attributes(function, elf + section.sh_offset, section.sh_size);
        module->functions++;
    }
    return CUDA_SUCCESS;
}

CUresult binary_read(const void *image, struct module *module)
{
    const unsigned char *bytes = image;
    struct fatbin_header header;
    struct fatbin_entry entry;

    memcpy(&header, bytes, sizeof header.magic);
    if (header.magic != FATBIN_MAGIC)
        return CUDA_ERROR_INVALID_IMAGE;
    memcpy(&header, bytes, sizeof header);
    for (uint64_t at = header.header_bytes; at < header.header_bytes + header.bytes;
         at += entry.header_bytes + entry.bytes) {
        memcpy(&entry, bytes + at, sizeof entry);
        if (entry.kind == KIND_ELF && entry.architecture == 90 && entry.compressed_bytes == 0)
            return read_elf(bytes + at + entry.header_bytes, module);
    }
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
}
