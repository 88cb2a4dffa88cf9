// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/dev/char_device.h"

#include <array>
#include <cstring>

#include "sim_kernel/base/kassert.h"

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

}  // namespace ums::kernel
