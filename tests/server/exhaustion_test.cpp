// SPDX-License-Identifier: Apache-2.0
//
// Programs that use up descriptors or memory, their own or the kernel process's: an error to them,
// others go on, and all is well when it is given back.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "sim_kernel/mm/fault_inject.h"
#include "sim_kernel/mm/slab.h"
#include "support/server/neighbour.h"
#include "support/server/served.h"

namespace ums::test {
namespace {

// While it lives, the calling process has a lower limit.
class Limit {
 public:
  Limit(__rlimit_resource resource, rlim_t limit) : resource_(resource) {
    EXPECT_EQ(getrlimit(resource, &before_), 0);
    const rlimit lower = {limit, before_.rlim_max};
    EXPECT_EQ(setrlimit(resource, &lower), 0);
  }
  ~Limit() { EXPECT_EQ(setrlimit(resource_, &before_), 0); }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;

 private:
  const __rlimit_resource resource_;
  rlimit before_{};
};

[[noreturn]] void end_victim() { _exit(testing::Test::HasFailure() ? 1 : 0); }

TEST(Exhaustion, DescriptorsOfTheProgram) {
  const auto program = [] {
    Neighbour neighbour;
    Victim hostile([] {
      {
        const Limit none(RLIMIT_NOFILE, 0);
        for (int i = 0; i < 100; ++i) EXPECT_EQ(dev_open(), -EMFILE);
      }
      EXPECT_GE(dev_open(), 0);
      end_victim();
    });
    EXPECT_EQ(hostile.wait(), 0);
  };
  EXPECT_EQ(served(program), 0);
}

std::size_t objects_of(const char* cache) {
  struct Search {
    std::string_view name;
    std::size_t count;
  } search{cache, 0};
  kernel::slab_for_each(
      [](const kernel::SlabCache& each, void* argument) {
        Search& wanted = *static_cast<Search*>(argument);
        if (each.name() == wanted.name) wanted.count += each.live();
      },
      &search);
  return search.count;
}

// What is released is freed while the program goes on.
TEST(Exhaustion, FilesOneAfterTheOther) {
  constexpr int kFiles = 5000;
  std::size_t most = 0;
  const auto program = [] {
    for (int i = 0; i < kFiles; ++i) {
      const int fd = dev_open();
      EXPECT_EQ(create_list(fd), 1);
      EXPECT_EQ(dev_close(fd), 0);
    }
  };
  EXPECT_EQ(served(program, [&] { most = std::max(most, objects_of("ums_data")); }), 0);
  EXPECT_GT(most, 0U);
  EXPECT_LT(most, std::size_t{kFiles} / 2);
}

constexpr rlim_t kFewDescriptors = 160;

// `program`, where the kernel process has few descriptors.
void serve_with_few(const std::function<void()>& program) {
  EXPECT_EQ(served([] {}), 0) << "the kernel has started, with as many as it can have";
  const Limit few(RLIMIT_NOFILE, kFewDescriptors);
  EXPECT_EQ(served(program), 0);
}

// One process that opens as many files as it can.
TEST(Exhaustion, DescriptorsOfTheKernelByFiles) {
  const auto program = [] {
    Neighbour neighbour;
    Victim hostile([&] {
      std::vector<int> files;
      int result = dev_open_elsewhere();
      for (; result >= 0; result = dev_open_elsewhere()) files.push_back(result);
      EXPECT_EQ(result, -ENFILE) << "the limit is not the program's";
      EXPECT_GT(files.size(), 20U);
      std::atomic<bool> greedy{true};
      Thread other([&] {
        while (greedy) {  // it may find room while the neighbour has no file open
          const int got = dev_open_elsewhere();
          EXPECT_TRUE(got >= 0 || got == -ENFILE) << got;
        }
      });
      for (int i = 0; i < 10; ++i) neighbour.expect_served();
      greedy = false;
      other.join();
      for (const int file : files) EXPECT_GT(create_list(file), 0) << "those that are open go on";
      EXPECT_EQ(dev_close(files[0]), 0);
      EXPECT_EQ(dev_close(files[1]), 0);
      EXPECT_GE(dev_open_elsewhere(), 0) << "there is room again";
      end_victim();
    });
    EXPECT_EQ(hostile.wait(), 0);
  };
  serve_with_few(program);
}

// Many processes that call. The kernel process watches each for its end.
TEST(Exhaustion, DescriptorsOfTheKernelByProcesses) {
  const auto program = [] {
    Neighbour neighbour;
    const int fd = dev_open();
    const auto has_called = [fd](std::atomic<int>& result) {
      return std::make_unique<Victim>([fd, &result] { result = delete_list(fd, 99); });
    };
    std::vector<std::unique_ptr<Victim>> callers;
    for (int result = -EINVAL; result == -EINVAL;) {
      auto& given = shared<std::atomic<int>>();
      callers.push_back(has_called(given));
      wait_until([&] { return given != 0; });
      result = given;
      if (result != -EINVAL) {
        EXPECT_EQ(result, -ENOMEM);
      }
      ASSERT_LT(callers.size(), kFewDescriptors);
    }
    neighbour.expect_served();
    EXPECT_GT(create_list(fd), 0) << "who is known goes on";
    callers.clear();
    auto& given = shared<std::atomic<int>>();
    const auto last = has_called(given);
    wait_until([&] { return given != 0; });
    EXPECT_EQ(given, -EINVAL) << "there is room again";
  };
  serve_with_few(program);
}

// What a program asks of its kernel process, between two calls.
struct Wishes {
  std::atomic<int> fail_nth{0};    // let this allocation fail; -1: no more
  std::atomic<bool> fired{false};  // one has failed
  std::atomic<bool> granted{true};

  // By the program, whose next calls find it granted.
  void ask(int nth) {
    granted = false;
    fail_nth = nth;
    while (!granted) passed_on();
  }

  // By the kernel process.
  void grant() {
    if (granted) return;
    if (fail_nth < 0) {
      fired = kernel::fault_inject_disarm();
    } else {
      kernel::fault_inject_fail_nth(static_cast<unsigned>(fail_nth));
    }
    granted = true;
  }

 private:
  // A call that the kernel process passes on.
  static void passed_on() { static_cast<void>(isatty(STDIN_FILENO)); }
};

TEST(Exhaustion, MemoryForAnOpen) {
  Wishes& wishes = shared<Wishes>();
  const auto program = [&] {
    int failures = 0;
    for (bool failed = true; failed; ++failures) {
      wishes.ask(failures + 1);
      Victim opener([] { _exit(dev_open() < 0 ? 1 : 0); });
      const int status = opener.wait();
      wishes.ask(-1);
      failed = wishes.fired;
      EXPECT_EQ(WEXITSTATUS(status), failed ? 1 : 0);
    }
    EXPECT_GT(failures, 3) << "a task, a process, a file, a pool";
  };
  EXPECT_EQ(served(program, [&] { wishes.grant(); }), 0);
}

#if !UMS_SANITIZE_ADDRESS && !UMS_SANITIZE_THREAD

// Two processes that take turns on a file that is open, which needs no memory.
class Turns {
 public:
  Turns()
      : worker_([this] {
          EXPECT_EQ(enter_worker(fd_, list_), 0);
          for (;;) yield(fd_);
        }),
        scheduler_([this] {
          become_scheduler(fd_, list_);
          for (;;) {
            EXPECT_EQ(execute(fd_, dequeue(fd_, list_)), 0);
            EXPECT_EQ(take_event_type(fd_), THREAD_YIELD);
            if (!testing::Test::HasFailure()) ++rounds_;
          }
        }) {
    expect_served();
  }

  void expect_served() const {
    const int before = rounds_;
    wait_until([this, before] { return rounds_ >= before + 10; });
  }

 private:
  const int fd_ = dev_open();
  const int list_ = create_list(fd_);
  std::atomic<int>& rounds_ = shared<std::atomic<int>>();
  Victim worker_;
  Victim scheduler_;
};

rlim_t address_space_in_use() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  EXPECT_EQ(std::fscanf(file, "%lu", &pages), 1);
  std::fclose(file);
  return pages * 4096;
}

// All of the kernel process's memory.
TEST(Exhaustion, MemoryOfTheKernel) {
  std::atomic<bool>& scarce = shared<std::atomic<bool>>();
  const auto program = [&] {
    Turns turns;
    Victim hostile([&] {
      const int fd = dev_open();
      scarce = true;
      int result = create_list(fd);
      while (result > 0) result = create_list(fd);
      EXPECT_EQ(result, -ENOMEM);
      for (int i = 0; i < 100; ++i) EXPECT_EQ(create_list(fd), -ENOMEM);
      EXPECT_EQ(delete_list(fd, 1), 0);
      turns.expect_served();
      end_victim();
    });
    EXPECT_EQ(hostile.wait(), 0);
    scarce = false;
    Neighbour neighbour;
    neighbour.expect_served();
  };
  std::unique_ptr<Limit> limit;
  const auto limit_memory = [&] {
    if (scarce == (limit != nullptr)) return;
    const rlim_t few = address_space_in_use() + (1 << 20);
    limit = scarce ? std::make_unique<Limit>(RLIMIT_AS, few) : nullptr;
  };
  EXPECT_EQ(served(program, limit_memory), 0);
}

#endif

}  // namespace
}  // namespace ums::test
