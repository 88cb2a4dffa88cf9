// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/exit.h"

#include <pthread.h>

#include <cstdlib>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/left_wait.h"
#include "sim_kernel/parallel/park_stack.h"
#include "sim_kernel/parallel/signals/parked_signals.h"
#include "sim_kernel/sched/schedule.h"

extern "C" {
extern void* __dso_handle __attribute__((visibility("hidden")));
// What a thread_local object with a destructor is registered by (Itanium C++ ABI).
int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* library) noexcept;
}

namespace ums::kernel {

namespace {

pthread_key_t task_key;

// True on a thread whose Task has ended: later destructors find no kernel any more.
thread_local constinit bool task_ended __attribute__((tls_model("initial-exec"))) = false;

void end_task(Task& task) noexcept {
  end_left_wait(task);
  call_task_exit_hook(task);
  leave_machine(task);
  task.syscall_file.store(no_file(), std::memory_order_relaxed);  // no handler calls any more
  change_task_state<TaskState::kRunning, TaskState::kDead>(task.state);
  task_ended = true;
  drop_pending_signals(task);
  if (task.machine.home.park_stack != nullptr) park_stack_free(task.machine.home.park_stack);
  task.machine.home.idle.continuation.abandon();
  current_or_null = nullptr;
  free_task(task);
}

// Runs among the thread_local destructors: all rounds are still to come. Looks for the Task itself,
// since a forked child inherits the registration and not the Task.
void note_thread_end(void* /*unused*/) noexcept {
  if (current_or_null != nullptr) current_or_null->machine.tsd_counted = true;
}

// Registering allocates, and glibc ends the process where it cannot. What is free after the first
// line is enough for it.
bool note_thread_end_later() noexcept {
  void* const probe = std::malloc(2048);
  if (probe == nullptr) return false;
  std::free(probe);
  return __cxa_thread_atexit_impl(note_thread_end, nullptr, &__dso_handle) == 0;
}

// Destructor of the thread-specific data. glibc runs no thread_local destructors when the main
// thread calls pthread_exit.
void task_key_destructor(void* value) noexcept {
  Task& task = *static_cast<Task*>(value);
  const bool counted = task.machine.tsd_counted || task.tid == kernel_pid;
  if (counted && ++task.machine.tsd_round < kTsdRounds && pthread_setspecific(task_key, &task) == 0)
    return;
  end_task(task);
}

}  // namespace

bool exit_watch(Task& task, bool thread_is_new) noexcept {
  task.machine.tsd_counted = thread_is_new;
  if (!thread_is_new && !note_thread_end_later()) return false;
  return pthread_setspecific(task_key, &task) == 0;
}

bool exit_done() noexcept { return task_ended; }

void do_exit(Task& me, int code) noexcept {
  end_task(me);
  // glibc gives the next thread this one's thread control block, specific data and all.
  pthread_setspecific(task_key, nullptr);
  for (;;) raw_syscall(SYS_exit, code);
}

void machine_task_init() noexcept {
  const int error = pthread_key_create(&task_key, task_key_destructor);
  kassert(error == 0, "no thread-specific data key left: errno {}", error);
}

void machine_task_reset_after_fork() noexcept { pthread_setspecific(task_key, nullptr); }

}  // namespace ums::kernel
