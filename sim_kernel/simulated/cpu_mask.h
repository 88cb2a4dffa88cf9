// SPDX-License-Identifier: Apache-2.0
//
// CpuMask: some of the virtual CPUs, a bit for each (Linux: struct cpumask).
//
// Thread safety: plain values.
#pragma once

#include <cstdint>

namespace ums::kernel {

using CpuMask = std::uint64_t;

inline constexpr CpuMask kAnyCpu = ~CpuMask{0};
inline constexpr int kVirtualCpusMax = 64;

}  // namespace ums::kernel
