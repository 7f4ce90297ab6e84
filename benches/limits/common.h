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

/* Seconds on the clock, and of the CPU for this process, the kernel's work for it among them. */
struct span { double wall, cpu; };

static inline double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline struct span now(void) {
    return (struct span){.wall = seconds_of(CLOCK_MONOTONIC), .cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline struct span since(struct span start) {
    struct span end = now();
    return (struct span){.wall = end.wall - start.wall, .cpu = end.cpu - start.cpu};
}

static inline void *allocate(void *old, size_t bytes) {
    void *memory = realloc(old, bytes);
    if (memory == NULL) die("realloc", "out of memory");
    return memory;
}

/* Times come back on one line of JSON. */
static inline void report(struct span elapsed, size_t rows, const char *extra_key, double extra) {
    printf("{\"seconds\": %.9f, \"cpu_seconds\": %.9f, \"rows\": %zu, \"%s\": %.17g}\n", elapsed.wall, elapsed.cpu, rows,
           extra_key, extra);
}

#endif
