// SPDX-License-Identifier: Apache-2.0
//
// System calls by syscall(2) in a simulation: those that block, or tell the time, are the functions
// of the same names.
#include "ums_api/simulated/system_calls.h"

#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/not_controlled.h"
#include "ums_api/simulated/signals.h"
#include "ums_api/simulated/system_futex.h"
#include "ums_api/simulated/thread_ids.h"

namespace ums::api {

namespace {

template <typename T>
T* pointer(long argument) noexcept {
  return reinterpret_cast<T*>(static_cast<unsigned long>(argument));
}

int number_of(long argument) noexcept { return static_cast<int>(argument); }

bool set(long& result, long returned) noexcept {
  result = returned < 0 ? -errno : returned;
  return true;
}

bool answer_descriptors(long number, const long (&a)[6], long& result) {
  const auto size = static_cast<size_t>(a[2]);
  switch (number) {
    case SYS_read:
      return set(result, read(number_of(a[0]), pointer<void>(a[1]), size));
    case SYS_write:
      return set(result, write(number_of(a[0]), pointer<const void>(a[1]), size));
    case SYS_signalfd4:
      return set(result, signalfd(number_of(a[0]), pointer<const sigset_t>(a[1]), number_of(a[3])));
#ifdef SYS_poll
    case SYS_poll:
      return set(result, poll(pointer<pollfd>(a[0]), static_cast<nfds_t>(a[1]), number_of(a[2])));
#endif
    case SYS_wait4:
      return set(result, wait4(number_of(a[0]), pointer<int>(a[1]), number_of(a[2]),
                               pointer<rusage>(a[3])));
    default:
      return false;
  }
}

bool answer_time(long number, const long (&a)[6], long& result) {
  switch (number) {
    case SYS_sched_yield:
      return set(result, sched_yield());
    case SYS_nanosleep:
      return set(result, nanosleep(pointer<const timespec>(a[0]), pointer<timespec>(a[1])));
    case SYS_clock_nanosleep:
      result = -clock_nanosleep(number_of(a[0]), number_of(a[1]), pointer<const timespec>(a[2]),
                                pointer<timespec>(a[3]));
      return true;
    case SYS_clock_gettime:
      return set(result, clock_gettime(number_of(a[0]), pointer<timespec>(a[1])));
    default:
      return false;
  }
}

bool answer_random(long number, const long (&a)[6], long& result) {
  if (number != SYS_getrandom) return false;
  return set(result, getrandom(pointer<void>(a[0]), static_cast<size_t>(a[1]),
                               static_cast<unsigned>(a[2])));
}

bool answer_signals(long number, const long (&a)[6], long& result) {
  result = 0;
  switch (number) {
    case SYS_tgkill:
      return answer_tgkill(number_of(a[0]), number_of(a[1]), number_of(a[2]));
    case SYS_tkill:
      return answer_tgkill(getpid(), number_of(a[0]), number_of(a[1]));
    case SYS_kill:
      return answer_kill(number_of(a[0]), number_of(a[1]));
    default:
      return false;
  }
}

// Null: it does not block, as far as anybody knows.
const char* name_of_blocking(long number) noexcept {
  switch (number) {
    case SYS_futex:
      return "futex by syscall(2), but for FUTEX_WAIT and FUTEX_WAKE,";
    case SYS_rt_sigtimedwait:
      return "rt_sigtimedwait by syscall(2)";
    case SYS_rt_sigsuspend:
      return "rt_sigsuspend by syscall(2)";
    case SYS_rt_sigprocmask:
      return "rt_sigprocmask by syscall(2)";
    case SYS_ppoll:
    case SYS_pselect6:
    case SYS_epoll_pwait:
      return "polling by syscall(2)";
    case SYS_waitid:
      return "waitid by syscall(2)";
    case SYS_clone:
    case SYS_clone3:
      return "a thread or process of clone by syscall(2)";
    case SYS_io_uring_enter:
      return "io_uring";
    case SYS_userfaultfd:
      return "userfaultfd";
    default:
      return nullptr;
  }
}

}  // namespace

bool answer_simulated_call(long number, const long (&arguments)[6], long& result) {
  if (current_simulated() == nullptr) return false;
  if (number == SYS_futex && answer_futex(arguments, result)) return true;
  if (answer_descriptors(number, arguments, result) || answer_time(number, arguments, result) ||
      answer_random(number, arguments, result) || answer_signals(number, arguments, result) ||
      answer_about_thread(number, arguments, result)) {
    return true;
  }
  if (const char* const name = name_of_blocking(number)) not_controlled(name);
  return false;
}

}  // namespace ums::api
