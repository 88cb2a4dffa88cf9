// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/paths/mirrored_tree.h"

namespace ums::kernel {

namespace {

void (*refresh_function)() noexcept = nullptr;

}  // namespace

void mirror_tree(void (*refresh)() noexcept) noexcept { refresh_function = refresh; }

bool tree_is_mirrored() noexcept { return refresh_function != nullptr; }

void refresh_tree() noexcept {
  if (refresh_function != nullptr) refresh_function();
}

}  // namespace ums::kernel
