// SPDX-License-Identifier: Apache-2.0
//
// pthread_cancel puts the kernel's handler of its signal before the C library's, which would cancel
// whoever runs on the kernel thread that the signal reaches (see cancel_signal.h). The C library
// installs its handler in the first call, and sends the signal in the same: so the first call is
// made for a thread of our own, which needs no signal. For tasks of a simulation see
// simulated/cancellation.h.
#include <linux/futex.h>
#include <pthread.h>

#include <atomic>
#include <cstdint>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/signals/cancel_signal.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/library_file.h"
#include "ums_api/src/next_symbol.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/cancellation.h"
#endif

namespace {

using ums::kernel::raw_syscall;
using ums::kernel::syscall_arg;

constinit ums::api::NextSymbol<int(pthread_t)> next_cancel{"pthread_cancel"};

// A thread that waits until it is released, with no cancellation point on its way.
void* wait_for_release(void* released) {
  auto& word = *static_cast<std::atomic<std::uint32_t>*>(released);
  while (word.load(std::memory_order_acquire) == 0) {
    raw_syscall(SYS_futex, syscall_arg(&word), FUTEX_WAIT_PRIVATE, 0, 0);
  }
  return nullptr;
}

void install_handlers() {
  int state = 0;  // pthread_join is a cancellation point
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
  std::atomic<std::uint32_t> released{0};
  pthread_t thread;
  if (pthread_create(&thread, nullptr, wait_for_release, &released) == 0) {
    next_cancel(thread);
    released.store(1, std::memory_order_release);
    raw_syscall(SYS_futex, syscall_arg(&released), FUTEX_WAKE_PRIVATE, 1);
    pthread_join(thread, nullptr);
  }
  ums::kernel::cancel_signal_wrap();
  pthread_setcancelstate(state, nullptr);
}

}  // namespace

void ums::api::interpose_cancel() noexcept { next_cancel.resolve(); }

UMS_EXPORT int pthread_cancel(pthread_t thread) {
#if UMS_MACHINE_SIMULATED
  if (int error = 0; ums::api::answer_cancel(thread, error)) return error;
#endif
  if (!ums::api::simulation_runs()) return next_cancel(thread);
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, install_handlers);
  const int result = next_cancel(thread);
  ums::kernel::cancel_signal_wrap();  // where no thread could be made before
  return result;
}
