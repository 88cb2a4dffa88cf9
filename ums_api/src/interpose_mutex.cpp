// SPDX-License-Identifier: Apache-2.0
//
// pthread_mutex_init refuses priority-inheriting and robust mutexes where the simulation serves.
// Linux itself knows the owner of these by its kernel thread, and glibc by its thread id; a worker
// runs on a kernel thread that is not its own, and glibc aborts when the two disagree. A program
// that asks for one learns it here, with ENOTSUP and a report, instead. In the simulated machine,
// where all functions of mutexes are answered, there are such ones (simulated/mutexes.h).
#include <pthread.h>

#include <cerrno>

#include "sim_kernel/debug/misuse.h"
#include "ums_api/src/export.h"
#include "ums_api/src/interpose.h"
#include "ums_api/src/library_file.h"
#include "ums_api/src/next_symbol.h"
#if UMS_MACHINE_SIMULATED
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/simulated/mutexes.h"
#endif

namespace {

constinit ums::kernel::Misuse kernel_owned_mutex{
    "serves it: there each worker has a kernel thread of its own, which owns what it locks",
    "use a mutex that is neither priority-inheriting nor robust"};

constinit ums::api::NextSymbol<int(pthread_mutex_t*, const pthread_mutexattr_t*)> next_mutex_init{
    "pthread_mutex_init"};

// What of `attributes` cannot be served, or null.
const char* unsupported(const pthread_mutexattr_t* attributes) noexcept {
  if (attributes == nullptr) return nullptr;
  int value = 0;
  if (pthread_mutexattr_getprotocol(attributes, &value) == 0 && value == PTHREAD_PRIO_INHERIT) {
    return "priority-inheriting";
  }
  if (pthread_mutexattr_getrobust(attributes, &value) == 0 && value == PTHREAD_MUTEX_ROBUST) {
    return "robust";
  }
  return nullptr;
}

}  // namespace

void ums::api::interpose_mutex() noexcept { next_mutex_init.resolve(); }

UMS_EXPORT int pthread_mutex_init(pthread_mutex_t* mutex,
                                  const pthread_mutexattr_t* attributes) noexcept {
#if UMS_MACHINE_SIMULATED
  if (ums::api::current_simulated() != nullptr) {
    return ums::api::answer_mutex_init(mutex, attributes, next_mutex_init);
  }
#endif
  const char* const kind = unsupported(attributes);
  if (kind == nullptr || !ums::api::simulation_runs()) {
    return next_mutex_init(mutex, attributes);
  }
  ums::kernel::report_misuse(kernel_owned_mutex, "pthread_mutex_init of a {} mutex", kind);
  return ENOTSUP;
}
