// Clock and address lookup are extensions in some modes.
#define _GNU_SOURCE 1

#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// Waits until the socket is ready or the time is over; 0 when it is ready.
static int await_socket(int descriptor, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - now_milliseconds();
        if (left <= 0) return -ETIMEDOUT;
        struct pollfd item = {descriptor, events, 0};
        int ready = poll(&item, 1, (int)left);
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return -errno;
    }
}

static int64_t exchange(
    int descriptor, const struct addrinfo *address, const void *request, size_t request_count,
    void *answer, size_t capacity, int64_t deadline) {
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0 && errno != EINPROGRESS)
        return -errno;
    int failure = await_socket(descriptor, POLLOUT, deadline);
    if (failure != 0) return failure;
    size_t sent = 0, got = 0;
    while (sent < request_count) {
        ssize_t count = send(
            descriptor, (const char *)request + sent, request_count - sent, MSG_NOSIGNAL);
        if (count > 0) {
            sent += (size_t)count;
        } else if (errno == EAGAIN) {
            failure = await_socket(descriptor, POLLOUT, deadline);
            if (failure != 0) return failure;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    while (got < capacity) {
        failure = await_socket(descriptor, POLLIN, deadline);
        if (failure != 0) return failure;
        ssize_t count = recv(descriptor, (char *)answer + got, capacity - got, 0);
        if (count == 0) return (int64_t)got;
        if (count > 0) {
            got += (size_t)count;
        } else if (errno != EINTR && errno != EAGAIN) {
            return -errno;
        }
    }
    return -EMSGSIZE;
}

int64_t sectile_exchange(
    const char *host, const char *port, const void *request, size_t request_count, void *answer,
    size_t capacity, int timeout_milliseconds) {
    int64_t deadline = now_milliseconds() + timeout_milliseconds;
    struct addrinfo hints, *addresses = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(host, port, &hints, &addresses) != 0) return -EHOSTUNREACH;
    int64_t result = -EHOSTUNREACH;
    for (struct addrinfo *address = addresses; address != NULL; address = address->ai_next) {
        int descriptor = socket(
            address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, address->ai_protocol);
        if (descriptor < 0) {
            result = -errno;
            continue;
        }
        result = exchange(
            descriptor, address, request, request_count, answer, capacity, deadline);
        close(descriptor);
        if (result >= 0) break;
    }
    freeaddrinfo(addresses);
    return result;
}
