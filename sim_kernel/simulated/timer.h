// SPDX-License-Identifier: Apache-2.0
//
// Timer: a moment of virtual time, and what happens then (Linux: struct hrtimer).
//
// Thread safety: the carrier.
#pragma once

#include <boost/intrusive/set_hook.hpp>
#include <cstdint>

namespace ums::kernel {

struct Timer {
  std::uint64_t deadline = 0;
  void (*expire)(Timer& timer) noexcept = nullptr;
  boost::intrusive::set_member_hook<> hook;  // while it runs
};

}  // namespace ums::kernel
