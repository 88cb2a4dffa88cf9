// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/preloading.h"

#include <fmt/core.h>

#include <cstdlib>
#include <stdexcept>

#include "tools/ums/preload_library.h"
#include "tools/ums/preloadable.h"

namespace ums::command {
namespace {

// Ours comes first; what the person preloads stays.
void preload(const std::string& library) {
  const char* others = std::getenv("LD_PRELOAD");
  const bool has_others = others != nullptr && *others != '\0';
  setenv("LD_PRELOAD", has_others ? fmt::format("{}:{}", library, others).c_str() : library.c_str(),
         1);
}

// AddressSanitizer's library refuses to start where another was loaded before it.
void allow_before_asan() {
  constexpr const char* kOption = "verify_asan_link_order=0";
  const char* options = std::getenv("ASAN_OPTIONS");
  const bool has_options = options != nullptr && *options != '\0';
  setenv("ASAN_OPTIONS", has_options ? fmt::format("{}:{}", options, kOption).c_str() : kOption, 1);
}

}  // namespace

void preload_machine(const std::string& machine, const std::string& name) {
  const std::string reason = why_not_preloadable(find_program(name));
  if (!reason.empty()) {
    throw std::runtime_error(
        fmt::format("'{}' {}: the {} machine cannot be loaded into it", name, reason, machine));
  }
  const std::string library = preload_library(machine);
  const std::string fault = why_not_usable(library);
  if (!fault.empty()) throw std::runtime_error(fault);
  preload(library);
  allow_before_asan();
  setenv("UMS_BACKEND", "sim", 1);
}

}  // namespace ums::command
