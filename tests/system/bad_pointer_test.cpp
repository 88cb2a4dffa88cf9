// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "Order of checks": "A bad pointer is EACCES everywhere (not EFAULT): NULL, a small
// address, an unmapped or read-only page for an out-argument, a kernel address, an object that
// crosses into an unmapped page. A read-only page is fine for an in-argument, and so is any
// alignment." Every call that takes a pointer, with every pointer; the state is as before after
// each.
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "support/pages.h"
#include "support/system_test.h"

namespace ums::test {
namespace {

struct BadPointer {
  std::string what;
  const void* pointer;
};

// The parameter: whether copies take the pipe, the way of a sandbox.
class BadPointerTest : public DeviceTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    DeviceTest::SetUp();
    if (!force_pipe_copies(GetParam()) && GetParam()) {
      GTEST_SKIP() << "this kernel copies by process_vm_readv only";
    }
  }
  void TearDown() override {
    force_pipe_copies(false);
    DeviceTest::TearDown();
  }

  static const void* at(unsigned long address) { return reinterpret_cast<const void*>(address); }

  // Bad for every direction. What is mapped of a crossing object holds `bytes` of `content`.
  std::vector<BadPointer> bad_for_all(const void* content, std::size_t bytes) const {
    std::vector<BadPointer> all = {{"NULL", nullptr},
                                   {"a small address", at(8)},
                                   {"a high small address", at(4095)},
                                   {"unmapped", pages_.unmapped()},
                                   {"a kernel address", at(0xffff'8880'0000'0000UL)},
                                   {"not canonical", at(0x8000'0000'0000'0000UL)},
                                   {"the last byte", at(~0UL)}};
    for (std::size_t over = 1; over < bytes; ++over) {
      char* const crossing = pages_.crossing(bytes, over);
      std::memcpy(crossing, content, bytes - over);
      all.push_back({"crossing by " + std::to_string(over), crossing});
    }
    return all;
  }

  template <typename T>
  std::vector<BadPointer> bad_for_out(const T& content) const {
    std::vector<BadPointer> all = bad_for_all(&content, sizeof content);
    all.push_back({"read-only", pages_.put_read_only(content)});
    return all;
  }

  template <typename T>
  std::vector<BadPointer> bad_for_in(const T& content) const {
    return bad_for_all(&content, sizeof content);
  }

  Pages pages_;
};

TEST_P(BadPointerTest, Create) {
  for (const BadPointer& bad : bad_for_out(ums_comp_list_id_t{})) {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, bad.pointer), -EACCES) << bad.what;
    // "A failed copy-out consumes no id."
    EXPECT_EQ(create_list(fd_), 2) << bad.what;
    EXPECT_EQ(delete_list(fd_, 2), 0);
  }
}

TEST_P(BadPointerTest, EnterAsScheduler) {
  const enter_ums_mode_args args{ENTER_UMS_SCHED, list_};
  for (const BadPointer& bad : bad_for_in(args)) {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, bad.pointer), -EACCES) << bad.what;
    EXPECT_EQ(dequeue(fd_, list_), -ESRCH) << bad.what;
  }
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, pages_.put_read_only(args, 4088)), 0);
}

TEST_P(BadPointerTest, EnterAsWorker) {
  const enter_ums_mode_args args{ENTER_UMS_WORK, list_};
  for (const BadPointer& bad : bad_for_in(args)) {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, bad.pointer), -EACCES) << bad.what;
    EXPECT_EQ(exit_worker(fd_), -ESRCH) << bad.what;
  }
  const char* const place = pages_.put_read_only(args);
  Thread worker([&] {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, place), 0) << "read-only is fine";
    EXPECT_EQ(exit_worker(fd_), 0);
  });
  become_scheduler(fd_, list_);
  run_workers(fd_, list_, 1);
}

// DQEVENT: "if the copy-out fails the event stays at the head."
TEST_P(BadPointerTest, TakeEvent) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  Worker worker(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), worker.tid());
  ASSERT_EQ(execute(fd_, worker.tid()), 0);
  for (const ums_sched_event_type_t type : {SCHEDULER_STARTUP, THREAD_TERMINATED}) {
    for (const BadPointer& bad : bad_for_out(ums_sched_event{})) {
      EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_SCHED_DQEVENT, bad.pointer), -EACCES) << bad.what;
    }
    EXPECT_EQ(take_event_type(fd_), type);
  }
}

// "A copy-out that fails: DEQUEUE puts the whole batch back in order at the head of the list"
TEST_P(BadPointerTest, Dequeue) {
  become_scheduler(fd_, list_);
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  Worker third(fd_, list_);
  const dequeue_ums_complist_args args{list_, 0};
  for (const BadPointer& bad : bad_for_out(args)) {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_DEQUEUE_UMS_CLIST, bad.pointer), -EACCES) << bad.what;
  }
  Worker fourth(fd_, list_);
  const std::vector<pid_t> expected = {first.tid(), second.tid(), third.tid(), fourth.tid()};
  const std::vector<pid_t> batch = take_batch(fd_, list_);
  EXPECT_EQ(batch, expected);
  for (const pid_t worker : batch) EXPECT_EQ(execute(fd_, worker), 0);
}

// "NEXT does not advance"
TEST_P(BadPointerTest, Next) {
  become_scheduler(fd_, list_);
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  ASSERT_EQ(dequeue(fd_, list_), first.tid());
  const ums_next_context_list_args args{first.tid(), 0};
  for (const BadPointer& bad : bad_for_out(args)) {
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_NEXT_UMS_CTX_LIST, bad.pointer), -EACCES) << bad.what;
  }
  EXPECT_EQ(next(fd_, first.tid()), second.tid());
  EXPECT_EQ(next(fd_, second.tid()), 0);
  EXPECT_EQ(execute(fd_, first.tid()), 0);
  EXPECT_EQ(execute(fd_, second.tid()), 0);
}

// A crossing object is written completely or not at all.
TEST_P(BadPointerTest, NothingIsWrittenOfACrossingObject) {
  ASSERT_EQ(enter_scheduler(fd_, list_), 0);
  for (std::size_t over = 1; over < sizeof(ums_sched_event); ++over) {
    char* const place = pages_.crossing(sizeof(ums_sched_event), over);
    std::memset(place, 0x5a, sizeof(ums_sched_event) - over);
    EXPECT_EQ(dev_ioctl(fd_, IOCTL_UMS_SCHED_DQEVENT, place), -EACCES) << over;
    for (const char* byte = place; byte < pages_.unmapped(); ++byte) EXPECT_EQ(*byte, 0x5a) << over;
  }
}

// The caller's own live stack is memory like any other.
TEST_P(BadPointerTest, ReadOnlyPageOfTheOwnStack) {
  char room[3 * Pages::kBytes];
  const auto end = reinterpret_cast<unsigned long>(room) + sizeof room;
  char* const page = room + (sizeof room - end % Pages::kBytes - 2 * Pages::kBytes);
  std::memset(room, 0, sizeof room);
  ASSERT_EQ(mprotect(page, Pages::kBytes, PROT_READ), 0);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, page), -EACCES);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, page + Pages::kBytes - 2), -EACCES);
  ASSERT_EQ(mprotect(page, Pages::kBytes, PROT_READ | PROT_WRITE), 0);
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, page), 0);
  EXPECT_EQ(*page, 2);
}

// "so is any alignment", for every call, on the heap and on the stack.
TEST_P(BadPointerTest, AnyAlignmentIsFine) {
  char on_stack[64];
  for (char* const memory : {pages_.writable(), static_cast<char*>(on_stack)}) {
    for (std::size_t offset = 0; offset < 8; ++offset) {
      char* const place = memory + offset;
      ASSERT_EQ(dev_ioctl(fd_, IOCTL_CREATE_UMS_CLIST, place), 0);
      int id = 0;
      std::memcpy(&id, place, sizeof id);
      EXPECT_EQ(id, 2);
      EXPECT_EQ(delete_list(fd_, id), 0);
    }
  }
}

TEST_P(BadPointerTest, AnyAlignmentIsFineForStructures) {
  char* const memory = pages_.writable();
  const enter_ums_mode_args enter_args{ENTER_UMS_SCHED, list_};
  std::memcpy(memory + 1, &enter_args, sizeof enter_args);
  ASSERT_EQ(dev_ioctl(fd_, IOCTL_ENTER_UMS, memory + 1), 0);
  std::memset(memory, 0xff, 64);
  ASSERT_EQ(dev_ioctl(fd_, IOCTL_UMS_SCHED_DQEVENT, memory + 3), 0);
  EXPECT_EQ(std::string(memory + 3, 24), std::string(24, '\0'));
  EXPECT_EQ(memory[2], '\xff');
  EXPECT_EQ(memory[27], '\xff');
  Worker first(fd_, list_);
  Worker second(fd_, list_);
  const dequeue_ums_complist_args taken{list_, 0};
  std::memcpy(memory + 5, &taken, sizeof taken);
  ASSERT_EQ(dev_ioctl(fd_, IOCTL_DEQUEUE_UMS_CLIST, memory + 5), 0);
  // The worker, second field of DEQUEUE's argument, is at once the first one of NEXT's.
  ASSERT_EQ(dev_ioctl(fd_, IOCTL_NEXT_UMS_CTX_LIST, memory + 9), 0);
  pid_t ids[2];
  std::memcpy(ids, memory + 9, sizeof ids);
  EXPECT_EQ(ids[0], first.tid());
  EXPECT_EQ(ids[1], second.tid());
  EXPECT_EQ(execute(fd_, ids[0]), 0);
  EXPECT_EQ(execute(fd_, ids[1]), 0);
}

INSTANTIATE_TEST_SUITE_P(Copies, BadPointerTest, ::testing::Bool(), [](const auto& parameter) {
  return parameter.param ? "ByPipe" : "ByProcessVm";
});

}  // namespace
}  // namespace ums::test
