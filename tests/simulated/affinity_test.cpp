// SPDX-License-Identifier: Apache-2.0
//
// Which virtual CPUs a program sees, and on which its threads, schedulers and workers are.
#include <gtest/gtest.h>
#include <sys/sysinfo.h>
#include <ums.h>
#include <ums/ums_sim.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <vector>

#include "tests/simulated/virtual_run.h"

namespace ums::test {
namespace {

// ---- affinity

TEST(Affinity, AffinityIsRespected) {
  const auto usage = run(cpus(8), [] {
    const auto work = [] {
      stay_on(0b0011);
      for (int i = 0; i < 3; ++i) {
        ums_sim_compute(kMs);
        sched_yield();
        EXPECT_LT(sched_getcpu(), 2);
      }
    };
    run_beside({work, work, work, work});
  });
  EXPECT_EQ(usage.moment, 6 * kMs);
}

TEST(Affinity, NewThreadIsWhereItsCreatorMayBeOrItsAttributesSay) {
  run(cpus(8), [] {
    stay_on(0b1100);
    const auto look = [](void* mask) -> void* {
      cpu_set_t set;
      EXPECT_EQ(pthread_getaffinity_np(pthread_self(), sizeof set, &set), 0);
      unsigned bits = 0;
      for (unsigned i = 0; i < 8; ++i) bits |= CPU_ISSET(i, &set) ? 1U << i : 0;
      EXPECT_NE(bits >> sched_getcpu() & 1, 0U);
      *static_cast<unsigned*>(mask) = bits;
      return nullptr;
    };
    const auto seen_with = [look](const pthread_attr_t* attributes) {
      unsigned bits = 0;
      pthread_t thread;
      EXPECT_EQ(pthread_create(&thread, attributes, look, &bits), 0);
      EXPECT_EQ(pthread_join(thread, nullptr), 0);
      return bits;
    };
    EXPECT_EQ(seen_with(nullptr), 0b1100U);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    EXPECT_EQ(seen_with(&attributes), 0b1100U);
    const cpu_set_t set = set_of(0b10000001);
    pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
    EXPECT_EQ(seen_with(&attributes), 0b10000001U);
    EXPECT_EQ(seen_with(&attributes), 0b10000001U) << "the attributes are as before";
    const cpu_set_t nowhere = set_of(0x100);
    pthread_attr_setaffinity_np(&attributes, sizeof nowhere, &nowhere);
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, &attributes, look, nullptr), EINVAL);
    pthread_attr_destroy(&attributes);
  });
}

TEST(Affinity, ProgramSeesAsManyAsThereAre) {
  const int real = get_nprocs();
  run(cpus(48), [] {
    EXPECT_EQ(get_nprocs(), 48);
    EXPECT_EQ(get_nprocs_conf(), 48);
    EXPECT_EQ(sysconf(_SC_NPROCESSORS_ONLN), 48);
    EXPECT_EQ(sysconf(_SC_NPROCESSORS_CONF), 48);
    EXPECT_EQ(std::thread::hardware_concurrency(), 48U);
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 48);
    unsigned cpu = 99;
    unsigned node = 99;
    EXPECT_EQ(getcpu(&cpu, &node), 0);
    EXPECT_EQ(cpu, 0U);
    EXPECT_EQ(node, 0U);
    const cpu_set_t none = set_of(0);
    EXPECT_EQ(sched_setaffinity(0, sizeof none, &none), -1);
    EXPECT_EQ(errno, EINVAL);
  });
  run({}, [real] { EXPECT_EQ(get_nprocs(), real); });
}

TEST(Affinity, AffinityOfAnotherThreadIsSet) {
  run(cpus(4), [] {
    std::thread thread([] {
      for (int i = 0; i < 4; ++i) {
        ums_sim_compute(kMs);
        sched_yield();
      }
      EXPECT_EQ(sched_getcpu(), 3);
    });
    usleep(1500);
    const cpu_set_t set = set_of(0b1000);
    EXPECT_EQ(pthread_setaffinity_np(thread.native_handle(), sizeof set, &set), 0);
    thread.join();
    EXPECT_EQ(now(), 4 * kMs);
  });
}

// It computes, and makes no call: the next of its computations is there.
TEST(Affinity, ThreadsThatComputeGoWhereTheyAreSent) {
  run(cpus(4), [] {
    std::array<std::vector<int>, 2> seen;
    const auto work = [](std::vector<int>& its) {
      for (int i = 0; i < 12; ++i) {
        ums_sim_compute(kMs / 2);
        its.push_back(sched_getcpu());
      }
    };
    std::thread one(work, std::ref(seen[0]));
    std::thread other(work, std::ref(seen[1]));
    ums_sim_compute(kMs * 12 / 10);
    const cpu_set_t set = set_of(0b1000);
    for (std::thread* each : {&one, &other}) {
      EXPECT_EQ(pthread_setaffinity_np(each->native_handle(), sizeof set, &set), 0);
    }
    one.join();
    other.join();
    EXPECT_EQ(now(), kMs * 105 / 10);
    for (const std::vector<int>& its : seen) {
      EXPECT_NE(its[0], 3);
      EXPECT_EQ(its[1], its[0]);
      EXPECT_EQ(std::count(its.begin(), its.end(), 3), 10);
    }
  });
}

// ---- schedulers and workers

struct Scheduler {
  ums_completion_list_t list = 0;
  int left = 3;
};

void on_event(ums_reason_t reason, ums_activation_t*, void* parameter) {
  static thread_local Scheduler* self;
  if (reason == UMS_SCHEDULER_STARTUP) self = static_cast<Scheduler*>(parameter);
  if (reason == UMS_SCHEDULER_THREAD_END && --self->left == 0) pthread_exit(nullptr);
  ums_context_t worker = 0;
  while (worker <= 0) dequeue_ums_completion_list_items(self->list, &worker);
  EXPECT_EQ(execute_ums_thread(worker), 0);
}

void* work_on_the_schedulers_cpu(void*) {
  EXPECT_EQ(sched_getcpu(), 5);
  ums_sim_compute(kMs);
  usleep(100);  // somebody else has the CPU then, and others are idle
  EXPECT_EQ(sched_getcpu(), 5);
  return nullptr;
}

// One scheduler is one CPU, however many there are.
TEST(Affinity, WorkersAreOnTheCpuOfTheirScheduler) {
  const auto usage = run(cpus(8), [] {
    Scheduler scheduler;
    EXPECT_EQ(create_ums_completion_list(&scheduler.list), 0);
    ums_attr_t attr{scheduler.list, nullptr};
    pthread_t workers[3];
    for (pthread_t& each : workers) {
      EXPECT_EQ(ums_pthread_create(&each, &attr, work_on_the_schedulers_cpu, nullptr), 0);
    }
    std::thread rival;
    std::thread([&] {
      stay_on(0b100000);
      rival = std::thread([] { ums_sim_compute(4 * kMs); });
      ums_scheduler_startup_info_t info{scheduler.list, on_event, &scheduler};
      enter_ums_scheduling_mode(&info);
    }).join();
    rival.join();
    for (const pthread_t each : workers) EXPECT_EQ(pthread_join(each, nullptr), 0);
    EXPECT_EQ(delete_ums_completion_list(&scheduler.list), 0);
  });
  EXPECT_GE(usage.moment, 7 * kMs);
  EXPECT_LT(usage.moment, 8 * kMs);
}

}  // namespace
}  // namespace ums::test
