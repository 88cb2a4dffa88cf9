// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/profile/measure_costs.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "tools/ums/profile/wake_round.h"

namespace ums::command {
namespace {

constexpr int kLoops = 31;

// A loop's time in nanoseconds, by step; the median of all loops. What comes after a loop does not
// count.
template <typename Step, typename After>
double time_of(int steps, Step step, After after) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  for (int loop = 0; loop < kLoops; ++loop) {
    const Clock::time_point begin = Clock::now();
    for (int i = 0; i < steps; ++i) step();
    const std::chrono::duration<double, std::nano> passed = Clock::now() - begin;
    times.push_back(passed.count() / steps);
    after();
  }
  std::sort(times.begin(), times.end());
  return times[kLoops / 2];
}

template <typename Step>
double time_of(int steps, Step step) {
  return time_of(steps, step, [] {});
}

std::uint64_t cost(double nanoseconds) {
  return nanoseconds > 0 ? static_cast<std::uint64_t>(std::llround(nanoseconds)) : 0;
}

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

double time_of_lock() {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  return time_of(10'000,
                 [&mutex] {
                   pthread_mutex_lock(&mutex);
                   pthread_mutex_unlock(&mutex);
                 }) /
         2;
}

double time_of_creation() {
  std::vector<pthread_t> threads;
  return time_of(
      8,
      [&threads] {
        pthread_t thread;
        const auto nothing = [](void*) -> void* { return nullptr; };
        if (pthread_create(&thread, nullptr, nothing, nullptr) == 0) threads.push_back(thread);
      },
      [&threads] {
        for (const pthread_t each : threads) pthread_join(each, nullptr);
        threads.clear();
      });
}

// The other waits when it is woken: it has had its time.
double time_of_wake_up(int cpu) {
  WakeRound round(cpu);
  return time_of(
      1, [&round] { round.wake(); },
      [&round] {
        round.await();
        usleep(200);
      });
}

double time_of_round(int cpu) {
  WakeRound round(cpu);
  return time_of(200, [&round] {
    round.wake();
    round.await();
  });
}

double time_of_migration(int here, int there) {
  std::vector<unsigned char> memory(std::size_t{32} * 1024);
  const auto read = [&memory] {
    unsigned sum = 0;
    for (std::size_t i = 0; i < memory.size(); i += 64) sum += memory[i];
    asm volatile("" : : "r"(sum) : "memory");
  };
  const auto write_there = [&] {
    go_to(there);
    std::fill(memory.begin(), memory.end(), static_cast<unsigned char>(1));
    go_to(here);
  };
  write_there();
  const double cold = time_of(1, read, write_there);
  return cold - time_of(1, read);
}

}  // namespace

kernel::CostProfile measure_costs() {
  const std::vector<int> cpus = allowed_cpus();
  const int here = cpus.front();
  const int there = cpus.back();
  kernel::CostProfile costs;
  costs.create = cost(time_of_creation());
  go_to(here);
  const double call = time_of(10'000, [] { syscall(SYS_getppid); });
  const double wake_and_switch = time_of_round(here) / 2 - 2 * call;
  // One after a pause, with cold caches; on a busy machine it can take longer than both do in turn.
  const double wake_up = std::min(time_of_wake_up(here) - call, wake_and_switch / 2);
  costs.system_call = cost(call);
  costs.lock = cost(time_of_lock());
  costs.wake_up = cost(wake_up);
  costs.context_switch = cost(wake_and_switch - wake_up);
  if (here != there) costs.migration = cost(time_of_migration(here, there));
  return costs;
}

}  // namespace ums::command
