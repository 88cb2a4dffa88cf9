// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/sync/rcu.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <thread>
#include <vector>

#include "sim_kernel/base/limits.h"
#include "sim_kernel/sync/spinlock.h"
#include "support/puppet.h"
#include "support/threads.h"

namespace ums::kernel {
namespace {

using test::Puppet;
using test::run_threads;

// A callback that notes that, and as which, it ran.
struct Note : RcuHead {
  static inline int runs = 0;
  int ran_as = 0;

  void queue() {
    call_rcu(this, [](RcuHead* head) { static_cast<Note*>(head)->ran_as = ++runs; });
  }
};

class RcuTest : public ::testing::Test {
 protected:
  void SetUp() override { Note::runs = 0; }
  void TearDown() override {
    EXPECT_FALSE(rcu_read_lock_held());
    rcu_barrier();
  }
};

using RcuDeathTest = RcuTest;

TEST_F(RcuTest, ReadSectionsNest) {
  EXPECT_FALSE(rcu_read_lock_held());
  rcu_read_lock();
  {
    RcuReadGuard inner;
    EXPECT_TRUE(rcu_read_lock_held());
  }
  EXPECT_TRUE(rcu_read_lock_held());
  rcu_read_unlock();
  EXPECT_FALSE(rcu_read_lock_held());
}

TEST_F(RcuTest, AssignedPointerIsDereferenced) {
  int value = 7;
  std::atomic<int*> pointer{nullptr};
  RcuReadGuard guard;
  EXPECT_EQ(rcu_dereference(pointer), nullptr);
  rcu_assign_pointer(pointer, &value);
  EXPECT_EQ(rcu_dereference(pointer), &value);
}

// Guarantee 2.
TEST_F(RcuTest, CallbackWaitsForAnOlderReader) {
  Puppet reader;
  reader.does(rcu_read_lock);
  Note note;
  note.queue();
  for (int i = 0; i < 10; ++i) rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 0);
  reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 1);
}

TEST_F(RcuTest, CallbackDoesNotWaitForAYoungerReader) {
  Puppet old_reader, young_reader;
  old_reader.does(rcu_read_lock);
  Note note;
  note.queue();
  rcu_do_callbacks();  // begins the grace period
  young_reader.does(rcu_read_lock);
  old_reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 1);
  young_reader.does(rcu_read_unlock);
}

// A grace period that was in progress at the call may have looked at the reader before.
TEST_F(RcuTest, CallbackNeedsAWholeGracePeriod) {
  Puppet old_reader, young_reader;
  old_reader.does(rcu_read_lock);
  const unsigned long phase = rcu_now;
  std::thread writer(synchronize_rcu);
  while (rcu_now == phase) std::this_thread::yield();  // until its grace period waits
  young_reader.does(rcu_read_lock);
  Note note;
  note.queue();
  rcu_do_callbacks();
  old_reader.does(rcu_read_unlock);
  writer.join();
  for (int i = 0; i < 10; ++i) rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 0);
  young_reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 1);
}

// A reader that was preempted between its load of the phase and its store is in the other phase
// from the start, and must be waited for all the same.
TEST_F(RcuTest, CallbackWaitsForALateReader) {
  Puppet reader;
  reader.does([] { current_task()->rcu_reader = rcu_now ^ kRcuPhase; });
  Note note;
  note.queue();
  for (int i = 0; i < 10; ++i) rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 0);
  reader.does(rcu_read_unlock);
  rcu_do_callbacks();
  EXPECT_EQ(note.ran_as, 1);
}

// Guarantee 4.
TEST_F(RcuTest, CallbacksRunInOrder) {
  std::vector<Note> notes(100);
  for (Note& note : notes) note.queue();
  rcu_do_callbacks();
  for (std::size_t i = 0; i < notes.size(); ++i) {
    EXPECT_EQ(notes[i].ran_as, static_cast<int>(i + 1));
  }
}

TEST_F(RcuTest, CallbackMayQueueItselfAgain) {
  static int runs = 0;
  static RcuHead head;
  call_rcu(&head, [](RcuHead* again) {
    ++runs;
    call_rcu(again, [](RcuHead*) { ++runs; });
  });
  rcu_do_callbacks();
  EXPECT_EQ(runs, 1);
  rcu_do_callbacks();
  EXPECT_EQ(runs, 2);
}

// Guarantee 5.
TEST_F(RcuTest, BarrierRunsWhatAllThreadsQueued) {
  constexpr int kThreads = 4, kEach = 1000;
  static std::atomic<int> runs{0};
  std::vector<RcuHead> heads(std::size_t{kThreads} * kEach);
  run_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kEach; ++i) {
      const int index = thread * kEach + i;
      call_rcu(&heads[static_cast<std::size_t>(index)], [](RcuHead*) { ++runs; });
      if (i % 100 == 0) rcu_do_callbacks();
    }
    rcu_barrier();
  });
  EXPECT_EQ(runs, kThreads * kEach);
}

// Guarantee 1. The reader gives the writer every chance to come back too early.
TEST_F(RcuTest, SynchronizeWaitsForAnOlderReader) {
  Puppet reader;
  std::atomic<bool> begun{false}, over{false};
  reader.does(rcu_read_lock);
  std::thread writer([&] {
    begun = true;
    synchronize_rcu();
    over = true;
  });
  while (!begun) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();
  EXPECT_FALSE(over);
  reader.does(rcu_read_unlock);
  writer.join();
}

TEST_F(RcuTest, ManyCallbacksAskTheTaskToRunThem) {
  std::vector<Note> notes(kRcuCallbacksMax);
  for (Note& note : notes) {
    EXPECT_EQ(current_task()->exit_work & kExitRcu, 0U);
    note.queue();
  }
  EXPECT_EQ(current_task()->exit_work & kExitRcu, kExitRcu);
  rcu_do_callbacks();
  EXPECT_EQ(current_task()->exit_work & kExitRcu, 0U);
  EXPECT_EQ(Note::runs, kRcuCallbacksMax);
  Note more;
  more.queue();
  EXPECT_EQ(current_task()->exit_work & kExitRcu, 0U);
  rcu_barrier();
}

TEST_F(RcuDeathTest, WaitingInAReadSectionIsReported) {
  const char* const title = "Voluntary context switch within RCU read-side critical section!";
  for (void (*const wait)() : {+[] { rcu_assert_not_reading("schedule"); }, +[] { rcu_barrier(); },
                               +[] { synchronize_rcu(); }, +[] { rcu_do_callbacks(); }}) {
    const auto wait_in_section = [wait] {
      RcuReadGuard guard;
      wait();
    };
    EXPECT_DEATH(wait_in_section(), title);
  }
}

TEST_F(RcuDeathTest, QueueingTwiceIsReported) {
  static RcuHead head;
  call_rcu(&head, [](RcuHead*) {});
  EXPECT_DEATH(call_rcu(&head, [](RcuHead*) {}), "ODEBUG: activate active");
}

TEST_F(RcuDeathTest, LookingOutsideOfAReadSectionIsReported) {
  if (!UMS_LOCK_DEBUG) GTEST_SKIP() << "lock checks are off in this build";
  EXPECT_DEATH(rcu_assert_reading("test"), "suspicious RCU usage: test");
}

TEST_F(RcuDeathTest, WaitingWithASpinlockHeldIsReported) {
  if (!UMS_LOCK_DEBUG) GTEST_SKIP() << "lock checks are off in this build";
  SpinLock<LockRank::kFiles> lock;
  EXPECT_DEATH(
      {
        SpinGuard guard(lock);  // in the child only: its fork handlers take locks too
        synchronize_rcu();
      },
      "synchronize_rcu with a spinlock held");
}

// Runs `body` in a forked child; returns its exit status, or -1.
template <typename Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(RcuTest, ForkedChildHasNoReadersButItself) {
  Puppet reader;
  reader.does(rcu_read_lock);
  Note waiting, incoming;
  waiting.queue();
  rcu_do_callbacks();  // a grace period is in progress, and the reader holds it up
  incoming.queue();
  const int status = in_child([&] {
    rcu_barrier();
    synchronize_rcu();
    return waiting.ran_as * 10 + incoming.ran_as;
  });
  EXPECT_EQ(status, 0) << "the parent's callbacks are given up";
  reader.does(rcu_read_unlock);
  rcu_barrier();
  EXPECT_EQ(waiting.ran_as, 1);
  EXPECT_EQ(incoming.ran_as, 2);
}

// Makes Linux refuse membarrier from now on, as a sandbox may. Returns whether that worked.
bool refuse_membarrier() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {sizeof code / sizeof code[0], code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST_F(RcuTest, WorksWhereMembarrierIsRefused) {
  enum { kGood = 42, kNoSeccomp, kStillFast, kNotRun };
  const int status = in_child([] {
    if (!refuse_membarrier()) return kNoSeccomp;
    rcu_init();
    if (membarrier_fast) return kStillFast;
    Note note;
    {
      RcuReadGuard guard;
      note.queue();
    }
    rcu_barrier();
    synchronize_rcu();
    return note.ran_as == 1 ? kGood : kNotRun;
  });
  if (status == kNoSeccomp) GTEST_SKIP() << "no seccomp filters here";
  EXPECT_EQ(status, kGood);
}

}  // namespace
}  // namespace ums::kernel
