// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/system_call.h"

#include <atomic>
#include <cerrno>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/base/printk.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/left_wait.h"
#include "sim_kernel/parallel/signals/signal_mask.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

namespace {

// Not a misuse: Linux delivers the signal when the call has returned, and then the handler's call
// works.
[[gnu::cold]] void report_nested_call(const Task& me) noexcept {
  static std::atomic<unsigned> reports{0};
  const unsigned before = reports.fetch_add(1, std::memory_order_relaxed);
  if (before >= kNestedCallReportsMax) return;
  pr_warn(
      "a call of a signal handler that interrupted a call of thread {} fails with EBUSY, where "
      "the real module would serve it: let the handler try again later{}",
      me.tid, before + 1 == kNestedCallReportsMax ? " (not reported any more)" : "");
}

// Ends the call that the task sleeps in, if it has left that by siglongjmp.
void end_left_call(Task& me) noexcept {
  if (!has_left_wait(me)) return;
  end_left_wait(me);
  file_leave(me);
}

// Enters by `enter`, which returns whether it has, after all that must come before.
template <typename Enter>
Result<void> enter_and_stay(Task& me, bool entered, Enter enter) {
  if (!entered) {
    end_left_call(me);
    entered = enter();
  }
  while (entered && has_signal_sent(me)) {
    file_leave(me);
    exit_to_user(me);
    entered = enter();
  }
  if (!entered) return enter_error(me);
  return {};
}

}  // namespace

Error enter_error(const Task& me) noexcept {
  if (me.syscall_file.load(std::memory_order_relaxed) == nullptr) return Error{EBADF};
  report_nested_call(me);
  return Error{EBUSY};
}

bool is_nested_call() noexcept {
  Task* const me = current_or_null;
  if (me == nullptr) return false;
  end_left_call(*me);
  return me->syscall_file.load(std::memory_order_relaxed) != nullptr;
}

Result<File*> enter_slowly(Task& me, const std::atomic<File*>& slot, File* entered) {
  File* file = entered;
  TRY(enter_and_stay(me, entered != nullptr, [&] {
    file = file_enter(me, slot);
    return file != nullptr;
  }));
  return file;
}

Result<void> enter_pinned_slowly(Task& me, File& file, bool entered) {
  return enter_and_stay(me, entered, [&] { return file_enter_pinned(me, file); });
}

void exit_sections() {
  Task* const me = current_or_null;
  if (me == nullptr || me->syscall_file.load(std::memory_order_relaxed) != nullptr) return;
  if (me->exit_work.load(std::memory_order_relaxed) != 0) exit_to_user(*me);
}

void exit_to_user(Task& me) {
  const std::uint32_t work = me.exit_work.load(std::memory_order_relaxed);
  if ((work & (kExitFile | kExitRcu)) != 0) {
    const KernelSection section(&me);
    if ((work & kExitFile) != 0) {
      me.exit_work.fetch_and(~std::uint32_t{kExitFile}, std::memory_order_relaxed);
      release_closed_files();
    }
    if ((work & kExitRcu) != 0) rcu_do_callbacks();
  }
  if ((work & (kExitMask | kExitUnblock)) != 0) restore_signal_mask_on_exit(me);
  // Looked at again: one may have come meanwhile.
  const std::uint32_t signals = kExitSignals | kExitSignalSent;
  if ((me.exit_work.load(std::memory_order_relaxed) & signals) != 0) deliver_signals(me);
}

}  // namespace ums::kernel
