/* postgres_copy FILE HOST PORT USER DATABASE CREATE COPY: sends a file in COPY's binary format, which it brings into
   memory first (not timed). What is timed is connect, CREATE and COPY in one transaction, commit, close. */
#include "postgres.h"

#define CHUNK 65536

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) die(path, "cannot open");
    if (fseek(file, 0, SEEK_END) != 0) die(path, "cannot seek");
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = allocate(NULL, *size + 1);
    if (fread(data, 1, *size, file) != *size) die(path, "cannot read");
    fclose(file);
    return data;
}

int main(int argc, char **argv) {
    if (argc != 8) die("usage", "postgres_copy FILE HOST PORT USER DATABASE CREATE COPY");
    static struct outgoing out;
    size_t size;
    unsigned char *data = read_file(argv[1], &size);

    struct span start = now();
    struct connection connection = open_connection(argv + 2, &out);
    run(&connection, &out, "BEGIN");
    run(&connection, &out, argv[6]);
    begin(&out, 'Q');
    put_text(&out, argv[7]);
    end(&out);
    flush(&connection, &out);
    await(&connection, 'G');
    for (size_t at = 0; at < size; at += CHUNK) {
        size_t part = size - at < CHUNK ? size - at : CHUNK;
        unsigned char head[5] = {'d'};
        uint32_t length = htobe32((uint32_t)part + 4);
        memcpy(head + 1, &length, 4);
        struct iovec parts[2] = {{head, sizeof head}, {data + at, part}};
        struct msghdr whole = {.msg_iov = parts, .msg_iovlen = 2};
        ssize_t sent = sendmsg(connection.fd, &whole, MSG_NOSIGNAL);
        if (sent < (ssize_t)sizeof head) die("send", sent < 0 ? strerror(errno) : "not even a head");
        send_all(&connection, data + at + ((size_t)sent - sizeof head), part - ((size_t)sent - sizeof head));
    }
    begin(&out, 'c');
    end(&out);
    flush(&connection, &out);
    struct message message;
    while ((message = receive(&connection)).type != 'C') {}
    if (message.length < 6 || memcmp(message.body, "COPY ", 5) != 0) die("COPY", "no count of rows");
    size_t rows = strtoull((const char *)message.body + 5, NULL, 10);
    await(&connection, 'Z');
    run(&connection, &out, "COMMIT");
    close_connection(&connection, &out);
    report(since(start), rows, "sent", (double)size);
}
