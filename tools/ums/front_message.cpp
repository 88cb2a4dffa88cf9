// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/front_message.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace ums::command {
namespace {

struct Packet {
  int kind;
  int value;
  int stop;
  char text[1024];
};

constexpr std::size_t kHeaderBytes = offsetof(Packet, text);

union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(int))];
};

void attach(msghdr* header, Control* control, int descriptor) {
  std::memset(control, 0, sizeof *control);
  header->msg_control = control;
  header->msg_controllen = sizeof *control;
  cmsghdr* part = CMSG_FIRSTHDR(header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(part), &descriptor, sizeof descriptor);
}

Descriptor attached(msghdr* header) {
  const cmsghdr* part = CMSG_FIRSTHDR(header);
  if (part == nullptr || part->cmsg_type != SCM_RIGHTS) return {};
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(part), sizeof descriptor);
  return Descriptor(descriptor);
}

}  // namespace

void send_message(int socket, const FrontMessage& message, int descriptor) {
  Packet packet{message.kind, message.value, message.stop, {}};
  const std::size_t length = std::min(message.text.size(), sizeof packet.text);
  std::memcpy(packet.text, message.text.data(), length);
  iovec content{&packet, kHeaderBytes + length};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  Control control;
  if (descriptor >= 0) attach(&header, &control, descriptor);
  sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool receive_message(int socket, FrontMessage* message, bool* hung_up) {
  Packet packet{};
  iovec content{&packet, sizeof packet};
  msghdr header{};
  Control control;
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = sizeof control;
  ssize_t bytes = -1;
  do {
    // A sender that ends with messages unread resets the connection: Linux says it once, and then
    // gives what was sent before.
    bytes = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (bytes < 0 && (errno == ECONNRESET || errno == EINTR));
  if (hung_up != nullptr) *hung_up = bytes == 0 || (bytes < 0 && errno != EAGAIN);
  if (bytes < static_cast<ssize_t>(kHeaderBytes)) return false;
  message->kind = static_cast<FrontMessage::Kind>(packet.kind);
  message->value = packet.value;
  message->stop = packet.stop;
  message->text.assign(packet.text, static_cast<std::size_t>(bytes) - kHeaderBytes);
  message->descriptor = attached(&header);
  return true;
}

}  // namespace ums::command
