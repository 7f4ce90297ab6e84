/* sqlite_row DATABASE SQL KINDS KEYS: looks up each key of the file KEYS (int64, native order) with one prepared
   statement and reads the row into columns of one value. Reports the median of the single look-ups. */
#include "column.h"

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv) {
    if (argc != 5) die("usage", "sqlite_row DATABASE SQL KINDS KEYS");
    FILE *file = fopen(argv[4], "rb");
    if (file == NULL) die(argv[4], "cannot open");
    size_t capacity = 0, keys = 0, got;
    int64_t *key = NULL;
    do {
        capacity += 4096;
        key = allocate(key, capacity * sizeof *key);
        got = fread(key + keys, sizeof *key, 4096, file);
        keys += got;
    } while (got == 4096);
    fclose(file);
    if (keys == 0) die(argv[4], "no keys");
    double *elapsed = allocate(NULL, keys * sizeof *elapsed);

    sqlite3 *db = open_database(argv[1], SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, argv[2]);
    int count = (int)strlen(argv[3]);
    struct column *columns = columns_new(argv[3], 8);
    for (size_t k = 0; k < keys; k++) {
        double start = seconds();
        must(sqlite3_bind_int64(statement, 1, key[k]), db, "bind");
        if (sqlite3_step(statement) != SQLITE_ROW) die("step", "no such row");
        for (int i = 0; i < count; i++) {
            columns[i].heap_length = 0;
            column_append(&columns[i], 0, statement, i);
        }
        sqlite3_reset(statement);
        elapsed[k] = seconds() - start;
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    qsort(elapsed, keys, sizeof *elapsed, compare);
    report(elapsed[keys / 2], keys, "fastest", elapsed[0]);
}
