// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/clients/exec_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <boost/intrusive/list.hpp>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/slab.h"
#include "sim_kernel/server/clients/process.h"
#include "sim_kernel/server/clients/thread_status.h"
#include "sim_kernel/server/clients/thread_table.h"
#include "sim_kernel/server/event_source.h"

namespace ums::kernel {

namespace {

// An exec that may have happened or not.
struct Exec {
  Process* process = nullptr;
  pid_t tid = 0;    // who wants it
  int memory = -1;  // of the old image; -1: there was no free descriptor
  Image image;      // the old one
  boost::intrusive::list_member_hook<> hook;
};

boost::intrusive::list<
    Exec, boost::intrusive::member_hook<Exec, boost::intrusive::list_member_hook<>, &Exec::hook>>
    execs;

constinit ObjectCache<Exec> exec_cache{"exec"};

// Looks for itself some times, later and later: the new image may not call for long. It ends
// processes, so that it is none of those who tell of their own end.
class Clock final : public EventSource {
 public:
  Clock() noexcept : EventSource(Kind::kAsks) {}

  int open() noexcept {
    const long made = raw_syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (made < 0) return static_cast<int>(-made);
    descriptor_ = static_cast<int>(made);
    return watch_events(descriptor_, EPOLLIN, *this) ? 0 : ENOMEM;
  }

  void close() noexcept {
    raw_syscall(SYS_close, descriptor_);
    descriptor_ = -1;
  }

  void start() noexcept {
    delay_ms_ = 1;
    arm();
  }

 private:
  void on_event(std::uint32_t /*events*/) noexcept override {
    std::uint64_t count = 0;
    raw_syscall(SYS_read, descriptor_, syscall_arg(&count), sizeof count);
    exec_look(0);
    if (!execs.empty() && (delay_ms_ *= 2) < 1000) arm();
  }

  void arm() const noexcept {
    const itimerspec once = {{0, 0}, {0, delay_ms_ * 1'000'000}};
    raw_syscall(SYS_timerfd_settime, descriptor_, 0, syscall_arg(&once), 0);
  }

  int descriptor_ = -1;
  long delay_ms_ = 1;
};

Clock clock;

// The thread's, which lives: its process's leader may have ended.
int open_memory(pid_t tid) noexcept {
  char path[32];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/mem", tid).out = '\0';
  return static_cast<int>(
      raw_syscall(SYS_openat, AT_FDCWD, syscall_arg(path), O_RDONLY | O_CLOEXEC, 0));
}

void forget(Exec& exec) noexcept {
  if (exec.memory >= 0) raw_syscall(SYS_close, exec.memory);
  execs.erase(execs.iterator_to(exec));
  exec_cache.destroy(&exec);
}

// Address 0 cannot be read while the image is there (EIO).
bool memory_is_gone(int memory) noexcept {
  char byte = 0;
  return memory >= 0 && raw_syscall(SYS_pread64, memory, syscall_arg(&byte), 1, 0) == 0;
}

bool has_happened(const Exec& exec) noexcept {
  if (memory_is_gone(exec.memory)) return true;
  const Image now = image_of_process(exec.process->pid);
  return exec.image.is_known && now.code != 0 && now != exec.image;
}

// The process in which thread `tid` has or may have calls or roles, or null.
Process* process_with_roles(pid_t tid) noexcept {
  if (!any_process()) return nullptr;
  if (Task* const task = find_thread(tid)) return task->machine.process;
  return find_process(process_of_thread(tid));
}

}  // namespace

int exec_watch_init() noexcept { return clock.open(); }
void exec_watch_exit() noexcept { clock.close(); }

void exec_begins(pid_t tid) noexcept {
  Process* const process = process_with_roles(tid);
  Exec* const exec = process != nullptr ? exec_cache.create() : nullptr;
  if (exec == nullptr) return;
  exec->process = process;
  exec->tid = tid;
  exec->memory = open_memory(tid);
  exec->image = image_of_process(process->pid);
  execs.push_back(*exec);
  clock.start();
}

// One that has happened takes along all others of its process: the list is gone through anew.
void exec_look(pid_t tid) noexcept {
  for (auto at = execs.begin(); at != execs.end();) {
    Exec& exec = *at++;
    if (has_happened(exec)) {
      end_threads(*exec.process);
      at = execs.begin();
    } else if (exec.tid == tid) {
      forget(exec);
    }
  }
}

void exec_forget(const Process& process) noexcept {
  for (auto at = execs.begin(); at != execs.end();) {
    Exec& exec = *at++;
    if (exec.process == &process) forget(exec);
  }
}

}  // namespace ums::kernel
