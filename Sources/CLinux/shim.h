#ifndef SECTILE_CLINUX_SHIM_H
#define SECTILE_CLINUX_SHIM_H

// Linux calls that Swift's Glibc module does not offer, as static inline functions so that no
// object file is needed. Failures are returned as -errno: errno is a thread-local macro, and a
// Swift caller could disturb it before reading it.

#ifndef _GNU_SOURCE
// cpu_set_t, CPU_COUNT and sched_getaffinity are GNU extensions.
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

// <sys/eventfd.h> is not part of the Glibc module map.
static inline int sectile_eventfd_create(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

// Adds one to the counter. A counter at its maximum is signalled already: EAGAIN is success.
static inline int sectile_eventfd_signal(int descriptor) {
    const uint64_t one = 1;
    for (;;) {
        ssize_t written = write(descriptor, &one, sizeof one);
        if (written == (ssize_t)sizeof one || (written < 0 && errno == EAGAIN)) return 0;
        if (written < 0 && errno != EINTR) return -errno;
    }
}

// Resets the counter of an eventfd, or reads the expirations of a timerfd, and returns it;
// 0 when it was not signalled.
static inline int64_t sectile_counter_drain(int descriptor) {
    uint64_t count = 0;
    for (;;) {
        ssize_t got = read(descriptor, &count, sizeof count);
        if (got == (ssize_t)sizeof count) return (int64_t)(count & INT64_MAX);
        if (got < 0 && errno == EAGAIN) return 0;
        if (got < 0 && errno != EINTR) return -errno;
    }
}

// <sys/timerfd.h> is not part of the Glibc module map. CLOCK_BOOTTIME neither steps with the
// wall clock nor stands still while the machine is suspended.
static inline int sectile_timerfd_create(int64_t interval_nanoseconds) {
    int descriptor = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (descriptor < 0) return -errno;
    struct itimerspec schedule;
    memset(&schedule, 0, sizeof schedule);
    schedule.it_interval.tv_sec = (time_t)(interval_nanoseconds / 1000000000);
    schedule.it_interval.tv_nsec = (long)(interval_nanoseconds % 1000000000);
    schedule.it_value = schedule.it_interval;
    if (timerfd_settime(descriptor, 0, &schedule, NULL) != 0) {
        int failure = -errno;
        close(descriptor);
        return failure;
    }
    return descriptor;
}

// prctl is variadic. The signal arrives when the parent *thread* ends, so the caller must compare
// getppid() with the expected parent afterwards: it may have died before this call.
static inline int sectile_set_parent_death_signal(int signal_number) {
    return prctl(PR_SET_PDEATHSIG, (unsigned long)signal_number, 0, 0, 0) == 0 ? 0 : -errno;
}

// prctl is variadic. Orphaned grandchildren become children of this process, which can then
// kill and reap them.
static inline int sectile_set_child_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0, 0, 0) == 0 ? 0 : -errno;
}

// gettid is not reachable from the Glibc module on every distribution.
static inline int sectile_thread_id(void) { return (int)syscall(SYS_gettid); }

// CPU_COUNT is a macro. Returns the processors that this process may run on, which can be fewer
// than the machine has (taskset, cpuset cgroups, batch systems). The mask is grown for machines
// of more than 1,024 processors, where a plain cpu_set_t fails with EINVAL.
static inline int sectile_affinity_processor_count(void) {
    unsigned long mask[8192 / (8 * sizeof(unsigned long))];
    memset(mask, 0, sizeof mask);
    if (sched_getaffinity(0, sizeof mask, (cpu_set_t *)mask) != 0) return -errno;
    return CPU_COUNT_S(sizeof mask, (cpu_set_t *)mask);
}

// `struct statfs` and the function `statfs` share a name, which Swift resolves to the type only.
// Returns the magic number of the file system (see statfs(2)), or -errno.
static inline int64_t sectile_file_system_type(const char *path) {
    struct statfs information;
    while (statfs(path, &information) != 0) {
        if (errno != EINTR) return -(int64_t)errno;
    }
    return (int64_t)(uint32_t)information.f_type;
}

#if defined(__x86_64__) || defined(__i386__)
static inline uint64_t sectile_extended_control_register(void) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static inline size_t sectile_append_word(char *text, size_t used, size_t capacity, const char *word) {
    size_t length = strlen(word);
    size_t gap = used > 0 ? 1 : 0;
    if (used + gap + length + 1 > capacity) return used;
    if (gap) text[used] = ' ';
    memcpy(text + used + gap, word, length + 1);
    return used + gap + length;
}
#endif

// cpuid is an instruction. Writes the processor's brand string, NUL-terminated, and returns its
// length; an empty string on processors other than x86.
static inline size_t sectile_cpu_model(char *text, size_t capacity) {
    if (capacity == 0) return 0;
    text[0] = 0;
#if defined(__x86_64__) || defined(__i386__)
    unsigned int brand[13] = {0};
    if (__get_cpuid_max(0x80000000u, NULL) < 0x80000004u) return 0;
    for (unsigned int leaf = 0; leaf < 3; leaf++) {
        __get_cpuid(
            0x80000002u + leaf, &brand[4 * leaf], &brand[4 * leaf + 1], &brand[4 * leaf + 2],
            &brand[4 * leaf + 3]);
    }
    const char *start = (const char *)brand;
    while (*start == ' ') start++;
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ') length--;
    if (length > capacity - 1) length = capacity - 1;
    memcpy(text, start, length);
    text[length] = 0;
    return length;
#else
    return 0;
#endif
}

// cpuid is an instruction. Writes the names of the instruction-set extensions that both the
// processor and the operating system support, in a fixed order and separated by spaces, and
// returns the length; an empty string on processors other than x86. AVX registers count only
// where the system saves them on a context switch (xgetbv).
static inline size_t sectile_cpu_features(char *text, size_t capacity) {
    if (capacity == 0) return 0;
    text[0] = 0;
#if defined(__x86_64__) || defined(__i386__)
    unsigned int a, b, c, d, b7 = 0, c7 = 0, d7 = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
    uint64_t saved = (c & (1u << 27)) ? sectile_extended_control_register() : 0;
    int avx = (saved & 0x6) == 0x6;
    int avx512 = (saved & 0xe6) == 0xe6;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) { b7 = c7 = d7 = 0; }
    const struct {
        int present;
        const char *name;
    } features[] = {
        {(d >> 26) & 1, "sse2"},
        {(c >> 0) & 1, "sse3"},
        {(c >> 9) & 1, "ssse3"},
        {(c >> 19) & 1, "sse4.1"},
        {(c >> 20) & 1, "sse4.2"},
        {(c >> 23) & 1, "popcnt"},
        {avx && ((c >> 28) & 1), "avx"},
        {avx && ((c >> 29) & 1), "f16c"},
        {avx && ((c >> 12) & 1), "fma"},
        {(b7 >> 3) & 1, "bmi1"},
        {(b7 >> 8) & 1, "bmi2"},
        {avx && ((b7 >> 5) & 1), "avx2"},
        {avx512 && ((b7 >> 16) & 1), "avx512f"},
        {avx512 && ((b7 >> 17) & 1), "avx512dq"},
        {avx512 && ((b7 >> 28) & 1), "avx512cd"},
        {avx512 && ((b7 >> 30) & 1), "avx512bw"},
        {avx512 && ((b7 >> 31) & 1), "avx512vl"},
        {avx512 && ((c7 >> 11) & 1), "avx512vnni"},
    };
    size_t used = 0;
    for (size_t index = 0; index < sizeof features / sizeof features[0]; index++) {
        if (features[index].present) {
            used = sectile_append_word(text, used, capacity, features[index].name);
        }
    }
    return used;
#else
    return 0;
#endif
}

#endif
