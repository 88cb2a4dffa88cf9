// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/outside.h"

#include <sys/signalfd.h>

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <csignal>
#include <utility>

#include "sim_kernel/base/never_destroyed.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/mm/kvmalloc.h"
#include "sim_kernel/simulated/signals.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

namespace {

using WaitingTasks = boost::intrusive::list<
    MachineTask,
    boost::intrusive::member_hook<MachineTask, boost::intrusive::list_member_hook<>,
                                  &MachineTask::outside_hook>,
    boost::intrusive::constant_time_size<false>>;

UMS_NEVER_DESTROYED NeverDestroyed<WaitingTasks> waiting;

// But for the one that asks where a program hangs (ums_api/program/child_watch.h).
constexpr std::uint64_t kAllSignals = ~(std::uint64_t{1} << (SIGSTKFLT - 1));

// Those that the simulation takes from Linux.
std::uint64_t signals_to_take() noexcept { return kAllSignals & ~signals_for_descriptors(); }

constexpr long kPauseMinNs = 100'000;
constexpr long kPauseMaxNs = 20'000'000;
constexpr long kJumpNs = 1'000'000;
constexpr int kJumpsInVainMax = 1000;

int jumps_in_vain = 0;  // of virtual time, since something has come

Task& task_of(MachineTask& machine) noexcept {
  return *boost::intrusive::get_parent_from_member(&machine, &Task::machine);
}

// All descriptors that are waited for, and one that tells of signals.
class PollList {
 public:
  PollList() noexcept {
    nfds_t wanted = 1;
    for (const MachineTask& machine : *waiting) wanted += machine.outside->count;
    list_ = static_cast<pollfd*>(kvmalloc(wanted * sizeof(pollfd)));
    if (list_ == nullptr) return;
    for (const MachineTask& machine : *waiting) add(*machine.outside);
    list_[count_++] = {signals_, POLLIN, 0};
  }
  ~PollList() {
    kvfree(list_);
    raw_syscall(SYS_close, signals_);
  }
  PollList(const PollList&) = delete;
  PollList& operator=(const PollList&) = delete;

  // Until something is ready, or for so long.
  void wait_for(long pause_ns) noexcept {
    const timespec pause = {0, pause_ns};
    poll(&pause);
  }

  // Until something is ready; no longer than `pause_ns` if one of them has no descriptor to tell.
  void wait(long pause_ns) noexcept {
    if (complete_) return poll(nullptr);
    wait_for(pause_ns);
  }

 private:
  void poll(const timespec* limit) noexcept {
    raw_syscall(SYS_ppoll, syscall_arg(list_), static_cast<long>(count_), syscall_arg(limit), 0, 8);
  }

  void add(const OutsideWait& wait) noexcept {
    std::copy_n(wait.descriptors, wait.count, list_ + count_);
    count_ += wait.count;
    complete_ = complete_ && wait.count > 0;
  }

  const std::uint64_t numbers_ = signals_to_take();
  const int signals_ = static_cast<int>(
      raw_syscall(SYS_signalfd4, -1, syscall_arg(&numbers_), 8, SFD_CLOEXEC | SFD_NONBLOCK));
  pollfd* list_ = nullptr;  // without memory there is none, and `complete_` says so
  nfds_t count_ = 0;
  bool complete_ = signals_ >= 0;
};

// Gives the simulation the signals that wait in Linux. None is delivered here.
void take_signals() noexcept {
  const timespec at_once = {0, 0};
  const std::uint64_t numbers = signals_to_take();
  siginfo_t info;
  while (raw_syscall(SYS_rt_sigtimedwait, syscall_arg(&numbers), syscall_arg(&info),
                     syscall_arg(&at_once), 8) > 0) {
    send_process_signal(info);
  }
}

}  // namespace

bool outside_wait(Task& me, const OutsideWait& wait, std::uint64_t deadline) noexcept {
  if (deadline <= virtual_time()) return false;
  me.machine.wait_end = {};
  me.machine.outside = &wait;
  waiting->push_back(me.machine);
  if (deadline != kNever) timer_start(me, deadline);
  block(me);
  return me.machine.wait_end.woken;
}

void outside_give_up(Task& task) noexcept {
  if (!task.machine.outside_hook.is_linked()) return;
  waiting->erase(waiting->iterator_to(task.machine));
}

bool anybody_waits_outside() noexcept { return !waiting->empty(); }

void outside_look() noexcept {
  for (auto at = waiting->begin(); at != waiting->end();) {
    MachineTask& machine = *at++;
    const OutsideWait& wait = *machine.outside;
    if (!wait.look(wait.argument)) continue;
    Task& task = task_of(machine);
    outside_give_up(task);
    timer_stop(task);
    machine.wait_end.woken = true;
    make_runnable(task);
    jumps_in_vain = 0;
  }
}

bool outside_sleep() noexcept {
  if (waiting->empty()) return false;
  const CarrierSignalsBlocked blocked;
  long pause_ns = kPauseMinNs;
  while (!anybody_is_runnable()) {
    PollList().wait(pause_ns);
    pause_ns = std::min(2 * pause_ns, kPauseMaxNs);
    take_signals();
    outside_look();
  }
  return true;
}

void outside_before_jump() noexcept {
  if (waiting->empty()) jumps_in_vain = 0;
  if (waiting->empty() || ++jumps_in_vain <= kJumpsInVainMax) return;
  const CarrierSignalsBlocked blocked;
  PollList().wait_for(kJumpNs);
  take_signals();
}

void outside_forget_all() noexcept { waiting->clear(); }

void outside_reset_after_fork() noexcept { waiting.renew(); }

}  // namespace ums::kernel
