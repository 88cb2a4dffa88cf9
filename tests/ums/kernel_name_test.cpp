// SPDX-License-Identifier: Apache-2.0
//
// Names of kernel processes: who has one, and who joins.
#include "tools/ums/kernel_name.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

using ums::command::Descriptor;
using ums::command::KernelName;
using ums::command::why_no_kernel_name;

class KernelNames : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = std::filesystem::temp_directory_path() / "ums-test-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string socket_of(const std::string& name) const {
    return folder_ + "/ums/" + name + ".sock";
  }
  bool has_socket(const std::string& name) const {
    return std::filesystem::exists(socket_of(name));
  }

  std::string folder_;
};

// Runs `body` in a forked process. Returns its exit status.
int status_of(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body());
  int status = -1;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(KernelNames, WhatIsOne) {
  for (const char* good : {"a", "lab-2", "x.y_z", "_", "7"})
    EXPECT_EQ(why_no_kernel_name(good), "");
  EXPECT_EQ(why_no_kernel_name(std::string(64, 'x')), "");
  for (const char* bad : {"", ".", "..", ".x", "-x", "a/b", "a b", "\xc3\xa4", "a\n"}) {
    EXPECT_NE(why_no_kernel_name(bad), "") << bad;
  }
  EXPECT_NE(why_no_kernel_name(std::string(65, 'x')), "");
}

TEST_F(KernelNames, TheFirstHasItAndOthersJoin) {
  KernelName first("lab");
  EXPECT_TRUE(first.is_ours());
  const KernelName second("lab");
  EXPECT_FALSE(second.is_ours());
  EXPECT_EQ(second.kernel(), getpid());
  const KernelName other("other");
  EXPECT_TRUE(other.is_ours());
}

TEST_F(KernelNames, WhoHasConnectedIsWaitedFor) {
  KernelName first("lab");
  {
    const KernelName second("lab");
    EXPECT_FALSE(first.give_up());
    const Descriptor accepted(accept(first.socket(), nullptr, nullptr));
    EXPECT_TRUE(accepted);
    EXPECT_TRUE(first.give_up());
  }
  EXPECT_FALSE(has_socket("lab"));
  const KernelName third("lab");
  EXPECT_TRUE(third.is_ours());
}

TEST_F(KernelNames, OfAKilledProcessIsFree) {
  EXPECT_EQ(status_of([] { return KernelName("lab").is_ours() ? 0 : 1; }), 0);
  EXPECT_TRUE(has_socket("lab"));
  const KernelName next("lab");
  EXPECT_TRUE(next.is_ours());
}

// Somebody has removed the socket, and a new kernel has taken the name.
TEST_F(KernelNames, GivingUpLeavesAnothersSocketAlone) {
  KernelName old("lab");
  unlink(socket_of("lab").c_str());
  const KernelName next("lab");
  EXPECT_TRUE(next.is_ours());
  EXPECT_TRUE(old.give_up());
  EXPECT_TRUE(has_socket("lab"));
  EXPECT_FALSE(KernelName("lab").is_ours());
}

TEST_F(KernelNames, ALongFolderIsNoHindrance) {
  const std::string folder = folder_ + "/" + std::string(200, 'x');
  ASSERT_EQ(mkdir(folder.c_str(), S_IRWXU), 0);
  setenv("XDG_RUNTIME_DIR", folder.c_str(), 1);
  const KernelName first("lab");
  EXPECT_TRUE(first.is_ours());
  EXPECT_FALSE(KernelName("lab").is_ours());
}

TEST_F(KernelNames, FoldersThatOthersMayEnterAreRefused) {
  KernelName first("lab");
  chmod((folder_ + "/ums").c_str(), S_IRWXU | S_IXGRP);
  EXPECT_THROW(KernelName("lab"), std::exception);
  chmod((folder_ + "/ums").c_str(), S_IRWXU);
  EXPECT_TRUE(first.give_up());
}

// Of many that ask at the same moment one has it, and the others join that one, which lives until
// all have asked.
TEST_F(KernelNames, ManyAtOnce) {
  constexpr int kProcesses = 8;
  constexpr int kRounds = 100;
  struct Shared {
    std::atomic<int> waiting;
    std::atomic<int> kernels;
    std::atomic<int> done;
  };
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  for (int round = 0; round < kRounds; ++round) {
    Shared& shared = *new (memory) Shared{};
    std::vector<pid_t> pids;
    for (int i = 0; i < kProcesses; ++i) {
      pids.push_back(fork());
      if (pids.back() != 0) continue;
      ++shared.waiting;
      while (shared.waiting < kProcesses) sched_yield();
      const KernelName name("lab");
      shared.kernels += name.is_ours() ? 1 : 0;
      ++shared.done;
      while (shared.done < kProcesses) sched_yield();
      _exit(0);
    }
    for (const pid_t pid : pids) EXPECT_EQ(waitpid(pid, nullptr, 0), pid);
    ASSERT_EQ(shared.kernels, 1) << "in round " << round;
  }
  munmap(memory, sizeof(Shared));
}

}  // namespace
