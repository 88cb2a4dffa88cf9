// SPDX-License-Identifier: Apache-2.0
//
// Linux gives thread and process ids anew once it has gone through all of them: who gets one has
// nothing of who had it.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <thread>

#include "support/await.h"
#include "support/server/served.h"
#include "support/server/victim.h"
#include "support/thread.h"

namespace ums::test {
namespace {

constexpr int kMargin = 200;  // ids that other programs may take on the way
constexpr int kSkipped = 77;  // exit status

// Where Linux keeps the id that it has given last in the caller's pid namespace.
constexpr char kLastId[] = "/proc/sys/kernel/ns_last_pid";

bool set_last_id(pid_t id) { return bool(std::ofstream(kLastId) << id << std::flush); }

bool has_few_ids() {
  int most = 0;
  std::ifstream("/proc/sys/kernel/pid_max") >> most;
  return most <= 65536;
}

pid_t use_up_an_id() {
  pid_t id = 0;
  std::thread([&id] { id = gettid(); }).join();
  return id;
}

// Goes through the ids until the next ones are `wanted`, or a few below.
void approach(pid_t wanted) {
  if (set_last_id(wanted - 1)) return;
  pid_t id = 0;
  do {
    id = use_up_an_id();
  } while (id >= wanted || id < wanted - kMargin);
}

// The caller's children get ids of their own, which nobody else takes; and a network, in which the
// kernel process's window has its name. False where Linux does not allow it.
bool leave_namespaces() {
  const uid_t user = geteuid();
  const int kinds = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | (user != 0 ? CLONE_NEWUSER : 0);
  if (unshare(kinds) != 0) return false;
  if (user != 0) std::ofstream("/proc/self/uid_map") << user << ' ' << user << " 1";
  return true;
}

// Lets /proc show the caller's ids.
bool mount_proc() {
  return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("proc", "/proc", "proc", 0, nullptr) == 0;
}

// Runs `body` in namespaces of its own, or here if ids are few; and not at all else. Returns its
// exit status.
int with_own_ids(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const bool own = leave_namespaces();
    const pid_t first = fork();
    if (first == 0) {
      if (own ? !mount_proc() || !set_last_id(100) : !has_few_ids()) _exit(kSkipped);
      body();
      std::fflush(nullptr);
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    waitpid(first, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Calls `make` until what it makes has the id `wanted`: who had it may take a moment to go, and
// another program may get it first.
template <typename Make, typename IdOf>
auto make_with(pid_t wanted, Make make, IdOf id_of) {
  for (;;) {
    approach(wanted);
    pid_t id = 0;
    do {
      auto made = make();
      id = id_of(*made);
      if (id == wanted) return made;
    } while (id < wanted);
  }
}

// Of a thread that ended as a scheduler, and of a process that was killed as a worker.
void reuse_ids() {
  const auto program = [] {
    const int fd = dev_open();
    const int list = create_list(fd);
    pid_t scheduler = 0;
    pid_t worker = 0;
    {
      Thread thread([&] { become_scheduler(fd, list); });
      scheduler = thread.tid();
      Victim process([&] { enter_worker(fd, list); });
      worker = process.pid();
      wait_until_suspended(worker);
    }
    // The kernel process is told a moment later. No id would come again so soon by itself.
    wait_until([worker] { return !task_exists(worker); });
    const auto make_thread = [&] {
      return std::make_unique<Thread>([&, scheduler] {
        if (gettid() != scheduler) return;
        EXPECT_EQ(dequeue(fd, list), -ESRCH);
        become_scheduler(fd, list);
      });
    };
    make_with(scheduler, make_thread, [](const Thread& made) { return made.tid(); })->join();

    const auto make_process = [&] {
      return std::make_unique<Victim>([&, worker] {
        if (getpid() != worker) return;
        EXPECT_EQ(yield(fd), -ESRCH);
        EXPECT_EQ(enter_worker(fd, list), 0);
        EXPECT_EQ(exit_worker(fd), 0);
        _exit(testing::Test::HasFailure() ? 1 : 0);
      });
    };
    const auto process =
        make_with(worker, make_process, [](const Victim& made) { return made.pid(); });
    become_scheduler(fd, list);
    run_workers(fd, list, 1);
    EXPECT_EQ(process->wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

TEST(ReusedIds, ComeWithoutRoles) {
  const int status = with_own_ids(reuse_ids);
  if (status == kSkipped) GTEST_SKIP() << "no pid namespace is allowed, and there are many ids";
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ums::test
