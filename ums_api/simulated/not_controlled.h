// SPDX-License-Identifier: Apache-2.0
//
// Calls that a simulation does not control: they may stop all its threads, or depend on real time.
// Each is named once in a process, and goes its way.
//
// Thread safety: the simulation.
#pragma once

namespace ums::api {

// `name` lives for ever.
void not_controlled(const char* name) noexcept;

// Hears of each that is named; may be null.
extern void (*on_not_controlled)(const char* name) noexcept __attribute__((visibility("hidden")));

}  // namespace ums::api
