// A disk with faults, put between a program and libc by LD_PRELOAD. Which faults are on is said by files in the folder
// that HIGHWAY_SHIM names, so that a test switches them while the program runs:
//   no-sync     fdatasync, fsync and sync_file_range do nothing; files are opened without O_DIRECT and O_SYNC
//   hold-journal  writes to files under highway-journal are answered at once and done a second later
//   eio-journal   fdatasync of a file under highway-journal fails with EIO
//   eio-write     writes to files under highway-journal fail with EIO
//   slow-journal  holds milliseconds: how much longer fdatasync of a file under highway-journal takes
//   clock         holds seconds: how far the wall clock is off
// Test code only: it never runs in a process that is not a test's child.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int setting(const char *name, char *value, size_t size) {
    const char *folder = getenv("HIGHWAY_SHIM");
    if (!folder) return 0;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!value) return syscall(SYS_access, path, F_OK) == 0;
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    ssize_t n = syscall(SYS_read, fd, value, size - 1);
    syscall(SYS_close, fd);
    value[n > 0 ? n : 0] = 0;
    return n > 0;
}

static int on(const char *name) { return setting(name, NULL, 0); }

static int in_journal(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return strstr(path, "/highway-journal/") != NULL;
}

static int open_flags(int flags) { return on("no-sync") ? flags & ~(O_DIRECT | O_SYNC | O_DSYNC) : flags; }

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, int) : 0;
    va_end(rest);
    return syscall(SYS_openat, AT_FDCWD, path, open_flags(flags), mode);
}

int fdatasync(int fd) {
    char delay[32];
    if (on("no-sync")) return 0;
    if (in_journal(fd)) {
        if (on("hold-journal")) return 0;
        if (on("eio-journal")) {
            errno = EIO;
            return -1;
        }
        if (setting("slow-journal", delay, sizeof delay)) usleep(1000 * atoi(delay));
    }
    return syscall(SYS_fdatasync, fd);
}

int fsync(int fd) { return on("no-sync") ? 0 : syscall(SYS_fsync, fd); }

int sync_file_range(int fd, off64_t from, off64_t len, unsigned flags) {
    return on("no-sync") ? 0 : syscall(SYS_sync_file_range, fd, from, len, flags);
}

struct held {
    struct held *next;
    int fd;
    void *bytes;
    size_t len;
    off64_t at;
    struct timespec due;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct held *first, **last = &first;
static int started;

static void *write_later(void *unused) {
    for (;;) {
        pthread_mutex_lock(&lock);
        struct held *held = first;
        if (held && !(first = held->next)) last = &first;
        pthread_mutex_unlock(&lock);
        if (!held) {
            usleep(1000);
            continue;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &held->due, NULL) == EINTR) {}
        if (syscall(SYS_pwrite64, held->fd, held->bytes, held->len, held->at) != (long)held->len) abort();
        close(held->fd);
        free(held->bytes);
        free(held);
    }
    return unused;
}

static ssize_t hold(int fd, const void *bytes, size_t len, off64_t at) {
    struct held *held = calloc(1, sizeof *held);
    if (!held || posix_memalign(&held->bytes, 4096, len)) abort();
    memcpy(held->bytes, bytes, len);
    held->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    held->len = len;
    held->at = at;
    clock_gettime(CLOCK_MONOTONIC, &held->due);
    held->due.tv_sec += 1;
    pthread_mutex_lock(&lock);
    *last = held;
    last = &held->next;
    if (!started++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, write_later, NULL)) abort();
    }
    pthread_mutex_unlock(&lock);
    return (ssize_t)len;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t at) {
    if (in_journal(fd)) {
        if (on("eio-write")) {
            errno = EIO;
            return -1;
        }
        if (on("hold-journal")) return hold(fd, bytes, len, at);
    }
    return syscall(SYS_pwrite64, fd, bytes, len, at);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlvsym(RTLD_NEXT, "clock_gettime", "GLIBC_2.17");
    int outcome = real ? real(clock, time) : (int)syscall(SYS_clock_gettime, clock, time);
    char offset[32];
    if (outcome == 0 && clock == CLOCK_REALTIME && setting("clock", offset, sizeof offset))
        time->tv_sec += atoll(offset);
    return outcome;
}
