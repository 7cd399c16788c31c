/* comment_write.c - what stands above the scenario, and what is told at the terminal: counts, contradictions, assumptions. */
#include "sim/cluster/parts.h"
#include <string.h>

static const char *const title[NOTE_KINDS] = {
    [NOTE_CONTRADICTION] = "Contradictions",
    [NOTE_WARNING] = "Warnings",
    [NOTE_NOT_SIMULATED] = "Not simulated",
    [NOTE_LEFT_OUT] = "Left out",
    [NOTE_PASSED_OVER] = "Passed over, as not understood",
};

static void write_note(const struct note *note, const char *before, FILE *out)
{
    fprintf(out, "%s", before);
    if (note->first.file && note->first.line > 0)
        fprintf(out, "%s:%d: ", note->first.file, note->first.line);
    fprintf(out, "%s", note->text);
    if (note->times > 1)
        fprintf(out, " (%zu times)", note->times);
    fprintf(out, "\n");
}

static void write_notes(const struct cluster *c, enum note_kind kind, FILE *out)
{
    const struct notes *notes = &c->notes[kind];
    if (notes->count == 0)
        return;
    fprintf(out, ";\n; %s:\n", title[kind]);
    for (size_t i = 0; i < notes->count; i++)
        write_note(&notes->note[i], ";   ", out);
    if (notes->more > 0)
        fprintf(out, ";   and %zu more\n", notes->more);
}

static void write_assumptions(const struct cluster *c, FILE *out)
{
    const char *name, *value, *why;
    fprintf(out, ";\n; Assumed, since the objects cannot tell; change it with --assume NAME=VALUE, or below:\n");
    for (size_t i = 0; cluster_assumption_at(i, &name, &value, &why); i++)
        if (c->assumed[i].used)
            fprintf(out, ";   %-22s = %-19s %s%s\n", name, c->assumed[i].value,
                    c->assumed[i].is_default ? "" : "(given) ", why);
    fprintf(out, ";   policies: those of the product are not published; see [policy]\n");
}

static void write_refused(const char *refused, FILE *out)
{
    if (!refused || !*refused)
        return;
    fprintf(out, ";\n; This version of gpuswap-sim does not run it as it stands:\n");
    while (*refused) {
        size_t length = strcspn(refused, "\n");
        fprintf(out, ";   %.*s\n", (int)length, refused);
        refused += length + (refused[length] == '\n');
    }
}

void cluster_write_comment(const struct cluster *c, const char *refused, FILE *out)
{
    fprintf(out, "; Made by gpuswap-sim import-config from");
    for (size_t i = 0; i < c->files && i < 8; i++)
        fprintf(out, "%s %s", i > 0 ? "," : "", c->file[i]);
    if (c->files > 8)
        fprintf(out, " and %zu more", c->files - 8);
    fprintf(out, ".\n; Nodes with GPUs: %zu, pods with GPUs: %zu, runaiconfig: %s.\n", c->nodes, c->pods,
            c->has_runai ? "yes" : "no");
    write_refused(refused, out);
    for (int kind = 0; kind < NOTE_KINDS; kind++)
        write_notes(c, (enum note_kind)kind, out);
    write_assumptions(c, out);
    fprintf(out, "\n");
}

void cluster_write_notes(const struct cluster *c, FILE *out)
{
    static const char *const word[NOTE_KINDS] = {
        "contradiction: ", "warning: ", "not simulated: ", "left out: ", "passed over: "};
    for (int kind = 0; kind < NOTE_KINDS; kind++) {
        for (size_t i = 0; i < c->notes[kind].count; i++)
            write_note(&c->notes[kind].note[i], word[kind], out);
        if (c->notes[kind].more > 0)
            fprintf(out, "%sand %zu more\n", word[kind], c->notes[kind].more);
    }
}
