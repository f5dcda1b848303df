#ifndef SECTILE_CPOSIX_H
#define SECTILE_CPOSIX_H

// Child processes, and one exchange over TCP: what Swift's Glibc module does not offer, or spells so that it cannot be used.
// Failures are returned as -errno: errno is a thread-local macro, and a Swift caller could disturb it
// before reading it.

#include <stddef.h>
#include <stdint.h>

// A connected pair of stream sockets, closed on exec.
int sectile_socket_pair(int *ends);

// A pipe; the end that is read does not block; both are closed on exec.
int sectile_pipe(int *ends);

// Returns the count or -errno; a peer that is gone is an error, not a signal.
int64_t sectile_send(int socket, const void *bytes, size_t count, int waits);

// Returns the count, 0 at the end, or -errno.
int64_t sectile_receive(int socket, void *bytes, size_t count, int waits);

// Starts a program in a process group of its own, with this process' environment, `input` as standard
// input and `output` as standard output and error. No signal is blocked or ignored there, whatever this
// process does with its own. Returns the process number or -errno.
int sectile_spawn(const char *path, char *const arguments[], int input, int output);

// Takes note of the end of a child: 1 when it has ended, 0 when it has not, -errno on failure.
// `signal_number` is 0 after an exit.
int sectile_reap(
    int process, int waits, int *signal_number, int *exit_code, int64_t *peak_kibibytes);

// Limits private writable memory of this process (RLIMIT_DATA).
int sectile_limit_data(uint64_t bytes);

// Sends a request and reads until the other side ends the connection, within a time (the look-up of a
// name, which a metadata service has none of, not counted). Returns the count, or -errno; an answer
// that fills `capacity` is an error.
int64_t sectile_exchange(
    const char *host, const char *port, const void *request, size_t request_count, void *answer,
    size_t capacity, int timeout_milliseconds);

#endif
