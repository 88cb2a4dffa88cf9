// SPDX-License-Identifier: Apache-2.0
#include "ums_api/program/program_execution.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/simulated/find_task.h"
#include "sim_kernel/simulated/holder.h"
#include "sim_kernel/simulated/role.h"
#include "sim_kernel/simulated/simulated_thread.h"
#include "sim_kernel/simulated/virtual_cpus.h"
#include "sim_kernel/simulated/virtual_time.h"
#include "ums_api/program/call_stack.h"
#include "ums_api/simulated/threads.h"

namespace ums::api {

using kernel::Choice;
using kernel::EventKind;
using kernel::Task;

namespace {

template <typename... Args>
void append(explore::ArenaString& text, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
}

// On which the task runs, or has run.
int cpu_of(const Task& task) {
  const int cpu = task.machine.cpu >= 0 ? task.machine.cpu : task.machine.last_cpu;
  return std::max(cpu, 0);
}

// As the lines of tasks have it.
int number_of(const kernel::Holder& holder) {
  constexpr int kNobody = -1;
  constexpr int kEnded = -2;
  if (holder.task != nullptr) return holder.task->machine.number;
  return holder.has_ended ? kEnded : kNobody;
}

class ForkedChild final : public kernel::Chooser {
 public:
  std::size_t choose(std::span<const Choice> choices, int current) noexcept override {
    return explore::default_choice(choices, current);
  }
  void stuck() noexcept override {
    kernel::pr_err("deadlock in a forked child: no task can go on");
    std::abort();
  }
};

using Tasks = explore::ArenaVector<Task*>;

// By number.
Tasks all_tasks() {
  Tasks tasks;
  kernel::for_each_simulated(
      [](Task& task, void* argument) { static_cast<Tasks*>(argument)->push_back(&task); }, &tasks);
  std::sort(tasks.begin(), tasks.end(),
            [](const Task* a, const Task* b) { return a->machine.number < b->machine.number; });
  return tasks;
}

}  // namespace

namespace {

// Whether the task waits for one that waits for one ... that waits for it, each for a lock: nobody
// else can end that. Who waits otherwise may be cancelled, or executed by another scheduler.
bool waits_for_itself(int task) {
  constexpr int kTasksMax = 1000;  // in a circle that it is not part of
  int at = task;
  for (int i = 0; i < kTasksMax; ++i) {
    const Task* const waiter = kernel::simulated_task(at);
    if (waiter == nullptr || waiter->machine.runnable || waiter->machine.has_deadline())
      return false;
    if (waiter->machine.next.kind != EventKind::kLock) return false;
    at = number_of(kernel::holder_of(*waiter));
    if (at == task) return true;
    if (at < 0) return false;
  }
  return false;
}

}  // namespace

std::size_t ProgramExecution::choose(std::span<const Choice> choices, int current) noexcept {
  if (counts().steps == wanted_.steps_max) end("steps");
  const bool waits = !explore::may_go_on(choices, current);
  stopped_at(current) = waits ? counts().steps - 1 : 0;  // by its last step
  if (waits && waits_for_itself(current)) end("circle");
  const std::uint64_t step = counts().steps;
  const std::size_t chosen = Execution::choose(choices, current);
  if (wanted_.steps) note_step(choices, current, chosen);
  if (step == wanted_.stacks[0] || step == wanted_.stacks[1]) {
    append(notes_, "stack {}\n", step);
    note_stack_of(choices[chosen].task);
  }
  return chosen;
}

bool ProgramExecution::is_in_its_process() const { return getpid() == process_; }

std::uint64_t& ProgramExecution::stopped_at(int task) {
  const auto index = static_cast<std::size_t>(std::max(task, 0));
  if (index >= stopped_at_.size()) stopped_at_.resize(index + 1, 0);
  return stopped_at_[index];
}

void ProgramExecution::note_step(std::span<const Choice> choices, int current, std::size_t chosen) {
  const Choice& choice = choices[chosen];
  const bool preempts = choice.task != current && explore::is_preempted(choices, current);
  const int displaced = choices[explore::default_choice(choices, current)].task;
  if (counts().steps == 1) append(notes_, "thread 0 {}\n", kernel::simulated_task(0)->tid);
  if (choice.next.kind == EventKind::kBegin && choice.task > 0) note_begin(choice.task);
  note_objects_to(choice.next.object);
  append(notes_, "step {} {} {} {} {:d} ", choice.task, static_cast<int>(choice.next.kind),
         choice.next.object, displaced, preempts);
  append(notes_, "{} {} {}\n", kernel::virtual_cpus.step_moment(), kernel::virtual_time(),
         cpu_of(*kernel::current_or_null));
}

void ProgramExecution::note_end_here() {
  if (!is_in_its_process()) return;
  notes_ += "here\n";
  CallStack::here().write(notes_);
}

void ProgramExecution::note_hang() {
  if (!is_in_its_process()) return;
  if (kernel::anybody_is_runnable()) return note_end_here();
  note_tasks();
}

void ProgramExecution::note_stack_of(int task) {
  kernel::look_from(
      *kernel::simulated_task(task),
      [](void* notes) { CallStack::here().write(*static_cast<explore::ArenaString*>(notes)); },
      &notes_);
}

void ProgramExecution::note_task(Task& task) {
  const kernel::Event& next = task.machine.next;
  note_objects_to(next.object);
  const kernel::Role role = kernel::role_of(task);
  const int holder = number_of(kernel::holder_of(task));
  append(notes_, "task {} {} {:d} {} {} {} {}\n", task.machine.number, task.tid,
         task.machine.runnable, static_cast<int>(next.kind), next.object, holder,
         stopped_at(task.machine.number));
  if (role.kind != kernel::Role::Kind::kNone) {
    append(notes_, "role {} {}\n", static_cast<int>(role.kind), role.list);
  }
  note_stack_of(task.machine.number);
}

void ProgramExecution::note_begin(int task) {
  const Task& its = *kernel::simulated_task(task);
  append(notes_, "thread {} {} ", task, its.tid);
  write_place(notes_, reinterpret_cast<const void*>(its.machine.thread->func));
}

void ProgramExecution::note_access(const kernel::RacingAccess& access) {
  append(notes_, "access {} {} {}\n", access.task, static_cast<int>(access.kind), access.bytes);
  std::array<const void*, 32> calls{};
  std::size_t depth = 0;
  for (const void* const back : access.stack()) calls[depth++] = static_cast<const char*>(back) - 1;
  write_frames(notes_, {calls.data(), depth});
}

void ProgramExecution::note_memory(const void* address) {
  if (!is_in_file(address)) {
    append(notes_, "memory {:x} -\n", reinterpret_cast<std::uintptr_t>(address));
    return;
  }
  notes_ += "memory ";
  write_place(notes_, address);
}

void ProgramExecution::note_race(const kernel::RaceReport& race) {
  if (!is_in_its_process()) _exit(EXIT_FAILURE);
  append(notes_, "finding race\n");
  note_access(race.now);
  note_access(race.before);
  note_memory(race.now.address);
  _exit(EXIT_FAILURE);
}

void ProgramExecution::note_livelock(const kernel::Livelock& livelock) {
  if (!is_in_its_process()) _exit(EXIT_FAILURE);
  note_memory(livelock.address);
  end("livelock");
}

void ProgramExecution::note_report(const kernel::Misuse& kind, std::string_view what) {
  if (!is_in_its_process()) _exit(EXIT_FAILURE);
  append(notes_, "finding report\nreport {}\noriginal {}\nremedy {}\n", what, kind.original(),
         kind.remedy());
  note_end_here();
  _exit(EXIT_FAILURE);
}

bool ProgramExecution::note_suspended_workers() {
  using Kind = kernel::Role::Kind;
  bool found = false;
  for (Task* const task : all_tasks()) {
    const Kind kind = kernel::role_of(*task).kind;
    if (kind != Kind::kListed && kind != Kind::kReached) continue;
    note_task(*task);
    found = true;
  }
  return found;
}

// If the first has left by pthread_exit, others go on without it: nobody is to join them.
bool ProgramExecution::note_unjoined_thread() {
  if (kernel::simulated_task(0) == nullptr || kernel::simulated_task(0)->machine.is_bystander) {
    return false;
  }
  const kernel::SimulatedThread* const thread = find_unjoined_thread();
  if (thread == nullptr) return false;
  notes_ += "unjoined ";
  write_place(notes_, reinterpret_cast<const void*>(thread->func));
  return true;
}

void ProgramExecution::note_leaks() {
  if (!is_in_its_process()) return;
  if (!note_suspended_workers() && !note_unjoined_thread()) return;
  append(notes_, "finding leak\n");
  std::fflush(nullptr);
  _exit(EXIT_FAILURE);
}

void ProgramExecution::note_executed(const char* path) {
  if (is_in_its_process() && path != nullptr) executed_ = path;
}

void ProgramExecution::note_not_controlled(const char* name) {
  if (!is_in_its_process()) return;
  append(notes_, "uncontrolled {}\n", name);
  CallStack::here().write(notes_);
}

void ProgramExecution::note_event(const kernel::TraceRecord& record) {
  if (!is_in_its_process()) return;
  append(notes_, "event {} {} {} {} {}\n", static_cast<int>(record.event), record.scheduler,
         record.worker, record.value, kernel::virtual_time());
}

void ProgramExecution::note_objects_to(std::uint32_t number) {
  constexpr std::uint32_t kObjectsMax = 4096;
  while (objects_noted_ < std::min(number, kObjectsMax)) note_object(++objects_noted_);
}

void ProgramExecution::note_object(std::uint32_t number) {
  const void* const object = kernel::simulated_object(number);
  if (object == nullptr || !is_in_file(object)) return;
  append(notes_, "object {} ", number);
  write_place(notes_, object);
}

kernel::Chooser& ProgramExecution::in_forked_child() noexcept {
  static ForkedChild child;
  return child;
}

void ProgramExecution::stuck() noexcept {
  stopped_at(kernel::current_or_null->machine.number) = counts().steps - 1;
  end("deadlock");
}

void ProgramExecution::note_tasks() {
  for (Task* const task : all_tasks()) note_task(*task);
}

void ProgramExecution::end(const char* finding) {
  append(notes_, "finding {}\n", finding);
  note_tasks();
  _exit(EXIT_FAILURE);
}

}  // namespace ums::api
