// SPDX-License-Identifier: Apache-2.0
//
// A program that explores a part of itself, and has a worker in it.
#include <ums/explore.hpp>
#include <ums/ums.hpp>

#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace {

bool loses_one() {
  std::mutex mutex;
  int count = 0;
  const auto increment = [&] {
    mutex.lock();
    const int seen = count;
    mutex.unlock();
    const std::lock_guard guard(mutex);
    count = seen + 1;
  };
  std::thread a(increment);
  std::thread b(increment);
  a.join();
  b.join();
  return count == 2;
}

void runs_a_worker() {
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  ums::Worker worker(list, [] { ums::yield(); });
  worker.join();
}

}  // namespace

int main() {
  const ums::ExploreResult found = ums::explore({}, loses_one);
  std::printf("%s\n", found.message.c_str());
  if (found.passed()) return 1;
  ums::ExploreOptions again;
  again.replay = found.schedule;
  if (ums::explore(again, loses_one).schedule != found.schedule) return 2;
  again.replay.reset();
  again.executions = 100;
  const ums::ExploreResult workers = ums::explore(again, runs_a_worker);
  std::printf("%s\n", workers.message.c_str());
  return workers.passed() && workers.schedules > 1 ? 0 : 3;
}
