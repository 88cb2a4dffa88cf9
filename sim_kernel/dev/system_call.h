// SPDX-License-Identifier: Apache-2.0
//
// The way into the kernel and out of it (Linux: entry_64.S, exit_to_user_mode_loop).
//
//     return system_call(slot, [&](File& file, Task& me) { return worker_yield(..., me, ...); });
//
// It is inline, so that a call whose handler is known at compile time reaches it without a jump
// through a table: that is how the library calls. Programs that pass an ioctl number come through
// device_ioctl (char_device.h), which is this with a table behind it.
//
// Thread safety: any thread. A call from a signal handler that interrupted the kernel is refused.
#pragma once

#include "sim_kernel/base/result.h"
#include "sim_kernel/dev/file.h"
#include "sim_kernel/sched/task.h"

namespace ums::kernel {

// Why file_enter failed: EBADF, or EBUSY, which is reported.
Error enter_error(const Task& me) noexcept;

// What a task does on its way back to the program, when exit_work says so.
void exit_to_user(Task& me);

// A task that has entered a file stays, unless a signal is on its way to it: then it leaves again,
// lets the handler run, and returns false.
inline __attribute__((always_inline)) bool stay_inside(Task& me) {
  if ((me.exit_work.load(std::memory_order_relaxed) & kExitSignalSent) == 0) [[likely]] {
    return true;
  }
  file_leave(me);
  exit_to_user(me);
  return false;
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
  File* file = nullptr;
  do {
    file = file_enter(*me, slot);
    if (file == nullptr) [[unlikely]] {
      return enter_error(*me);
    }
  } while (!stay_inside(*me));
  return system_call_body(*file, *me, handler);
}

// The same inside a File that stays open (file_pin). Errors: EBUSY, ENOMEM, the handler's.
template <typename Handler>
inline __attribute__((always_inline)) Result<void> system_call_pinned(File& file, Handler handler) {
  Task* const me = current_task();
  if (me == nullptr) [[unlikely]] {
    return Error{ENOMEM};
  }
  do {
    if (!file_enter_pinned(*me, file)) [[unlikely]] {
      return enter_error(*me);
    }
  } while (!stay_inside(*me));
  return system_call_body(file, *me, handler);
}

}  // namespace ums::kernel
