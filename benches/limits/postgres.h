/* A client of PostgreSQL that does nothing but send and receive: protocol 3.0 over a plain socket, without TLS, for a
   server that trusts it (protocol-message-formats in PostgreSQL's manual). */
#ifndef BENCHES_POSTGRES_H
#define BENCHES_POSTGRES_H

#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common.h"

/* What was received and not yet looked at is buffer[start..end]. */
struct connection {
    int fd;
    unsigned char *buffer;
    size_t start, end, capacity;
};

/* A received message: its type and what follows the length. */
struct message {
    char type;
    const unsigned char *body;
    size_t length;
};

/* Messages that are being put together. */
struct outgoing {
    unsigned char bytes[65536];
    size_t length, message;
};

static inline uint16_t get16(const unsigned char *at) { uint16_t v; memcpy(&v, at, 2); return be16toh(v); }
static inline uint32_t get32(const unsigned char *at) { uint32_t v; memcpy(&v, at, 4); return be32toh(v); }
static inline uint64_t get64(const unsigned char *at) { uint64_t v; memcpy(&v, at, 8); return be64toh(v); }

static inline void put(struct outgoing *out, const void *data, size_t size) {
    if (size > sizeof out->bytes - out->length) die("message", "too long");
    memcpy(out->bytes + out->length, data, size);
    out->length += size;
}

static inline void put16(struct outgoing *out, uint16_t value) { value = htobe16(value); put(out, &value, 2); }
static inline void put32(struct outgoing *out, uint32_t value) { value = htobe32(value); put(out, &value, 4); }
static inline void put64(struct outgoing *out, uint64_t value) { value = htobe64(value); put(out, &value, 8); }
static inline void put_text(struct outgoing *out, const char *text) { put(out, text, strlen(text) + 1); }

/* Starts a message; type 0 is the start-up message, which has none. */
static inline void begin(struct outgoing *out, char type) {
    if (type) put(out, &type, 1);
    out->message = out->length;
    put32(out, 0);
}

/* Writes the length of the message that was begun last. */
static inline void end(struct outgoing *out) {
    uint32_t length = htobe32((uint32_t)(out->length - out->message));
    memcpy(out->bytes + out->message, &length, 4);
}

static inline void send_all(struct connection *connection, const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t sent = send(connection->fd, at, size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            die("send", strerror(errno));
        }
        at += sent;
        size -= (size_t)sent;
    }
}

static inline void flush(struct connection *connection, struct outgoing *out) {
    send_all(connection, out->bytes, out->length);
    out->length = 0;
}

/* Has at least `size` unread bytes in the buffer, the message that starts there in one piece. */
static inline void fill_buffer(struct connection *connection, size_t size) {
    size_t unread = connection->end - connection->start;
    memmove(connection->buffer, connection->buffer + connection->start, unread);
    connection->start = 0;
    connection->end = unread;
    if (size > connection->capacity) {
        connection->capacity = 2 * size;
        connection->buffer = allocate(connection->buffer, connection->capacity);
    }
    while (connection->end < size) {
        ssize_t got = recv(connection->fd, connection->buffer + connection->end, connection->capacity - connection->end, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die("recv", strerror(errno));
        if (got == 0) die("recv", "the server closed the connection");
        connection->end += (size_t)got;
    }
}

/* The next message, whatever it is but an error, which ends the program. It stays valid until the next call. */
static inline struct message receive(struct connection *connection) {
    if (connection->end - connection->start < 5) fill_buffer(connection, 5);
    const unsigned char *at = connection->buffer + connection->start;
    size_t size = 1 + (size_t)get32(at + 1);
    if (size < 5) die("recv", "a message without a length");
    if (connection->end - connection->start < size) {
        fill_buffer(connection, size);
        at = connection->buffer + connection->start;
    }
    connection->start += size;
    struct message message = {.type = (char)at[0], .body = at + 5, .length = size - 5};
    if (message.type == 'E') {
        /* Fields: a letter and a text each; M is the message. */
        const char *field = (const char *)message.body;
        while (*field && *field != 'M') field += strlen(field) + 1;
        die("server", *field ? field + 1 : "an error without a message");
    }
    return message;
}

/* Reads until a message of this type; what comes before it is of no interest. */
static inline void await(struct connection *connection, char type) {
    while (receive(connection).type != type) {}
}

static inline int open_socket(const char *host, const char *port) {
    if (host[0] == '/') {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%s", host, port) >= sizeof address.sun_path)
            die(host, "too long for a socket");
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die(address.sun_path, strerror(errno));
        return fd;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *addresses;
    int code = getaddrinfo(host, port, &hints, &addresses);
    if (code != 0) die(host, gai_strerror(code));
    for (struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol), on = 1;
        if (fd >= 0 && connect(fd, address->ai_addr, address->ai_addrlen) == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            freeaddrinfo(addresses);
            return fd;
        }
        if (fd >= 0) close(fd);
    }
    die(host, strerror(errno));
}

/* Sends a statement that gives no rows that matter, and waits until the server is ready again. */
static inline void run(struct connection *connection, struct outgoing *out, const char *sql) {
    begin(out, 'Q');
    put_text(out, sql);
    end(out);
    flush(connection, out);
    await(connection, 'Z');
}

/* Connects and logs in; `where` is HOST PORT USER DATABASE, a host with a slash being the directory of a socket. */
static inline struct connection open_connection(char **where, struct outgoing *out) {
    struct connection connection = {.fd = open_socket(where[0], where[1]), .capacity = 1 << 18};
    connection.buffer = allocate(NULL, connection.capacity);
    begin(out, 0);
    put32(out, 3 << 16);
    put_text(out, "user");
    put_text(out, where[2]);
    put_text(out, "database");
    put_text(out, where[3]);
    put_text(out, "client_encoding");
    put_text(out, "UTF8");
    put_text(out, "");
    end(out);
    flush(&connection, out);
    struct message message;
    while ((message = receive(&connection)).type != 'Z')
        if (message.type == 'R' && get32(message.body) != 0) die("login", "the limits know no passwords: trust the connection");
    return connection;
}

static inline void close_connection(struct connection *connection, struct outgoing *out) {
    begin(out, 'X');
    end(out);
    flush(connection, out);
    close(connection->fd);
}

/* Lets the backend's allocator keep its memory: a fresh one gives its heap back after every wide row and faults it in
   again for the next. Any client may send this, so the limit of all clients has to. */
static inline void warm_up(struct connection *connection, struct outgoing *out) {
    run(connection, out, "SELECT length(repeat('x', 3000000))");
}

static inline void put_parse(struct outgoing *out, const char *statement, const char *sql) {
    begin(out, 'P');
    put_text(out, statement);
    put_text(out, sql);
    put16(out, 0);
    end(out);
}

/* Binds int8 parameters, asks for binary results, executes and closes the turn. */
static inline void put_execute(struct outgoing *out, const char *statement, const int64_t *parameters, size_t count) {
    begin(out, 'B');
    put_text(out, "");
    put_text(out, statement);
    put16(out, 1);
    put16(out, 1);
    put16(out, (uint16_t)count);
    for (size_t i = 0; i < count; i++) {
        put32(out, 8);
        put64(out, (uint64_t)parameters[i]);
    }
    put16(out, 1);
    put16(out, 1);
    end(out);
    begin(out, 'E');
    put_text(out, "");
    put32(out, 0);
    end(out);
    begin(out, 'S');
    end(out);
}

/* Parameters from the command line. */
static inline size_t parse_parameters(char **arguments, int count, int64_t *parameters, size_t most) {
    if ((size_t)count > most) die("usage", "too many parameters");
    for (int i = 0; i < count; i++) parameters[i] = strtoll(arguments[i], NULL, 10);
    return (size_t)count;
}

#endif
