/* cmd_ctl.c - `gpuswap-sim ctl WORD...`: ask the daemon of this node. */
#include "sim/base/units.h"
#include "sim/cli/commands.h"
#include "sim/cli/daemon.h"
#include "sim/results/json.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_JSON = 300, OPTION_HOLD, OPTION_GROUP, OPTION_MEMORY, OPTION_PRIORITY, WORDS = 400 };

struct arguments {
    const char *socket, *group, *memory, *priority;
    char words[WORDS];
    bool json, hold;
};

static const struct argp_option options[] = {
    {"socket", 's', "PATH", 0, "of the daemon (default: $GPUSWAP_SOCKET, or the usual place)", 0},
    {"json", OPTION_JSON, NULL, 0, "of status", 0},
    {"hold", OPTION_HOLD, NULL, 0, "of request: the program is wanted until this command is interrupted", 0},
    {"group", OPTION_GROUP, "NAME", 0, "of attach: the [workload.NAME] whose place it takes", 0},
    {"memory", OPTION_MEMORY, "SIZE", 0, "of attach: what it will have on the GPU (default: the scenario's)", 0},
    {"priority", OPTION_PRIORITY, "N", 0, "of attach: 0 to 255, greater goes first", 0},
    {0}};

static void append(struct arguments *a, const char *word, struct argp_state *state)
{
    size_t length = strlen(a->words);

    if (strpbrk(word, " \t\n") != NULL || snprintf(a->words + length, sizeof a->words - length, "%s%s",
                                                   length > 0 ? " " : "", word) >= (int)(sizeof a->words - length))
        argp_error(state, "'%s' is no name", word);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;

    switch (key) {
    case 's':
        a->socket = arg;
        return 0;
    case OPTION_JSON:
        a->json = true;
        return 0;
    case OPTION_HOLD:
        a->hold = true;
        return 0;
    case OPTION_GROUP:
        a->group = arg;
        return 0;
    case OPTION_MEMORY:
        a->memory = arg;
        return 0;
    case OPTION_PRIORITY:
        a->priority = arg;
        return 0;
    case ARGP_KEY_ARG:
        append(a, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (strncmp(a->words, "release", 7) == 0) /* a word of connections that last */
            argp_error(state, "a request lasts as long as the 'ctl request PLACE --hold' that made it; end that");
        if (a->words[0] == '\0')
            argp_error(state, "what? status, request PLACE, pin PLACE, unpin PLACE, priority PLACE N, attach PID, "
                              "drain or stop");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- status --- */

enum { FIELDS = 11, PINNED = 9, WHY = 10 };
static const char *const field_name[FIELDS] = {"place",    "state",    "gpu",    "bytes",  "processes", "swaps",
                                               "overruns", "bypassed", "stored", "pinned", "why"};

static void split(char *line, char *field[FIELDS])
{
    static char nothing[1];
    int count = 0;

    for (char *at = line; at != NULL && count < FIELDS; count++) {
        field[count] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    for (int i = count; i < FIELDS; i++)
        field[i] = nothing;
}

static double number(const char *text)
{
    char why[UNITS_WHY];
    double value;

    return units_number(text, &value, why) == GS_OK ? value : (double)NAN;
}

static void show_json(char *table)
{
    struct text text = {0};
    char *field[FIELDS], *rest = NULL;
    bool first = true;

    text_add(&text, "[");
    for (char *line = strtok_r(table, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        split(line, field);
        text_add(&text, first ? "\n " : ",\n ");
        first = false;
        for (int i = 0; i < FIELDS; i++) {
            const char *comma = i == 0 ? "{" : ",";

            if (i >= 2 && i < PINNED)
                json_number(&text, comma, field_name[i], number(field[i]));
            else if (i == PINNED)
                text_printf(&text, "%s\"%s\":%s", comma, field_name[i], *field[i] == '\0' ? "false" : "true");
            else
                json_text(&text, comma, field_name[i], field[i]);
        }
        text_add(&text, "}");
    }
    text_add(&text, "\n]\n");
    fputs(text.data, stdout);
    text_fini(&text);
}

static void show_table(char *table)
{
    char *field[FIELDS], *rest = NULL, size[UNITS_TEXT];

    if (*table == '\0') {
        printf("no programs here that are yours\n");
        return;
    }
    printf("%-20s %-12s %4s %10s %6s %6s %9s %9s\n", "place", "state", "gpu", "memory", "procs", "swaps", "overruns",
           "bypassed");
    for (char *line = strtok_r(table, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        split(line, field);
        printf("%-20s %-12s %4s %10s %6s %6s %9s %9s%s%s%s\n", field[0], field[1], field[2],
               units_show_size(size, number(field[3])), field[4], field[5], field[6], field[7],
               *field[PINNED] != '\0' ? "  pinned" : "", *field[WHY] != '\0' ? "  " : "", field[WHY]);
    }
}

/* `attach PID` with its options, as the daemon reads it. */
static int attach_words(struct arguments *a, struct error *err)
{
    char copy[WORDS], why[UNITS_WHY];
    int64_t pid, bytes = 0, priority = 0;

    snprintf(copy, sizeof copy, "%s", a->words + strlen("attach"));
    if (units_integer(copy + (*copy == ' '), &pid, why) != GS_OK || pid < 1 || a->group == NULL)
        return error_set(err, GS_USAGE, "attach needs the number of a process and --group NAME");
    if (a->memory != NULL && (units_size(a->memory, &bytes, why) != GS_OK || bytes <= 0))
        return error_set(err, GS_USAGE, "--memory is a size as 8GiB, not '%s'", a->memory);
    if (a->priority != NULL && (units_integer(a->priority, &priority, why) != GS_OK || priority < 0 || priority > 255))
        return error_set(err, GS_USAGE, "--priority is a number from 0 to 255, not '%s'", a->priority);
    snprintf(a->words, sizeof a->words, "attach group=%s pid=%lld memory=%lld", a->group, (long long)pid,
             (long long)bytes);
    if (a->priority != NULL)
        snprintf(a->words + strlen(a->words), sizeof a->words - strlen(a->words), " priority=%lld",
                 (long long)priority);
    return GS_OK;
}

int cmd_ctl(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        options,
        parse,
        "status\nrequest PLACE\npin PLACE\nunpin PLACE\npriority PLACE N\n"
        "attach PID --group NAME\ndrain\nstop",
        "Ask the daemon of this node (gpuswap-sim serve): who is where; bring a program onto "
        "the GPU; keep it there; take a process in that runs already; let nobody in any more; "
        "end.",
        NULL,
        NULL,
        NULL};
    static char answer[DAEMON_TEXT];
    struct arguments a = {0};
    int connection = -1, rc = argp_parse(&argp, argc, argv, 0, NULL, &a) == 0 ? GS_OK : GS_USAGE;
    bool status = strcmp(a.words, "status") == 0;

    if (rc == GS_OK && (strcmp(a.words, "attach") == 0 || strncmp(a.words, "attach ", 7) == 0))
        rc = attach_words(&a, err);
    if (rc == GS_OK && (connection = daemon_connect(daemon_socket(a.socket), err)) < 0)
        rc = err->code;
    if (rc == GS_OK)
        rc = daemon_ask(connection, a.words, answer, err);
    if (rc == GS_OK && status && a.json)
        show_json(answer);
    else if (rc == GS_OK && status)
        show_table(answer);
    else if (rc == GS_OK && *answer != '\0')
        printf("%s\n", answer);
    fflush(stdout);
    if (rc == GS_OK && a.hold)
        pause();
    if (connection >= 0)
        close(connection);
    return rc;
}
