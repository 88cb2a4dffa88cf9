// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/dev/char_device.h"

#include <array>
#include <cstring>

#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/dev/system_call.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/sched/kernel_section.h"
#include "sim_kernel/sched/parked_signals.h"
#include "sim_kernel/sync/rcu.h"

namespace ums::kernel {

namespace {

struct CharDevice {
  const char* name;
  const FileOperations* driver;
};

std::array<CharDevice, 4> devices{};

constinit Misuse nested_call{"runs both calls at once, on the same worker or scheduler",
                             "let the handler try again later: its call failed with EBUSY"};

}  // namespace

Error enter_error(const Task& me) noexcept {
  if (me.syscall_file.load(std::memory_order_relaxed) == nullptr) return Error{EBADF};
  report_misuse(nested_call, "a signal handler interrupted a UMS call of thread {} with another",
                me.tid);
  return Error{EBUSY};
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
  // Looked at again: one may have come during the section.
  if ((me.exit_work.load(std::memory_order_relaxed) & kExitSignals) != 0) raise_pending_signals(me);
}

void register_char_device(const char* name, const FileOperations& driver) noexcept {
  for (CharDevice& device : devices) {
    if (device.name != nullptr) continue;
    device = {name, &driver};
    return;
  }
  kassert(false, "no room for device {}", name);
}

const FileOperations* find_char_device(const char* path) noexcept {
  constexpr char kFolder[] = "/dev/";
  if (path == nullptr || std::strncmp(path, kFolder, sizeof kFolder - 1) != 0) return nullptr;
  for (const CharDevice& device : devices) {
    if (device.name != nullptr && std::strcmp(path + sizeof kFolder - 1, device.name) == 0) {
      return device.driver;
    }
  }
  return nullptr;
}

Result<int> device_open(const char* path, int flags, OpenFor whom) noexcept {
  start_kernel();
  const FileOperations* const driver = find_char_device(path);
  if (driver == nullptr) return Error{ENOENT};
  Task* const me = current_task();
  if (me == nullptr) return Error{ENOMEM};
  if (me->syscall_file.load(std::memory_order_relaxed) != nullptr) {
    return enter_error(*me);
  }
  const KernelSection section(me);
  return file_open(*driver, *me, flags, whom);
}

Result<void> device_ioctl(int fd, std::uint32_t request, IoctlArg arg) {
  return system_call(descriptor_slot(fd), [&](File& file, Task& me) {
    return file.operations.ioctl(file, me, request, arg);
  });
}

}  // namespace ums::kernel
