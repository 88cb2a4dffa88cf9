// SPDX-License-Identifier: Apache-2.0
//
// Litmus tests: two tiny programs run at the same time, very often, and every outcome is counted.
// What the memory model forbids must never appear; what shows that the two really met should.
//
//     struct State { std::atomic<int> x{0}, y{0}; int r0 = 0, r1 = 0; };
//     auto outcomes = run_litmus<State>(rounds, [](State& s) {...}, [](State& s) {...});
//
// An outcome is the pair (r0, r1) of its State.
//
// Thread safety: each program runs on a thread of its own; a State is used by them in one round.
#pragma once

#include <sched.h>

#include <atomic>
#include <map>
#include <utility>
#include <vector>

#include "sim_kernel/sync/cpu_relax.h"
#include "support/threads.h"

namespace ums::test {

// Lets two threads begin each round within a few instructions of one another.
class Starter {
 public:
  // Returns when both threads have called it `round` times.
  void wait(int round) {
    arrived_.fetch_add(1);
    for (int spins = 0; arrived_.load() < 2 * round; ++spins) {
      if (spins < 1000) {
        kernel::cpu_relax();
      } else {
        sched_yield();
      }
    }
  }

 private:
  std::atomic<int> arrived_{0};
};

template <typename State, typename First, typename Second>
std::map<std::pair<int, int>, int> run_litmus(int rounds, First first, Second second) {
  std::vector<State> states(static_cast<std::size_t>(rounds));
  Starter starter;
  run_threads(2, [&](int thread) {
    int round = 0;
    for (State& state : states) {
      starter.wait(++round);
      // One of the two a little later, by a different amount each time.
      for (int i = 0; i < (thread == 0 ? round % 7 : round % 11); ++i) kernel::cpu_relax();
      if (thread == 0) {
        first(state);
      } else {
        second(state);
      }
    }
  });
  std::map<std::pair<int, int>, int> outcomes;
  for (const State& state : states) ++outcomes[{state.r0, state.r1}];
  return outcomes;
}

}  // namespace ums::test
