// SPDX-License-Identifier: Apache-2.0
//
// The ids of threads: the same in each execution, and good for every call that takes one.
#include "ums_api/simulated/thread_ids.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "ums_api/explore/explore.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

// In a thread of a simulation, whose id is none of Linux's.
void in_simulated_thread(const std::function<void()>& body) {
  explore::RandomStrategy strategy(1);
  explore::run_many(strategy, 1, [&] {
    std::thread(body).join();
    return true;
  });
}

TEST(ThreadIds, AreTheSameInEachExecution) {
  explore::RandomStrategy strategy(1);
  std::set<std::vector<pid_t>> seen;
  explore::run_many(strategy, 20, [&] {
    std::vector<pid_t> ids(2);
    std::thread first([&] { ids[0] = gettid(); });
    std::thread second([&] { ids[1] = gettid(); });
    first.join();
    second.join();
    EXPECT_NE(ids[0], ids[1]);
    seen.insert(ids);
    return true;
  });
  EXPECT_EQ(seen.size(), 1U);
}

TEST(ThreadIds, AreKnownToCallsAboutScheduling) {
  in_simulated_thread([] {
    const pid_t me = gettid();
    const auto who = static_cast<id_t>(me);
    EXPECT_NE(syscall(SYS_tgkill, getpid(), me, 0), -1);
    EXPECT_EQ(syscall(SYS_gettid), me);
    const int before = getpriority(PRIO_PROCESS, who);
    EXPECT_EQ(setpriority(PRIO_PROCESS, who, before + 1), 0);
    EXPECT_EQ(getpriority(PRIO_PROCESS, who), before + 1);
    sched_param param{};
    timespec interval{};
    EXPECT_EQ(sched_getscheduler(me), SCHED_OTHER);
    EXPECT_EQ(sched_setscheduler(me, SCHED_BATCH, &param), 0);
    EXPECT_EQ(syscall(SYS_sched_getscheduler, me), SCHED_BATCH);
    EXPECT_EQ(sched_setparam(me, &param), 0);
    EXPECT_EQ(sched_getparam(me, &param), 0);
    EXPECT_EQ(sched_rr_get_interval(me, &interval), 0);
    cpu_set_t cpus;
    EXPECT_EQ(sched_getaffinity(me, sizeof cpus, &cpus), 0);
    EXPECT_EQ(sched_setaffinity(me, sizeof cpus, &cpus), 0);
    EXPECT_EQ(tgkill(getpid(), me, 0), 0);
  });
}

TEST(ThreadIds, OfNobodyIsLinuxs) {
  in_simulated_thread([] {
    EXPECT_EQ(sched_getscheduler(gettid() + 1000), -1);
    EXPECT_EQ(errno, ESRCH);
  });
}

}  // namespace
}  // namespace ums::test
