// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/server/descriptor_passing.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace ums::kernel {

namespace {

// A message of one byte and one descriptor.
class Message {
 public:
  Message() noexcept {
    header_.msg_iov = &byte_;
    header_.msg_iovlen = 1;
    header_.msg_control = control_;
    header_.msg_controllen = sizeof control_;
  }
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  msghdr* header() noexcept { return &header_; }

 private:
  char letter_ = 'd';
  iovec byte_{&letter_, 1};
  msghdr header_{};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int))]{};
};

}  // namespace

int send_descriptor(int socket, int descriptor) noexcept {
  Message message;
  cmsghdr* const control = CMSG_FIRSTHDR(message.header());
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  return sendmsg(socket, message.header(), MSG_NOSIGNAL) == 1 ? 0 : errno;
}

int receive_descriptor(int socket) noexcept {
  Message message;
  ssize_t count = -1;
  do {
    count = recvmsg(socket, message.header(), MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  const cmsghdr* const control = count == 1 ? CMSG_FIRSTHDR(message.header()) : nullptr;
  if (control == nullptr || control->cmsg_type != SCM_RIGHTS) return -1;
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
  return descriptor;
}

}  // namespace ums::kernel
