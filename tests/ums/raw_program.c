// SPDX-License-Identifier: Apache-2.0
//
// A program with no C library, of bare system calls alone. Its workers are two forked processes,
// which find the scheduler's file by their inherited descriptor, and take turns. Prints the turns;
// exits with 0, or the line in which a call failed, modulo 256.
#include <fcntl.h>
#include <linux/unistd.h>
#include <signal.h>
#include <ums/ums_ioctl.h>

enum { WORKERS = 2, TURNS = 3 };

static int fd;
static ums_comp_list_id_t list;

#if defined(__x86_64__)
static long call(long number, long a, long b, long c, long d) {
  register long fourth __asm__("r10") = d;
  register long fifth __asm__("r8") = 0;
  __asm__ volatile("syscall"
                   : "+a"(number)
                   : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                   : "rcx", "r11", "memory");
  return number;
}
#else
static long call(long number, long a, long b, long c, long d) {
  register long called __asm__("x8") = number;
  register long first __asm__("x0") = a;
  register long second __asm__("x1") = b;
  register long third __asm__("x2") = c;
  register long fourth __asm__("x3") = d;
  register long fifth __asm__("x4") = 0;
  __asm__ volatile("svc #0"
                   : "+r"(first)
                   : "r"(called), "r"(second), "r"(third), "r"(fourth), "r"(fifth)
                   : "memory");
  return first;
}
#endif

static _Noreturn void leave(int status) {
  for (;;) call(__NR_exit_group, status, 0, 0, 0);
}

#define CHECK(condition) \
  if (!(condition)) leave(__LINE__ % 256)

static long request(unsigned long number, long argument) {
  return call(__NR_ioctl, fd, (long)number, argument, 0);
}

static void print(const char* byte) { CHECK(call(__NR_write, 1, (long)byte, 1, 0) == 1); }

static void enter(int flags) {
  const struct enter_ums_mode_args args = {flags, list};
  CHECK(request(IOCTL_ENTER_UMS, (long)&args) == 0);
}

static _Noreturn void work(const char* name) {
  enter(ENTER_UMS_WORK);
  for (int i = 0; i < TURNS; i++) {
    print(name);
    CHECK(request(IOCTL_UMS_YIELD, (long)name) == 0);
  }
  CHECK(request(IOCTL_EXIT_UMS, 0) == 0);
  leave(0);
}

// The only worker in the list.
static pid_t take(void) {
  struct dequeue_ums_complist_args batch = {list, 0};
  CHECK(request(IOCTL_DEQUEUE_UMS_CLIST, (long)&batch) == 0);
  struct ums_next_context_list_args next = {batch.ums_context, 0};
  CHECK(request(IOCTL_NEXT_UMS_CTX_LIST, (long)&next) == 0 && next.ums_next_context == -1);
  return batch.ums_context;
}

static pid_t start(const char* name) {
  const long child = call(__NR_clone, SIGCHLD, 0, 0, 0);
  CHECK(child >= 0);
  if (child == 0) work(name);
  CHECK(take() == child);
  return (pid_t)child;
}

// Returns the type of the event that it leads to.
static int execute(pid_t worker) {
  struct ums_sched_event event;
  CHECK(request(IOCTL_EXEC_UMS_CTX, worker) == 0);
  CHECK(request(IOCTL_UMS_SCHED_DQEVENT, (long)&event) == 0);
  return (int)event.type;
}

static void schedule(void) {
  struct ums_sched_event startup;
  enter(ENTER_UMS_SCHED);
  CHECK(request(IOCTL_UMS_SCHED_DQEVENT, (long)&startup) == 0);
  const pid_t workers[WORKERS] = {start("A"), start("B")};
  for (int turn = 0; turn < TURNS; turn++) {
    for (int i = 0; i < WORKERS; i++) {
      CHECK(execute(workers[i]) == THREAD_YIELD && take() == workers[i]);
    }
  }
  for (int i = 0; i < WORKERS; i++) {
    int status = -1;
    CHECK(execute(workers[i]) == THREAD_TERMINATED);
    CHECK(call(__NR_wait4, workers[i], (long)&status, 0, 0) == workers[i] && status == 0);
  }
  print("\n");
}

// Linux begins here with another alignment of the stack than functions are called with.
#if defined(__x86_64__)
__attribute__((force_align_arg_pointer))
#endif
// NOLINTNEXTLINE(readability-identifier-naming): the linker's name
void _start(void) {
  fd = (int)call(__NR_openat, AT_FDCWD, (long)"/dev/ums", O_RDONLY, 0);
  CHECK(fd >= 0);
  CHECK(request(IOCTL_CREATE_UMS_CLIST, (long)&list) == 0);
  schedule();
  CHECK(call(__NR_close, fd, 0, 0, 0) == 0);
  leave(0);
}
