/* postgres_drain HOST PORT USER DATABASE SQL [PARAMETER…]: takes the binary rows of a query off the socket and drops
   them. What the server and the socket take: no reader on one connection can be faster. */
#include "postgres.h"

int main(int argc, char **argv) {
    if (argc < 6) die("usage", "postgres_drain HOST PORT USER DATABASE SQL [PARAMETER…]");
    static struct outgoing out;
    int64_t parameters[8];
    size_t count = parse_parameters(argv + 6, argc - 6, parameters, 8), rows = 0, bytes = 0;

    struct span start = now();
    struct connection connection = open_connection(argv + 1, &out);
    warm_up(&connection, &out);
    put_parse(&out, "", argv[5]);
    put_execute(&out, "", parameters, count);
    flush(&connection, &out);
    struct message message;
    while ((message = receive(&connection)).type != 'Z') {
        rows += message.type == 'D';
        bytes += message.length + 5;
    }
    close_connection(&connection, &out);
    report(since(start), rows, "received", (double)bytes);
}
