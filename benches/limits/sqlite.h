/* What the limits of SQLite share: result codes, opening a database. */
#ifndef BENCHES_SQLITE_H
#define BENCHES_SQLITE_H

#include "common.h"
#include "sqlite3.h"

/* Checks a call's result code. */
static inline void must(int code, sqlite3 *db, const char *what) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) die(what, sqlite3_errmsg(db));
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

#endif
