// SPDX-License-Identifier: Apache-2.0
//
// Called on a park stack; see idle_nosan.cpp for what that forbids.
#include "sim_kernel/parallel/signals/signal_aim.h"

#include <cerrno>
#include <ctime>

#include "sim_kernel/base/proc_file.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

namespace {

// The word behind the fields of a queued signal, within the 48 bytes that Linux keeps of one.
constexpr int kMarkWord = 4;
constexpr int kMark = 0x756d7370;

// Reads /proc/self/timers (proc(5)):
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

SignalAim timer_aim(int timer) noexcept {
  TimerReader reader(timer);
  const long error = read_proc_file("/proc/self/timers", reader);
  if (error == -EMFILE || error == -ENFILE) return SignalAim::kUnknown;
  return reader.names_thread() ? SignalAim::kThread : SignalAim::kProcess;
}

bool queued_for_thread(const siginfo_t& info) noexcept {
  return info.si_pid == kernel_pid && info._sifields._pad[kMarkWord] != kMark;
}

// Whether RLIMIT_SIGPENDING leaves room for another signal. A timer needs the same room.
bool signals_can_queue() noexcept {
  int timer = 0;
  if (raw_syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, syscall_arg(&timer)) != 0) return false;
  raw_syscall(SYS_timer_delete, timer);
  return true;
}

// Linux has lost who sent it. It never does for kill; but a sender that this process cannot see,
// outside of its container, looks the same.
bool is_anonymous(const siginfo_t& info) noexcept {
  return info.si_code == SI_USER && info.si_pid == 0 && !signals_can_queue();
}

}  // namespace

SignalAim signal_aim(const siginfo_t& info) noexcept {
  switch (info.si_code) {
    case SI_TKILL:
      return SignalAim::kThread;
    case SI_TIMER:
      return timer_aim(info.si_timerid);
    case SI_QUEUE:
      return queued_for_thread(info) ? SignalAim::kThread : SignalAim::kProcess;
    default:
      return is_anonymous(info) ? SignalAim::kThread : SignalAim::kProcess;
  }
}

void aim_at_process(siginfo_t& info) noexcept { info._sifields._pad[kMarkWord] = kMark; }

}  // namespace ums::kernel
