/* postgres_fill DIRECTORY KINDS HOST PORT USER DATABASE SQL [PARAMETER…]: reads the result into column arrays of the
   result's types, on one thread. Unless DIRECTORY is empty, writes the arrays there afterwards (not timed). */
#include "postgres_column.h"

int main(int argc, char **argv) {
    if (argc < 8) die("usage", "postgres_fill DIRECTORY KINDS HOST PORT USER DATABASE SQL [PARAMETER…]");
    static struct outgoing out;
    int64_t parameters[8];
    const char *kinds = argv[2];
    size_t bound = parse_parameters(argv + 8, argc - 8, parameters, 8);
    size_t count = strlen(kinds), rows = 0, capacity = 65536;

    struct span start = now();
    struct connection connection = open_connection(argv + 3, &out);
    warm_up(&connection, &out);
    put_parse(&out, "", argv[7]);
    put_execute(&out, "", parameters, bound);
    flush(&connection, &out);
    struct column *columns = columns_new(kinds, capacity);
    struct message message;
    while ((message = receive(&connection)).type != 'Z') {
        if (message.type != 'D') continue;
        if (rows == capacity) {
            capacity *= 2;
            for (size_t i = 0; i < count; i++) column_reserve(&columns[i], capacity);
        }
        append_row(columns, count, rows, message);
        rows++;
    }
    close_connection(&connection, &out);
    struct span elapsed = since(start);
    columns_report(elapsed, columns, count, rows, argv[1][0] ? argv[1] : NULL);
}
