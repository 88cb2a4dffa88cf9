// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/kassert.h"

#include <unistd.h>

#include <cstdlib>

#include "sim_kernel/base/raw_syscall.h"

namespace ums::kernel {

void kassert_failed(const char* expression, const char* file, int line,
                    std::string_view message) noexcept {
  char text[512];
  const auto end = fmt::format_to_n(text, sizeof text - 1, "ums: kernel BUG at {}:{}: {}: {}", file,
                                    line, expression, message);
  std::size_t length = end.size < sizeof text - 1 ? end.size : sizeof text - 1;
  text[length++] = '\n';
  raw_syscall(SYS_write, STDERR_FILENO, syscall_arg(text), static_cast<long>(length));
  std::abort();
}

}  // namespace ums::kernel
