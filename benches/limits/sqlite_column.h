/* The one step from an SQLite cell into a column. */
#ifndef BENCHES_SQLITE_COLUMN_H
#define BENCHES_SQLITE_COLUMN_H

#include <math.h>

#include "column.h"
#include "sqlite.h"

/* Reads `count` digits; `bad` collects anything that is none. */
static inline uint32_t digits(const unsigned char *text, int count, uint32_t *bad) {
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        uint32_t digit = (uint32_t)text[i] - '0';
        *bad |= digit > 9;
        value = value * 10 + digit;
    }
    return value;
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar, from "YYYY-MM-DD": whole years up to this March, the days
   of its months, less the days up to the epoch. */
static inline int32_t parse_date(const unsigned char *text, uint32_t *bad) {
    int32_t year = (int32_t)digits(text, 4, bad), month = (int32_t)digits(text + 5, 2, bad);
    int32_t day = (int32_t)digits(text + 8, 2, bad);
    *bad |= text[4] != '-' || text[7] != '-' || month < 1 || month > 12 || day < 1 || day > 31;
    year -= month <= 2;
    int32_t months_since_march = (month + 9) % 12;
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * months_since_march + 2) / 5 + day - 1 - 719468;
}

/* Microseconds since the epoch, from "YYYY-MM-DD HH:MM:SS.ffffff". */
static inline int64_t parse_timestamp(const unsigned char *text, uint32_t *bad) {
    int64_t days = parse_date(text, bad);
    uint32_t hour = digits(text + 11, 2, bad), minute = digits(text + 14, 2, bad), second = digits(text + 17, 2, bad);
    uint32_t micros = digits(text + 20, 6, bad);
    *bad |= text[10] != ' ' || text[13] != ':' || text[16] != ':' || text[19] != '.' || hour > 23 || minute > 59 || second > 59;
    return (days * 86400 + hour * 3600 + minute * 60 + second) * 1000000 + micros;
}

/* A REAL as hundredths: exact only if the decimal leads back to the same double. */
static inline __int128 hundredths(double value, uint32_t *bad) {
    double scaled = nearbyint(value * 100.0);
    *bad |= scaled / 100.0 != value;
    return (__int128)(int64_t)scaled;
}

/* How a cell is read. The plain way names the statement and the column in every call. Through its sqlite3_value a cell
   is looked up once; SQLite promises nothing for that but on a connection that no other thread uses, which ours is
   (sqlite.org/c3ref/value.html, "unprotected"). */
#ifdef THROUGH_VALUES
#define CELL(what) sqlite3_value_##what(sqlite_value)
#else
#define CELL(what) sqlite3_column_##what(statement, index)
#endif

/* Appends cell `index` of the current row. Any value that is not of the column's kind ends the program. */
static inline void column_append(struct column *column, size_t row, sqlite3_stmt *statement, int index) {
#ifdef THROUGH_VALUES
    sqlite3_value *sqlite_value = sqlite3_column_value(statement, index);
#endif
    int class = CELL(type);
    uint32_t bad = 0;
    if (class == SQLITE_NULL) {
        if (column->kind != BOOL) memset((char *)column->values + values_size(column->kind, row), 0, values_size(column->kind, 1));
        return;
    }
    switch (column->kind) {
    case INT:
        bad = class != SQLITE_INTEGER;
        column->i64[row] = CELL(int64);
        break;
    case FLOAT:
        bad = class != SQLITE_FLOAT;
        column->f64[row] = CELL(double);
        break;
    case DECIMAL:
        if (class == SQLITE_INTEGER) column->i128[row] = (__int128)CELL(int64) * 100;
        else if (class == SQLITE_FLOAT) column->i128[row] = hundredths(CELL(double), &bad);
        else bad = 1;
        break;
    case BOOL: {
        int64_t value = CELL(int64);
        bad = class != SQLITE_INTEGER || (value != 0 && value != 1);
        if (value) set_bit(column->bits, row);
        break;
    }
    case TEXT: case DATE: case TIMESTAMP: case TIMESTAMPTZ: {
        if (class != SQLITE_TEXT) { bad = 1; break; }
        const unsigned char *text = CELL(text);
        int length = CELL(bytes);
        if (column->kind == TEXT) append_text(column, row, text, length);
        else if (column->kind == DATE) {
            if (length != 10) { bad = 1; break; }
            column->i32[row] = parse_date(text, &bad);
        } else {
            if (length != (column->kind == TIMESTAMP ? 26 : 32)) { bad = 1; break; }
            column->i64[row] = parse_timestamp(text, &bad);
            bad |= column->kind == TIMESTAMPTZ && memcmp(text + 26, "+00:00", 6) != 0;
        }
        break;
    }
    }
    if (bad) die(sqlite3_column_name(statement, index), "a value contradicts its column");
    set_bit(column->validity, row);
}

#endif
