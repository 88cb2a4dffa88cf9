// SPDX-License-Identifier: Apache-2.0
//
// Threads that end as workers or schedulers. behaviour.md: "A worker's thread that ends without
// EXIT: original hangs its scheduler; ours ends the worker as if it had called EXIT." and "A
// scheduler thread that ends leaves its workers".
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/system_test.h"

namespace ums::test {
namespace {

class ThreadEnd : public DeviceTest {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    become_scheduler(fd_, list_);
  }

  // Executes `worker` once and expects that it has terminated.
  void expect_end(const Thread& worker) {
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
    ums_sched_event event;
    ASSERT_EQ(take_event(fd_, event), 0);
    EXPECT_EQ(event.type, THREAD_TERMINATED);
    EXPECT_EQ(event.end_params.context, worker.tid());
    EXPECT_EQ(execute(fd_, worker.tid()), -ESRCH) << "unregistered";
  }
};

TEST_F(ThreadEnd, ByReturn) {
  Worker worker(Worker::NoExit{}, fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  EXPECT_EQ(worker.join(), nullptr);
}

TEST_F(ThreadEnd, ByPthreadExit) {
  int value = 0;
  Worker worker(Worker::NoExit{}, fd_, list_, [&] { pthread_exit(&value); });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  EXPECT_EQ(worker.join(), &value);
}

struct CountEnd {
  std::atomic<int>& count;
  ~CountEnd() { ++count; }
};

TEST_F(ThreadEnd, ByPthreadExitUnwindsFrames) {
  std::atomic<int> unwound{0};
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    const CountEnd outer{unwound};
    EXPECT_EQ(yield(fd_), 0);
    const CountEnd inner{unwound};
    pthread_exit(nullptr);
  });
  run_workers(fd_, list_, 1);
  worker.join();
  EXPECT_EQ(unwound, 2);
}

// "Cancellation (deferred) does not wake a suspended worker; it acts when the worker next runs, and
// its destructors end the worker."
TEST_F(ThreadEnd, ByCancellationWhileSuspended) {
  std::atomic<int> unwound{0};
  bool passed = false;
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    const CountEnd frame{unwound};
    EXPECT_EQ(yield(fd_), 0) << "no cancellation point";
    about_to_be_cancelled();
    pthread_testcancel();
    passed = true;
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  EXPECT_EQ(pthread_cancel(worker.handle()), 0);
  EXPECT_TRUE(task_is(worker.tid(), kernel::TaskState::kSuspended)) << "not woken";
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
  EXPECT_EQ(unwound, 1);
  EXPECT_FALSE(passed);
}

TEST_F(ThreadEnd, ByCancellationBeforeItEverRan) {
  bool passed = false;
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    about_to_be_cancelled();
    pthread_testcancel();
    passed = true;
  });
  EXPECT_EQ(pthread_cancel(worker.handle()), 0);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
  EXPECT_FALSE(passed);
}

TEST_F(ThreadEnd, ByCancellingItself) {
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    EXPECT_EQ(pthread_cancel(pthread_self()), 0);
    about_to_be_cancelled();
    pthread_testcancel();
    ADD_FAILURE() << "not cancelled";
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  EXPECT_EQ(worker.join(), PTHREAD_CANCELED);
}

// An exception that the worker catches, thrown beneath frames that yielded meanwhile.
TEST_F(ThreadEnd, ExceptionsPassThroughFramesThatYielded) {
  std::atomic<int> caught{0};
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 3; ++i) {
    workers.push_back(std::make_unique<Worker>(Worker::NoExit{}, fd_, list_, [this, i, &caught] {
      try {
        EXPECT_EQ(yield(fd_), 0);
        throw std::runtime_error(std::to_string(i));
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(yield(fd_), 0) << "with the exception alive";
        EXPECT_EQ(error.what(), std::to_string(i));
        ++caught;
      }
    }));
  }
  run_workers(fd_, list_, 3);
  EXPECT_EQ(caught, 3);
}

// Each worker has its own count of exceptions in flight.
TEST_F(ThreadEnd, UncaughtExceptionsAreCountedByThread) {
  struct YieldInDestructor {
    int fd;
    ~YieldInDestructor() {
      EXPECT_EQ(std::uncaught_exceptions(), 1);
      EXPECT_EQ(yield(fd), 0);
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }
  };
  Worker throwing(fd_, list_, [&] {
    try {
      const YieldInDestructor in_between{fd_};
      throw 1;
    } catch (int) {
    }
  });
  Worker quiet(fd_, list_, [&] {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  });
  run_workers(fd_, list_, 2);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

// ---- without destructors, by the bare system call

// Why a sanitizer does not like that.
constexpr const char* kLeaves =
    UMS_SANITIZE_THREAD    ? "ThreadSanitizer must see a thread end"
    : UMS_SANITIZE_ADDRESS ? "LeakSanitizer finds what glibc has allocated for the destructors"
                           : nullptr;

TEST_F(ThreadEnd, BySystemCall) {
  if (kLeaves != nullptr) GTEST_SKIP() << kLeaves;
  Worker worker(Worker::NoExit{}, fd_, list_, [&] {
    EXPECT_EQ(yield(fd_), 0);
    syscall(SYS_exit, 0);
    ADD_FAILURE() << "went on";
  });
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
  EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  expect_end(worker);
  worker.join();  // its result is what glibc's cached control block held
}

TEST_F(ThreadEnd, OfASchedulerBySystemCall) {
  if (kLeaves != nullptr) GTEST_SKIP() << kLeaves;
  const int other = create_list(fd_);
  Thread scheduler([&] {
    EXPECT_EQ(enter_scheduler(fd_, other), 0);
    syscall(SYS_exit, 0);
  });
  scheduler.join();
  EXPECT_EQ(delete_list(fd_, other), 0);
  EXPECT_EQ(create_list(fd_), other) << "nobody uses the list any more";
}

// ---- in destructors of thread-specific data

struct EnterAtEnd {
  int fd;
  int list;
  pthread_key_t key;
  int rounds_before;  // how many pass before the first call
  std::atomic<int> entered{1};
};

void enter_at_end(void* value) {
  auto& how = *static_cast<EnterAtEnd*>(value);
  if (how.rounds_before-- > 0) {
    EXPECT_EQ(pthread_setspecific(how.key, value), 0);
    return;
  }
  how.entered = enter_worker(how.fd, how.list);
}

// A thread whose very first call makes it a worker when it is ending already.
TEST_F(ThreadEnd, OfAThreadThatEntersInADestructor) {
  if (UMS_SANITIZE_ADDRESS) GTEST_SKIP() << kLeaves;
  constexpr int kRounds = UMS_SANITIZE_THREAD ? 2 : 3;  // from the last on nobody can end it
  for (int round = 0; round < kRounds; ++round) {
    EnterAtEnd how{fd_, list_, {}, round};
    ASSERT_EQ(pthread_key_create(&how.key, enter_at_end), 0);
    pthread_t thread;
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* value) -> void* {
                    EXPECT_EQ(pthread_setspecific(static_cast<EnterAtEnd*>(value)->key, value), 0);
                    return nullptr;
                  },
                  &how),
              0);
    run_workers(fd_, list_, 1);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    EXPECT_EQ(how.entered, 0) << "round " << round;
    EXPECT_EQ(pthread_key_delete(how.key), 0);
  }
}

// ---- schedulers

// "another scheduler can dequeue and execute them"
TEST_F(ThreadEnd, SchedulerLeavesItsWorkersInTheirList) {
  const int other = create_list(fd_);
  Thread dying([&] { become_scheduler(fd_, other); });
  Worker worker(fd_, other);
  dying.join();
  run_workers(fd_, other, 1);
}

// "a yield or end whose scheduler is gone delivers to nobody and returns normally": a scheduler
// cannot end while it is in EXEC, so the case needs a worker whose scheduler changes: the events of
// the first are gone with it, and the worker goes on under the second.
TEST_F(ThreadEnd, WorkerGoesOnUnderAnotherScheduler) {
  Worker worker(fd_, list_, [&] {
    EXPECT_EQ(yield(fd_), 0);
    EXPECT_EQ(yield(fd_), 0);
  });
  Thread first([&] {
    become_scheduler(fd_, list_);
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
    EXPECT_EQ(execute(fd_, worker.tid()), 0);
  });  // ends with the YIELD event unread
  first.join();
  run_workers(fd_, list_, 1);
}

// "workers that it had dequeued stay executable by id, in no list"
TEST_F(ThreadEnd, WorkersInTheHandOfADeadSchedulerStayExecutable) {
  Worker a(fd_, list_);
  Worker b(fd_, list_);
  Worker c(fd_, list_);
  Thread dying([&] {
    become_scheduler(fd_, list_);
    ASSERT_EQ(dequeue(fd_, list_), a.tid());
    ASSERT_EQ(next(fd_, a.tid()), b.tid());  // c stays behind b, unreached
  });
  dying.join();
  Worker later(fd_, list_);
  EXPECT_EQ(take_batch(fd_, list_), std::vector<pid_t>{later.tid()}) << "in no list";
  for (const Thread* worker : {&c, &a, &later, &b}) EXPECT_EQ(execute(fd_, worker->tid()), 0);
}

// Each once, by the scheduler that had dequeued it: not by one that came later and got its memory.
TEST_F(ThreadEnd, OrphansAreReportedOnce) {
  Worker worker(fd_, list_);
  const std::uint64_t first = log_next();
  Thread dying([&] {
    become_scheduler(fd_, list_);
    ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  });
  dying.join();
  for (int i = 0; i < 3; ++i) {
    live_objects();  // frees the scheduler before
    Thread unconcerned([&] { become_scheduler(fd_, list_); });
  }
  EXPECT_EQ(log_since(first), std::vector{"scheduler " + std::to_string(dying.tid()) +
                                          " ended with worker " + std::to_string(worker.tid()) +
                                          " dequeued: no list has it, execute it by its id"});
  EXPECT_EQ(execute(fd_, worker.tid()), 0);
}

// Nor twice, once for itself and once for the worker that carries it: it was named in a batch
// before. The workers are many, for the order in which the kernel comes to them is not ours.
TEST_F(ThreadEnd, CarriedOrphansAreReportedOnce) {
  constexpr std::size_t kWorkers = 8;
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    workers.push_back(std::make_unique<Worker>(fd_, list_, [this] { EXPECT_EQ(yield(fd_), 0); }));
  }
  const std::uint64_t first = log_next();
  Thread dying([&] {
    become_scheduler(fd_, list_);
    for (const pid_t worker : take_batch(fd_, list_)) ASSERT_EQ(execute(fd_, worker), 0);
    ASSERT_EQ(dequeue(fd_, list_), workers.front()->tid());  // carries the others
  });
  dying.join();
  EXPECT_EQ(log_since(first).size(), kWorkers);
  for (const auto& worker : workers) EXPECT_EQ(execute(fd_, worker->tid()), 0);
}

// A scheduler that ends in every way is unregistered: its list loses a user.
TEST_F(ThreadEnd, SchedulerIsUnregistered) {
  const int other = create_list(fd_);
  std::vector<std::function<void()>> endings = {[] {}, [] { pthread_exit(nullptr); },
                                                [] {
                                                  pthread_cancel(pthread_self());
                                                  about_to_be_cancelled();
                                                  pthread_testcancel();
                                                }};
  for (const auto& ending : endings) {
    Thread scheduler([&] {
      EXPECT_EQ(enter_scheduler(fd_, other), 0);
      ending();
    });
  }
  EXPECT_EQ(delete_list(fd_, other), 0);
  EXPECT_EQ(create_list(fd_), other) << "nobody uses the list any more";
}

// A scheduler that is cancelled while it waits for an event or a worker: neither is a cancellation
// point, so it ends when its wait does.
TEST_F(ThreadEnd, BlockedSchedulerIsCancelledAfterItsWait) {
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    const pid_t worker = dequeue(fd_, list_);
    EXPECT_EQ(execute(fd_, worker), 0);
    about_to_be_cancelled();
    pthread_testcancel();
    ADD_FAILURE() << "not cancelled";
  });
  wait_until_blocked(scheduler.tid());
  EXPECT_EQ(pthread_cancel(scheduler.handle()), 0);
  Worker worker(fd_, list_);
  EXPECT_EQ(scheduler.join(), PTHREAD_CANCELED);
}

}  // namespace
}  // namespace ums::test
