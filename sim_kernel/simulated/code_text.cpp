// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/code_text.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace ums::kernel {

namespace {

std::string_view file_name(const char* path) noexcept {
  const char* const slash = std::strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

std::uintptr_t distance(const void* address, const void* begin) noexcept {
  return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(begin);
}

}  // namespace

CodeText::CodeText(const void* address) noexcept {
  Dl_info info{};
  auto end = fmt::format_to_n_result<char*>{};
  if (dladdr(address, &info) == 0) {
    end = fmt::format_to_n(text_, sizeof text_, "{}", address);
  } else if (info.dli_sname == nullptr) {
    end = fmt::format_to_n(text_, sizeof text_, "({}+{:#x})", file_name(info.dli_fname),
                           distance(address, info.dli_fbase));
  } else {
    end = fmt::format_to_n(text_, sizeof text_, "{}+{:#x} ({}+{:#x})", info.dli_sname,
                           distance(address, info.dli_saddr), file_name(info.dli_fname),
                           distance(address, info.dli_fbase));
  }
  length_ = std::min(end.size, sizeof text_);
}

}  // namespace ums::kernel
