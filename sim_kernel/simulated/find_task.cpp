// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/find_task.h"

#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/simulated/simulation.h"

namespace ums::kernel {

void for_each_simulated(void (*visit)(Task& task, void* argument), void* argument) noexcept {
  struct Visit {
    void (*const visit)(Task& task, void* argument);
    void* const argument;
  } each{visit, argument};
  for_each_task(
      [](Task& task, void* visitor) {
        const Visit& its = *static_cast<Visit*>(visitor);
        if (is_simulated(task)) its.visit(task, its.argument);
      },
      &each);
}

namespace {

template <typename Key>
Task* find_simulated(Key key, bool (*is)(const Task& task, Key key)) noexcept {
  const KernelSection section;
  struct Search {
    Key key;
    bool (*is)(const Task& task, Key key);
    Task* found;
  } search{key, is, nullptr};
  for_each_simulated(
      [](Task& task, void* argument) {
        auto& wanted = *static_cast<Search*>(argument);
        if (wanted.is(task, wanted.key)) wanted.found = &task;
      },
      &search);
  return search.found;
}

}  // namespace

Task* simulated_task(int number) noexcept {
  return find_simulated<int>(
      number, [](const Task& task, int wanted) { return task.machine.number == wanted; });
}

Task* simulated_task_of(pthread_t handle) noexcept {
  return find_simulated<pthread_t>(
      handle, [](const Task& task, pthread_t wanted) { return task.machine.handle == wanted; });
}

Task* simulated_task_of(pid_t tid) noexcept {
  return find_simulated<pid_t>(tid,
                               [](const Task& task, pid_t wanted) { return task.tid == wanted; });
}

Task* simulated_task_of_owner(pid_t kernel_thread) noexcept {
  return find_simulated<pid_t>(kernel_thread, [](const Task& task, pid_t wanted) {
    return task.machine.home.tid == wanted;
  });
}

}  // namespace ums::kernel
