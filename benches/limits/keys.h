/* The keys of the look-ups, and the median of their times. */
#ifndef BENCHES_KEYS_H
#define BENCHES_KEYS_H

#include "common.h"

/* The keys of a file (int64, native order), at least one. */
static inline int64_t *read_keys(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) die(path, "cannot open");
    size_t capacity = 0, keys = 0, got;
    int64_t *key = NULL;
    do {
        capacity += 4096;
        key = allocate(key, capacity * sizeof *key);
        got = fread(key + keys, sizeof *key, 4096, file);
        keys += got;
    } while (got == 4096);
    fclose(file);
    if (keys == 0) die(path, "no keys");
    *count = keys;
    return key;
}

static int compare_times(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The answer: the median of the single look-ups, and each one's part of the CPU time that all of them took. */
static inline void report_median(double *elapsed, size_t count, double cpu) {
    qsort(elapsed, count, sizeof *elapsed, compare_times);
    report((struct span){.wall = elapsed[count / 2], .cpu = cpu / (double)count}, count, "fastest", elapsed[0]);
}

#endif
