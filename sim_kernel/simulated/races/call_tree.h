// SPDX-License-Identifier: Apache-2.0
//
// The call tree: where in a program a task is, as one number. Each node is a call: of whom (its
// parent), from where, and with the stack how high. The root, 0, is a thread's first function.
//
//     node = call_tree_enter(node, return_address, stack_pointer);
//     node = call_tree_leave(node);
//     call_tree_trace(node, frames);    // who has called whom, the last one first
//
// Invariants:
// 1. A node never changes and never goes away: what is kept of an access says where it was made by
//    a number, and the same number comes again in the next execution.
// 2. Who was left without a word (longjmp) is found out at the next call: its stack pointer is not
//    above the new one's.
// LIMIT: kCallsMax nodes. Calls for which there are no more are taken for their callers.
//
// Thread safety: the carrier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ums::kernel {

using CallNode = std::uint32_t;

inline constexpr CallNode kCallRoot = 0;
inline constexpr std::size_t kCallsMax = std::size_t{1} << 20;

// `from`: the address behind the call.
CallNode call_tree_enter(CallNode caller, const void* from, const void* stack) noexcept;
CallNode call_tree_leave(CallNode node) noexcept;

// Writes from where the node was called, its caller, and so on. Returns how many there were room
// for.
std::size_t call_tree_trace(CallNode node, std::span<const void*> frames) noexcept;

}  // namespace ums::kernel
