// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/parallel/device_call.h"

#include <cerrno>

#include "sim_kernel/dev/char_device.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/parallel/kernel_section.h"
#include "sim_kernel/parallel/strace.h"
#include "sim_kernel/parallel/system_call.h"

namespace ums::kernel {

Result<int> device_open(const char* path, int flags, OpenFor whom) noexcept {
  start_kernel();
  const FileOperations* const driver = find_char_device(path);
  if (driver == nullptr) return Error{ENOENT};
  Task* const me = current_task();
  if (me == nullptr) return Error{ENOMEM};
  if (is_nested_call()) return enter_error(*me);
  const KernelSection section(me);
  const Result<int> opened = file_open(strace_operations(*driver), *me, flags, whom);
  strace_opened(*me, flags, opened);
  return opened;
}

Result<void> device_ioctl(int fd, std::uint32_t request, IoctlArg arg) {
  return system_call(descriptor_slot(fd), [&](File& file, Task& me) {
    return file.operations.ioctl(file, me, request, arg);
  });
}

}  // namespace ums::kernel
