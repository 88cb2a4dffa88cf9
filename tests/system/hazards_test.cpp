// SPDX-License-Identifier: Apache-2.0
//
// architecture.md, section 1: "Details that matter" and "Hazards, each seen in a trial; each needs
// a test", as far as another file does not hold them: signals (signals_test, faults_test), fork
// (fork_test), exceptions and ends of threads (thread_end_test), nesting (two_roles_test).
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

class Hazards : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }
};

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  ASSERT_EQ(sched_setaffinity(0, sizeof set, &set), 0);
}

// The processors that the caller may use.
std::vector<int> allowed_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

// "rseq is registered by kernel thread [...]: a worker's sched_getcpu() is then wrong": it names
// the processor of the carrier, and at home its own.
TEST_F(Hazards, SchedGetcpuInAWorker) {
  SKIP_IN_SERVER("rseq is Linux's");
  const std::vector<int> cpus = allowed_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "needs two processors";
  const int here = cpus.front();
  const int there = cpus.back();
  Thread worker([&] {
    pin_to(there);
    EXPECT_EQ(sched_getcpu(), there);
    EXPECT_EQ(enter_worker(fd_, list_), 0);
    EXPECT_EQ(sched_getcpu(), here);
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_EQ(sched_getcpu(), here);
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(sched_getcpu(), there);
  });
  Thread scheduler([&] {
    pin_to(here);
    become_scheduler(fd_, list_);
    EXPECT_EQ(sched_getcpu(), here);
    run_workers(fd_, list_, 1);
    EXPECT_EQ(sched_getcpu(), here);
  });
}

void sleep_a_day() {
  const timespec day{86400, 0};
  about_to_be_cancelled();
  nanosleep(&day, nullptr);
}

void read_for_ever(int fd) {
  char byte = 0;
  about_to_be_cancelled();
  (void)!read(fd, &byte, 1);
}

// "pthread_kill and cancellation of a worker that is blocked in a system call work (without it, a
// cancelled nanosleep hangs for ever)."
TEST_F(Hazards, CancellationOfABlockedNanosleep) {
  const pid_t carrier = thread_id();
  std::atomic<bool> about_to_block{false};
  std::atomic<bool> not_cancelled{false};
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    about_to_block = true;
    sleep_a_day();
    not_cancelled = true;
  });
  Thread canceller([&] {
    wait_until([&] { return about_to_block.load(); });
    wait_until_asleep(carrier);
    EXPECT_EQ(pthread_cancel(worker.handle()), 0);
  });
  run_workers(fd_, list_, 1);
  EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
  EXPECT_FALSE(not_cancelled);
}

// "A cancelled worker unwinds out of the handler and never restores the mask: the carrier restores
// its own when a worker ends." So the next one can be cancelled too.
TEST_F(Hazards, CarrierCanCancelOneWorkerAfterAnother) {
  const pid_t carrier = thread_id();
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  for (int i = 0; i < 3; ++i) {
    std::atomic<bool> about_to_block{false};
    Worker worker(Worker::NoExit{}, fd_, list_, [&] {
      about_to_block = true;
      read_for_ever(ends[0]);
    });
    Thread canceller([&] {
      wait_until([&] { return about_to_block.load(); });
      wait_until_asleep(carrier);
      EXPECT_EQ(pthread_cancel(worker.handle()), 0);
    });
    run_workers(fd_, list_, 1);
    EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
  }
  close(ends[0]);
  close(ends[1]);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < NSIG; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
}

// "A cancelled or exiting worker [...] runs its C++ thread_local destructors on the carrier, with
// its own thread pointer": a worker still, which may yield.
struct YieldAtThreadEnd {
  int fd = -1;
  pthread_t owner{};
  std::atomic<int>* destroyed = nullptr;
  ~YieldAtThreadEnd() {
    if (destroyed == nullptr) return;
    EXPECT_TRUE(pthread_equal(pthread_self(), owner));
    EXPECT_EQ(yield(fd), 0);
    EXPECT_TRUE(pthread_equal(pthread_self(), owner));
    ++*destroyed;
  }
};
thread_local YieldAtThreadEnd at_thread_end;

TEST_F(Hazards, ThreadLocalDestructorsOfAWorker) {
  std::atomic<int> destroyed{0};
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 4; ++i) {
    workers.push_back(std::make_unique<Worker>(Worker::NoExit{}, fd_, list_, [&, i] {
      at_thread_end.fd = fd_;
      at_thread_end.owner = pthread_self();
      at_thread_end.destroyed = &destroyed;
      if (i == 1) pthread_exit(nullptr);
      if (i == 2) pthread_cancel(pthread_self());
      if (i == 2) about_to_be_cancelled();
      if (i == 2) pthread_testcancel();
    }));
  }
  run_workers(fd_, list_, 4);
  workers.clear();
  EXPECT_EQ(destroyed, 4);
}

// "TSD key of the kernel [...] whose destructor re-arms itself and acts in the last round (the
// fourth), after the program's own destructor had its chance": it makes UMS calls, round by round.
struct TsdRounds {
  int fd;
  pthread_key_t key;
  std::atomic<int> rounds{0};
};

// ThreadSanitizer takes the last of the four rounds for itself.
constexpr int kRoundsWithCalls = UMS_SANITIZE_THREAD ? 2 : 3;

void tsd_destructor(void* value) {
  auto& state = *static_cast<TsdRounds*>(value);
  const int round = ++state.rounds;
  if (round > kRoundsWithCalls) return;  // the kernel's turn may have come before
  EXPECT_EQ(yield(state.fd), 0) << "round " << round;
  EXPECT_EQ(pthread_setspecific(state.key, value), 0);
}

TEST_F(Hazards, TsdDestructorMakesCalls) {
  TsdRounds state{fd_, {}};
  ASSERT_EQ(pthread_key_create(&state.key, tsd_destructor), 0);
  Worker worker(Worker::NoExit{}, fd_, list_,
                [&] { EXPECT_EQ(pthread_setspecific(state.key, &state), 0); });
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(state.rounds, kRoundsWithCalls + 1);
  EXPECT_EQ(pthread_key_delete(state.key), 0);
}

// A worker's errno, thread_local variables, specific data and pthread_self are its own, wherever it
// runs.
thread_local int mine = 0;

TEST_F(Hazards, ThreadStateIsTheWorkersOwn) {
  pthread_key_t key;
  ASSERT_EQ(pthread_key_create(&key, nullptr), 0);
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 1; i <= 4; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [&, i] {
      const pthread_t self = pthread_self();
      int on_stack = i;
      errno = i;
      mine = i;
      EXPECT_EQ(pthread_setspecific(key, &on_stack), 0);
      for (int round = 0; round < 10; ++round) {
        const int result = yield(fd_);
        EXPECT_EQ(errno, i);
        EXPECT_EQ(result, 0);
        EXPECT_EQ(mine, i);
        EXPECT_EQ(pthread_getspecific(key), &on_stack);
        EXPECT_TRUE(pthread_equal(self, pthread_self()));
        errno = i;
      }
    }));
  }
  errno = 77;
  const std::vector<pid_t> batch = take_batch(fd_, list_);
  for (const pid_t worker : batch) EXPECT_EQ(execute(fd_, worker), 0);
  EXPECT_EQ(errno, 77) << "the scheduler's";
  for (std::size_t i = 0; i < batch.size(); ++i) EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  Thread second([&] {
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 4);
  });
  second.join();
  workers.clear();
  EXPECT_EQ(pthread_key_delete(key), 0);
}

// "pthread_getattr_np in a worker" finds the worker's stack.
TEST_F(Hazards, StackAttributesOfAWorker) {
  Worker worker(fd_, list_, [] {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_getattr_np(pthread_self(), &attributes), 0);
    void* low = nullptr;
    std::size_t bytes = 0;
    EXPECT_EQ(pthread_attr_getstack(&attributes, &low, &bytes), 0);
    const char* const here = static_cast<const char*>(__builtin_frame_address(0));
    EXPECT_GT(here, static_cast<char*>(low));
    EXPECT_LT(here, static_cast<char*>(low) + bytes);
    EXPECT_EQ(pthread_attr_destroy(&attributes), 0);
  });
  run_workers(fd_, list_, 1);
}

// The stack protector's canary, read through the thread pointer before and after a yield.
#if defined(__clang__)
#define STACK_PROTECT
#else
#define STACK_PROTECT __attribute__((stack_protect))
#endif
STACK_PROTECT __attribute__((noinline)) int yield_with_canary(int fd, int depth) {
  volatile char buffer[64];
  std::memset(const_cast<char*>(buffer), depth, sizeof buffer);
  int result = yield(fd);
  if (depth > 0) result += yield_with_canary(fd, depth - 1);
  for (const volatile char& byte : buffer) EXPECT_EQ(byte, depth);
  return result;
}

TEST_F(Hazards, StackProtector) {
  Worker worker(fd_, list_, [&] { EXPECT_EQ(yield_with_canary(fd_, 20), 0); });
  run_workers(fd_, list_, 1);
}

// Memory moves between workers: allocated by one, freed by another, across yields.
TEST_F(Hazards, MallocAcrossWorkers) {
  constexpr std::size_t kBlocks = 64;
  std::array<char*, kBlocks> blocks{};
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t seed = 0; seed < 6; ++seed) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [&, seed] {
      for (std::size_t i = 0; i < 500; ++i) {
        char*& block = blocks[(i * 7 + seed * 13) % kBlocks];
        std::free(block);
        block = static_cast<char*>(std::malloc(16 + i * 37 % 4000));
        std::memset(block, static_cast<int>(seed), 16);
        if (i % 9 != seed) continue;
        EXPECT_EQ(yield(fd_), 0);
      }
    }));
  }
  run_workers(fd_, list_, 6);
  workers.clear();
  for (char* const block : blocks) std::free(block);
}

// A mutex belongs to the worker that locked it, across yields and processors.
TEST_F(Hazards, MutexHeldAcrossAYield) {
  std::mutex plain;
  std::recursive_mutex recursive;
  pthread_mutexattr_t attributes;
  pthread_mutex_t checked;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_init(&checked, &attributes);
  Worker holder(fd_, list_, [&] {
    const std::lock_guard plain_guard(plain);
    const std::lock_guard recursive_guard(recursive);
    EXPECT_EQ(pthread_mutex_lock(&checked), 0);
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_TRUE(recursive.try_lock()) << "still the owner";
    recursive.unlock();
    EXPECT_EQ(pthread_mutex_lock(&checked), EDEADLK);
    EXPECT_EQ(pthread_mutex_unlock(&checked), 0);
  });
  Worker other(fd_, list_, [&] {
    EXPECT_FALSE(plain.try_lock());
    EXPECT_FALSE(recursive.try_lock());
    EXPECT_EQ(pthread_mutex_trylock(&checked), EBUSY);
    if (UMS_SANITIZE_THREAD) return;  // it would report what follows
    EXPECT_EQ(pthread_mutex_unlock(&checked), EPERM) << "not the owner, on the same processor";
  });
  for (const pid_t worker : take_batch(fd_, list_)) EXPECT_EQ(execute(fd_, worker), 0);
  EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  EXPECT_EQ(take_event_type(fd_), THREAD_TERMINATED);
  Thread second([&] {
    become_scheduler(fd_, list_);
    run_workers(fd_, list_, 1);
  });
  second.join();
  EXPECT_TRUE(plain.try_lock());
  plain.unlock();
  pthread_mutex_destroy(&checked);
  pthread_mutexattr_destroy(&attributes);
}

// "stdio locks": owned by the worker.
TEST_F(Hazards, StdioLockHeldAcrossAYield) {
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  Worker holder(fd_, list_, [&] {
    flockfile(file);
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_GT(std::fprintf(file, "still mine\n"), 0);
    funlockfile(file);
  });
  Worker other(fd_, list_, [&] { EXPECT_NE(ftrylockfile(file), 0); });
  run_workers(fd_, list_, 2);
  EXPECT_EQ(ftrylockfile(file), 0);
  funlockfile(file);
  std::fclose(file);
}

// A blocked waiter is woken by a worker, whichever processor either is on.
TEST_F(Hazards, WorkerWakesABlockedThread) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  Thread waiter([&] { EXPECT_EQ(sem_wait(&semaphore), 0); });
  wait_until_asleep(waiter.tid());
  Worker worker(fd_, list_, [&] { sem_post(&semaphore); });
  run_workers(fd_, list_, 1);
  waiter.join();
  sem_destroy(&semaphore);
}

// ---- joins

TEST_F(Hazards, JoinBeforeAndAfterTheEnd) {
  Worker early(Worker::NoExit{}, fd_, list_);
  std::atomic<bool> joined{false};
  Thread joiner([&] {
    early.join();
    joined = true;
  });
  wait_until_asleep(joiner.tid());
  EXPECT_FALSE(joined);
  run_workers(fd_, list_, 1);
  joiner.join();
  EXPECT_TRUE(joined);
  Worker late(Worker::NoExit{}, fd_, list_);
  run_workers(fd_, list_, 1);
  wait_until([&] { return !task_exists(late.tid()); });
  late.join();
}

// A worker joins another one, which ends on its own kernel thread.
TEST_F(Hazards, WorkerJoinsAWorker) {
  Worker first(Worker::NoExit{}, fd_, list_);
  Worker second(fd_, list_, [&] { first.join(); });
  run_workers(fd_, list_, 2);
}

struct Detached {
  int fd;
  int list;
  std::atomic<pid_t> tid{0};
};

TEST_F(Hazards, DetachedWorker) {
  Detached shared{fd_, list_};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  const auto body = [](void* argument) -> void* {
    auto& state = *static_cast<Detached*>(argument);
    state.tid = thread_id();
    EXPECT_EQ(enter_worker(state.fd, state.list), 0);
    EXPECT_EQ(yield(state.fd), 0);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, body, &shared), 0);
  pthread_attr_destroy(&attributes);
  run_workers(fd_, list_, 1);
  wait_until([&] { return !task_exists(shared.tid); });
}

// The thread that goes home finds its own kernel thread, name and identity.
TEST_F(Hazards, ExitGoesHome) {
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    EXPECT_EQ(exit_worker(fd_), 0);
    EXPECT_EQ(syscall(SYS_gettid), thread_id());
  });
  run_workers(fd_, list_, 1);
}

}  // namespace
}  // namespace ums::test
