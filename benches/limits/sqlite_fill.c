/* sqlite_fill DATABASE SQL KINDS [DIRECTORY]: reads the result into column arrays of the result's types.
   With DIRECTORY, writes the arrays there afterwards (not timed), so that they can be checked like any other result. */
#include "column.h"

static void write_file(const char *directory, size_t index, const char *part, const void *data, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%02zu.%s", directory, index, part);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) die(path, "cannot write");
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) die("usage", "sqlite_fill DATABASE SQL KINDS [DIRECTORY]");
    const char *kinds = argv[3];
    size_t count = strlen(kinds), rows = 0, capacity = 65536;

    double start = seconds();
    sqlite3 *db = open_database(argv[1], SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, argv[2]);
    if (sqlite3_column_count(statement) != (int)count) die("columns", "not as many as KINDS has letters");
    struct column *columns = columns_new(kinds, capacity);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (rows == capacity) {
            capacity *= 2;
            for (size_t i = 0; i < count; i++) column_reserve(&columns[i], capacity);
        }
        for (size_t i = 0; i < count; i++) column_append(&columns[i], rows, statement, (int)i);
        rows++;
    }
    must(code, db, "step");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    double elapsed = seconds() - start;

    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        struct column *column = &columns[i];
        size_t values = values_size(column->kind, rows), bitmap = (rows + 7) / 8;
        bytes += values + bitmap + column->heap_length;
        if (argc == 5) {
            write_file(argv[4], i, "values", column->values, values);
            write_file(argv[4], i, "validity", column->validity, bitmap);
            write_file(argv[4], i, "heap", column->heap, column->heap_length);
        }
    }
    report(elapsed, rows, "bytes", (double)bytes);
}
