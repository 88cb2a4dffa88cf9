// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/simulated/code_text.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/core.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "sim_kernel/simulated/symbol_table.h"

namespace ums::kernel {

namespace {

std::string_view file_name(const char* path) noexcept {
  const char* const slash = std::strrchr(path, '/');
  return slash != nullptr ? slash + 1 : path;
}

// As C++ writes a name, if it is one of C++'s.
class Demangled {
 public:
  explicit Demangled(const char* name) noexcept
      : name_(name), memory_(abi::__cxa_demangle(name, nullptr, nullptr, nullptr)) {}
  ~Demangled() { std::free(memory_); }
  Demangled(const Demangled&) = delete;
  Demangled& operator=(const Demangled&) = delete;

  // Without what is long: a name's parameters and template arguments may be.
  std::string_view text() const noexcept {
    constexpr std::size_t kLongest = 150;
    return std::string_view(memory_ != nullptr ? memory_ : name_).substr(0, kLongest);
  }

 private:
  const char* const name_;
  char* const memory_;
};

// Writes into `text`; returns how much it would be.
std::size_t write_name(std::span<char> text, const FoundSymbol& symbol, std::string_view module,
                       std::uint64_t offset) noexcept {
  if (symbol.name == nullptr) {
    return fmt::format_to_n(text.data(), text.size(), "({}+{:#x})", module, offset).size;
  }
  return fmt::format_to_n(text.data(), text.size(), "{}+{:#x} ({}+{:#x})",
                          Demangled(symbol.name).text(), symbol.distance, module, offset)
      .size;
}

}  // namespace

CodeText::CodeText(const void* address) noexcept {
  Dl_info info{};
  void* map = nullptr;
  if (dladdr1(address, &info, &map, RTLD_DL_LINKMAP) == 0) {
    length_ = fmt::format_to_n(text_, sizeof text_, "{}", address).size;
    return;
  }
  const auto& module = *static_cast<link_map*>(map);
  // The program itself has no name there, and its file may have moved.
  const SymbolTable table(module.l_name[0] == '\0' ? "/proc/self/exe" : info.dli_fname);
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  FoundSymbol symbol = table.find(at - module.l_addr);
  if (symbol.name == nullptr && info.dli_sname != nullptr) {
    symbol = {info.dli_sname, at - reinterpret_cast<std::uintptr_t>(info.dli_saddr)};
  }
  const std::size_t length =
      write_name(text_, symbol, file_name(info.dli_fname), at - module.l_addr);
  length_ = std::min(length, sizeof text_);
}

}  // namespace ums::kernel
