// SPDX-License-Identifier: Apache-2.0
//
// Called on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/sched/signal_aim.h"

#include <fcntl.h>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

// The word behind the fields of a queued signal, within the 48 bytes that Linux keeps of one.
constexpr int kMarkWord = 4;
constexpr int kMark = 0x756d7370;

// Reads /proc/self/timers, a byte at a time (proc(5)):
//     ID: 1
//     signal: 60/00007fff86e452a8
//     notify: signal/pid.2634
//     ClockID: 0
class TimerReader {
 public:
  explicit TimerReader(int wanted) noexcept : wanted_(wanted) {}

  // Returns true once the line has passed that says whom the wanted timer notifies.
  bool read(char c) noexcept {
    if (c == '\n') {
      line_ = '\0';
      return false;
    }
    if (line_ == '\0') {
      line_ = c;
      if (c == 'I') id_ = 0;
    } else if (line_ == 'I' && c >= '0' && c <= '9') {
      id_ = 10 * id_ + (c - '0');
    } else if (line_ == 'n' && previous_ == '/' && id_ == wanted_) {
      names_thread_ = c == 't';  // tid.N, else pid.N
      return true;
    }
    previous_ = c;
    return false;
  }

  bool names_thread() const noexcept { return names_thread_; }

 private:
  const int wanted_;
  int id_ = -1;
  char line_ = '\0';  // the first byte of this line
  char previous_ = '\0';
  bool names_thread_ = false;
};

bool timer_names_thread(int timer) noexcept {
  const long fd =
      raw_syscall(SYS_openat, AT_FDCWD, syscall_arg("/proc/self/timers"), O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  TimerReader reader(timer);
  char bytes[64];
  long count = 0;
  bool found = false;
  while (!found && (count = raw_syscall(SYS_read, fd, syscall_arg(bytes), sizeof bytes)) > 0) {
    for (long i = 0; i < count && !found; ++i) found = reader.read(bytes[i]);
  }
  raw_syscall(SYS_close, fd);
  return reader.names_thread();
}

}  // namespace

bool aimed_at_thread(const siginfo_t& info) noexcept {
  switch (info.si_code) {
    case SI_TKILL:
      return true;
    case SI_TIMER:
      return timer_names_thread(info.si_timerid);
    case SI_QUEUE:
      return info.si_pid == kernel_pid && info._sifields._pad[kMarkWord] != kMark;
    default:
      return false;
  }
}

void aim_at_process(siginfo_t& info) noexcept { info._sifields._pad[kMarkWord] = kMark; }

}  // namespace ums::kernel
