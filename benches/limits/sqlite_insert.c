/* sqlite_insert SOURCE SQL TARGET CREATE INSERT: writes the rows of SQL on SOURCE into a new table of TARGET.
   The rows are first brought into memory in the very form in which SQLite stores them (not timed): what is timed is
   open, CREATE, one transaction of prepared inserts, commit, close. */
#include "sqlite.h"

/* A stored value; text points into the column's heap once that has stopped growing. */
struct cell {
    union { int64_t integer; double real; size_t offset; };
    int32_t length;
    int32_t class;
};

struct cells {
    struct cell *cell;
    char *heap;
    size_t heap_length, heap_capacity;
};

static void keep(struct cells *column, size_t row, sqlite3_stmt *statement, int index) {
    struct cell cell = {.class = sqlite3_column_type(statement, index)};
    switch (cell.class) {
    case SQLITE_INTEGER: cell.integer = sqlite3_column_int64(statement, index); break;
    case SQLITE_FLOAT: cell.real = sqlite3_column_double(statement, index); break;
    case SQLITE_TEXT: {
        const void *text = sqlite3_column_text(statement, index);
        cell.length = sqlite3_column_bytes(statement, index);
        cell.offset = column->heap_length;
        if (column->heap_length + (size_t)cell.length > column->heap_capacity) {
            column->heap_capacity = 2 * column->heap_capacity + (size_t)cell.length + 65536;
            column->heap = allocate(column->heap, column->heap_capacity);
        }
        memcpy(column->heap + column->heap_length, text, (size_t)cell.length);
        column->heap_length += (size_t)cell.length;
        break;
    }
    case SQLITE_NULL: break;
    default: die("source", "a value of a storage class that the table does not have");
    }
    column->cell[row] = cell;
}

static int bind(sqlite3_stmt *statement, int index, const struct cells *column, size_t row) {
    const struct cell *cell = &column->cell[row];
    switch (cell->class) {
    case SQLITE_INTEGER: return sqlite3_bind_int64(statement, index, cell->integer);
    case SQLITE_FLOAT: return sqlite3_bind_double(statement, index, cell->real);
    case SQLITE_TEXT: return sqlite3_bind_text(statement, index, column->heap + cell->offset, cell->length, SQLITE_STATIC);
    default: return sqlite3_bind_null(statement, index);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) die("usage", "sqlite_insert SOURCE SQL TARGET CREATE INSERT");
    sqlite3 *source = open_database(argv[1], SQLITE_OPEN_READONLY);
    sqlite3_stmt *select = prepare(source, argv[2]);
    int count = sqlite3_column_count(select);
    struct cells *columns = calloc((size_t)count, sizeof *columns);
    if (columns == NULL) die("calloc", "out of memory");
    size_t rows = 0, capacity = 0;
    int code;
    while ((code = sqlite3_step(select)) == SQLITE_ROW) {
        if (rows == capacity) {
            capacity = capacity ? capacity * 2 : 65536;
            for (int i = 0; i < count; i++) columns[i].cell = allocate(columns[i].cell, capacity * sizeof(struct cell));
        }
        for (int i = 0; i < count; i++) keep(&columns[i], rows, select, i);
        rows++;
    }
    must(code, source, "step");
    sqlite3_finalize(select);
    sqlite3_close(source);

    struct span start = now();
    sqlite3 *db = open_database(argv[3], SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    must(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), db, "BEGIN");
    must(sqlite3_exec(db, argv[4], NULL, NULL, NULL), db, "CREATE");
    sqlite3_stmt *insert = prepare(db, argv[5]);
    for (size_t row = 0; row < rows; row++) {
        for (int i = 0; i < count; i++) must(bind(insert, i + 1, &columns[i], row), db, "bind");
        if (sqlite3_step(insert) != SQLITE_DONE) die("step", sqlite3_errmsg(db));
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db, "COMMIT");
    sqlite3_close(db);
    report(since(start), rows, "columns", count);
}
