/* doctor.h - what `doctor` finds: one line each, good or with what to do. */
#ifndef GS_DOCTOR_H
#define GS_DOCTOR_H

enum verdict {
    DOCTOR_OK,
    DOCTOR_NOTE,    /* works, with something to know */
    DOCTOR_MISSING, /* without it, what the section is about does not work */
};

enum { DOCTOR_FINDINGS = 64 };

struct finding {
    enum verdict verdict;
    char subject[16];
    char text[512];
};

struct findings {
    struct finding item[DOCTOR_FINDINGS];
    int count;
};

void doctor_add(struct findings *findings, enum verdict verdict, const char *subject, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* `root` stands before paths of /proc and /sys: "" but in tests. */
void doctor_simulation(struct findings *findings, const char *root); /* processors, memory, gnuplot */
void doctor_live(struct findings *findings, const char *root);       /* build, driver, GPUs, memory to pin */
void doctor_record(struct findings *findings, const char *root);     /* management library, who is on the GPUs */

#endif
