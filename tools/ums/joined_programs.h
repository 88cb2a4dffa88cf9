// SPDX-License-Identifier: Apache-2.0
//
// JoinedPrograms: in a kernel process with a name, the programs that have joined it (`ums run
// --attach NAME`), each with a listener of its own.
//
//     JoinedPrograms joined(name.socket());     // in the kernel loop from now on
//     while (joined.any()) { kernel_loop_turn(); joined.forget_ended(); }
//
// Who joins is the process that watches the program, by a connection: it sends the program's
// standard error and listener (FrontMessage), and hangs up when it and all descendants have ended.
//
// A program that has joined costs three descriptors. Who connects is refused, and told why, where
// too few are free (descriptor_budget.h), or where kSilentMax others are connected that have sent
// no listener.
//
// Thread safety: one thread, the kernel loop.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "sim_kernel/server/event_source.h"
#include "sim_kernel/server/listener.h"
#include "tools/ums/descriptor.h"

namespace ums::command {

class JoinedPrograms final : public kernel::EventSource {
 public:
  static constexpr int kSilentMax = 64;

  // `socket` listens, and stays open. Throws std::system_error.
  explicit JoinedPrograms(int socket);
  ~JoinedPrograms() { kernel::forget_events(socket_); }
  JoinedPrograms(const JoinedPrograms&) = delete;
  JoinedPrograms& operator=(const JoinedPrograms&) = delete;

  bool any() const { return !programs_.empty(); }

  // Forgets those of whom nothing is left.
  void forget_ended();

 private:
  // One of them. Its end is the end of both its connection and its listener.
  class Program final : public kernel::EventSource {
   public:
    explicit Program(Descriptor connection);
    bool has_ended() const;
    bool is_silent() const { return connection_ && !listener_; }

   private:
    void on_event(std::uint32_t events) noexcept override;
    void receive(bool* hung_up);
    std::string take(int version, Descriptor listener);

    Descriptor connection_;
    Descriptor errors_;  // its standard error
    std::unique_ptr<kernel::Listener> listener_;
  };

  void on_event(std::uint32_t events) noexcept override;
  void accept_one();
  std::string why_refused(int connection) const;

  const int socket_;
  Descriptor spare_;  // given up for a moment to tell who connects that there is no other
  std::list<Program> programs_;
};

}  // namespace ums::command
