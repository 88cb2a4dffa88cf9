// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand calls that are suspended at once: what each costs the kernel process, and that all
// go on and end.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "support/await.h"
#include "support/door.h"
#include "support/kernel_view.h"
#include "support/server/served.h"
#include "support/server/victim.h"

namespace ums::test {
namespace {

constexpr int kProcesses = 4;
// ThreadSanitizer's threads are heavy.
constexpr int kWorkersEach = UMS_SANITIZE_THREAD ? 250 : 2'500;
constexpr int kWorkers = kProcesses * kWorkersEach;
// Builds without optimisation or with instrumentation need more room for the same code.
#if defined(__OPTIMIZE__) && !UMS_SANITIZE_ADDRESS && !UMS_SANITIZE_THREAD
constexpr bool kMeasures = true;
#else
constexpr bool kMeasures = false;
#endif

constexpr int kNoThreads = 77;  // exit status: the machine does not allow so many

// What the processes share.
struct Shared {
  std::atomic<int> begun{0};  // threads that are about to enter
  std::atomic<int> wrong{0};  // calls that did not return 0
};

struct Place {
  Shared& calls;
  int fd;
  int list;
};

void* enter_and_exit(void* argument) {
  const Place& place = *static_cast<const Place*>(argument);
  ++place.calls.begun;
  if (enter_worker(place.fd, place.list) != 0) ++place.calls.wrong;
  if (exit_worker(place.fd) != 0) ++place.calls.wrong;
  return nullptr;
}

// A process with its share of the workers, which ends when they have ended.
[[noreturn]] void run_workers_of_process(Place place) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, std::size_t{128} * 1024);
  std::vector<pthread_t> threads(kWorkersEach);
  for (pthread_t& thread : threads) {
    if (pthread_create(&thread, &small, enter_and_exit, &place) == 0) continue;
    kill(getppid(), SIGUSR1);
    for (;;) pause();
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  _exit(0);
}

// Of the kernel process, which is the parent: its own pages, without those of program files.
long resident_bytes_of_kernel() {
  std::FILE* const file =
      std::fopen(("/proc/" + std::to_string(getppid()) + "/smaps_rollup").c_str(), "r");
  long kibibytes = -1;
  char line[256];
  while (file != nullptr && kibibytes < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    std::sscanf(line, "Anonymous: %ld kB", &kibibytes);
  }
  if (file != nullptr) std::fclose(file);
  EXPECT_GE(kibibytes, 0) << "smaps_rollup of the kernel process cannot be read";
  return kibibytes * 1024;
}

// Each goes before the next is asked for: Linux goes through all notifications that wait, for each
// that comes and each answer.
void execute_all(const Place& place) {
  int worker = dequeue(place.fd, place.list);
  for (int i = 0; i < kWorkers; ++i) {
    ASSERT_GT(worker, 0);
    const int next_one = next(place.fd, worker);
    EXPECT_EQ(execute(place.fd, worker), 0);
    worker = next_one;
  }
  EXPECT_EQ(worker, 0) << "there are more";
}

TEST(ManyCalls, TenThousandAreSmallAndEnd) {
  const auto program = [] {
    signal(SIGUSR1, [](int) { _exit(kNoThreads); });
    const int fd = dev_open();
    Place place{shared<Shared>(), fd, create_list(fd)};
    const long before = resident_bytes_of_kernel();
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(fork());
      if (children.back() == 0) run_workers_of_process(place);
    }
    wait_until([&] { return place.calls.begun == kWorkers; });
    wait_until([] { return live_objects()["ums_worker"] == kWorkers; });
    const long each = (resident_bytes_of_kernel() - before) / kWorkers;
    if (kMeasures) {
      EXPECT_LE(each, 8 * 1024);
    }
    become_scheduler(fd, place.list);
    execute_all(place);
    for (int i = 0; i < kWorkers; ++i) EXPECT_EQ(take_event_type(fd), THREAD_TERMINATED);
    for (const pid_t child : children) {
      int status = -1;
      EXPECT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(place.calls.wrong, 0);
  };
  const int status = served(program);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoThreads) {
    GTEST_SKIP() << "this machine allows fewer than " << kWorkers << " threads to its user";
  }
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ums::test
