// SPDX-License-Identifier: Apache-2.0
//
// CycleScheduler: a round-robin UMS scheduler through the C API of ums.h, and its workers.
//
// One full cycle is: a worker yields; its scheduler's execute_ums_thread returns; the event is
// dequeued; the entry point runs; it dequeues the completion list, walks it to its end, appends
// what it finds to its own first-in-first-out queue, takes the head of that, and executes it.
// Nothing is left out and nothing is a call that a program could not make.
//
// Several schedulers form a Team: they start together, and all run on until the last of them has
// been measured, so that each is measured while the others run.
//
// Invariants:
// 1. Every worker that does not run is in the scheduler's queue, or on its way there in the
//    completion list; so the list is never empty when it is dequeued, and no call blocks.
// 2. When run() returns, all its workers have been joined.
//
// Thread safety: a scheduler belongs to the thread that makes it; its queue to its own thread.
#pragma once

#include <pthread.h>
#include <ums.h>

#include <atomic>
#include <latch>
#include <vector>

#include "bench/meter.h"

namespace ums::bench {

// What schedulers that are measured together share.
struct Team {
  explicit Team(int schedulers) : ready(schedulers), measuring(schedulers) {}

  std::latch ready;
  std::atomic<int> measuring;
  std::atomic<bool> stop{false};
};

class CycleScheduler {
 public:
  // A scheduler on `cpu` with a completion list of its own.
  CycleScheduler(Team& team, int cpu, int workers);

  // Makes the workers, which suspend themselves in the list. Returns how many the machine allowed.
  int create_workers();

  // Starts the scheduler's thread; join() waits for it and its workers.
  void start();
  void join();

  // The mean of one full cycle. Called after join().
  double nanoseconds() const { return meter_.nanoseconds(); }

 private:
  static void* worker_main(void* team);
  static void* scheduler_main(void* self);
  static void entry_point(ums_reason_t reason, ums_activation_t* activation, void* parameter);

  void on_startup();
  void on_yield();
  void on_end();

  // Inline, as a program writes it whose entry point is one function: each return after a switch is
  // one that the processor predicts wrongly, and those of this benchmark are not to be measured.
  [[gnu::always_inline]] inline void take_list();
  [[gnu::always_inline]] inline void execute_next();

  Team& team_;
  int cpu_;
  int workers_;
  ums_completion_list_t list_ = 0;
  std::vector<pthread_t> threads_;
  pthread_t thread_{};

  // The run queue: a ring with room for every worker.
  std::vector<ums_context_t> queue_;
  std::size_t head_ = 0;
  std::size_t tail_ = 0;
  int live_;
  bool measured_ = false;
  Meter meter_;
};

}  // namespace ums::bench
