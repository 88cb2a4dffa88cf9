// SPDX-License-Identifier: Apache-2.0
//
// pthread_once in a simulation: who comes while another calls the function gives up the processor.
// The control word has glibc's values where nobody is in the middle.
#include <pthread.h>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::Task;

constinit NextSymbol<int(pthread_once_t*, void (*)())> next_once{"pthread_once"};

enum State : int { kNew = PTHREAD_ONCE_INIT, kUnderWay = 1, kDone = 2 };

// Lets the others go on; where the function was left by an exception or a cancellation, one of them
// calls it.
class Attempt {
 public:
  Attempt(Task& me, pthread_once_t& control) noexcept : me_(me), control_(control) {
    control_ = kUnderWay;
  }
  ~Attempt() {
    control_ = done_ ? kDone : kNew;
    ums::kernel::happens_before(me_, &control_);
    ums::kernel::futex_wake(&control_, ums::kernel::kEverybody);
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  void succeeded() noexcept { done_ = true; }

 private:
  Task& me_;
  pthread_once_t& control_;
  bool done_ = false;
};

}  // namespace

UMS_EXPORT int pthread_once(pthread_once_t* control, void (*function)()) {
  Task* const me = current_simulated();
  if (me == nullptr) return next_once(control, function);
  ums::kernel::sched_point(*me, EventKind::kOnce, control);
  while (*control == kUnderWay) ums::kernel::futex_wait(*me, control);
  ums::kernel::happens_after(*me, control);
  if (*control == kDone) return 0;
  Attempt attempt(*me, *control);
  function();
  ums::kernel::catch_up(*me);
  attempt.succeeded();
  return 0;
}
