// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/descriptor_passing.h"

#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace ums::kernel {

namespace {

// A message of one byte and one descriptor.
struct Message {
  char letter = 'd';
  iovec byte{&letter, 1};
  msghdr header{.msg_name = nullptr,
                .msg_namelen = 0,
                .msg_iov = &byte,
                .msg_iovlen = 1,
                .msg_control = nullptr,
                .msg_controllen = 0,
                .msg_flags = 0};
  DescriptorRoom room{header};
};

}  // namespace

void DescriptorRoom::put(int descriptor) noexcept {
  cmsghdr* const part = CMSG_FIRSTHDR(&message_);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
}

int DescriptorRoom::take() const noexcept {
  const cmsghdr* const part = CMSG_FIRSTHDR(&message_);
  if (part == nullptr || part->cmsg_type != SCM_RIGHTS) return -1;
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
  return descriptor;
}

int send_descriptor(int socket, int descriptor) noexcept {
  Message message;
  message.room.put(descriptor);
  return sendmsg(socket, &message.header, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

int receive_descriptor(int socket) noexcept {
  Message message;
  ssize_t count = -1;
  do {
    count = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  return count == 1 ? message.room.take() : -1;
}

}  // namespace ums::kernel
