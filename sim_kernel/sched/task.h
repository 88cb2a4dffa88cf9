// SPDX-License-Identifier: Apache-2.0
//
// Task: a thread of the program, as the kernel knows it (Linux: task_struct).
//
// A thread gets its Task at its first call into the kernel and loses it when it ends. `current` is
// a thread_local pointer, and always right: a captured thread takes its thread pointer along.
//
// Invariants:
// 1. A Task is reached by its own thread through current_task(), and by others through the task
//    list (for_each_task) or through the kernel object that it waits on.
// 2. A Task is never destroyed while its continuation is saved: its thread would be lost.
// 3. syscall_file is set exactly while the task is inside a system call, or in a KernelSection; a
//    second call meanwhile (from a signal handler) is refused.
//
// Thread safety: by the groups below. Tasks live in memory that is never handed back, so a stale
// pointer reads an old Task, not another object.
#pragma once

#include <atomic>
#include <boost/intrusive/list_hook.hpp>
#include <cstdint>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/sched/machine_task.h"
#include "sim_kernel/sched/task_state.h"
#include "sim_kernel/sched/waiter.h"

namespace ums::kernel {

class File;

// Reasons for a task to do something on its way out of the kernel (Linux: TIF_ flags).
enum ExitWork : std::uint32_t {
  kExitSignals = 1U << 0,     // signals are kept for the task
  kExitRcu = 1U << 1,         // RCU callbacks are ready to run
  kExitFile = 1U << 2,        // the file that the task was inside has been closed
  kExitSignalSent = 1U << 3,  // a signal is on its way to where the task runs (parked_signals.h)
  kExitMask = 1U << 4,        // a worker ended on the task's Cpu, which has its own mask again
  kExitUnblock = 1U << 5,     // the task's Cpu was idle, with every signal blocked
};

// What a module remembers about a task, to find its own objects without a lookup. `owner` is the
// serial number of the open file that the pointers belong to; numbers are never reused.
struct TaskModuleCache {
  std::uint64_t owner = 0;
  void* worker = nullptr;
  void* scheduler = nullptr;
};

class alignas(kCacheLineBytes) Task : public TaskPlace {
 public:
  // --- the first cache line, with TaskPlace ---
  // Written by who runs the task.
  std::atomic<TaskState> state{TaskState::kRunning};
  std::atomic<std::uint32_t> exit_work{0};  // ExitWork; any thread sets bits
  Task* resumer = nullptr;                  // the task in EXEC that this one runs in the place of
  // The File that the task is inside. (In the parallel machine it is set and cleared with a
  // compiler barrier only; a closer that issues membarrier between clearing the descriptor and
  // reading this sees it in time.)
  std::atomic<File*> syscall_file{nullptr};
  TaskModuleCache module_cache;  // the task alone

  // --- RCU: written by the task alone, read by grace periods (see sync/rcu.h) ---
  std::atomic<unsigned long> rcu_reader{0};
  // How many objects modules keep for this thread; a thread that ends with none ends at once.
  // Added to by the task; taken from by it or by who releases a file.
  std::atomic<int> module_roles{0};
  pid_t tid = 0;  // of its thread, as the program knows it

  // --- slow paths ---
  Waiter waiter;                                        // see wait_queue.h
  boost::intrusive::list_member_hook<> task_list_hook;  // guarded by the task list's lock
  MachineTask machine;
};

// The calling thread's Task. Its first call makes one; a caller that knows that the thread has only
// begun says so (see exit.h).
// Context: never on a park stack. May allocate. Returns null if no memory is left.
extern thread_local constinit Task* current_or_null
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
Task* make_current_task(bool thread_is_new = false) noexcept;

inline Task* current_task() noexcept {
  Task* const task = current_or_null;
  return task != nullptr ? task : make_current_task();
}

// For machines: a Task for thread `tid`, or null; its entry in the task list; its end.
Task* alloc_task(pid_t tid) noexcept;
void publish_task(Task& task) noexcept;
void free_task(Task& task) noexcept;

// A module that must end a thread's objects before its Task goes registers one function here, at
// start. It runs for the ending thread: its Task is current, and outside the kernel.
void set_task_exit_hook(void (*hook)(Task& task)) noexcept;
void call_task_exit_hook(Task& task) noexcept;

// Calls visit(task) for every Task, under the task list's lock: visit may not sleep or allocate.
void for_each_task(void (*visit)(Task& task, void* argument), void* argument);

// The Task of thread `tid`, or null. For tests and tools: it may end at any moment.
Task* find_task(pid_t tid) noexcept;

// The machine's: aborts the program whose thread calls, by SIGABRT. May return, where the kernel is
// not in that program's process.
void abort_program() noexcept;

// Start of the kernel, and its restart in a forked child, where only the calling thread is left.
void task_init() noexcept;
void task_reset_after_fork() noexcept;

// The machine's part of them.
void machine_task_init() noexcept;
void machine_task_reset_after_fork() noexcept;

// This process's id, right in a forked child too, without a system call.
extern pid_t kernel_pid __attribute__((visibility("hidden")));

}  // namespace ums::kernel
