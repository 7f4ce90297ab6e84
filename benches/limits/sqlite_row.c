/* sqlite_row DATABASE SQL KINDS KEYS: looks up each key of the file KEYS (int64, native order) with one prepared
   statement and reads the row into columns of one value. Reports the median of the single look-ups. */
#include "keys.h"
#include "sqlite_column.h"

int main(int argc, char **argv) {
    if (argc != 5) die("usage", "sqlite_row DATABASE SQL KINDS KEYS");
    size_t keys;
    int64_t *key = read_keys(argv[4], &keys);
    double *elapsed = allocate(NULL, keys * sizeof *elapsed);

    sqlite3 *db = open_database(argv[1], SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, argv[2]);
    int count = (int)strlen(argv[3]);
    struct column *columns = columns_new(argv[3], 8);
    struct span all = now();
    for (size_t k = 0; k < keys; k++) {
        double start = seconds_of(CLOCK_MONOTONIC);
        must(sqlite3_bind_int64(statement, 1, key[k]), db, "bind");
        if (sqlite3_step(statement) != SQLITE_ROW) die("step", "no such row");
        for (int i = 0; i < count; i++) {
            columns[i].heap_length = 0;
            column_append(&columns[i], 0, statement, i);
        }
        sqlite3_reset(statement);
        elapsed[k] = seconds_of(CLOCK_MONOTONIC) - start;
    }
    all = since(all);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    report_median(elapsed, keys, all.cpu);
}
