// SPDX-License-Identifier: Apache-2.0
//
// WakeRound: two threads that wake each other: the caller, and one on the same CPU or on another,
// which does not interrupt the caller when it is woken.
//
//     WakeRound round(cpu);
//     round.wake();      // the other goes on
//     round.await();     // until it has woken us
//
// Thread safety: one thread.
#pragma once

#include <atomic>
#include <thread>

namespace ums::command {

// The calling thread is only on this CPU from now on.
void go_to(int cpu);

class WakeRound {
 public:
  explicit WakeRound(int cpu);
  ~WakeRound();
  WakeRound(const WakeRound&) = delete;
  WakeRound& operator=(const WakeRound&) = delete;

  void wake() { set(kOther); }
  void await() { wait_while(kOther); }

 private:
  enum Turn : int { kCaller, kOther, kEnd };

  void answer(int cpu);
  void set(Turn turn);
  void wait_while(Turn turn);

  std::atomic<int> turn_{kCaller};
  std::thread other_;
};

}  // namespace ums::command
