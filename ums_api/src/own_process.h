// SPDX-License-Identifier: Apache-2.0
//
// Whether the caller is the process that this memory belongs to. The child of a vfork, or of a raw
// clone with CLONE_VM, has our memory, and is another process with descriptors of its own: what it
// does to them must not change what the kernel knows of ours.
//
// Thread safety: any thread, any signal handler. One system call.
#pragma once

namespace ums::api {

bool in_own_process() noexcept;

}  // namespace ums::api
