/* Growing columns in Arrow's layout, as Polars uses it; what fills them is each database's own. */
#ifndef BENCHES_COLUMN_H
#define BENCHES_COLUMN_H

#include "common.h"

/* Utf8View: up to 12 bytes inline, else the first 4 and where the rest lies (Arrow columnar format, "Variable-size
   Binary View Layout"). */
struct view {
    int32_t length;
    char prefix[4];
    union {
        char rest[8];
        struct { int32_t buffer, offset; } heap;
    };
};

struct column {
    enum kind kind;
    size_t capacity;
    union {
        void *values;
        int64_t *i64;
        double *f64;
        __int128 *i128;
        int32_t *i32;
        uint8_t *bits;
        struct view *views;
    };
    uint8_t *validity;
    char *heap;
    size_t heap_length, heap_capacity;
};

/* Bytes that `rows` values take, without heap and validity. */
static inline size_t values_size(enum kind kind, size_t rows) {
    switch (kind) {
    case INT: case FLOAT: case TIMESTAMP: case TIMESTAMPTZ: return rows * 8;
    case DECIMAL: case TEXT: return rows * 16;
    case DATE: return rows * 4;
    case BOOL: return (rows + 7) / 8;
    }
    die("values_size", "unknown kind");
}

static inline void column_reserve(struct column *column, size_t capacity) {
    size_t old_bits = column->capacity / 8, new_bits = capacity / 8;
    column->values = allocate(column->values, values_size(column->kind, capacity));
    column->validity = allocate(column->validity, new_bits);
    memset(column->validity + old_bits, 0, new_bits - old_bits);
    if (column->kind == BOOL) memset(column->bits + old_bits, 0, new_bits - old_bits);
    column->capacity = capacity;
}

static inline void set_bit(uint8_t *bits, size_t row) { bits[row >> 3] |= (uint8_t)(1u << (row & 7)); }

static inline void append_text(struct column *column, size_t row, const unsigned char *text, int length) {
    struct view view = {.length = length};
    if (length <= 12) {
        memcpy(view.prefix, text, (size_t)length);
    } else {
        if (column->heap_length + (size_t)length > column->heap_capacity) {
            column->heap_capacity = 2 * column->heap_capacity + (size_t)length + 65536;
            if (column->heap_capacity > INT32_MAX) die("text", "more than 2 GiB in one column: use fewer rows");
            column->heap = allocate(column->heap, column->heap_capacity);
        }
        memcpy(column->heap + column->heap_length, text, (size_t)length);
        memcpy(view.prefix, text, 4);
        view.heap.offset = (int32_t)column->heap_length;
        column->heap_length += (size_t)length;
    }
    column->views[row] = view;
}

/* One empty column for each letter of `kinds`. */
static inline struct column *columns_new(const char *kinds, size_t capacity) {
    size_t count = strlen(kinds);
    struct column *columns = calloc(count, sizeof *columns);
    if (columns == NULL) die("calloc", "out of memory");
    for (size_t i = 0; i < count; i++) {
        columns[i].kind = (enum kind)kinds[i];
        column_reserve(&columns[i], capacity);
    }
    return columns;
}

static inline void write_file(const char *directory, size_t index, const char *part, const void *data, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%02zu.%s", directory, index, part);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) die(path, "cannot write");
}

/* The answer of a limit that filled `columns`: its time and the arrays' size. With a directory, the arrays are written
   there, so that they can be checked like any other result. */
static inline void columns_report(struct span elapsed, const struct column *columns, size_t count, size_t rows, const char *directory) {
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &columns[i];
        size_t values = values_size(column->kind, rows), bitmap = (rows + 7) / 8;
        bytes += values + bitmap + column->heap_length;
        if (directory != NULL) {
            write_file(directory, i, "values", column->values, values);
            write_file(directory, i, "validity", column->validity, bitmap);
            write_file(directory, i, "heap", column->heap, column->heap_length);
        }
    }
    report(elapsed, rows, "bytes", (double)bytes);
}

#endif
