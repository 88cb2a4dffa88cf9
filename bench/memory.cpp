// SPDX-License-Identifier: Apache-2.0
//
// Resident memory: what a thousand pthreads that wait on a semaphore occupy, and what a thousand
// UMS workers do that have run, yielded and are suspended. Each has reached its waiting place
// through its own function, so the stack pages that a waiting thread needs are counted; so is the
// simulated kernel's own memory, since it is this process's, in its state file too. Pages of
// program files are not (Linux brings them in by the dozen, whoever needs the first), nor is
// Linux's memory for a thread (its kernel stack, page tables), on either side.
#include <pthread.h>
#include <semaphore.h>
#include <ums.h>

#include <atomic>
#include <cstdio>
#include <vector>

#include "bench/check.h"
#include "bench/child.h"
#include "bench/rows.h"

namespace ums::bench {
namespace {

constexpr int kThreads = 1'000;

// Resident memory of our own, exactly (/proc/self/statm is behind by a few pages a processor): what
// has been written, which pages of program files are not.
double resident_bytes() {
  std::FILE* const file = std::fopen("/proc/self/smaps_rollup", "r");
  check(file != nullptr, "fopen of /proc/self/smaps_rollup");
  char line[256];
  long kibibytes = 0;
  int found = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    long part = 0;
    if (std::sscanf(line, "Private_Dirty: %ld kB", &part) == 1 ||
        std::sscanf(line, "Shared_Dirty: %ld kB", &part) == 1) {
      kibibytes += part;
      ++found;
    }
  }
  std::fclose(file);
  check(found == 2, "reading Private_Dirty and Shared_Dirty");
  return static_cast<double>(kibibytes) * 1024;
}

// Threads that have reached their waiting place, and the semaphore that nobody posts.
struct WaitingRoom {
  WaitingRoom() { check(sem_init(&never, 0, 0) == 0 && sem_init(&full, 0, 0) == 0, "sem_init"); }

  int expected = 0;
  std::atomic<int> arrived{0};
  sem_t full;
  sem_t never;

  void arrive() {
    if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == expected) {
      sem_post(&full);
    }
  }
};

void* wait_as_pthread(void* room) {
  static_cast<WaitingRoom*>(room)->arrive();
  sem_wait(&static_cast<WaitingRoom*>(room)->never);
  return nullptr;
}

void fill_with_pthreads(WaitingRoom& room, int threads) {
  room.expected = threads;
  for (int i = 0; i < threads; ++i) {
    pthread_t thread;
    check(pthread_create(&thread, nullptr, wait_as_pthread, &room) == 0, "pthread_create");
  }
  sem_wait(&room.full);
}

// A scheduler that executes each of its workers once, leaves them suspended, and waits for ever.
struct OnceEach {
  WaitingRoom& room;
  ums_completion_list_t list;
  std::vector<ums_context_t> workers;
};

thread_local OnceEach* this_scheduler = nullptr;

void* suspend_as_worker(void* /*argument*/) {
  for (;;) {
    ums_thread_yield(nullptr);
  }
}

// Waits until all workers have come; after this they return to the list one by one, unwanted.
void gather(OnceEach& self) {
  while (static_cast<int>(self.workers.size()) < self.room.expected) {
    ums_context_t context;
    check(dequeue_ums_completion_list_items(self.list, &context) == 0, "dequeue");
    for (; context > 0; context = get_next_ums_list_item(context)) {
      self.workers.push_back(context);
    }
    check(context == 0, "get_next_ums_list_item");
  }
}

void execute_next_of_batch(ums_reason_t reason, ums_activation_t* /*activation*/,
                           void* /*parameter*/) {
  OnceEach& self = *this_scheduler;
  if (reason == UMS_SCHEDULER_STARTUP) {
    gather(self);
  }
  if (self.workers.empty()) {
    sem_post(&self.room.full);
    sem_wait(&self.room.never);
  }
  const ums_context_t next = self.workers.back();
  self.workers.pop_back();
  check(execute_ums_thread(next) == 0, "execute_ums_thread");
}

void* scheduler_main(void* argument) {
  this_scheduler = static_cast<OnceEach*>(argument);
  ums_scheduler_startup_info_t info{this_scheduler->list, execute_next_of_batch, nullptr};
  enter_ums_scheduling_mode(&info);
  check_failed("enter_ums_scheduling_mode");
}

void fill_with_workers(WaitingRoom& room, int threads) {
  room.expected = threads;
  auto* const scheduler = new OnceEach{room, 0, {}};  // Lives as long as the process.
  check(create_ums_completion_list(&scheduler->list) == 0, "create_ums_completion_list");
  ums_attr_t attributes{scheduler->list, nullptr};
  pthread_t thread;
  for (int i = 0; i < threads; ++i) {
    check(ums_pthread_create(&thread, &attributes, suspend_as_worker, nullptr) == 0,
          "ums_pthread_create");
  }
  check(pthread_create(&thread, nullptr, scheduler_main, scheduler) == 0, "pthread_create");
  sem_wait(&room.full);
}

// What one of a thousand adds, over a first one for which the program itself allocates.
Sample bytes_each(void (*fill)(WaitingRoom& room, int threads)) {
  auto* const first = new WaitingRoom;  // Never emptied: the child ends with all that wait in it.
  auto* const rest = new WaitingRoom;
  fill(*first, 1);
  const double before = resident_bytes();
  fill(*rest, kThreads);
  return Sample::measured((resident_bytes() - before) / kThreads);
}

}  // namespace

void add_memory_rows(RowTable& table) {
  table.add({"memory_pthread", kMemory, "pthread, blocked", kThreads, Unit::kBytes},
            isolated([] { return bytes_each(fill_with_pthreads); }));
  table.add({"memory_worker", kMemory, "UMS worker, suspended", kThreads, Unit::kBytes},
            isolated([] { return bytes_each(fill_with_workers); }));
}

}  // namespace ums::bench
