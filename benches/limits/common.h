/* What all limits share: stopping on an error, the clock, memory, the answer. */
#ifndef BENCHES_COMMON_H
#define BENCHES_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The letters of benches/columns.py. */
enum kind { INT = 'i', FLOAT = 'f', DECIMAL = 'd', TEXT = 's', DATE = 'D', TIMESTAMP = 'T', TIMESTAMPTZ = 'Z', BOOL = 'b' };

_Noreturn static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void *allocate(void *old, size_t bytes) {
    void *memory = realloc(old, bytes);
    if (memory == NULL) die("realloc", "out of memory");
    return memory;
}

/* Times come back on one line of JSON. */
static inline void report(double elapsed, size_t rows, const char *extra_key, double extra) {
    printf("{\"seconds\": %.9f, \"rows\": %zu, \"%s\": %.17g}\n", elapsed, rows, extra_key, extra);
}

#endif
