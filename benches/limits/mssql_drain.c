/* mssql_drain HOST PORT USER PASSWORD DATABASE SQL [PACKET_SIZE]: takes a query's response off the socket, packet by packet, and drops
   it. What the server and the socket take: no reader on one connection can be faster. TDS 7.4 over a plain socket
   ([MS-TDS] 2.2.3 packets, 2.2.6.4 LOGIN7, 2.2.6.5 PRELOGIN, 2.2.6.7 SQLBatch). */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

enum { BATCH = 0x01, LOGIN = 0x10, PRELOGIN = 0x12, END = 0x01, HEADER = 8, LOGIN_FIXED = 94, PACKET = 4096 };

/* A message of one packet that is being put together, behind the place of its header. */
struct outgoing { unsigned char bytes[PACKET]; size_t length; };

static void put(struct outgoing *out, const void *data, size_t size) {
    if (size > sizeof out->bytes - out->length) die("message", "too long");
    memcpy(out->bytes + out->length, data, size);
    out->length += size;
}

static void put_number(struct outgoing *out, uint64_t value, size_t size) { put(out, &value, size); }

/* ASCII as UTF-16. */
static void put_text(struct outgoing *out, const char *text) {
    for (; *text; text++) put_number(out, (unsigned char)*text, 2);
}

static void send_message(int fd, struct outgoing *out, unsigned char kind) {
    const unsigned char header[HEADER] = {kind, END, (unsigned char)(out->length >> 8), (unsigned char)out->length, 0, 0, 1, 0};
    memcpy(out->bytes, header, HEADER);
    for (size_t sent = 0; sent < out->length;) {
        ssize_t now = send(fd, out->bytes + sent, out->length - sent, MSG_NOSIGNAL);
        if (now < 0 && errno != EINTR) die("send", strerror(errno));
        if (now > 0) sent += (size_t)now;
    }
    out->length = HEADER;
}

/* Reads a response to the end of its last packet; gives its bytes. Only the headers of packets are looked at. */
static size_t drain(int fd) {
    static unsigned char buffer[1 << 18];
    unsigned char header[HEADER];
    size_t total = 0, in_header = 0, in_body = 0;
    for (int last = 0; !last || in_body;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die("recv", strerror(errno));
        if (got == 0) die("recv", "the server closed the connection");
        total += (size_t)got;
        for (size_t at = 0; at < (size_t)got;) {
            size_t left = (size_t)got - at;
            if (in_body) {
                size_t now = left < in_body ? left : in_body;
                at += now;
                in_body -= now;
                continue;
            }
            size_t now = left < HEADER - in_header ? left : HEADER - in_header;
            memcpy(header + in_header, buffer + at, now);
            at += now;
            in_header += now;
            if (in_header == HEADER) {
                size_t length = (size_t)header[2] << 8 | header[3];
                if (length < HEADER) die("recv", "a packet without a length");
                last = header[1] & END;
                in_body = length - HEADER;
                in_header = 0;
            }
        }
    }
    return total;
}

static int open_socket(const char *host, const char *port) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
    int failure = getaddrinfo(host, port, &wanted, &found), on = 1;
    if (failure) die(host, gai_strerror(failure));
    int fd = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen)) die("connect", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    freeaddrinfo(found);
    return fd;
}

static void prelogin(int fd, struct outgoing *out) {
    /* VERSION at 11 with 6 bytes, ENCRYPTION at 17 with 1: there is none. */
    const unsigned char options[] = {0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 0, 0, 0, 0, 0, 0, 2};
    put(out, options, sizeof options);
    send_message(fd, out, PRELOGIN);
    drain(fd);
}

static void login(int fd, struct outgoing *out, const char *user, const char *password, const char *database, unsigned size) {
    const char *texts[] = {"", user, password, "industrydb benches", "", "", "", "", database};
    size_t total = LOGIN_FIXED, offset = LOGIN_FIXED;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) total += 2 * strlen(texts[i]);
    put_number(out, total, 4);
    put_number(out, 0x74000004, 4); /* TDS 7.4 */
    put_number(out, size, 4);
    put_number(out, 0, 8); /* program's version, process */
    put_number(out, 0, 4); /* connection */
    put_number(out, 0x03E0, 4); /* option flags as everybody sets them: USE fails if it fails, language, ODBC */
    put_number(out, 0, 8); /* time zone, locale */
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put_number(out, offset, 2);
        put_number(out, strlen(texts[i]), 2);
        offset += 2 * strlen(texts[i]);
    }
    put_number(out, 0, 6); /* client's address */
    for (int i = 0; i < 3; i++) { /* integrated login, file to attach, new password: none */
        put_number(out, offset, 2);
        put_number(out, 0, 2);
    }
    put_number(out, 0, 4);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t start = out->length;
        put_text(out, texts[i]);
        if (texts[i] != password) continue;
        for (size_t at = start; at < out->length; at++) {
            unsigned char byte = out->bytes[at];
            out->bytes[at] = (unsigned char)(byte << 4 | byte >> 4) ^ 0xA5;
        }
    }
    send_message(fd, out, LOGIN);
    drain(fd);
}

int main(int argc, char **argv) {
    if (argc < 7 || argc > 8) die("usage", "mssql_drain HOST PORT USER PASSWORD DATABASE SQL [PACKET_SIZE]");
    static struct outgoing out = {.length = HEADER};
    unsigned size = argc == 8 ? (unsigned)strtoul(argv[7], NULL, 10) : PACKET;

    struct span start = now();
    int fd = open_socket(argv[1], argv[2]);
    prelogin(fd, &out);
    login(fd, &out, argv[3], argv[4], argv[5], size);
    put_number(&out, 22, 4); /* headers, with one that says there is no transaction */
    put_number(&out, 18, 4);
    put_number(&out, 2, 2);
    put_number(&out, 0, 8);
    put_number(&out, 1, 4);
    put_text(&out, argv[6]);
    send_message(fd, &out, BATCH);
    size_t received = drain(fd);
    close(fd);
    report(since(start), 0, "received", (double)received);
}
