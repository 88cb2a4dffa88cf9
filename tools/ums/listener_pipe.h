// SPDX-License-Identifier: Apache-2.0
//
// ListenerPipe: the way of a program's seccomp listener to its kernel process (front.h).
//
//     pipe.open();                                 // K, before P is forked
//     pipe.send(std::move(listener));              // P
//     Descriptor listener = pipe.receive();        // K
//     pipe.close();                                // who else has a copy of it
//
// Thread safety: one thread in each process.
#pragma once

#include "tools/ums/descriptor.h"

namespace ums::command {

class ListenerPipe {
 public:
  // Throws std::system_error.
  void open();
  // `listener` is closed. Throws std::system_error.
  void send(Descriptor listener);
  // Empty if the program has ended, or has not sent any. To be called once.
  Descriptor receive();
  // In a process that neither sends nor receives: else the receiver would not see that nobody does.
  void close();

 private:
  Descriptor ours_;
  Descriptor program_s_;
};

}  // namespace ums::command
