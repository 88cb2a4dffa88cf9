// SPDX-License-Identifier: Apache-2.0
//
// Handlers of signals in a simulation. Linux calls one of ours, wherever a task is: there another
// task may not go on, since the C library may hold a lock. So a signal from outside only leaves a
// note there, and the program's handler is called at a scheduling point (signal_arrived). Those
// that the task itself has caused are handled at once.
// LIMIT: handlers that are installed otherwise (sigset, sysv_signal) run where the task is.
#include <array>
#include <cerrno>
#include <csignal>

#include "sim_kernel/simulated/signals.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

UMS_EXPORT int ums_sigaction(int signal, const struct sigaction* action,
                             struct sigaction* old) asm("sigaction");
UMS_EXPORT sighandler_t ums_signal(int signal, sighandler_t handler) asm("signal");
UMS_EXPORT sighandler_t ums_bsd_signal(int signal, sighandler_t handler) asm("bsd_signal");

namespace {

using namespace ums::api;
using Action = struct sigaction;

constinit NextSymbol<int(int, const Action*, Action*)> next_sigaction{"sigaction"};
constinit NextSymbol<sighandler_t(int, sighandler_t)> next_signal{"signal"};

// What the program has installed, by number.
std::array<Action, NSIG> programs;

// What the task has caused where it is: a fault, a write to nobody, abort.
bool is_own(const siginfo_t& info) noexcept {
  const bool by_itself = info.si_pid == ums::kernel::kernel_pid;
  if (info.si_code == SI_TKILL) return by_itself;
  switch (info.si_signo) {
    case SIGPIPE:
      return by_itself;
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
      return info.si_code > 0;
    default:
      return false;
  }
}

// Linux has been told to forget ours only, after the first call: not before it.
void forget_if_asked(int signal, const Action& action) {
  if ((action.sa_flags & static_cast<int>(SA_RESETHAND)) != 0) next_signal(signal, SIG_DFL);
}

void on_signal(int signal, siginfo_t* info, void* context) {
  if (!is_own(*info) && ums::kernel::signal_arrived(*info)) return;
  const Action action = programs[static_cast<std::size_t>(signal)];
  forget_if_asked(signal, action);
  if ((action.sa_flags & SA_SIGINFO) != 0) return action.sa_sigaction(signal, info, context);
  action.sa_handler(signal);
}

bool is_ours(const Action& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

bool is_handler(const Action& action) noexcept {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

Action ours_for(Action action) noexcept {
  action.sa_flags = (action.sa_flags | SA_SIGINFO) & ~static_cast<int>(SA_RESETHAND);
  action.sa_sigaction = on_signal;
  return action;
}

// Outside of simulations handlers are Linux's to call, but one of ours stays known.
int change(int signal, const Action* action, Action* old) {
  Action before{};
  const bool wraps = action != nullptr && is_handler(*action) && current_simulated() != nullptr;
  const Action ours = wraps ? ours_for(*action) : Action{};
  if (next_sigaction(signal, wraps ? &ours : action, &before) != 0) return -1;
  Action& known = programs[static_cast<std::size_t>(signal)];
  if (old != nullptr) *old = is_ours(before) ? known : before;
  if (wraps) known = *action;
  return 0;
}

}  // namespace

int ums_sigaction(int signal, const Action* action, Action* old) {
  if (signal < 1 || signal >= NSIG) return next_sigaction(signal, action, old);
  return change(signal, action, old);
}

sighandler_t ums_signal(int signal, sighandler_t handler) {
  if (signal < 1 || signal >= NSIG || handler == SIG_ERR) return next_signal(signal, handler);
  Action action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaddset(&action.sa_mask, signal);
  Action old{};
  return change(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

sighandler_t ums_bsd_signal(int signal, sighandler_t handler) {
  return ums_signal(signal, handler);
}
