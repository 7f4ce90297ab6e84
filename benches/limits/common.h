/* What the limits share: stopping on an error, the clock, opening a database, columns in Polars' (Arrow's) layout. */
#ifndef BENCHES_COMMON_H
#define BENCHES_COMMON_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sqlite3.h"

/* The letters of benches/columns.py. */
enum kind { INT = 'i', FLOAT = 'f', DECIMAL = 'd', TEXT = 's', DATE = 'D', TIMESTAMP = 'T', TIMESTAMPTZ = 'Z', BOOL = 'b' };

_Noreturn static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* Checks a call's result code. */
static inline void must(int code, sqlite3 *db, const char *what) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) die(what, sqlite3_errmsg(db));
}

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* One thread, no mutex: what a connection owned by one caller can have. */
static inline sqlite3 *open_database(const char *path, int flags) {
    sqlite3 *db = NULL;
    must(sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL), db, path);
    return db;
}

static inline sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    must(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), db, sql);
    return statement;
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
