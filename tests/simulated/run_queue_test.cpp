// SPDX-License-Identifier: Apache-2.0
//
// RunQueue: after whatever was done to it, it says the same as a std::map.
#include "sim_kernel/simulated/run_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>

namespace ums::test {
namespace {

using kernel::Choice;
using kernel::Event;
using kernel::EventKind;
using kernel::RunQueue;
using kernel::Task;

constexpr int kTasks = 100;

class Model {
 public:
  Model() {
    EXPECT_TRUE(queue.reserve(kTasks / 2));  // it grows in between
    for (int i = 0; i < kTasks; ++i) tasks[index(i)].machine.number = i;
  }

  void add(int number) {
    Task& task = tasks[index(number)];
    if (task.machine.runnable) return;
    EXPECT_TRUE(queue.reserve(runnable.size() + 1));
    queue.add(task);
    runnable[number] = task.machine.next;
  }

  void remove(int number) {
    if (runnable.erase(number) > 0) queue.remove(tasks[index(number)]);
  }

  void set_next(int number, Event next) {
    if (!runnable.contains(number)) return;
    queue.set_next(tasks[index(number)], next);
    runnable[number] = next;
  }

  // All that are about to lock it wait.
  void hold_off(std::uint32_t object) {
    int last = kTasks;
    queue.remove_if([&](const Choice& choice, const Task& task) {
      EXPECT_EQ(choice.task, task.machine.number);
      EXPECT_LT(choice.task, last) << "from the last to the first";
      last = choice.task;
      return choice.next.object == object;
    });
    std::erase_if(runnable, [=](const auto& each) { return each.second.object == object; });
  }

  void compare() {
    ASSERT_EQ(queue.size(), runnable.size());
    std::size_t place = 0;
    for (const auto& [number, next] : runnable) {
      ASSERT_EQ(queue.choices()[place].task, number);
      ASSERT_EQ(queue.choices()[place].next.object, next.object);
      ASSERT_EQ(&queue.task(place), &tasks[index(number)]);
      ++place;
    }
    for (int i = 0; i < kTasks; ++i) {
      ASSERT_EQ(tasks[index(i)].machine.runnable, runnable.contains(i)) << i;
    }
  }

  static std::size_t index(int number) { return static_cast<std::size_t>(number); }

  const std::unique_ptr<Task[]> tasks = std::make_unique<Task[]>(kTasks);
  RunQueue queue;
  std::map<int, Event> runnable;
};

TEST(RunQueue, IsTheSameAsAMap) {
  std::mt19937 random(1);
  const auto below = [&random](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  Model model;
  for (int i = 0; i < 20'000; ++i) {
    const int number = below(kTasks);
    switch (below(8)) {
      case 0:
        model.remove(number);
        break;
      case 1:
        model.set_next(number, {EventKind::kLock, static_cast<std::uint32_t>(below(3))});
        break;
      case 2:
        if (below(10) == 0) model.hold_off(static_cast<std::uint32_t>(below(3)));
        break;
      case 3:
        ASSERT_NO_FATAL_FAILURE(model.compare());
        break;
      default:
        model.add(number);
    }
  }
}

}  // namespace
}  // namespace ums::test
