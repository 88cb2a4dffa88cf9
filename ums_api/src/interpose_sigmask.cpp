// SPDX-License-Identifier: Apache-2.0
//
// pthread_sigmask and sigprocmask note what a scheduler's thread changes in its mask, so that the
// mask can be restored when a worker has changed it (see signal_mask.h). The change itself is the
// C library's.
//
// The functions have other names here than their symbols: the C library declares that they throw
// nothing, while the handler of a signal that they unblock may end the thread.
#include <dlfcn.h>

#include <csignal>
#include <cstdint>
#include <cstring>

#include "sim_kernel/parallel/signals/signal_mask.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/next_symbol.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/signals.h"
#endif

UMS_EXPORT int ums_pthread_sigmask(int how, const sigset_t* set,
                                   sigset_t* old) asm("pthread_sigmask");
UMS_EXPORT int ums_sigprocmask(int how, const sigset_t* set, sigset_t* old) asm("sigprocmask");

namespace {

using Sigmask = int(int, const sigset_t*, sigset_t*);

constinit ums::api::NextSymbol<Sigmask> next_pthread_sigmask{"pthread_sigmask"};
constinit ums::api::NextSymbol<Sigmask> next_sigprocmask{"sigprocmask"};

// What the program's calls change nothing with, to see whether they come here.
constinit const sigset_t nothing{};

void note_change(int how, const sigset_t* set) noexcept {
  if (set == nullptr) return;
  if (set == &nothing) return ums::kernel::signal_masks_are_noted();
  std::uint64_t signals = 0;  // Linux knows 64, the C library has room for more
  std::memcpy(&signals, set, sizeof signals);
  ums::kernel::note_signal_mask_change(how, signals);
}

int change(ums::api::NextSymbol<Sigmask>& next, int how, const sigset_t* set, sigset_t* old) {
#if UMS_MACHINE_SIMULATED
  if (int result = 0; ums::api::answer_sigmask(next, how, set, old, result)) return result;
#endif
  return next(how, set, old);
}

}  // namespace

void ums::api::interpose_sigmask() noexcept {
  next_pthread_sigmask.resolve();
  next_sigprocmask.resolve();
  const auto programs = reinterpret_cast<Sigmask*>(dlsym(RTLD_DEFAULT, "pthread_sigmask"));
  if (programs != nullptr) programs(SIG_BLOCK, &nothing, nullptr);
}

int ums_pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  note_change(how, set);
  return change(next_pthread_sigmask, how, set, old);
}

int ums_sigprocmask(int how, const sigset_t* set, sigset_t* old) {
  note_change(how, set);
  return change(next_sigprocmask, how, set, old);
}
