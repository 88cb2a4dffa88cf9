// SPDX-License-Identifier: Apache-2.0
//
// Orphans: processes that an execution has made, and left when it ended. They would go on beside
// the next one, and when nobody explores any more.
//
// Thread safety: one thread, the parent of all executions.
#pragma once

namespace ums::api {

// From now on orphans of the caller's descendants are its children.
void adopt_orphans() noexcept;

// Ends all children of the caller, and theirs. They go on where Linux does not list children.
// Context: none of them is an execution.
void kill_orphans() noexcept;

}  // namespace ums::api
