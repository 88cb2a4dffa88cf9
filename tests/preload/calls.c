/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls [CASE]: a program that talks to the device by the C library's functions, and is linked with
 * nothing of this project. Run with the preloaded library. Each case runs in a process of its own;
 * without one all of them do. It is compiled with 64-bit offsets, fortified, and plainly.
 */
#include "calls.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>

static int constructor_fd = -1;

/* Where the host has the device, these cases would be about that: a symbolic link of another name
 * leads Linux there, and so does the library before the C library has read the environment. */
static int host_has_device(void) { return access("/dev/ums", F_OK) == 0; }

/* Before all constructors, the library's own included. */
static void open_early(int count, char** words, char** environment) {
  (void)words;
  (void)environment;
  if (count == 2 && strcmp(words[1], "early") == 0) constructor_fd = open("/dev/ums", O_RDONLY);
}
__attribute__((section(".preinit_array"), used)) static void (*early)(int, char**,
                                                                      char**) = open_early;

static void early_case(void) {
  if (host_has_device()) return;
  CHECK(constructor_fd >= 0);
  CHECK(new_list(constructor_fd) == 1);
}

/* ---- open */

static void opens(const char* path) {
  const int fd = open(path, O_RDONLY);
  if (fd < 0) fprintf(stderr, "calls: %s\n", path);
  CHECK(fd >= 0);
  CHECK(new_list(fd) == 1);
  CHECK(close(fd) == 0);
}

static void open_forms(void) {
  volatile int flags = O_RDONLY; /* not constant: fortified, it is checked when it runs */
  const int folder = open("/dev", O_RDONLY | O_DIRECTORY);
  const int fds[] = {open("/dev/ums", flags),      open("/dev/ums", O_RDONLY | O_CREAT, 0600),
                     open64("/dev/ums", flags),    openat(AT_FDCWD, "/dev/ums", flags),
                     openat(folder, "ums", flags), openat64(folder, "./ums", flags)};
  CHECK(fds[0] >= 0);
  for (size_t i = 1; i < sizeof fds / sizeof fds[0]; ++i) CHECK(fds[i] == -1);
  CHECK(errno == ENOMEM); /* the thread's second */
  CHECK(close(fds[0]) == 0);
  for (int form = 0; form < 6; ++form) {
    const int fd = form == 0   ? open("/dev/ums", flags)
                   : form == 1 ? open("/dev/ums", O_RDONLY | O_CREAT, 0600)
                   : form == 2 ? open64("/dev/ums", flags)
                   : form == 3 ? openat(AT_FDCWD, "/dev/ums", flags)
                   : form == 4 ? openat(folder, "ums", flags)
                               : openat64(folder, "./ums", flags);
    CHECK(fd >= 0 && new_list(fd) == 1 && close(fd) == 0);
  }
}

static void open_errors(void) {
  volatile int mode = O_RDWR;
  FAILS(open("/dev/ums", mode), EACCES);
  FAILS(open("/dev/ums", O_WRONLY), EACCES);
  FAILS(creat("/dev/ums", 0600), EACCES);
  FAILS(creat64("/dev/ums", 0600), EACCES);
  FAILS(open("/dev/ums", O_RDONLY | O_DIRECTORY), ENOTDIR);
  const char* volatile nowhere = NULL;
  FAILS(open(nowhere, O_RDONLY), EFAULT);
  FAILS(open(nowhere + 1, O_RDONLY), EFAULT);
  FAILS(open(nowhere - 1, O_RDONLY), EFAULT);
  FAILS(open("/dev/umsx", O_RDONLY), ENOENT);
  FAILS(open("/dev/xums", O_RDONLY), ENOENT);
  FAILS(open("/tmp/no-such-folder/ums", O_RDONLY), ENOENT);
  FAILS(open("/dev/null/ums", O_RDONLY), ENOTDIR);
  FAILS(openat(4711, "ums", O_RDONLY), EBADF);
}

static void spellings(void) {
  opens("/dev/ums");
  opens("/dev//ums");
  opens("//dev/ums");
  opens("/dev/./ums");
  opens("/dev/../dev/ums");
  opens("/proc/self/root/dev/ums");
  CHECK(chdir("/") == 0);
  opens("dev/ums");
  CHECK(chdir("/dev") == 0);
  opens("ums");
  opens("./ums");
}

static void links(void) {
  if (host_has_device()) return;
  char folder[] = "/tmp/ums-links-XXXXXX";
  CHECK(mkdtemp(folder) != NULL && chdir(folder) == 0);
  CHECK(symlink("/dev/ums", "device") == 0 && symlink("device", "again") == 0);
  CHECK(symlink("/dev", "folder") == 0 && symlink("nothing", "dangling") == 0);
  CHECK(symlink("loop", "loop") == 0 && symlink("../../dev/ums", "ums") == 0);
  opens("device");
  opens("again");
  opens("./device");
  opens("folder/ums");
  opens("ums");
  FAILS(open("dangling", O_RDONLY), ENOENT);
  FAILS(open("loop", O_RDONLY), ELOOP);
  FAILS(open("device", O_RDONLY | O_NOFOLLOW), ELOOP);
  const char* const names[] = {"device", "again", "folder", "dangling", "loop", "ums"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) CHECK(unlink(names[i]) == 0);
  CHECK(rmdir(folder) == 0);
}

static void other_files(void) {
  char name[] = "/tmp/ums-file-XXXXXX";
  const int made = mkstemp(name);
  CHECK(made >= 0 && close(made) == 0 && unlink(name) == 0);
  const int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0640);
  struct stat status;
  CHECK(fd >= 0 && fstat(fd, &status) == 0 && (status.st_mode & 0777) == 0640);
  FAILS(ioctl(fd, IOCTL_EXIT_UMS), ENOTTY);
  CHECK(dup2(fd, 77) == 77 && close(77) == 0 && close(fd) == 0);
  FAILS(close(fd), EBADF);
  FAILS(dup(fd), EBADF);
  FAILS(fcntl(fd, F_DUPFD, 0), EBADF);
  CHECK(unlink(name) == 0);
  errno = 4711; /* success leaves it alone */
  const int device = device_open();
  CHECK(new_list(device) == 1 && close(dup(device)) == 0 && close(device) == 0);
  CHECK(errno == 4711);
}

/* ---- ioctl */

static void requests(void) {
  const int fd = device_open();
  CHECK(new_list(fd) == 1 && new_list(fd) == 2);
  CHECK(ioctl(fd, IOCTL_DELETE_UMS_CLIST, 1) == 0);
  FAILS(ioctl(fd, IOCTL_DELETE_UMS_CLIST, 1), EINVAL);
  FAILS(ioctl(fd, IOCTL_CREATE_UMS_CLIST, NULL), EACCES);
  FAILS(ioctl(fd, IOCTL_EXIT_UMS), ESRCH);
  FAILS(ioctl(fd, TCGETS, NULL), 524);
  int on = 1;
  CHECK(ioctl(fd, FIONBIO, &on) == 0 && ioctl(fd, FIOCLEX) == 0);
  CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
  CHECK((fcntl(fd, F_GETFL) & ~O_NONBLOCK) == LARGE_FILE);
  const int as_int = (int)IOCTL_CREATE_UMS_CLIST; /* sign-extended where it becomes an argument */
  CHECK(ioctl(fd, (unsigned long)as_int, &on) == 0);
}

/* ---- dup */

static void duplicates(void) {
  const int fd = device_open();
  const int copies[] = {dup(fd), dup2(fd, 100), dup3(fd, 101, O_CLOEXEC), fcntl(fd, F_DUPFD, 200),
                        fcntl(fd, F_DUPFD_CLOEXEC, 201)};
  const int cloexec[] = {0, 0, FD_CLOEXEC, 0, FD_CLOEXEC};
  CHECK(copies[1] == 100 && copies[2] == 101 && copies[3] == 200 && copies[4] == 201);
  for (int i = 0; i < 5; ++i) {
    CHECK(new_list(copies[i]) == i + 1);
    CHECK(fcntl(copies[i], F_GETFD) == cloexec[i]);
  }
  CHECK(dup2(fd, fd) == fd);
  FAILS(dup3(fd, fd, 0), EINVAL);
  FAILS(dup2(fd, -1), EBADF);
  FAILS(dup2(4711, fd), EBADF);
  CHECK(close(fd) == 0);
  for (int i = 0; i < 5; ++i) {
    FAILS(open("/dev/ums", O_RDONLY), ENOMEM); /* the file lives on */
    CHECK(new_list(copies[i]) == i + 6);
    CHECK(close(copies[i]) == 0);
    FAILS(ioctl(copies[i], IOCTL_EXIT_UMS), EBADF);
  }
  CHECK(new_list(device_open()) == 1); /* the pool went with its last descriptor */
}

static void replaced(void) {
  int ends[2];
  const int fd = device_open();
  CHECK(pipe(ends) == 0 && new_list(fd) == 1);
  CHECK(dup2(ends[0], fd) == fd);
  FAILS(ioctl(fd, IOCTL_EXIT_UMS), ENOTTY);
  const int second = device_open(); /* so the first is closed */
  CHECK(new_list(second) == 1);
  CHECK(dup3(ends[1], second, O_CLOEXEC) == second && write(second, "x", 1) == 1);
  const int third = device_open();
  CHECK(dup2(third, ends[0]) == ends[0] && new_list(ends[0]) == 1); /* over a pipe's */
}

/* ---- close */

static void ranges(void) {
  const int fd = device_open();
  CHECK(dup2(fd, 100) == 100 && dup2(fd, 101) == 101 && dup2(fd, 102) == 102);
  FAILS(close_range(102, 100, 0), EINVAL);
  FAILS(close_range(100, 102, 1 << 20), EINVAL);
  CHECK(close_range(100, 101, CLOSE_RANGE_CLOEXEC) == 0);
  CHECK(fcntl(100, F_GETFD) == FD_CLOEXEC && new_list(100) == 1);
  CHECK(close_range(100, 101, 0) == 0);
  FAILS(ioctl(100, IOCTL_EXIT_UMS), EBADF);
  FAILS(ioctl(101, IOCTL_EXIT_UMS), EBADF);
  CHECK(new_list(102) == 2);
  CHECK(close_range(102, ~0U, 0) == 0);
  CHECK(new_list(fd) == 3);
  closefrom(fd);
  FAILS(ioctl(fd, IOCTL_EXIT_UMS), EBADF);
  CHECK(new_list(device_open()) == 1);
}

/* Closed by the C library itself, which nobody sees; then the number is another file's. */
static void unseen(void) {
  const int fd = device_open();
  FILE* const stream = fdopen(fd, "r");
  CHECK(stream != NULL && fclose(stream) == 0);
  int ends[2];
  int bytes = -1;
  CHECK(pipe(ends) == 0 && ends[0] == fd);
  CHECK(ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 0);
  const int copy = dup(fd);
  CHECK(write(ends[1], "x", 1) == 1 && ioctl(copy, FIONREAD, &bytes) == 0 && bytes == 1);
  CHECK(close(fd) == 0 && close(copy) == 0);
  CHECK(new_list(device_open()) == 1);
}

/* ---- other processes */

static void forked(void) {
  const int fd = device_open();
  const pid_t child = fork();
  if (child == 0) {
    FAILS(ioctl(fd, IOCTL_EXIT_UMS), EBADF);
    FAILS(dup(fd), EBADF);
    FAILS(dup2(fd, 100), EBADF);
    CHECK(close(fd) == 0);
    FAILS(close(fd), EBADF);
    CHECK(new_list(device_open()) == 1);
    _exit(0);
  }
  CHECK(ends_well(child));
  CHECK(new_list(fd) == 1);
}

/* What the child of a vfork does to its descriptors is nothing to its parent's. */
static void vforked(void) {
  const int fd = device_open();
  int ends[2];
  CHECK(pipe(ends) == 0 && dup2(fd, 100) == 100);
  const pid_t child = vfork();
  if (child == 0) {
    const int ok = dup2(ends[0], fd) == fd && close(100) == 0 && close_range(3, 99, 0) == 0 &&
                   open("/dev/ums", O_RDONLY) == 3 && dup2(3, 50) == 50;
    closefrom(3);
    _exit(ok ? 0 : 1);
  }
  CHECK(ends_well(child));
  CHECK(new_list(fd) == 1 && new_list(100) == 2);
}

/* In a child that has its own first use of the device. */
static void vforked_first(void) {
  const pid_t child = vfork();
  if (child == 0) _exit(open("/dev/ums", O_RDONLY) >= 0 ? 0 : 1);
  CHECK(ends_well(child));
  CHECK(new_list(device_open()) == 1);
}

static void executed(void) {
  const int fd = dup2(device_open(), 100);
  char* words[] = {"calls", "inherited", NULL};
  pid_t child = -1;
  CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environ) == 0);
  CHECK(ends_well(child));
  CHECK(new_list(fd) == 1);
}

static void inherited(void) {
  char name[16] = "";
  CHECK(readlink("/proc/self/fd/100", name, sizeof name - 1) > 0);
  CHECK(strcmp(name, "/dev/null") == 0);
  FAILS(ioctl(100, IOCTL_EXIT_UMS), ENOTTY);
  CHECK(new_list(device_open()) == 1);
}

/* ---- syscall */

static void by_number(void) {
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, "/dev/ums", O_RDONLY, 0);
  CHECK(fd >= 0);
#ifdef SYS_open
  FAILS(syscall(SYS_open, "/dev/ums", O_RDONLY, 0), ENOMEM);
  FAILS(syscall(SYS_creat, "/dev/ums", 0600), EACCES);
  CHECK(syscall(SYS_dup2, fd, 100) == 100 && new_list(100) == 1);
#else
  CHECK(syscall(SYS_dup3, fd, 100, 0) == 100 && new_list(100) == 1);
#endif
  int id = 0;
  CHECK(syscall(SYS_ioctl, fd, IOCTL_CREATE_UMS_CLIST, &id) == 0 && id == 2);
  FAILS(syscall(SYS_ioctl, fd, IOCTL_EXIT_UMS), ESRCH);
  const int copy = (int)syscall(SYS_dup, fd);
  CHECK(syscall(SYS_dup3, copy, 101, O_CLOEXEC) == 101 && new_list(101) == 3);
  CHECK(syscall(SYS_fcntl, fd, F_DUPFD, 102) == 102 && new_list(102) == 4);
  CHECK(syscall(SYS_close, copy) == 0);
  CHECK(syscall(SYS_close_range, 100U, 102U, 0U) == 0);
  for (int i = 100; i < 103; ++i) FAILS(ioctl(i, IOCTL_EXIT_UMS), EBADF);
  CHECK(syscall(SYS_close, fd) == 0);
  FAILS(syscall(SYS_close, fd), EBADF);
  CHECK(syscall(SYS_getppid) == getppid());
}

static long openat2_of(int folder, const char* path, struct open_how how) {
  return syscall(SYS_openat2, folder, path, &how, sizeof how);
}

static void by_openat2(void) {
  const struct open_how plainly = {.flags = O_RDONLY | O_CLOEXEC};
  const int other = (int)openat2_of(AT_FDCWD, "/dev/null", plainly);
  if (other < 0 && (errno == ENOSYS || errno == EPERM)) return; /* this Linux has none */
  CHECK(other >= 0 && close(other) == 0);
  const int fd = (int)openat2_of(AT_FDCWD, "/dev/ums", plainly);
  CHECK(fd >= 0 && new_list(fd) == 1 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
  const int folder = open("/dev", O_RDONLY | O_DIRECTORY);
  FAILS(openat2_of(folder, "ums", plainly), ENOMEM); /* the thread's second */
  CHECK(close(fd) == 0);
  FAILS(openat2_of(AT_FDCWD, "/dev/ums", (struct open_how){.flags = O_RDWR}), EACCES);
  FAILS(openat2_of(AT_FDCWD, "/dev/umsx", plainly), ENOENT);
  if (host_has_device()) return;
  struct open_how* volatile nowhere = NULL;
  FAILS(syscall(SYS_openat2, AT_FDCWD, "/dev/ums", nowhere, sizeof *nowhere), EFAULT);
  FAILS(syscall(SYS_openat2, AT_FDCWD, "/dev/ums", &plainly, sizeof plainly - 1), EINVAL);
}

/* ---- signals and cancellation */

static volatile sig_atomic_t handled_fd = -1;

static void use_in_handler(int signal) {
  (void)signal;
  const int fd = open("/dev/ums", O_RDONLY);
  if (fd >= 0 && dup2(fd, 100) == 100 && close(fd) == 0) handled_fd = 100;
}

static void handler(void) {
  CHECK(close(device_open()) == 0);
  CHECK(signal(SIGUSR1, use_in_handler) != SIG_ERR && raise(SIGUSR1) == 0);
  CHECK(new_list(handled_fd) == 1);
}

static void* cancelled_in_open(void* unused) {
  pthread_cancel(pthread_self());
  return open("/dev/ums", O_RDONLY) == -1 ? NULL : unused;
}

static void* cancelled_in_close(void* fd) {
  pthread_cancel(pthread_self());
  close(*(int*)fd);
  return NULL;
}

static void cancellation(void) {
  int fd = device_open();
  void* (*const bodies[])(void*) = {cancelled_in_open, cancelled_in_close};
  for (int i = 0; i < 2; ++i) {
    pthread_t thread;
    void* result = NULL;
    CHECK(pthread_create(&thread, NULL, bodies[i], &fd) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
  }
  CHECK(new_list(fd) == 1);
}

/* ---- workers */

static int threads(void) {
  int count = 0;
  DIR* const tasks = opendir("/proc/self/task");
  CHECK(tasks != NULL);
  for (const struct dirent* task; (task = readdir(tasks)) != NULL;) count += task->d_name[0] != '.';
  CHECK(closedir(tasks) == 0);
  return count;
}

static int shared_fd;

static void* work(void* unused) {
  struct enter_ums_mode_args enter = {ENTER_UMS_WORK, 1};
  CHECK(ioctl(shared_fd, IOCTL_ENTER_UMS, &enter) == 0);
  for (long i = 0; i < 10; ++i) CHECK(ioctl(shared_fd, IOCTL_UMS_YIELD, i) == 0);
  for (long i = 0; i < 10; ++i) CHECK(syscall(SYS_ioctl, shared_fd, IOCTL_UMS_YIELD, i) == 0);
  CHECK(ioctl(shared_fd, IOCTL_EXIT_UMS) == 0);
  return unused;
}

static void schedule(int workers, int expected) {
  int events = 0;
  struct enter_ums_mode_args enter = {ENTER_UMS_SCHED, 1};
  struct ums_sched_event event;
  CHECK(ioctl(shared_fd, IOCTL_ENTER_UMS, &enter) == 0);
  CHECK(ioctl(shared_fd, IOCTL_UMS_SCHED_DQEVENT, &event) == 0);
  while (workers > 0) {
    struct dequeue_ums_complist_args batch = {1, 0};
    CHECK(ioctl(shared_fd, IOCTL_DEQUEUE_UMS_CLIST, &batch) == 0);
    struct ums_next_context_list_args next = {0, batch.ums_context};
    while (next.ums_next_context > 0) {
      next.ums_context = next.ums_next_context;
      CHECK(ioctl(shared_fd, IOCTL_NEXT_UMS_CTX_LIST, &next) == 0);
      CHECK(ioctl(shared_fd, IOCTL_EXEC_UMS_CTX, next.ums_context) == 0);
      CHECK(ioctl(shared_fd, IOCTL_UMS_SCHED_DQEVENT, &event) == 0);
      if (event.type == THREAD_TERMINATED) --workers;
      ++events;
    }
  }
  CHECK(events == expected);
}

static void use_workers(void) {
  pthread_t workers[5];
  CHECK(threads() == 1); /* the kernel has none of its own */
  shared_fd = device_open();
  CHECK(new_list(shared_fd) == 1 && threads() == 1);
  for (int i = 0; i < 5; ++i) CHECK(pthread_create(&workers[i], NULL, work, NULL) == 0);
  schedule(5, 5 * 21);
  for (int i = 0; i < 5; ++i) CHECK(pthread_join(workers[i], NULL) == 0);
  alarm(60);
  while (threads() > 1) sched_yield(); /* a joined thread may have a moment to go */
  alarm(0);
}

/* ---- */

static const struct test_case {
  const char* name;
  void (*run)(void);
} cases[] = {{"early", early_case},
             {"open_forms", open_forms},
             {"open_errors", open_errors},
             {"spellings", spellings},
             {"links", links},
             {"other_files", other_files},
             {"requests", requests},
             {"duplicates", duplicates},
             {"replaced", replaced},
             {"ranges", ranges},
             {"unseen", unseen},
             {"forked", forked},
             {"vforked", vforked},
             {"vforked_first", vforked_first},
             {"executed", executed},
             {"by_number", by_number},
             {"by_openat2", by_openat2},
             {"handler", handler},
             {"cancellation", cancellation},
             {"workers", use_workers},
             {NULL, inherited}};

int main(int count, char** words) {
  int failed = 0;
  for (const struct test_case* one = cases; one->name != NULL; ++one) {
    if (count == 2) {
      if (strcmp(words[1], one->name) != 0) continue;
      one->run();
      return 0;
    }
    char* child_words[] = {words[0], (char*)(uintptr_t)one->name, NULL};
    pid_t child = -1;
    CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, child_words, environ) == 0);
    const int ok = ends_well(child);
    printf("%-14s %s\n", one->name, ok ? "ok" : "FAILED");
    fflush(stdout);
    failed += !ok;
  }
  if (count == 2) {
    CHECK(strcmp(words[1], "inherited") == 0);
    inherited();
  }
  return failed == 0 ? 0 : 1;
}
