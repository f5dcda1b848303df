// pipe2, environ and MSG_NOSIGNAL are extensions.
#define _GNU_SOURCE 1

#include "CPosix.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int sectile_socket_pair(int *ends) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

int sectile_pipe(int *ends) {
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return 0;
}

int64_t sectile_send(int socket, const void *bytes, size_t count, int waits) {
    for (;;) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL | (waits ? 0 : MSG_DONTWAIT));
        if (sent >= 0) return sent;
        if (errno != EINTR) return -errno;
    }
}

int64_t sectile_receive(int socket, void *bytes, size_t count, int waits) {
    for (;;) {
        ssize_t got = recv(socket, bytes, count, waits ? 0 : MSG_DONTWAIT);
        if (got >= 0) return got;
        if (errno != EINTR) return -errno;
    }
}

int sectile_spawn(const char *path, char *const arguments[], int input, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    pid_t child = 0;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure != 0) return -failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -failure;
    }
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    failure = posix_spawn_file_actions_adddup2(&actions, input, 0);
    if (failure == 0) failure = posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (failure == 0) failure = posix_spawn_file_actions_adddup2(&actions, output, 2);
    if (failure == 0)
        failure = posix_spawn(&child, path, &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure == 0 ? (int)child : -failure;
}

int sectile_reap(
    int process, int waits, int *signal_number, int *exit_code, int64_t *peak_kibibytes) {
    int status = 0;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    for (;;) {
        pid_t ended = wait4(process, &status, waits ? 0 : WNOHANG, &usage);
        if (ended == 0) return 0;
        if (ended == process) break;
        if (errno != EINTR) return -errno;
    }
    *signal_number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *peak_kibibytes = (int64_t)usage.ru_maxrss;
    return 1;
}

int sectile_limit_data(uint64_t bytes) {
    struct rlimit limit = {(rlim_t)bytes, (rlim_t)bytes};
    return setrlimit(RLIMIT_DATA, &limit) == 0 ? 0 : -errno;
}
