// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/dev/char_device.h"

#include <array>
#include <cstring>

#include "sim_kernel/dev/system_call.h"
#include "sim_kernel/init/start_kernel.h"
#include "sim_kernel/sched/kernel_section.h"

namespace ums::kernel {

namespace {

struct CharDevice {
  const char* name;
  const FileOperations* driver;
};

std::array<CharDevice, 4> devices{};

}  // namespace

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
  if (is_nested_call()) return enter_error(*me);
  const KernelSection section(me);
  return file_open(*driver, *me, flags, whom);
}

Result<void> device_ioctl(int fd, std::uint32_t request, IoctlArg arg) {
  return system_call(descriptor_slot(fd), [&](File& file, Task& me) {
    return file.operations.ioctl(file, me, request, arg);
  });
}

}  // namespace ums::kernel
