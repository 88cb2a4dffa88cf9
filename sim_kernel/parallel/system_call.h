// SPDX-License-Identifier: Apache-2.0
//
// The way into the kernel and out of it (Linux: entry_64.S, exit_to_user_mode_loop).
//
//     return system_call(slot, [&](File& file, Task& me) { return worker_yield(..., me, ...); });
//
// It is inline, so that a call whose handler is known at compile time reaches it without a jump
// through a table: that is how the library calls. Programs that pass an ioctl number come through
// device_ioctl (device_call.h), which is this with a table behind it.
//
// Thread safety: any thread. A call from a signal handler that interrupted the kernel is refused.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/parallel/descriptor_table.h"
#include "sim_kernel/sched/schedule.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// What a task does that could not enter, or has entered and must not stay: a signal is on its way
// to it (has_signal_sent), and its handler runs first; or it sleeps in a call that a signal handler
// has left (wait_queue.h), which ends now.
// Errors: EBADF; EBUSY, which is reported.
Result<File*> enter_slowly(Task& me, const std::atomic<File*>& slot, File* entered);
Result<void> enter_pinned_slowly(Task& me, File& file, bool entered);

// Why a task could not enter: EBADF, or EBUSY, which is reported.
Error enter_error(const Task& me) noexcept;

// Whether a signal handler of the calling thread asks, which interrupted a call or a KernelSection,
// perhaps where that holds a lock. Ends a call that was left, as above.
bool is_nested_call() noexcept;

// What a task does on its way back to the program, when exit_work says so.
void exit_to_user(Task& me);

// What a thread does at the end of a call that was in KernelSections and in no file: raises the
// signals that were kept for it meanwhile.
// Context: outside the kernel, no lock held: handlers run before this returns, may make calls, and
// may end the thread, which unwinds through here.
void exit_sections();

// Whether a signal is on its way to a task that has just entered the kernel: it leaves again.
inline bool has_signal_sent(const Task& me) noexcept {
  return (me.exit_work.load(std::memory_order_relaxed) & kExitSignalSent) != 0;
}

// What a task does inside a file, and on its way out.
template <typename Handler>
inline __attribute__((always_inline)) Result<void> system_call_body(File& file, Task& me,
                                                                    Handler handler) {
  const Result<void> result = handler(file, me);
  file_leave(me);
  if (me.exit_work.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    exit_to_user(me);
  }
  return result;
}

// Performs `handler(file, me)` inside the File that `slot` holds: a descriptor's (descriptor_slot),
// or one that is cleared before the File's last descriptor is closed. Errors: EBADF, EBUSY, ENOMEM
// (no Task), the handler's.
// Context: the handler may sleep and switch; the call may return on another kernel thread.
template <typename Handler>
inline __attribute__((always_inline)) Result<void> system_call(const std::atomic<File*>& slot,
                                                               Handler handler) {
  Task* const me = current_task();
  if (me == nullptr) [[unlikely]] {
    return Error{ENOMEM};
  }
  before_call(*me, &slot);
  File* file = file_enter(*me, slot);
  if (file == nullptr || has_signal_sent(*me)) [[unlikely]] {
    file = TRY(enter_slowly(*me, slot, file));
  }
  return system_call_body(*file, *me, handler);
}

// The same inside a File that stays open (file_pin). Errors: EBUSY, ENOMEM, the handler's.
template <typename Handler>
inline __attribute__((always_inline)) Result<void> system_call_pinned(File& file, Handler handler) {
  Task* const me = current_task();
  if (me == nullptr) [[unlikely]] {
    return Error{ENOMEM};
  }
  before_call(*me, &file);
  const bool entered = file_enter_pinned(*me, file);
  if (!entered || has_signal_sent(*me)) [[unlikely]] {
    TRY(enter_pinned_slowly(*me, file, entered));
  }
  return system_call_body(file, *me, handler);
}

}  // namespace ums::kernel
