// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/system_call_name.h"

#include <fmt/core.h>
#include <seccomp.h>

#include <cstdlib>
#include <memory>

namespace ums::command {

std::string name_of_system_call(int number) {
  const std::unique_ptr<char, void (*)(void*)> name(
      seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number), std::free);
  return name == nullptr ? fmt::format("system call {}", number) : name.get();
}

}  // namespace ums::command
