// SPDX-License-Identifier: Apache-2.0
#include "ums_api/src/library_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>

#include "sim_kernel/base/own_descriptor.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/parallel/device_call.h"
#include "sim_kernel/parallel/strace.h"
#include "sim_kernel/parallel/system_call.h"
#include "ums_api/src/backend.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/preload_hooks.h"

namespace ums::api {

std::atomic<kernel::File*> simulated_file{nullptr};

namespace {

constexpr char kDevicePath[] = "/dev/ums";
constexpr int kOpenFlags = O_RDONLY | O_CLOEXEC;

// Guards what follows, and every write of simulated_file. Held across fork.
pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
int open_fd = -1;                            // the library's file, or -1
bool claimed = false;                        // a function of ums.h has used it
std::atomic<kernel::File*> pinned{nullptr};  // the claimed file of the simulation
pid_t opener_tid = 0;                        // who opened it

// The last descriptor that a program opened the device with. It may be closed by now.
std::atomic<int> program_fd{-1};

std::atomic<bool> runs{false};  // relaxed: no data depends on it

pid_t kernel_thread_id() noexcept { return static_cast<pid_t>(kernel::raw_syscall(SYS_gettid)); }

// Returns a descriptor or -errno.
int open_device() noexcept {
  switch (backend()) {
    case Backend::kSimulation: {
      kernel::Result<int> fd =
          kernel::device_open(kDevicePath, kOpenFlags, kernel::OpenFor::kLibrary);
      return fd.ok() ? fd.value() : -fd.error_code();
    }
    case Backend::kDevice: {
      const auto fd = static_cast<int>(kernel::raw_syscall(
          SYS_openat, AT_FDCWD, kernel::syscall_arg(kDevicePath), kOpenFlags, 0));
      return fd < 0 ? fd : kernel::move_descriptor_up(fd);
    }
    case Backend::kUnknown:
      break;
  }
  return -EINVAL;
}

// Opens the file if it is not open. Returns its descriptor or -errno.
int open_locked() noexcept {
  if (open_fd >= 0) return open_fd;
  const int fd = open_device();
  if (fd >= 0) {
    open_fd = fd;
    opener_tid = kernel_thread_id();
  }
  return fd;
}

void close_locked() noexcept {
  simulated_file.store(nullptr, std::memory_order_relaxed);
  pinned.store(nullptr, std::memory_order_relaxed);
  claimed = false;
  if (open_fd < 0) return;
  if (backend() == Backend::kSimulation) {
    (void)kernel::file_close(open_fd);
  } else {
    kernel::raw_syscall(SYS_close, open_fd);
  }
  open_fd = -1;
}

void pin_locked(int fd) noexcept {
  claimed = true;
  if (backend() != Backend::kSimulation) return;
  kernel::File* const file = kernel::file_pin(fd);
  pinned.store(file, std::memory_order_relaxed);
  // Release: who finds the file finds a kernel that runs. Pairs with library_file.
  if (!kernel::strace_on) simulated_file.store(file, std::memory_order_release);
}

// Opens the file, or takes the program's. Returns its descriptor or -errno.
int claim_locked() noexcept {
  int fd = open_locked();
  if (fd == -ENOMEM && shares_program_files()) {
    fd = program_fd.load(std::memory_order_relaxed);
    if (kernel::descriptor_kind(fd) != kernel::DescriptorKind::kOurs) fd = -ENOMEM;
  }
  if (fd >= 0 && !claimed) pin_locked(fd);
  return fd;
}

void before_fork() noexcept { pthread_mutex_lock(&lock); }
void after_fork_parent() noexcept { pthread_mutex_unlock(&lock); }

void after_fork_child() noexcept {
  close_locked();
  if (opens_at_load()) open_locked();
  pthread_mutex_unlock(&lock);
}

// The kernel registers its own handlers of fork first: they run before these in a child, which
// therefore finds a kernel that works.
void start() noexcept {
  if (backend() == Backend::kSimulation) {
    kernel::start_kernel();
    runs.store(true, std::memory_order_relaxed);
  }
  pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

// Takes `lock`. The first one to do so sees to it that a forked child finds it free.
void take_lock() noexcept {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start);
  pthread_mutex_lock(&lock);
}

// Returns the descriptor to use or -errno.
int claim() noexcept {
  take_lock();
  const int fd = claim_locked();
  pthread_mutex_unlock(&lock);
  return fd;
}

__attribute__((constructor(101))) void load() noexcept {
  interpose_cancel();
  interpose_gettid();
  interpose_mutex();
  interpose_setuid();
  interpose_sigmask();
  interpose_sigqueue();
  if (!opens_at_load()) return;
  take_lock();
  open_locked();
  pthread_mutex_unlock(&lock);
}

// A kernel process tells a suspended thread of a signal by EINTR, and continues its call when that
// is repeated. (The module's library would take it for a failure.)
bool is_continued(unsigned request) noexcept {
  return request == IOCTL_ENTER_UMS || request == IOCTL_UMS_YIELD || request == IOCTL_EXEC_UMS_CTX;
}

// Returns 0 or -errno.
int ask_device(int fd, unsigned request, long argument) noexcept {
  long result = 0;
  do {
    result = kernel::raw_syscall(SYS_ioctl, fd, request, argument);
  } while (result == -EINTR && is_continued(request));
  return static_cast<int>(result);
}

}  // namespace

int library_ioctl_slow(unsigned request, kernel::IoctlArg arg) {
  const int fd = claim();
  if (fd < 0) return fd;
  if (kernel::File* const file = pinned.load(std::memory_order_relaxed); file != nullptr) {
    const auto perform = [&](kernel::File& f, kernel::Task& me) {
      return f.operations.ioctl(f, me, request, arg);
    };
    const auto result = kernel::system_call_pinned(*file, perform);
    return -result.error_code();
  }
  if (backend() == Backend::kSimulation) return -EBADF;  // closed under us before it was pinned
  return ask_device(fd, request, static_cast<long>(arg.value));
}

void release_unused_library_file() noexcept {
  if (kernel::is_nested_call()) return;  // it cannot be closed now, nor the program's be opened
  take_lock();
  if (!claimed && opener_tid == kernel_thread_id()) close_locked();
  pthread_mutex_unlock(&lock);
}

bool simulation_runs() noexcept { return runs.load(std::memory_order_relaxed); }

void note_program_file(int fd) noexcept { program_fd.store(fd, std::memory_order_relaxed); }

}  // namespace ums::api
