// SPDX-License-Identifier: Apache-2.0
//
// KernelName: the name of a kernel process, by which programs join it (`ums run --attach NAME`): a
// socket in the run folder (sim_kernel/publish/run_folder.h).
//
//     KernelName name("lab");
//     if (name.is_ours()) ...           // this process is the kernel: name.socket() listens
//     else ...                          // another is: name.socket() is connected to it
//     while (serve() || !name.give_up()) {}
//
// 1. At any time at most one process has a name, however many ask for it at once: a lock in the run
//    directory, held for moments, makes each decision one step.
// 2. A process that has connected is waited for: the name is given up only if nobody waits.
// 3. The socket of a process that has been killed is in nobody's way.
//
// Thread safety: one thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "tools/ums/descriptor.h"

namespace ums::command {

// Why `name` cannot be a name: empty if it can.
std::string why_no_kernel_name(const std::string& name);

class KernelName {
 public:
  // Takes the name, or connects to who has it. Throws std::exception.
  explicit KernelName(const std::string& name);

  bool is_ours() const { return is_ours_; }
  // SOCK_SEQPACKET, listening or connected.
  int socket() const { return socket_.get(); }
  // The process that we are connected to. Throws std::exception: it is not visible from here.
  pid_t kernel() const;

  // Whether the name, which is ours, is free for others from now on; else somebody has connected
  // and waits to be accepted. Throws std::system_error.
  bool give_up();

 private:
  Descriptor lock() const;
  void take(const std::string& path);
  std::string path() const;

  const std::string name_;
  const Descriptor folder_;
  Descriptor socket_;
  ino_t inode_ = 0;  // of our socket in the folder: another's may be there one day
  bool is_ours_ = false;
};

}  // namespace ums::command
