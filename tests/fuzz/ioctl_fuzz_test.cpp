// SPDX-License-Identifier: Apache-2.0
//
// Random calls by several threads at once, each of which knows what it is and so which results are
// possible. A janitor for each shared list, and one for workers that a scheduler took and dropped,
// see to it that everybody is executed in the end; a kicker, that nobody waits for ever.
//
// The oracle: every result is one that the caller's roles allow; events come one for each EXEC, in
// order, with the worker's id and nothing else; all threads come to the end of their sequence;
// nothing is left in the kernel. A canary bends one result, as a wrong kernel would: the oracle
// must notice.
#include <array>
#include <atomic>
#include <cerrno>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "support/seed.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

constexpr int kThreads = 8;
constexpr int kSharedLists = 3;
constexpr int kSteps = UMS_SANITIZE_ADDRESS || UMS_SANITIZE_THREAD ? 1000 : 10000;

enum class Canary { kNone, kWrongErrno, kWrongWorker, kLostEvent };

// What all threads of a run share.
struct World {
  int fd = -1;
  Canary canary = Canary::kNone;
  std::array<int, kSharedLists> lists{};
  std::array<std::atomic<pid_t>, kThreads + 1> tids{};  // the last one is the kicker's
  std::atomic<bool> stop{false};                        // the fuzzers are done
  std::atomic<bool> kicked_out{false};                  // so is the kicker
  std::mutex mutex;
  std::vector<std::string> violations;

  void violation(const std::string& text) {
    const std::lock_guard guard(mutex);
    violations.push_back(text);
  }
};

class Fuzzer {
 public:
  Fuzzer(World& world, std::uint64_t seed) : world_(world), random_(seed) {}

  void run() {
    own_list_ = create_list(world_.fd);
    for (int step = 0; step < kSteps; ++step) do_step();
    while (!events_.empty()) take();
    if (worker_) expect("EXIT", exit_worker(world_.fd), {0});
    expect("DELETE", delete_list(world_.fd, own_list_), {0});
  }

 private:
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  int any_shared_list() { return world_.lists[pick(kSharedLists)]; }
  pid_t any_thread() { return world_.tids[pick(kThreads)]; }

  void expect(const char* call, int result, std::initializer_list<int> allowed) {
    if (world_.canary == Canary::kWrongErrno && pick(100) == 0) result = -ENOTTY;
    for (const int each : allowed) {
      if (result == each) return;
    }
    world_.violation(fmt::format("{} by {} (worker: {}, scheduler: {}) gave {}", call, thread_id(),
                                 worker_, scheduler_, result));
  }

  void do_step() {
    switch (pick(12)) {
      case 0:
        return create_and_delete();
      case 1:
        return bad_pointer();
      case 2:
        return enter_as_scheduler();
      case 3:
        return enter_as_worker();
      case 4:
      case 5:
        return dequeue_some();
      case 6:
        return execute_any();
      case 7:
        return take();
      case 8:
        return leave();
      default:
        return yield_once();
    }
  }

  void create_and_delete() {
    const int list = create_list(world_.fd);
    if (list <= kSharedLists) world_.violation(fmt::format("CREATE gave {}", list));
    expect("DELETE", delete_list(world_.fd, list), {0});
    expect("DELETE", delete_list(world_.fd, -static_cast<int>(pick(1000))), {-EINVAL});
  }

  void bad_pointer() {
    constexpr std::array kRequests = {IOCTL_CREATE_UMS_CLIST, IOCTL_ENTER_UMS,
                                      IOCTL_DEQUEUE_UMS_CLIST, IOCTL_NEXT_UMS_CTX_LIST};
    expect("bad pointer", dev_ioctl(world_.fd, kRequests[pick(kRequests.size())], pick(4096)),
           {-EACCES});
    if (scheduler_ && events_.empty()) return;  // it would wait for one
    expect("DQEVENT", dev_ioctl(world_.fd, IOCTL_UMS_SCHED_DQEVENT, pick(4096)),
           {scheduler_ ? -EACCES : -ESRCH});
  }

  void enter_as_scheduler() {
    const bool known = pick(4) != 0;
    const int result = enter_scheduler(world_.fd, known ? own_list_ : -5);
    if (scheduler_) return expect("ENTER", result, {-ENOMEM});
    expect("ENTER", result, {known ? 0 : -EINVAL});
    if (!known) return;
    scheduler_ = true;
    events_.push_back({SCHEDULER_STARTUP, 0});
  }

  void enter_as_worker() {
    const bool known = pick(4) != 0;
    const int result = enter_worker(world_.fd, known ? any_shared_list() : 0);
    if (worker_) return expect("ENTER", result, {-ENOMEM});
    expect("ENTER", result, {known ? 0 : -EINVAL});
    worker_ = result == 0;
  }

  // A worker does not: it would block its carrier, and with it a janitor.
  void dequeue_some() {
    if (!scheduler_) return expect("DEQUEUE", dequeue(world_.fd, any_shared_list()), {-ESRCH});
    if (worker_) return;
    const int first = dequeue(world_.fd, any_shared_list());
    if (first <= 0) return expect("DEQUEUE", first, {});
    pid_t last = first;
    for (unsigned walk = pick(4); walk > 0 && last > 0; --walk) {
      const int found = next(world_.fd, last);
      // Others may have executed it meanwhile: it may be anything by now.
      if (found < 0) expect("NEXT", found, {-ESRCH});
      last = found;
    }
    if (pick(4) != 0) execute_worker(first);
  }

  void execute_any() { execute_worker(any_thread()); }

  void execute_worker(pid_t worker) {
    if (worker == 0) return;
    const int result = execute(world_.fd, worker);
    if (!scheduler_) return expect("EXEC", result, {-ESRCH});
    if (worker == thread_id()) return expect("EXEC", result, {worker_ ? -EBUSY : -ESRCH});
    expect("EXEC", result, {0, -EBUSY, -ESRCH});
    if (result == 0) events_.push_back({THREAD_YIELD, worker});
  }

  void take() {
    if (!scheduler_ || events_.empty()) return;
    ums_sched_event event;
    expect("DQEVENT", take_event(world_.fd, event), {0});
    const Expected expected = events_.front();
    events_.pop_front();
    if (world_.canary == Canary::kWrongWorker && pick(20) == 0) ++event.yield_params.context;
    if (world_.canary == Canary::kLostEvent && events_.size() > 1 && pick(20) == 0) {
      take_event(world_.fd, event);
      events_.pop_front();
    }
    const bool startup = event.type == SCHEDULER_STARTUP;
    if (startup != (expected.type == SCHEDULER_STARTUP) ||
        event.yield_params.context != expected.worker) {
      world_.violation(fmt::format("event {} of {}, expected {} of {}",
                                   static_cast<int>(event.type), event.yield_params.context,
                                   static_cast<int>(expected.type), expected.worker));
    }
    if (event.type == THREAD_YIELD &&
        reinterpret_cast<unsigned long>(event.yield_params.scheduler_params) !=
            static_cast<unsigned long>(expected.worker) * 3) {
      world_.violation(fmt::format("a wrong parameter by {}", expected.worker));
    }
  }

  void leave() {
    expect("EXIT", exit_worker(world_.fd), {worker_ ? 0 : -ESRCH});
    worker_ = false;
  }

  void yield_once() {
    const auto parameter = static_cast<unsigned long>(thread_id()) * 3;
    expect("YIELD", dev_ioctl(world_.fd, IOCTL_UMS_YIELD, parameter), {worker_ ? 0 : -ESRCH});
  }

  struct Expected {
    ums_sched_event_type_t type;
    pid_t worker;
  };

  World& world_;
  std::mt19937_64 random_;
  int own_list_ = 0;
  bool scheduler_ = false;
  bool worker_ = false;
  std::deque<Expected> events_;  // that this thread must find
};

// Executes whatever waits in `list`, until the list is gone.
void serve_list(World& world, int own, int list) {
  become_scheduler(world.fd, own);
  for (;;) {
    const int first = dequeue(world.fd, list);
    if (first <= 0) break;
    std::vector<pid_t> batch;
    for (pid_t worker = first; worker > 0; worker = next(world.fd, worker)) batch.push_back(worker);
    for (const pid_t worker : batch) {
      if (execute(world.fd, worker) == 0) take_event_type(world.fd);
    }
  }
}

// Executes by its id whoever was taken out of a list and dropped.
void serve_dropped(World& world, int own) {
  become_scheduler(world.fd, own);
  while (!world.kicked_out) {
    for (const auto& tid : world.tids) {
      if (tid != 0 && execute(world.fd, tid) == 0) take_event_type(world.fd);
    }
    sched_yield();
  }
}

// Sees to it that nobody waits for a worker for ever.
void kick(World& world) {
  world.tids.back() = thread_id();
  for (std::size_t i = 0; !world.stop; ++i) {
    EXPECT_EQ(enter_worker(world.fd, world.lists[i % kSharedLists]), 0);
    EXPECT_EQ(exit_worker(world.fd), 0);
  }
  world.kicked_out = true;
}

class IoctlFuzz : public SystemTest {
 protected:
  // Returns what the oracle found.
  std::vector<std::string> fuzz(std::uint64_t seed, Canary canary) {
    allow_misuse();
    World world;
    world.fd = dev_open();
    world.canary = canary;
    for (int& list : world.lists) list = create_list(world.fd);
    std::vector<std::unique_ptr<Thread>> janitors;
    const int own = create_list(world.fd);  // of all janitors
    for (const int list : world.lists) {
      janitors.push_back(std::make_unique<Thread>([&, list] { serve_list(world, own, list); }));
    }
    janitors.push_back(std::make_unique<Thread>([&] { serve_dropped(world, own); }));
    janitors.push_back(std::make_unique<Thread>([&] { kick(world); }));
    run_fuzzers(world, seed);
    world.stop = true;
    wait_until([&] { return world.kicked_out.load(); });
    for (const int list : world.lists) EXPECT_EQ(delete_list(world.fd, list), 0);
    janitors.clear();
    EXPECT_EQ(dev_close(world.fd), 0);
    return world.violations;
  }

 private:
  static void run_fuzzers(World& world, std::uint64_t seed) {
    std::vector<std::unique_ptr<Thread>> fuzzers;
    for (std::size_t i = 0; i < kThreads; ++i) {
      fuzzers.push_back(std::make_unique<Thread>([&, i] {
        world.tids[i] = thread_id();
        Fuzzer(world, seed + i).run();
        world.tids[i] = 0;
      }));
    }
  }
};

TEST_F(IoctlFuzz, OracleIsContent) {
  const auto violations = fuzz(test_seed(), Canary::kNone);
  EXPECT_EQ(violations, std::vector<std::string>{});
}

class IoctlFuzzCanary : public IoctlFuzz, public ::testing::WithParamInterface<Canary> {};

TEST_P(IoctlFuzzCanary, OracleNotices) { EXPECT_FALSE(fuzz(test_seed(), GetParam()).empty()); }

INSTANTIATE_TEST_SUITE_P(Faults, IoctlFuzzCanary,
                         ::testing::Values(Canary::kWrongErrno, Canary::kWrongWorker,
                                           Canary::kLostEvent));

}  // namespace
}  // namespace ums::test
