// SPDX-License-Identifier: Apache-2.0
//
// Signals that a task of a simulation sends to its own process: they reach their targets at
// scheduling points (sim_kernel/simulated/signals.h). The numbers that no handler gets, those of
// the C library, and what goes to other processes are Linux's.
#include "ums_api/simulated/signals.h"

#include <unistd.h>

#include <cerrno>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/signals.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/descriptors.h"
#include "ums_api/simulated/thread_ids.h"
#include "ums_api/simulated/threads.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace ums::api {

namespace {

using kernel::EventKind;
using kernel::sched_point;
using kernel::Task;

constinit NextSymbol<int(pthread_t, int)> next_pthread_kill{"pthread_kill"};
constinit NextSymbol<int(pthread_t, int, sigval)> next_pthread_sigqueue{"pthread_sigqueue"};
constinit NextSymbol<int(pid_t, pid_t, int)> next_tgkill{"tgkill"};
constinit NextSymbol<int(pid_t, int)> next_kill{"kill"};
constinit NextSymbol<int(int)> next_raise{"raise"};

bool is_ours(int signal) noexcept {
  constexpr int kLast = 64;
  constexpr int kFirstOfLibrary = 32;
  constexpr int kLastOfLibrary = 33;
  if (signal < 1 || signal > kLast || signal == SIGKILL || signal == SIGSTOP) return false;
  return signal < kFirstOfLibrary || signal > kLastOfLibrary;
}

siginfo_t info_of(int signal, int code) noexcept {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_pid = kernel::kernel_pid;
  info.si_uid = static_cast<uid_t>(kernel::raw_syscall(SYS_getuid));
  return info;
}

siginfo_t info_of(int signal, sigval value) noexcept {
  siginfo_t info = info_of(signal, SI_QUEUE);
  info.si_value = value;
  return info;
}

// The caller, if it may send `signal` here; others may go on before it does.
Task* sender(int signal) noexcept {
  Task* const me = is_ours(signal) ? current_simulated() : nullptr;
  if (me == nullptr) return nullptr;
  sched_point(*me, EventKind::kSignal);
  if (kernel::signal_has_descriptor(signal)) descriptors_tell_others(*me);
  return me;
}

// LINUX: a signal that the sender itself shall handle is handled when the call returns.
void send(Task& me, Task& target, const siginfo_t& info) {
  kernel::send_signal(target, info);
  if (&target == &me) kernel::handle_signals(me);
}

void send_to_process(Task& me, const siginfo_t& info) {
  kernel::send_process_signal(info);
  kernel::handle_signals(me);
}

}  // namespace

bool answer_sigqueue(pid_t pid, int signal, sigval value) {
  if (pid != kernel::kernel_pid) return false;
  Task* const me = sender(signal);
  if (me != nullptr) send_to_process(*me, info_of(signal, value));
  return me != nullptr;
}

bool answer_tgkill(pid_t pid, pid_t tid, int signal) {
  Task* const me = pid == kernel::kernel_pid ? sender(signal) : nullptr;
  Task* const target = me != nullptr ? kernel::simulated_task_of(tid) : nullptr;
  if (target == nullptr) return false;
  send(*me, *target, info_of(signal, SI_TKILL));
  return true;
}

bool answer_kill(pid_t pid, int signal) {
  Task* const me = pid == kernel::kernel_pid ? sender(signal) : nullptr;
  if (me != nullptr) send_to_process(*me, info_of(signal, SI_USER));
  return me != nullptr;
}

bool answer_sigmask(SigmaskSymbol& change, int how, const sigset_t* set, sigset_t* old,
                    int& result) {
  Task* const me = set != nullptr ? current_simulated() : nullptr;
  if (me == nullptr) return false;
  kernel::signal_masks_may_differ();
  result = change(how, set, old);
  kernel::handle_signals(*me);
  return true;
}

}  // namespace ums::api

UMS_EXPORT int ums_pthread_kill(pthread_t thread, int signal) asm("pthread_kill");
UMS_EXPORT int ums_pthread_sigqueue(pthread_t thread, int signal,
                                    sigval value) asm("pthread_sigqueue");
UMS_EXPORT int ums_tgkill(pid_t pid, pid_t tid, int signal) asm("tgkill");
UMS_EXPORT int ums_kill(pid_t pid, int signal) asm("kill");
UMS_EXPORT int ums_raise(int signal) asm("raise");

int ums_pthread_kill(pthread_t thread, int signal) {
  using namespace ums::api;
  Task* const me = sender(signal);
  if (me != nullptr && has_ended(thread)) return 0;
  Task* const target = me != nullptr ? ums::kernel::simulated_task_of(thread) : nullptr;
  if (target == nullptr) return next_pthread_kill(thread, signal);
  send(*me, *target, info_of(signal, SI_TKILL));
  return 0;
}

int ums_pthread_sigqueue(pthread_t thread, int signal, sigval value) {
  using namespace ums::api;
  Task* const me = sender(signal);
  if (me != nullptr && has_ended(thread)) return 0;
  Task* const target = me != nullptr ? ums::kernel::simulated_task_of(thread) : nullptr;
  if (target == nullptr) return next_pthread_sigqueue(thread, signal, value);
  send(*me, *target, info_of(signal, value));
  return 0;
}

int ums_tgkill(pid_t pid, pid_t tid, int signal) {
  using namespace ums::api;
  return answer_tgkill(pid, tid, signal) ? 0 : next_tgkill(pid, kernel_thread_of(tid), signal);
}

int ums_kill(pid_t pid, int signal) {
  using namespace ums::api;
  return answer_kill(pid, signal) ? 0 : next_kill(pid, signal);
}

int ums_raise(int signal) {
  using namespace ums::api;
  Task* const me = sender(signal);
  if (me == nullptr) return next_raise(signal);
  send(*me, *me, info_of(signal, SI_TKILL));
  return 0;
}
