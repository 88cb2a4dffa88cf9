// SPDX-License-Identifier: Apache-2.0
//
// Calls that a simulation does not control: they may stop all its threads, or depend on real time.
// Each is named once in a process, and goes its way.
//
// Thread safety: the simulation.
#pragma once

#include <span>

namespace ums::api {

// `name` lives for ever.
void not_controlled(const char* name) noexcept;

// Those that have been named.
std::span<const char* const> calls_not_controlled() noexcept;

}  // namespace ums::api
