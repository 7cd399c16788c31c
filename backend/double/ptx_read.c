/* ptx_read.c - the text of PTX, as far as our kernels need it; anything else is refused. */
#include "backend/double/ptx.h"
#include "backend/double/state.h"
#include "sim/base/arena.h"
#include "sim/base/units.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LABELS = 64, NAME = 64, LINE = 256 };

struct reader {
    struct module *module;
    struct function *function; /* NULL outside of one */
    char label[LABELS][NAME];
    unsigned target[LABELS], labels; /* target UINT32_MAX: not met yet */
};

static const struct {
    const char *text;
    enum ptx_opcode opcode;
    unsigned bits;
} opcodes[] = {
    {"ld.param.u64", PTX_LOAD_PARAMETER, 64},
    {"mov.u32", PTX_MOVE, 32},
    {"mov.u64", PTX_MOVE, 64},
    {"cvt.u64.u32", PTX_WIDEN, 64},
    {"cvta.to.global.u64", PTX_WIDEN, 64},
    {"mul.wide.u32", PTX_MULTIPLY_WIDE, 64},
    {"add.s64", PTX_ADD, 64},
    {"sub.s64", PTX_SUBTRACT, 64},
    {"mul.lo.s64", PTX_MULTIPLY, 64},
    {"shl.b64", PTX_SHIFT_LEFT, 64},
    {"shr.u64", PTX_SHIFT_RIGHT, 64},
    {"xor.b64", PTX_XOR, 64},
    {"setp.lt.u64", PTX_LESS, 64},
    {"setp.ge.u64", PTX_AT_LEAST, 64},
    {"setp.eq.s64", PTX_EQUAL, 64},
    {"bra", PTX_BRANCH, 64},
    {"bra.uni", PTX_BRANCH, 64},
    {"ret", PTX_RETURN, 64},
    {"ld.global.u64", PTX_LOAD, 64},
    {"st.global.u64", PTX_STORE, 64},
    {"atom.global.add.u64", PTX_ATOMIC_ADD, 64},
    {"atom.global.min.u64", PTX_ATOMIC_MIN, 64},
};

static unsigned label_number(struct reader *reader, const char *name)
{
    unsigned i = 0;

    while (i < reader->labels && strcmp(reader->label[i], name) != 0)
        i++;
    if (i == reader->labels && i < LABELS) {
        snprintf(reader->label[i], NAME, "%s", name);
        reader->target[i] = UINT32_MAX;
        reader->labels++;
    }
    return i;
}

static bool number(const char *text, uint64_t *value)
{
    char why[UNITS_WHY];
    int64_t integer;

    if (units_integer(text, &integer, why) != 0)
        return false;
    *value = (uint64_t)integer;
    return true;
}

/* %p3, %r5 and %rd12 share one file of registers: a third each. */
static bool parse_register(const char *text, struct ptx_operand *operand)
{
    unsigned first = strncmp(text, "%rd", 3) == 0 ? 2 * PTX_REGISTERS / 4 : text[1] == 'r' ? PTX_REGISTERS / 4 : 0;
    uint64_t index;

    if (text[0] != '%' || !number(text + (first == 2 * PTX_REGISTERS / 4 ? 3 : 2), &index) ||
        index >= (first == 2 * PTX_REGISTERS / 4 ? PTX_REGISTERS / 2 : PTX_REGISTERS / 4))
        return false;
    *operand = (struct ptx_operand){PTX_REGISTER, first + index};
    return true;
}

static bool parse_operand(struct reader *reader, const char *text, struct ptx_operand *operand)
{
    static const struct {
        const char *text;
        enum ptx_operand_kind kind;
    } special[] = {{"%tid.x", PTX_THREAD},
                   {"%ntid.x", PTX_THREADS},
                   {"%ctaid.x", PTX_BLOCK},
                   {"%nctaid.x", PTX_BLOCKS},
                   {"%globaltimer", PTX_TIMER}};
    const char *parameter = strstr(text, "_param_");
    char inner[NAME];
    uint64_t offset = 0;
    char *plus;

    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(text, special[i].text) == 0) {
            operand->kind = special[i].kind;
            return true;
        }
    if (text[0] == '[') { /* [register], [register+8] or [parameter] */
        snprintf(inner, sizeof inner, "%.*s", (int)strcspn(text + 1, "]"), text + 1);
        if (parameter != NULL) {
            operand->kind = PTX_NUMBER;
            return number(strstr(inner, "_param_") + 7, &operand->value);
        }
        if ((plus = strchr(inner, '+')) != NULL) {
            *plus = '\0';
            if (!number(plus + 1, &offset) || offset > UINT16_MAX)
                return false;
        }
        if (!parse_register(inner, operand))
            return false;
        operand->value |= offset << 32;
        return true;
    }
    if (text[0] == '$') {
        *operand = (struct ptx_operand){PTX_NUMBER, label_number(reader, text)};
        return operand->value < LABELS;
    }
    if (parse_register(text, operand))
        return true;
    operand->kind = PTX_NUMBER;
    return number(text, &operand->value);
}

static bool parse_instruction(struct reader *reader, char *line)
{
    struct ptx_kernel *kernel = reader->function->ptx;
    struct ptx_instruction *instruction = &kernel->instruction[kernel->instructions];
    struct ptx_operand guard;
    char *rest = NULL, *word = strtok_r(line, " \t;", &rest);
    size_t i = 0, n = 0;

    if (kernel->instructions == PTX_INSTRUCTIONS)
        return false;
    if (word != NULL && word[0] == '@') {
        instruction->guarded = true;
        instruction->negated = word[1] == '!';
        if (!parse_register(word + 1 + instruction->negated, &guard))
            return false;
        instruction->guard = (unsigned)guard.value;
        word = strtok_r(NULL, " \t;", &rest);
    }
    while (word != NULL && i < sizeof opcodes / sizeof *opcodes && strcmp(opcodes[i].text, word) != 0)
        i++;
    if (word == NULL || i == sizeof opcodes / sizeof *opcodes)
        return false;
    instruction->opcode = opcodes[i].opcode;
    instruction->bits = opcodes[i].bits;
    while ((word = strtok_r(NULL, " \t,;", &rest)) != NULL)
        if (n == 3 || !parse_operand(reader, word, &instruction->operand[n++]))
            return false;
    kernel->instructions++;
    return true;
}

static bool begin_kernel(struct reader *reader, const char *line)
{
    const char *name = strstr(line, ".entry ") + 7;

    if (reader->module->functions == FUNCTIONS)
        return false;
    reader->function = &reader->module->function[reader->module->functions++];
    snprintf(reader->function->name, sizeof reader->function->name, "%.*s", (int)strcspn(name, "( "), name);
    reader->function->ptx = heap_resize(NULL, sizeof *reader->function->ptx);
    if (reader->function->ptx == NULL)
        return false;
    memset(reader->function->ptx, 0, sizeof *reader->function->ptx);
    reader->labels = 0;
    return true;
}

/* Branches held numbers of labels, and from here on those of instructions. */
static bool end_kernel(struct reader *reader)
{
    struct ptx_kernel *kernel = reader->function->ptx;

    for (unsigned i = 0; i < kernel->instructions; i++) {
        struct ptx_instruction *instruction = &kernel->instruction[i];

        if (instruction->opcode != PTX_BRANCH)
            continue;
        if (reader->target[instruction->operand[0].value] == UINT32_MAX)
            return false;
        instruction->operand[0].value = reader->target[instruction->operand[0].value];
    }
    reader->function = NULL;
    return true;
}

static bool parse_line(struct reader *reader, char *line)
{
    size_t length = strlen(line);

    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    while (isspace((unsigned char)*line))
        line++;
    if (*line == '\0' || strncmp(line, "//", 2) == 0)
        return true;
    if (strstr(line, ".entry ") != NULL)
        return begin_kernel(reader, line);
    if (reader->function == NULL)
        return strncmp(line, ".version ", 9) == 0 || strcmp(line, ".target sm_75") == 0 ||
               strcmp(line, ".address_size 64") == 0;
    if (strncmp(line, ".param .u64 ", 12) == 0) {
        if (reader->function->parameters == PARAMETERS)
            return false;
        reader->function->parameter_bytes[reader->function->parameters++] = sizeof(uint64_t);
        return true;
    }
    if (strcmp(line, ")") == 0 || strcmp(line, "{") == 0 || strncmp(line, ".reg ", 5) == 0)
        return true;
    if (strcmp(line, "}") == 0)
        return end_kernel(reader);
    if (line[0] == '$' && line[strlen(line) - 1] == ':') {
        line[strlen(line) - 1] = '\0';
        unsigned label = label_number(reader, line);
        if (label == LABELS)
            return false;
        reader->target[label] = reader->function->ptx->instructions;
        return true;
    }
    return parse_instruction(reader, line);
}

CUresult ptx_read(const char *text, struct module *module)
{
    struct reader reader = {.module = module};
    char line[LINE];

    while (*text != '\0') {
        size_t length = strcspn(text, "\n");

        snprintf(line, sizeof line, "%.*s", (int)length, text);
        if (length >= sizeof line || !parse_line(&reader, line))
            return CUDA_ERROR_INVALID_PTX;
        text += length + (text[length] == '\n');
    }
    return module->functions > 0 && reader.function == NULL ? CUDA_SUCCESS : CUDA_ERROR_INVALID_PTX;
}

void ptx_free(struct ptx_kernel *kernel)
{
    heap_free(kernel);
}
