/* postgres_row KEYS KINDS HOST PORT USER DATABASE SQL: looks up each key of the file KEYS with one prepared statement
   and reads the row into columns of one value. Reports the median of the single look-ups. */
#include "keys.h"
#include "postgres_column.h"

int main(int argc, char **argv) {
    if (argc != 8) die("usage", "postgres_row KEYS KINDS HOST PORT USER DATABASE SQL");
    static struct outgoing out;
    size_t keys, count = strlen(argv[2]);
    int64_t *key = read_keys(argv[1], &keys);
    double *elapsed = allocate(NULL, keys * sizeof *elapsed);

    struct connection connection = open_connection(argv + 3, &out);
    struct column *columns = columns_new(argv[2], 8);
    put_parse(&out, "by_key", argv[7]);
    begin(&out, 'S');
    end(&out);
    flush(&connection, &out);
    await(&connection, 'Z');
    struct span all = now();
    for (size_t k = 0; k < keys; k++) {
        double start = seconds_of(CLOCK_MONOTONIC);
        size_t rows = 0;
        put_execute(&out, "by_key", &key[k], 1);
        flush(&connection, &out);
        struct message message;
        while ((message = receive(&connection)).type != 'Z') {
            if (message.type != 'D') continue;
            for (size_t i = 0; i < count; i++) columns[i].heap_length = 0;
            append_row(columns, count, 0, message);
            rows++;
        }
        if (rows != 1) die("look-up", "not one row");
        elapsed[k] = seconds_of(CLOCK_MONOTONIC) - start;
    }
    all = since(all);
    close_connection(&connection, &out);
    report_median(elapsed, keys, all.cpu);
}
