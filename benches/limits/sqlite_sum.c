/* sqlite_sum DATABASE SQL KINDS: steps through the result and touches every cell, keeps nothing.
   What SQLite itself takes: no reader can be faster on one thread. */
#include "sqlite.h"

int main(int argc, char **argv) {
    if (argc != 4) die("usage", "sqlite_sum DATABASE SQL KINDS");
    int count = (int)strlen(argv[3]);
    size_t rows = 0;
    double sum = 0;

    struct span start = now();
    sqlite3 *db = open_database(argv[1], SQLITE_OPEN_READONLY);
    sqlite3_stmt *statement = prepare(db, argv[2]);
    if (sqlite3_column_count(statement) != count) die("columns", "not as many as KINDS has letters");
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < count; i++) {
            switch (sqlite3_column_type(statement, i)) {
            case SQLITE_INTEGER: sum += (double)sqlite3_column_int64(statement, i); break;
            case SQLITE_FLOAT: sum += sqlite3_column_double(statement, i); break;
            case SQLITE_TEXT: {
                const unsigned char *text = sqlite3_column_text(statement, i);
                int length = sqlite3_column_bytes(statement, i);
                if (length) sum += text[0] + text[length - 1];
                break;
            }
            default: break;
            }
        }
        rows++;
    }
    must(code, db, "step");
    sqlite3_finalize(statement);
    sqlite3_close(db);
    report(since(start), rows, "sum", sum);
}
