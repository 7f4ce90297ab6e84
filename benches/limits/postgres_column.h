/* The one step from a binary value of PostgreSQL into a column. */
#ifndef BENCHES_POSTGRES_COLUMN_H
#define BENCHES_POSTGRES_COLUMN_H

#include "column.h"
#include "postgres.h"

/* Days and microseconds from 1970-01-01, Arrow's epoch, to 2000-01-01, PostgreSQL's. */
#define EPOCH_DAYS 10957
#define EPOCH_MICROS (EPOCH_DAYS * INT64_C(86400000000))

/* A numeric as hundredths. Its digits count to 10,000, the first one 10,000^weight times. */
static inline __int128 numeric_hundredths(const unsigned char *value, size_t length, uint32_t *bad) {
    if (length < 8) { *bad = 1; return 0; }
    uint32_t count = get16(value), sign = get16(value + 4);
    int32_t exponent = (int16_t)get16(value + 2) - (int32_t)count + 1;
    if (length != 8 + 2 * (size_t)count || (sign != 0 && sign != 0x4000) || count > 4) { *bad = 1; return 0; }
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) sum = sum * 10000 + get16(value + 8 + 2 * i);
    if (count == 0) return 0;
    if (exponent >= 0) {
        if (exponent > 3) { *bad = 1; return 0; }
        __int128 scaled = (__int128)sum * 100;
        for (int32_t i = 0; i < exponent; i++) scaled *= 10000;
        return sign ? -scaled : scaled;
    }
    *bad |= exponent < -1 || sum % 100 != 0;
    return sign ? -(sum / 100) : sum / 100;
}

/* Appends one field of a row. Any value that is not of the column's kind ends the program. */
static inline void append_field(struct column *column, size_t row, const unsigned char *value, uint32_t length) {
    uint32_t bad = 0;
    switch (column->kind) {
    case INT: case FLOAT:
        bad = length != 8;
        if (!bad) column->i64[row] = (int64_t)get64(value);
        break;
    case DECIMAL: column->i128[row] = numeric_hundredths(value, length, &bad); break;
    case TEXT: append_text(column, row, value, (int)length); break;
    case DATE:
        bad = length != 4;
        if (!bad) column->i32[row] = (int32_t)get32(value) + EPOCH_DAYS;
        break;
    case TIMESTAMP: case TIMESTAMPTZ:
        bad = length != 8;
        if (!bad) column->i64[row] = (int64_t)get64(value) + EPOCH_MICROS;
        break;
    case BOOL:
        bad = length != 1;
        if (!bad && value[0]) set_bit(column->bits, row);
        break;
    }
    if (bad) die("value", "it contradicts its column");
    set_bit(column->validity, row);
}

/* Appends a DataRow message. */
static inline void append_row(struct column *columns, size_t count, size_t row, struct message message) {
    const unsigned char *at = message.body, *end = at + message.length;
    if (message.length < 2 || get16(at) != count) die("row", "not as many fields as KINDS has letters");
    at += 2;
    for (size_t i = 0; i < count; i++) {
        if (end - at < 4) die("row", "it ends within a field");
        uint32_t length = get32(at);
        at += 4;
        if (length == UINT32_MAX) {
            if (columns[i].kind != BOOL)
                memset((char *)columns[i].values + values_size(columns[i].kind, row), 0, values_size(columns[i].kind, 1));
            continue;
        }
        if ((size_t)(end - at) < length) die("row", "it ends within a field");
        append_field(&columns[i], row, at, length);
        at += length;
    }
}

#endif
