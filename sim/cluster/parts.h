/* parts.h - what the files of this folder share: the objects as they were read, and what is noted on the way. */
#ifndef GS_CLUSTER_PARTS_H
#define GS_CLUSTER_PARTS_H

#include "sim/cluster/cluster.h"
#include "sim/cluster/tree.h"

#include <stdint.h>

enum { UNSAID = -1, CLASSES = 3 };
enum {
    GPUS_MAX = 1024,
    NODES_MAX = 50000,
    PODS_MAX = 200000,
    KINDS_MAX = 2000,
    NOTES_MAX = 100,
    NAMES_SHOWN = 3,
    SELECTED_MAX = 32
};

struct origin { /* file NULL: nowhere */
    const char *file;
    int line;
};

/* --- notes.c: what is told besides the scenario ---------------------------------------------------------------- */

enum note_kind {
    NOTE_CONTRADICTION,
    NOTE_WARNING,
    NOTE_NOT_SIMULATED,
    NOTE_LEFT_OUT,
    NOTE_PASSED_OVER, /* fields and objects that are not understood */
    NOTE_KINDS
};

struct note {
    const char *text;
    struct origin first;
    size_t times;
};

struct notes {
    struct note *note;
    size_t count, capacity;
    size_t more; /* different ones beyond NOTES_MAX */
};

/* The same text again only counts. */
void note_add(struct cluster *c, enum note_kind kind, const struct origin *at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Objects that cannot all be true: an error, or with force a note. */
void contradict(struct cluster *c, const struct origin *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A value that cannot be read at all: an error. */
void object_error(struct cluster *c, const struct origin *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What the objects have that nobody asked for. */
void note_unread(struct cluster *c, const char *kind, struct tree *object);
/* Does a name look as if it had to do with GPUs? */
bool is_about_gpus(const char *name);

/* A copy that is one line without control characters, cut to `most` bytes; NULL (and an error) without memory. */
const char *tame(struct cluster *c, const char *text, size_t most);

/* --- assume.c --------------------------------------------------------------------------------------------------- */

struct assumed {
    const char *value;
    bool is_default, used;
};

int assume_init(struct cluster *c, struct error *err);
/* The value of an assumption that is in the table; from now on it is told. */
const char *assume(struct cluster *c, const char *name);
bool assume_is(struct cluster *c, const char *name, const char *value);

/* --- the objects ------------------------------------------------------------------------------------------------ */

/* runaiconfig, or a node pool, which overrides it for its nodes; UNSAID where it does not say. */
struct settings {
    struct origin origin;
    const char *name, *label_key, *label_value; /* of a pool */
    int swap, duplex, dynamic, scheduler;       /* 0, 1 */
    int slicing;                                /* index of slicing_name */
    int64_t cpu_ram, reserved;                  /* bytes */
};

extern const char *const slicing_name[]; /* timesharing, strict, fair, NULL */

struct label {
    const char *key, *value;
};

struct gpu_node {
    struct origin origin;
    const char *name, *pool, *product;
    struct label *label;
    size_t labels;
    int64_t gpus, gpu_memory, host_memory; /* memory: UNSAID where no label tells */
    int64_t whole, busy;                   /* GPUs that belong to one pod each; that others need by their requests */
    bool labelled;                         /* run.ai/swap-enabled=true */
    size_t kind;                           /* SIZE_MAX: of another pool */
};

enum want { WANT_WHOLE, WANT_SHARE, WANT_BYTES };

struct gpu_pod {
    struct origin origin;
    const char *name, *node, *pool;
    int class;
    enum want want;
    int64_t devices;
    double share, share_limit; /* of one GPU; limit UNSAID: none */
    int64_t bytes, bytes_limit;
    bool swappable;       /* no anti-affinity to nodes that swap */
    int64_t priority;     /* UNSAID: by class */
    const char *scheme;   /* "gpu-fraction", "nvidia.com/gpumem" ... */
    bool capped;          /* HAMi: a hard limit, never swapped */
    struct label *select; /* labels of nodes that it asks for */
    size_t selects;
    size_t host; /* index of the node it runs on, or SIZE_MAX */
};

/* Nodes of which one is like the other. */
struct node_kind {
    const char *name;
    const struct gpu_node *example;
    struct settings settings; /* in effect */
    bool swap;
    int64_t count, gpus, gpu_memory, reserved, swap_file; /* gpus: that pods share, may be 0 */
    const char *names;
};

struct pod_kind {
    const char *name;
    const struct gpu_pod *example;
    int64_t count;
    bool dynamic;
    double request, limit;           /* shares of one GPU of the reference */
    int64_t gpu_memory, least, most; /* of the reference; bytes that it may hold */
    const char *names;
};

struct cluster {
    struct cluster_options options;
    struct arena *arena;
    struct error *err;
    const char **file;
    size_t files, file_capacity;
    struct assumed *assumed;
    struct notes notes[NOTE_KINDS];
    struct settings runai, *pool;
    bool has_runai;
    size_t pools, pool_capacity;
    struct gpu_node *node;
    size_t nodes, node_capacity;
    struct gpu_pod *pod;
    size_t pods, pod_capacity;
    struct node_kind *node_kind;
    size_t node_kinds, node_kind_capacity;
    const char *selected[SELECTED_MAX]; /* labels that some pod asks for */
    size_t selected_keys;
    struct pod_kind *pod_kind;
    size_t pod_kinds, pod_kind_capacity;
    bool finished;
};

int cluster_no_memory(struct cluster *c);

/* Values of an object; errors go to the cluster.  Flags: 0, 1 or UNSAID.  Sizes: bytes or UNSAID. */
int read_flag(struct cluster *c, struct tree *map, const char *path, const struct origin *object);
int64_t read_bytes(struct cluster *c, struct tree *map, const char *path, const struct origin *object);

void runai_read(struct cluster *c, struct tree *object, const struct origin *at);
void pool_read(struct cluster *c, struct tree *object, const struct origin *at);
void node_read(struct cluster *c, struct tree *object, const struct origin *at);
void pod_read(struct cluster *c, struct tree *object, const struct origin *at);
/* What of a GPU a pod asks for (pod_request.c); false if it asks for none. */
bool pod_request(struct cluster *c, struct gpu_pod *pod, struct tree *object);

/* What holds for a node: the cluster's settings, and its pool's on top. */
struct settings settings_of(const struct cluster *c, const struct gpu_node *node);
const struct settings *pool_of(const struct cluster *c, const struct gpu_node *node);

/* pools.c: where pods may run.  Nodes are alike if they are so in the labels that some pod selects. */
void pod_select(struct cluster *c, struct gpu_pod *pod, struct tree *selector);
void gather_selected(struct cluster *c);
bool selected_alike(const struct cluster *c, const struct gpu_node *a, const struct gpu_node *b);
bool pod_may_use(const struct cluster *c, const struct gpu_pod *pod, const struct node_kind *kind);
bool may_use_same(const struct cluster *c, const struct gpu_pod *a, const struct gpu_pod *b);
/* The key 'nodes', if it may not use all. */
void write_nodes(const struct cluster *c, const struct gpu_pod *pod, FILE *out);

void find_hosts(struct cluster *c);
void find_busy(struct cluster *c);
void group_nodes(struct cluster *c);
void group_pods(struct cluster *c);
/* An assumed size or whole number. */
int64_t assumed_number(struct cluster *c, const char *name, bool is_size);
void check_cluster(struct cluster *c);
/* False: the pod cannot run as it is, and is left out. */
bool check_pod(struct cluster *c, const struct gpu_pod *pod);

#endif
