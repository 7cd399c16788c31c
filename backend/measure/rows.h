/* rows.h - samples, rows and lines, for the files of this folder. */
#ifndef GS_MEASURE_ROWS_H
#define GS_MEASURE_ROWS_H

#include "backend/measure/measure.h"

#define ROWS_STEADY 1.2 /* p95 over p50: above, it is measured again, and then said */

struct measure_row *rows_add(struct measured *measured, const char *kind, int64_t size, const char *unit);
void rows_sample(struct measure_row *row, double value);
void rows_summarise(struct measure_row *row); /* it has a sample */
void rows_fit(struct measured *measured, const char *kind);
void rows_note(struct measured *measured, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
