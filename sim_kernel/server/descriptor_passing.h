// SPDX-License-Identifier: Apache-2.0
//
// Sending a descriptor to another process, by SCM_RIGHTS over a socket of AF_UNIX: a program sends
// the listener of its filter to the kernel process.
//
// Thread safety: that of the socket.
#pragma once

namespace ums::kernel {

// Returns 0 or the errno. The descriptor stays open here.
int send_descriptor(int socket, int descriptor) noexcept;

// Waits for one. Returns it, to be closed by exec, or -1: the other end is gone, or no descriptor
// is left.
int receive_descriptor(int socket) noexcept;

}  // namespace ums::kernel
