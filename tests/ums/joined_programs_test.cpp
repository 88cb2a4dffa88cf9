// SPDX-License-Identifier: Apache-2.0
//
// Who connects to a kernel process with a name, and cannot join, or says nothing.
#include "tools/ums/joined_programs.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <functional>
#include <vector>

#include "sim_kernel/server/kernel_loop.h"
#include "support/emulator.h"
#include "tools/ums/front_message.h"
#include "tools/ums/join_kernel.h"
#include "ums/posed.h"

namespace {

using ums::command::Descriptor;
using ums::command::FrontMessage;
using ums::command::JoinedPrograms;
using ums::command::KernelName;
using ums::command::kJoinVersion;
using ums::command::receive_message;
using ums::command::send_message;
using ums::kernel::kernel_loop_turn;

// In a process of its own, which is a kernel process then.
void in_kernel_process(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    EXPECT_EQ(ums::kernel::kernel_loop_start(), 0);
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Lets the loop turn until `client` has been told something.
std::string told(const KernelName& client) {
  FrontMessage message;
  bool hung_up = false;
  while (!receive_message(client.socket(), &message, &hung_up)) {
    if (hung_up) return "hung up";
    kernel_loop_turn();
  }
  EXPECT_EQ(message.kind, FrontMessage::kFailed);
  return message.text;
}

void join(const KernelName& client, int listener, int version = kJoinVersion) {
  send_message(client.socket(), {.kind = FrontMessage::kJoin, .value = version}, listener);
}

// As if of a program that calls nothing.
Descriptor quiet_listener() { return Descriptor(eventfd(0, EFD_CLOEXEC)); }

rlim_t lowest_free() {
  const Descriptor free(eventfd(0, EFD_CLOEXEC));
  return static_cast<rlim_t>(free.get());
}

void limit_descriptors(rlim_t limit) {
  const rlimit both = {limit, limit};
  EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &both), 0);
}

class Joined : public testing::Test {
 protected:
  ums::test::RunFolder folder_;
};

TEST_F(Joined, WithoutAnyDescriptorWhoConnectsIsTold) {
  in_kernel_process([] {
    const KernelName name("lab");
    const JoinedPrograms joined(name.socket());
    const KernelName client("lab");
    const KernelName second("lab");
    limit_descriptors(lowest_free());
    EXPECT_NE(told(client).find("RLIMIT_NOFILE"), std::string::npos);
    EXPECT_NE(told(second).find("RLIMIT_NOFILE"), std::string::npos) << "once more";
    EXPECT_FALSE(joined.any());
  });
}

TEST_F(Joined, WithFewDescriptorsTheyAreKeptForThoseThatAreThere) {
  in_kernel_process([] {
    const KernelName name("lab");
    const JoinedPrograms joined(name.socket());
    const KernelName client("lab");
    limit_descriptors(lowest_free() + 20);
    EXPECT_NE(told(client).find("RLIMIT_NOFILE"), std::string::npos);
    EXPECT_FALSE(joined.any());
  });
}

TEST_F(Joined, TheSilentAreLimited) {
  in_kernel_process([] {
    const KernelName name("lab");
    JoinedPrograms joined(name.socket());
    std::vector<std::unique_ptr<KernelName>> silent;
    const auto connect = [&] { silent.push_back(std::make_unique<KernelName>("lab")); };
    while (silent.size() < JoinedPrograms::kSilentMax) connect();
    {
      const KernelName client("lab");
      EXPECT_NE(told(client).find("have not joined it"), std::string::npos);
    }
    // One joins, and so there is room for another.
    const Descriptor listener = quiet_listener();
    join(*silent.back(), listener.get());
    join(*silent.back(), listener.get());
    EXPECT_NE(told(*silent.back()).find("before"), std::string::npos);
    const KernelName next("lab");
    join(next, listener.get(), kJoinVersion + 1);
    EXPECT_NE(told(next).find("of another version"), std::string::npos);
    silent.clear();
  });
}

TEST_F(Joined, AProgramWhoseListenerCannotBeWatchedIsRefused) {
  in_kernel_process([] {
    const KernelName name("lab");
    JoinedPrograms joined(name.socket());
    const KernelName client("lab");
    join(client, -1);
    EXPECT_NE(told(client).find("has not come through"), std::string::npos);
    const Descriptor file(memfd_create("unwatchable", MFD_CLOEXEC));  // epoll takes no files
    join(client, file.get());
    EXPECT_NE(told(client).find("cannot watch another program"), std::string::npos);
    const Descriptor listener = quiet_listener();
    join(client, listener.get());
    join(client, listener.get());
    EXPECT_NE(told(client).find("has joined by this connection before"), std::string::npos);
  });
}

TEST_F(Joined, WhatIsNoListenerIsGivenUp) {
  SKIP_UNDER_EMULATOR("it does not know the calls of listeners");
  in_kernel_process([] {
    const KernelName name("lab");
    JoinedPrograms joined(name.socket());
    const KernelName client("lab");
    const Descriptor readable(eventfd(1, EFD_CLOEXEC));
    join(client, readable.get());
    while (!joined.any()) kernel_loop_turn();
    shutdown(client.socket(), SHUT_RDWR);
    while (joined.any()) {
      kernel_loop_turn();
      joined.forget_ended();
    }
  });
}

bool has_writers(int pipe_end) {
  pollfd end{pipe_end, 0, 0};
  EXPECT_GE(poll(&end, 1, 0), 0);
  return (end.revents & POLLHUP) == 0;
}

TEST_F(Joined, StandardErrorStaysWithTheListener) {
  in_kernel_process([] {
    const KernelName name("lab");
    JoinedPrograms joined(name.socket());
    const KernelName client("lab");
    int first[2];
    int second[2];
    ASSERT_EQ(pipe2(first, O_CLOEXEC), 0);
    ASSERT_EQ(pipe2(second, O_CLOEXEC), 0);
    const Descriptor listener = quiet_listener();
    send_message(client.socket(), {.kind = FrontMessage::kErrors}, first[1]);
    join(client, listener.get());
    send_message(client.socket(), {.kind = FrontMessage::kErrors}, second[1]);
    join(client, listener.get(), kJoinVersion + 1);  // to be told when all is read
    EXPECT_NE(told(client), "");
    for (const int end : {first[1], second[1]}) close(end);
    EXPECT_TRUE(has_writers(first[0]));
    EXPECT_FALSE(has_writers(second[0]));
  });
}

}  // namespace
