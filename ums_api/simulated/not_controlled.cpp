// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/not_controlled.h"

#include <array>
#include <cstring>

#include "sim_kernel/base/printk.h"

namespace ums::api {

namespace {

std::array<const char*, 64> named;
std::size_t named_count = 0;

bool note(const char* name) noexcept {
  for (std::size_t i = 0; i < named_count; ++i) {
    if (std::strcmp(named[i], name) == 0) return false;
  }
  if (named_count < named.size()) named[named_count++] = name;
  return true;
}

}  // namespace

void (*on_not_controlled)(const char* name) noexcept = nullptr;

void not_controlled(const char* name) noexcept {
  if (!note(name)) return;
  if (on_not_controlled != nullptr) on_not_controlled(name);
  kernel::pr_warn(
      "{} is not controlled by the simulation: while it waits no other thread goes on, and what "
      "comes of it may differ from run to run",
      name);
}

}  // namespace ums::api
