// SPDX-License-Identifier: Apache-2.0
//
// A thread's whole life: created, run (an empty function), joined. One at a time, and in batches of
// a hundred: all created, all run, all joined. The thread that creates is the one that joins; for
// workers it is also their scheduler, whose entry point does all of it.
#include <fmt/core.h>
#include <pthread.h>
#include <ums.h>

#include <algorithm>
#include <vector>

#include "bench/check.h"
#include "bench/child.h"
#include "bench/meter.h"
#include "bench/placement.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kLivesInSlice = 20;

void* empty_function(void* /*argument*/) { return nullptr; }

Sample pthread_lives(int batch) {
  std::vector<pthread_t> threads(static_cast<std::size_t>(batch));
  Meter meter(1, std::max(batch, kLivesInSlice));
  for (bool done = false; !done;) {
    for (pthread_t& thread : threads) {
      check(pthread_create(&thread, nullptr, empty_function, nullptr) == 0, "pthread_create");
    }
    for (const pthread_t thread : threads) {
      check(pthread_join(thread, nullptr) == 0, "pthread_join");
      done = meter.count();
    }
  }
  return Sample::measured(meter.nanoseconds());
}

// A scheduler that makes its workers, runs them to their end, and joins them, batch after batch.
class Nursery {
 public:
  explicit Nursery(int batch)
      : threads_(static_cast<std::size_t>(batch)), meter_(1, std::max(batch, kLivesInSlice)) {
    check(create_ums_completion_list(&list_) == 0, "create_ums_completion_list");
  }

  double run() {
    pthread_t scheduler;
    check(pthread_create(&scheduler, nullptr, scheduler_main, this) == 0, "pthread_create");
    check(pthread_join(scheduler, nullptr) == 0, "pthread_join of the scheduler");
    return meter_.nanoseconds();
  }

 private:
  static void* scheduler_main(void* self) {
    instance_ = static_cast<Nursery*>(self);
    ums_scheduler_startup_info_t info{instance_->list_, entry_point, nullptr};
    enter_ums_scheduling_mode(&info);
    check_failed("enter_ums_scheduling_mode");
  }

  static void entry_point(ums_reason_t reason, ums_activation_t* /*activation*/,
                          void* /*parameter*/) {
    if (reason == UMS_SCHEDULER_STARTUP) {
      instance_->create_batch();
    } else {
      instance_->on_end();
    }
    instance_->execute_next();
  }

  void create_batch() {
    ums_attr_t attributes{list_, nullptr};
    for (pthread_t& thread : threads_) {
      check(ums_pthread_create(&thread, &attributes, empty_function, nullptr) == 0,
            "ums_pthread_create");
    }
    ended_ = 0;
  }

  void on_end() {
    if (++ended_ < threads_.size()) {
      return;
    }
    bool done = false;
    for (const pthread_t thread : threads_) {
      check(pthread_join(thread, nullptr) == 0, "pthread_join");
      done = meter_.count();
    }
    if (done) {
      pthread_exit(nullptr);  // The only way out of scheduling mode.
    }
    create_batch();
  }

  // Takes what has arrived when nothing is left of what came before; waits for the first.
  void execute_next() {
    if (next_ == ready_.size()) {
      ready_.clear();
      next_ = 0;
      ums_context_t context;
      check(dequeue_ums_completion_list_items(list_, &context) == 0, "dequeue");
      for (; context > 0; context = get_next_ums_list_item(context)) {
        ready_.push_back(context);
      }
      check(context == 0, "get_next_ums_list_item");
    }
    check(execute_ums_thread(ready_[next_++]) == 0, "execute_ums_thread");
  }

  static inline Nursery* instance_ = nullptr;

  ums_completion_list_t list_ = 0;
  std::vector<pthread_t> threads_;
  std::vector<ums_context_t> ready_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
  Meter meter_;
};

void add_batch(RowTable& table, int batch, std::string_view pthread_what,
               std::string_view worker_what) {
  table.add(
      {fmt::format("create_pthread/{}", batch), kCreation, pthread_what, 1, Unit::kNanoseconds},
      isolated([batch] { return pthread_lives(batch); }));
  table.add({fmt::format("create_worker/{}", batch), kCreation, worker_what, 1, Unit::kNanoseconds},
            isolated([batch] { return Sample::measured(Nursery(batch).run()); }));
}

}  // namespace

void add_creation_rows(RowTable& table) {
  add_batch(table, 1, "pthread, one at a time", "UMS worker, one at a time");
  add_batch(table, 100, "pthread, 100 at a time", "UMS worker, 100 at a time");
}

}  // namespace ums::bench
