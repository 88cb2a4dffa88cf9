// SPDX-License-Identifier: Apache-2.0
//
// Sending a descriptor to another process, by SCM_RIGHTS over a socket of AF_UNIX (unix(7)): alone,
// or along with what a message says.
//
// Thread safety: that of the socket.
#pragma once

#include <sys/socket.h>

namespace ums::kernel {

// Room for one descriptor in `message`, which refers to it from then on.
class DescriptorRoom {
 public:
  explicit DescriptorRoom(msghdr& message) noexcept : message_(message) {
    message.msg_control = bytes_;
    message.msg_controllen = sizeof bytes_;
  }
  DescriptorRoom(const DescriptorRoom&) = delete;
  DescriptorRoom& operator=(const DescriptorRoom&) = delete;

  // Before the message is sent.
  void put(int descriptor) noexcept;

  // Of a message that has been received: the caller's from then on; -1: none came along, or no
  // number is free here.
  int take() const noexcept;

 private:
  msghdr& message_;
  alignas(cmsghdr) char bytes_[CMSG_SPACE(sizeof(int))]{};
};

// Returns 0 or the errno. The descriptor stays open here.
int send_descriptor(int socket, int descriptor) noexcept;

// Waits for one. Returns it, to be closed by exec, or -1: the other end is gone, or no descriptor
// is left.
int receive_descriptor(int socket) noexcept;

}  // namespace ums::kernel
