// SPDX-License-Identifier: Apache-2.0
//
// The functions of the C library that libums answers in its place.
#include <grp.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ums/ums.hpp>

#include "sim_kernel/base/raw_syscall.h"
#include "sim_kernel/debug/misuse.h"
#include "sim_kernel/sched/task.h"

namespace {

using ums::kernel::for_each_task;
using ums::kernel::misuse_count;
using ums::kernel::Task;
using ums::kernel::TaskState;

bool somebody_suspended() {
  bool found = false;
  for_each_task(
      [](Task& task, void* result) {
        if (task.state.load() == TaskState::kSuspended) *static_cast<bool*>(result) = true;
      },
      &found);
  return found;
}

// Runs `body` in a worker.
template <typename Body>
void in_worker(Body body) {
  ums::CompletionList list;
  ums::Scheduler<> scheduler(list);
  ums::Worker worker(list, body);
}

TEST(InterposeGettid, IsTheWorkersOwn) {
  pid_t before = 0, after = 0, by_number = 0, carrier = 0;
  in_worker([&] {
    before = gettid();
    ums::yield();
    after = gettid();
    by_number = static_cast<pid_t>(syscall(SYS_gettid));
    carrier = static_cast<pid_t>(ums::kernel::raw_syscall(SYS_gettid));
  });
  EXPECT_EQ(before, after);
  EXPECT_EQ(before, by_number);
  EXPECT_NE(before, carrier);
}

// The child has the worker's memory and is another process, with one thread of its own.
TEST(InterposeGettid, IsTheChildsInAVforkOfAWorker) {
  int status = -1;
  in_worker([&] {
    const pid_t child = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
    if (child == 0) _exit(gettid() != getpid() ? 1 : syscall(SYS_gettid) != getpid() ? 2 : 0);
    waitpid(child, &status, 0);
  });
  EXPECT_EQ(status, 0);
}

TEST(InterposeGettid, IsLinuxsOutsideOfWorkers) {
  EXPECT_EQ(gettid(), getpid());
  EXPECT_EQ(syscall(SYS_gettid), getpid());
}

TEST(InterposeSyscall, PassesArgumentsAndResults) {
  int ends[2];
  ASSERT_EQ(syscall(SYS_pipe2, ends, 0), 0);
  EXPECT_EQ(syscall(SYS_write, ends[1], "abc", 3UL), 3);
  char text[4] = {};
  EXPECT_EQ(syscall(SYS_read, ends[0], text, 3UL), 3);
  EXPECT_STREQ(text, "abc");
  EXPECT_EQ(syscall(SYS_close, ends[0]), 0);
  EXPECT_EQ(syscall(SYS_close, ends[1]), 0);
}

TEST(InterposeSyscall, SetsErrno) {
  errno = 0;
  EXPECT_EQ(syscall(SYS_close, -1), -1);
  EXPECT_EQ(errno, EBADF);
  errno = 0;
  EXPECT_EQ(syscall(100'000), -1);
  EXPECT_EQ(errno, ENOSYS);
}

// Every function of the family, with the ids that the process has.
struct IdCall {
  const char* name;
  int (*call)();
};

constexpr IdCall kIdCalls[] = {
    {"setuid", [] { return setuid(getuid()); }},
    {"setgid", [] { return setgid(getgid()); }},
    {"seteuid", [] { return seteuid(getuid()); }},
    {"setegid", [] { return setegid(getgid()); }},
    {"setreuid", [] { return setreuid(getuid(), getuid()); }},
    {"setregid", [] { return setregid(getgid(), getgid()); }},
    {"setresuid", [] { return setresuid(getuid(), getuid(), getuid()); }},
    {"setresgid", [] { return setresgid(getgid(), getgid(), getgid()); }},
};
constexpr IdCall kPrivilegedCalls[] = {
    {"setgroups", [] { return setgroups(0, nullptr); }},
    {"initgroups", [] { return initgroups("nobody", getgid()); }},
};

void expect_refused(const IdCall& id) {
  const unsigned reports = misuse_count();
  errno = 0;
  EXPECT_EQ(id.call(), -1) << id.name;
  EXPECT_EQ(errno, EPERM) << id.name;
  EXPECT_EQ(misuse_count(), reports + 1) << id.name;
}

TEST(InterposeSetuid, IsRefusedWhileAWorkerIsSuspended) {
  ums::CompletionList list;
  ums::Worker worker(list, [] {});
  while (!somebody_suspended()) sched_yield();
  for (const IdCall& id : kIdCalls) expect_refused(id);
  for (const IdCall& id : kPrivilegedCalls) expect_refused(id);
  ums::Scheduler<> scheduler(list);
  worker.join();
}

TEST(InterposeSetuid, IsRefusedInAWorker) {
  in_worker([] { expect_refused(kIdCalls[0]); });
}

TEST(InterposeSetuid, WorksBeforeAndAfter) {
  in_worker([] {});
  for (const IdCall& id : kIdCalls) EXPECT_EQ(id.call(), 0) << id.name;
  const unsigned reports = misuse_count();
  for (const IdCall& id : kPrivilegedCalls) {
    EXPECT_EQ(id.call(), geteuid() == 0 ? 0 : -1) << id.name;  // by the C library
  }
  EXPECT_EQ(misuse_count(), reports);
}

class MutexAttributes {
 public:
  MutexAttributes() { pthread_mutexattr_init(&attributes); }
  ~MutexAttributes() { pthread_mutexattr_destroy(&attributes); }

  pthread_mutexattr_t attributes;
};

TEST(InterposeMutex, RefusesWhatTheKernelWouldOwn) {
  pthread_mutex_t mutex;
  MutexAttributes inheriting;
  pthread_mutexattr_setprotocol(&inheriting.attributes, PTHREAD_PRIO_INHERIT);
  const unsigned reports = misuse_count();
  EXPECT_EQ(pthread_mutex_init(&mutex, &inheriting.attributes), ENOTSUP);
  EXPECT_EQ(misuse_count(), reports + 1);

  MutexAttributes robust;
  pthread_mutexattr_setrobust(&robust.attributes, PTHREAD_MUTEX_ROBUST);
  EXPECT_EQ(pthread_mutex_init(&mutex, &robust.attributes), ENOTSUP);
  EXPECT_EQ(misuse_count(), reports + 2);
}

TEST(InterposeMutex, MakesEveryOther) {
  pthread_mutex_t mutex;
  EXPECT_EQ(pthread_mutex_init(&mutex, nullptr), 0);
  EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);

  MutexAttributes attributes;
  pthread_mutexattr_settype(&attributes.attributes, PTHREAD_MUTEX_RECURSIVE);
  pthread_mutexattr_setprotocol(&attributes.attributes, PTHREAD_PRIO_PROTECT);
  ASSERT_EQ(pthread_mutex_init(&mutex, &attributes.attributes), 0);
  EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
}

TEST(InterposeMutex, MakesWhatItIsAskedFor) {
  pthread_mutex_t mutex;
  MutexAttributes attributes;
  pthread_mutexattr_settype(&attributes.attributes, PTHREAD_MUTEX_ERRORCHECK);
  ASSERT_EQ(pthread_mutex_init(&mutex, &attributes.attributes), 0);
  EXPECT_EQ(pthread_mutex_lock(&mutex), 0);
  EXPECT_EQ(pthread_mutex_lock(&mutex), EDEADLK);
  EXPECT_EQ(pthread_mutex_unlock(&mutex), 0);
  EXPECT_EQ(pthread_mutex_destroy(&mutex), 0);
}

}  // namespace
