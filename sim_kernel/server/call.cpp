// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/call.h"

#include <unistd.h>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>
#include <utility>

#include "sim_kernel/base/output_file.h"
#include "sim_kernel/dev/file.h"
#include "sim_kernel/sched/may_schedule.h"
#include "sim_kernel/server/clients/client_memory.h"
#include "sim_kernel/server/clients/thread_table.h"
#include "sim_kernel/server/fiber_stack.h"
#include "sim_kernel/server/file_table.h"
#include "sim_kernel/server/listener.h"
#include "sim_kernel/server/lost_answer.h"
#include "sim_kernel/server/strace.h"
#include "sim_kernel/server/switch.h"

namespace ums::kernel {

namespace {

namespace intrusive = boost::intrusive;

using RunQueue = intrusive::list<
    MachineTask,
    intrusive::member_hook<MachineTask, intrusive::list_member_hook<>, &MachineTask::run_hook>,
    intrusive::constant_time_size<false>>;

RunQueue run_queue;
Continuation loop;           // while a fiber runs
bool call_finished = false;  // the fiber that has just left will not go on

Task& task_of(MachineTask& machine) noexcept {
  return *intrusive::get_parent_from_member(&machine, &Task::machine);
}

Result<void> perform(Task& me) noexcept {
  File& file = *me.machine.request.file;
  me.syscall_file.store(&file, std::memory_order_relaxed);
  const Result<void> result =
      file.operations.ioctl(file, me, me.machine.request.number, {me.machine.request.argument, 0});
  me.syscall_file.store(nullptr, std::memory_order_relaxed);
  return result;
}

// Answers the call that the task makes. Returns whether its thread waited.
bool give_answer(MachineTask& machine, int error) noexcept {
  const Waiting waiting = machine.waiting;
  const bool accepted = waiting.listener->answer(waiting.id, error);
  machine.given_up = waiting.listener->given_up();
  return accepted;
}

void finish(Task& me, const Result<void>& result) noexcept {
  MachineTask& machine = me.machine;
  const bool accepted = machine.answered || give_answer(machine, result.error_code());
  machine.answered = accepted && result.ok();
  machine.kept = !accepted && result.ok();
  if (strace_on) [[unlikely]] {
    strace_answer(me, machine.request, result.error_code(), accepted);
  }
  if ((me.exit_work.load(std::memory_order_relaxed) & kExitRcu) != 0) rcu_do_callbacks();
}

[[noreturn]] void run_call(Continuation from, void* argument) noexcept {
  Task& me = *static_cast<Task*>(argument);
  loop = std::move(from);
  finish(me, perform(me));
  call_finished = true;
  std::move(loop).resume();
  __builtin_unreachable();
}

// The call's fiber is gone.
void end_call(Task& task) noexcept {
  task.continuation.abandon();
  fiber_stack_free(std::exchange(task.machine.stack, nullptr));
  file_put(*task.machine.request.file);
}

void resume(Task& task) noexcept {
  Task* const before = std::exchange(current_or_null, &task);
  call_finished = false;
  set_stderr(task.machine.waiting.listener->errors());
  task.continuation = std::move(task.continuation).resume();
  set_stderr(STDERR_FILENO);
  current_or_null = before;
  if (call_finished) end_call(task);
}

// Ends the sleep of a task in DEQUEUE or DQEVENT, and its call.
void interrupt(Task& task) noexcept {
  task.machine.interrupted = true;
  make_resumable(task);
  run_calls();
  task.machine.interrupted = false;
}

bool is_asleep(const Task& task) noexcept {
  return task.state.load(std::memory_order_relaxed) == TaskState::kInterruptible;
}

// The program's memory is as good as it was, or the thread's next call is not the same.
void give_kept(Task& task, Waiting waiting) noexcept {
  MachineTask& machine = task.machine;
  const CopiedOut& copied = machine.copied_out;
  if (copied.bytes != 0) write_client(task.tid, copied.address, copied.data, copied.bytes);
  machine.waiting = waiting;
  machine.answered = give_answer(machine, 0);
  machine.kept = !machine.answered;
  if (strace_on) [[unlikely]] {
    strace_answer(task, machine.request, 0, machine.answered);
  }
}

// Answers a call that is not performed.
void refuse(const Task& task, Waiting waiting, const Request& request, int error) noexcept {
  const bool accepted = waiting.listener->answer(waiting.id, error);
  if (strace_on) [[unlikely]] {
    strace_answer(task, request, error, accepted);
  }
}

// A call that is under way has come again.
void continue_call(Task& task, Waiting waiting) noexcept {
  task.machine.waiting = waiting;
  task.machine.slept = false;
  if (strace_on) [[unlikely]] {
    strace_suspended(task);
  }
}

void start_call(Task& task, Waiting waiting, const Request& request) noexcept {
  MachineTask& machine = task.machine;
  machine.stack = fiber_stack_alloc();
  if (machine.stack == nullptr) return refuse(task, waiting, request, ENOMEM);
  machine.request = request;
  machine.waiting = waiting;
  machine.answered = false;
  machine.kept = false;
  machine.copied_out = {};
  machine.slept = false;
  file_get(*request.file);
  task.continuation = Continuation::on_stack(machine.stack, kFiberStackBytes, run_call, &task);
  resume(task);
  if (strace_on && machine.stack != nullptr) [[unlikely]] {
    strace_suspended(task);
  }
}

}  // namespace

bool answer(Task& me) noexcept {
  me.machine.answered = give_answer(me.machine, 0);
  return me.machine.answered;
}

void call_keep_if_lost(Task& task, const SignalFrame& frame) noexcept {
  MachineTask& machine = task.machine;
  if (machine.stack != nullptr || !machine.answered) return;
  if (machine.waiting.listener->given_up() != machine.given_up) return;
  if (!signal_came_instead(frame, machine.request)) return;
  machine.answered = false;
  machine.kept = true;
}

void make_resumable(Task& task) noexcept {
  if (std::exchange(task.machine.resumable, true)) return;
  run_queue.push_back(task.machine);
}

void leave_for_loop(Task& me) noexcept {
  assert_may_schedule(me);
  me.machine.slept = true;
  loop = std::move(loop).resume();
}

void run_calls() noexcept {
  while (!run_queue.empty()) {
    Task& task = task_of(run_queue.front());
    run_queue.pop_front();
    task.machine.resumable = false;
    if (task.machine.stack != nullptr) resume(task);
  }
}

void call_begin(Task& task, Waiting waiting, const Request& request) noexcept {
  MachineTask& machine = task.machine;
  const bool same = machine.request == request;
  if (machine.stack != nullptr && !same && is_asleep(task)) interrupt(task);
  if (strace_on) [[unlikely]] {
    strace_call(task, request);
  }
  if (machine.stack != nullptr) {
    if (same) return continue_call(task, waiting);
    return refuse(task, waiting, request, EBUSY);
  }
  if (machine.kept && same) return give_kept(task, waiting);
  start_call(task, waiting, request);
}

bool any_call_of(const Listener& listener) noexcept {
  struct Search {
    const Listener* listener;
    bool found;
  } search{&listener, false};
  for_each_task(
      [](Task& task, void* argument) {
        Search& wanted = *static_cast<Search*>(argument);
        const MachineTask& machine = task.machine;
        wanted.found |= machine.stack != nullptr && machine.waiting.listener == wanted.listener;
      },
      &search);
  return search.found;
}

// A call that sleeps unwinds before the roles end, since it uses what they keep. One that is
// suspended or in EXEC touches nothing of them any more when it goes on.
void thread_is_gone(Task& task) noexcept {
  if (task.machine.stack != nullptr && is_asleep(task)) interrupt(task);
  Task* const before = std::exchange(current_or_null, &task);
  call_task_exit_hook(task);
  current_or_null = before;
  if (task.machine.stack != nullptr) {
    task.state.store(TaskState::kRunning, std::memory_order_relaxed);
    make_resumable(task);
  }
  run_calls();
  kassert(task.machine.stack == nullptr, "thread {} is gone, its call is not", task.tid);
  forget_thread(task);
}

}  // namespace ums::kernel
