// SPDX-License-Identifier: Apache-2.0
//
// Barriers in a simulation: who comes before the last gives up the processor. A barrier that was
// made in a simulation is ours; any other is the C library's.
#include <pthread.h>

#include <cerrno>

#include "sim_kernel/simulated/futex.h"
#include "sim_kernel/simulated/races/happens_before.h"
#include "ums_api/simulated/current_simulated.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using namespace ums::api;
using ums::kernel::EventKind;
using ums::kernel::happens_after;
using ums::kernel::happens_before;
using ums::kernel::sched_point;
using ums::kernel::Task;

constinit NextSymbol<int(pthread_barrier_t*, const pthread_barrierattr_t*, unsigned)> next_init{
    "pthread_barrier_init"};
constinit NextSymbol<int(pthread_barrier_t*)> next_wait{"pthread_barrier_wait"};
constinit NextSymbol<int(pthread_barrier_t*)> next_destroy{"pthread_barrier_destroy"};

constexpr unsigned kOurs = 0x55627221;

// What pthread_barrier_t holds.
struct Barrier {
  unsigned ours;
  unsigned count;  // of a round
  unsigned here;   // of the round that is to begin
  unsigned round;
};
static_assert(sizeof(Barrier) <= sizeof(pthread_barrier_t));

Barrier& inside(pthread_barrier_t* barrier) noexcept {
  return *reinterpret_cast<Barrier*>(barrier);
}

int wait(Task& me, Barrier& barrier) {
  sched_point(me, EventKind::kWait, &barrier);
  const unsigned round = barrier.round;
  happens_before(me, &barrier);
  if (++barrier.here < barrier.count) {
    while (barrier.round == round) ums::kernel::futex_wait(me, &barrier);
    happens_after(me, &barrier);
    return 0;
  }
  barrier.here = 0;
  ++barrier.round;
  ums::kernel::futex_wake(&barrier, ums::kernel::kEverybody);
  happens_after(me, &barrier);
  return PTHREAD_BARRIER_SERIAL_THREAD;
}

}  // namespace

UMS_EXPORT int pthread_barrier_init(pthread_barrier_t* barrier,
                                    const pthread_barrierattr_t* attributes,
                                    unsigned count) noexcept {
  if (current_simulated() == nullptr || count == 0) return next_init(barrier, attributes, count);
  inside(barrier) = {kOurs, count, 0, 0};
  return 0;
}

UMS_EXPORT int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  Task* const me = current_simulated();
  if (me == nullptr || inside(barrier).ours != kOurs) return next_wait(barrier);
  return wait(*me, inside(barrier));
}

UMS_EXPORT int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  if (inside(barrier).ours != kOurs) return next_destroy(barrier);
  if (inside(barrier).here != 0) return EBUSY;
  inside(barrier).ours = 0;
  return 0;
}
