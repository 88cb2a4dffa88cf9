// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/front_message.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "sim_kernel/base/descriptor_passing.h"

namespace ums::command {
namespace {

struct Packet {
  int kind;
  int value;
  int stop;
  char text[1024];
};

constexpr std::size_t kHeaderBytes = offsetof(Packet, text);

}  // namespace

void send_message(int socket, const FrontMessage& message, int descriptor) {
  Packet packet{message.kind, message.value, message.stop, {}};
  const std::size_t length = std::min(message.text.size(), sizeof packet.text);
  std::memcpy(packet.text, message.text.data(), length);
  iovec content{&packet, kHeaderBytes + length};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  std::optional<kernel::DescriptorRoom> room;
  if (descriptor >= 0) room.emplace(header).put(descriptor);
  sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool receive_message(int socket, FrontMessage* message, bool* hung_up) {
  Packet packet{};
  iovec content{&packet, sizeof packet};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  const kernel::DescriptorRoom room(header);
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
  message->descriptor.reset(room.take());
  return true;
}

}  // namespace ums::command
