// SPDX-License-Identifier: Apache-2.0
//
// FrontMessage: what the front, kernel and watch processes tell each other, one packet of a
// SOCK_SEQPACKET pair each, with a descriptor where one goes along.
//
//     send_message(socket, {FrontMessage::kEnded, wait_status});
//     FrontMessage message;
//     while (receive_message(socket, &message)) ...
//
// 1. Packets arrive in the order of their sending, whole or not at all.
// 2. The front and the watch process never wait for each other.
//
// Thread safety: any thread; one receiver a socket.
#pragma once

#include <string>

#include "tools/ums/descriptor.h"

namespace ums::command {

struct FrontMessage {
  enum Kind {
    kStarted,      // the program exists; with a pidfd; `value` is to the front the sender's id, to
                   // the kernel process the program's
    kStopped,      // to the front: by the signal `value`; it is the program's stop number `stop`
    kContinued,    // to the front
    kEnded,        // to the front: `value` is its wait status
    kNote,         // to the front: to be said; `text`
    kFailed,       // to the front: the kernel process gives up; `text` says why
    kReadyToStop,  // to the watch process: the answer to a kStopped, with the same `stop`
    kStopDone,  // to the front: the answer to that: it has been sent the signal, or need not stop
    kContinue,  // to the watch process: the program shall go on, if it is stopped by no later
                // stop than `stop`, the last one that the front has heard of
    kErrors,    // to the kernel process of another front: with the program's standard error
    kJoin,      // the same: with the program's listener; `value` is the version (join_kernel.h)
  };

  Kind kind = kFailed;
  int value = 0;
  std::string text = {};
  Descriptor descriptor = {};
  int stop = 0;
};

// Sends `message`; `descriptor`, if not -1, goes along as a copy. A receiver that is gone, and
// a queue that is full, lose it: who waits for messages sees that the other end has hung up.
void send_message(int socket, const FrontMessage& message, int descriptor = -1);

// Takes the next message. False if there is none; then `*hung_up` (where given) says whether there
// never will be one.
bool receive_message(int socket, FrontMessage* message, bool* hung_up = nullptr);

}  // namespace ums::command
