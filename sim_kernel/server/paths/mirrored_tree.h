// SPDX-License-Identifier: Apache-2.0
//
// A kernel process whose programs have kernels of their own: it answers for /proc/ums by its path,
// and nothing else. Its tree shows their kernels.
//
// Thread safety: one thread, the kernel loop.
#pragma once

namespace ums::kernel {

// From now on the tree is others'. `refresh` brings its entries up to date; it may change them all.
void mirror_tree(void (*refresh)() noexcept) noexcept;

// Whether it is; the device is the programs' own business then.
bool tree_is_mirrored() noexcept;

// To be called before an entry is looked for. Does nothing to a tree of our own.
void refresh_tree() noexcept;

}  // namespace ums::kernel
