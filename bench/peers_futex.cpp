// SPDX-License-Identifier: Apache-2.0
//
// Peer: pthreads that hand the processor to one another by futex, as a program does that has no
// user-mode switch.
//
// - ring: two pthreads, each waking the other and waiting: one hand-over a dispatch.
// - scheduler: a scheduler thread wakes a worker and waits until it comes back, then picks the
//   next: two hand-overs a dispatch, the same shape as UMS.
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "bench/child.h"
#include "bench/meter.h"
#include "bench/placement.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kWorkers = 2;
constexpr long kStepsInSlice = 100;

// A turn that one thread waits for and another gives. One waiter, one giver at a time.
class alignas(64) Turn {
 public:
  void give() {
    word_.store(1, std::memory_order_release);  // Pairs with the acquire in await().
    syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

  void await() {
    while (word_.load(std::memory_order_acquire) == 0) {
      syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
    }
    word_.store(0, std::memory_order_relaxed);  // Nobody gives it again before we give ours.
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

// Which processor each side runs on; equal for one CPU.
struct Placement {
  int first;
  int second;
};

Sample ring(Placement placement) {
  Turn turns[kWorkers];
  Meter meter(kWorkers, kStepsInSlice);
  bool stop = false;
  const auto run = [&](int self, int cpu) {
    pin_to_cpu(cpu);
    for (;;) {
      turns[self].await();
      stop = stop || meter.count();
      turns[1 - self].give();
      if (stop) {
        return;
      }
    }
  };
  std::thread one(run, 0, placement.first);
  std::thread other(run, 1, placement.second);
  turns[0].give();
  one.join();
  other.join();
  return Sample::measured(meter.nanoseconds());
}

Sample through_scheduler(Placement placement) {
  Turn scheduler;
  Turn turns[kWorkers];
  bool stop = false;
  const auto work = [&](int self) {
    pin_to_cpu(placement.second);
    for (;;) {
      turns[self].await();
      if (stop) {
        return;
      }
      scheduler.give();
    }
  };
  std::thread workers[kWorkers] = {std::thread(work, 0), std::thread(work, 1)};
  pin_to_cpu(placement.first);
  Meter meter(kWorkers, kStepsInSlice);
  for (int next = 0; !meter.count(); next = 1 - next) {
    turns[next].give();
    scheduler.await();
  }
  stop = true;
  for (int i = 0; i < kWorkers; ++i) {
    turns[i].give();
    workers[i].join();
  }
  return Sample::measured(meter.nanoseconds());
}

void add_on_one_and_two(RowTable& table, const std::string& name, std::string_view on_one,
                        std::string_view on_two, Sample (*take)(Placement)) {
  const std::vector<int>& cpus = allowed_cpus();
  const Placement one{cpus.front(), cpus.front()};
  const Placement two{cpus.front(), cpus.back()};
  table.add({name + "/1cpu", kDispatch, on_one, kWorkers, Unit::kNanoseconds},
            isolated([take, one] { return take(one); }));
  table.add({name + "/2cpu", kDispatch, on_two, kWorkers, Unit::kNanoseconds},
            isolated([take, two] {
              return two.first == two.second ? Sample::unavailable(kNeedsTwoCpus) : take(two);
            }));
}

}  // namespace

void add_futex_rows(RowTable& table) {
  add_on_one_and_two(table, "futex_ring", "pthreads, futex ring, one CPU",
                     "pthreads, futex ring, two CPUs", ring);
  add_on_one_and_two(table, "futex_scheduler", "pthreads, futex through a scheduler, one CPU",
                     "pthreads, futex through a scheduler, two CPUs", through_scheduler);
}

}  // namespace ums::bench
