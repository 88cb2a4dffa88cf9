// SPDX-License-Identifier: Apache-2.0
//
// What the server machine keeps of a Task: the call that its thread, in another process, waits for.
//
// Each call is a fiber on a stack of its own (call.h). A thread has at most one.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>

#include "sim_kernel/fiber/continuation.h"

namespace ums::kernel {

class File;
class Listener;
struct Process;

// What makes two calls the same: a program that is told EINTR, or whose call Linux restarts after a
// signal, repeats it. `serial` is the File's: another may lie in the same place.
struct Request {
  File* file = nullptr;
  std::uint64_t serial = 0;
  std::uint32_t number = 0;
  unsigned long argument = 0;

  friend bool operator==(const Request&, const Request&) = default;
};

// Who waits for an answer: a notification of a listener. It is void once a signal has reached the
// thread, and nobody is told.
struct Waiting {
  Listener* listener = nullptr;
  std::uint64_t id = 0;
};

// What a call has copied to its thread last. A kept result is given with it once more: the program
// may have set the memory up anew.
struct CopiedOut {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;
  unsigned char data[24] = {};
};

struct TaskPlace {
  Continuation continuation;  // of its call, while that is suspended
};

struct MachineTask {
  CopiedOut copied_out;        // by the call, or the one whose answer is kept
  Request request;             // of its call, or of the one whose answer is kept
  Waiting waiting;             // for the call's answer
  std::uint64_t given_up = 0;  // notifications, when it was answered (lost_answer.h)
  void* stack = nullptr;       // of its call, while there is one
  bool answered = false;       // the call has succeeded, and its answer was accepted
  bool resumable = false;      // it is in the run queue
  bool interrupted = false;    // its sleep ends
  bool slept = false;          // since its waiting was last known to be valid
  bool kept = false;           // a call has succeeded, and nobody waited for the answer
  bool dead = false;           // its thread is gone

  Process* process = nullptr;  // its thread's
  boost::intrusive::list_member_hook<> run_hook;
  boost::intrusive::list_member_hook<> process_hook;
  boost::intrusive::set_member_hook<> tid_hook;
};

}  // namespace ums::kernel
