/* sqlite_fill DIRECTORY DATABASE SQL KINDS: reads the result into column arrays of the result's types.
   Unless DIRECTORY is empty, writes the arrays there afterwards (not timed). */
#include "sqlite_column.h"

int main(int argc, char **argv) {
    if (argc != 5) die("usage", "sqlite_fill DIRECTORY DATABASE SQL KINDS");
    const char *kinds = argv[4];
    size_t count = strlen(kinds), rows = 0, capacity = 65536;

    struct span start = now();
    sqlite3 *db = open_database(argv[2], SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, argv[3]);
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
    struct span elapsed = since(start);

    columns_report(elapsed, columns, count, rows, argv[1][0] ? argv[1] : NULL);
}
