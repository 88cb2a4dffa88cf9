// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/mm/user_copy.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "sim_kernel/sched/task.h"
#include "support/emulator.h"

namespace {

using namespace ums::kernel;

constexpr std::size_t kPage = 4096;

struct Object {  // as large as the largest of the interface
  std::uint64_t words[3];

  bool operator==(const Object&) const = default;
};
constexpr Object kOld = {{0x1111111111111111, 0x1111111111111111, 0x1111111111111111}};
constexpr Object kNew = {{1, 2, 3}};

template <typename T>
UserPtr<T> user(T* pointer) {
  return UserPtr<T>(reinterpret_cast<unsigned long>(pointer), 0);
}

// Three pages, the middle one of which has the given protection. PROT_NONE stands for a page that
// is not there: in a real hole a sanitizer might put something.
class Pages {
 public:
  explicit Pages(int middle_protection) {
    base_ = static_cast<char*>(
        mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    std::memset(base_, 0x11, 3 * kPage);
    mprotect(base_ + kPage, kPage, middle_protection);
  }
  ~Pages() { munmap(base_, 3 * kPage); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  // The object at `offset` from the middle page; may be misaligned.
  Object* at(std::ptrdiff_t offset) const {
    return reinterpret_cast<Object*>(reinterpret_cast<std::uintptr_t>(base_ + kPage + offset));
  }

  // Whether the two outer pages are as they were.
  bool untouched() const {
    for (std::size_t i = 0; i < kPage; ++i) {
      if (base_[i] != 0x11 || base_[2 * kPage + i] != 0x11) return false;
    }
    return true;
  }

 private:
  char* base_;
};

std::vector<unsigned long> bad_addresses(const Pages& hole) {
  return {0,
          1,
          0xfff,
          reinterpret_cast<unsigned long>(hole.at(0)),
          0xffff800000000000UL,
          0xffffffffff600000UL - 8,
          ~0UL,
          ~0UL - sizeof(Object) + 1,
          0x4141414141414141UL};
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

// The same for both ways of reaching memory that is not ours.
class UserCopy : public testing::TestWithParam<bool> {
 protected:
  UserCopy() {
    current_task();
    user_copy_force_pipe(GetParam());
  }
  ~UserCopy() override { user_copy_force_pipe(false); }
  void SetUp() override {
    if (!GetParam()) SKIP_UNDER_EMULATOR("it has no process_vm_writev");
  }
};
INSTANTIATE_TEST_SUITE_P(Ways, UserCopy, testing::Bool(),
                         [](const auto& way) { return way.param ? "Pipe" : "ProcessVm"; });

TEST_P(UserCopy, HeapObjects) {
  const auto object = std::make_unique<Object>(kOld);
  EXPECT_TRUE(put_user(user(object.get()), kNew));
  EXPECT_EQ(*object, kNew);
  Object copy = kOld;
  EXPECT_TRUE(get_user(copy, user(object.get())));
  EXPECT_EQ(copy, kNew);
}

TEST_P(UserCopy, AnotherThreadsStack) {
  Object object = kOld;
  std::thread([&] { EXPECT_TRUE(put_user(user(&object), kNew)); }).join();
  EXPECT_EQ(object, kNew);
}

TEST_P(UserCopy, AnyAlignment) {
  const Pages pages(PROT_READ | PROT_WRITE);
  for (std::ptrdiff_t offset = -40; offset <= 40; ++offset) {
    ASSERT_TRUE(put_user(user(pages.at(offset)), kNew)) << offset;
    EXPECT_EQ(std::memcmp(pages.at(offset), &kNew, sizeof kNew), 0) << offset;
    Object copy = kOld;
    ASSERT_TRUE(get_user(copy, user(pages.at(offset)))) << offset;
    EXPECT_EQ(copy, kNew) << offset;
  }
}

TEST_P(UserCopy, BadAddressesFail) {
  const Pages hole(PROT_NONE);
  for (const unsigned long address : bad_addresses(hole)) {
    Object copy = kOld;
    EXPECT_FALSE(put_user(UserPtr<Object>(address, 0), kNew)) << std::hex << address;
    EXPECT_FALSE(get_user(copy, UserPtr<Object>(address, 0))) << std::hex << address;
    EXPECT_EQ(copy_to_user(UserPtr<void>(address, 0), &kNew, sizeof kNew), sizeof kNew);
  }
}

TEST_P(UserCopy, ReadOnlyMemoryCanBeReadOnly) {
  const Pages pages(PROT_READ);
  Object copy = kNew;
  EXPECT_TRUE(get_user(copy, user(pages.at(64))));
  EXPECT_EQ(copy, kOld);
  EXPECT_FALSE(put_user(user(pages.at(64)), kNew));
  EXPECT_EQ(*pages.at(64), kOld);
}

TEST_P(UserCopy, AnObjectThatCrossesIntoABadPageIsUntouched) {
  for (const int protection : {PROT_NONE, PROT_READ}) {
    const Pages pages(protection);
    for (std::ptrdiff_t part = 1; part < std::ptrdiff_t{sizeof(Object)}; ++part) {
      const auto at_end = static_cast<std::ptrdiff_t>(kPage) - part;
      Object copy;
      EXPECT_FALSE(put_user(user(pages.at(-part)), kNew)) << "second page bad, " << part;
      EXPECT_FALSE(put_user(user(pages.at(at_end)), kNew)) << "first page bad, " << part;
      EXPECT_EQ(get_user(copy, user(pages.at(-part))), protection == PROT_READ);
      EXPECT_EQ(get_user(copy, user(pages.at(at_end))), protection == PROT_READ);
    }
    EXPECT_TRUE(pages.untouched());
  }
}

TEST_P(UserCopy, LongCopiesSayHowMuchIsMissing) {
  const Pages hole(PROT_NONE);
  std::vector<char> buffer(2 * kPage, 'x');
  const auto start = user<void>(hole.at(-1000));
  EXPECT_EQ(copy_to_user(start, buffer.data(), 1000), 0U);
  EXPECT_EQ(copy_to_user(start, buffer.data(), 1500), 500U);
  EXPECT_EQ(copy_from_user(buffer.data(), start.as<const void>(), 1001), 1U);
  EXPECT_EQ(copy_to_user(start, buffer.data(), 0), 0U);
}

TEST_P(UserCopy, LongCopiesCrossPages) {
  std::vector<unsigned char> from(5 * kPage);
  std::iota(from.begin(), from.end(), static_cast<unsigned char>(0));
  std::vector<unsigned char> to(from.size());
  std::vector<unsigned char> back(from.size());
  EXPECT_EQ(copy_to_user(user<void>(to.data()), from.data(), from.size()), 0U);
  EXPECT_EQ(copy_from_user(back.data(), user<const void>(to.data()), to.size()), 0U);
  EXPECT_EQ(to, from);
  EXPECT_EQ(back, from);
}

TEST_P(UserCopy, LeavesErrnoAndDescriptorsAlone) {
  const auto object = std::make_unique<Object>(kOld);
  const std::ptrdiff_t before = open_descriptors();
  errno = 1234;
  EXPECT_TRUE(put_user(user(object.get()), kNew));
  EXPECT_FALSE(put_user(UserPtr<Object>(0, 0), kNew));
  EXPECT_EQ(errno, 1234);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(UserCopy, WithoutDescriptorsFailsOrSucceedsWhole) {
  const auto object = std::make_unique<Object>(kOld);
  rlimit old{};
  getrlimit(RLIMIT_NOFILE, &old);
  const rlimit none = {0, old.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const bool pipe = GetParam();
  EXPECT_EQ(put_user(user(object.get()), kNew), !pipe);
  setrlimit(RLIMIT_NOFILE, &old);
  EXPECT_EQ(*object, pipe ? kOld : kNew);
}

// ---- the direct ways

TEST(UserCopyDirect, KernelPointersAreNotChecked) {
  static Object object = kOld;
  EXPECT_TRUE(put_user(UserPtr<Object>::kernel(&object), kNew));
  EXPECT_EQ(object, kNew);
  Object copy = kOld;
  EXPECT_TRUE(get_user(copy, UserPtr<Object>::kernel(&object).as<void>().as<const Object>()));
  EXPECT_EQ(copy, kNew);
}

// In the page of the call's frame, and nowhere else.
TEST(UserCopyDirect, ThePageOfTheFrame) {
  constexpr unsigned long kFrom = 0x7ffd'3c52'4000;
  for (const unsigned long frame : {kFrom, kFrom + 2000, kFrom + kPage - 16}) {
    const auto is_direct = [frame](unsigned long address) {
      return UserPtr<Object>(address, frame).is_direct(sizeof(Object));
    };
    EXPECT_TRUE(is_direct(kFrom));
    EXPECT_TRUE(is_direct(kFrom + 100));
    EXPECT_TRUE(is_direct(kFrom + kPage - sizeof(Object)));
    EXPECT_FALSE(is_direct(kFrom + kPage - sizeof(Object) + 1)) << "crosses";
    EXPECT_FALSE(is_direct(kFrom - 1));
    EXPECT_FALSE(is_direct(kFrom + kPage));
    EXPECT_FALSE(is_direct(0));
    EXPECT_FALSE(UserPtr<void>(kFrom, frame).is_direct(kPage + 1));
    EXPECT_FALSE(UserPtr<void>(kFrom, frame).is_direct(~0UL));
    EXPECT_FALSE(UserPtr<Object>(kFrom, 0).is_direct(sizeof(Object))) << "without a frame";
  }
  EXPECT_FALSE(UserPtr<Object>(0, 0).is_direct(sizeof(Object)));
  EXPECT_FALSE(UserPtr<Object>(8, 0).is_direct(sizeof(Object)));
}

// The calls find variables of their caller in that page, but for the odd one at its end.
TEST(UserCopyDirect, VariablesOfTheCaller) {
  Object local = kOld;
  const auto frame = reinterpret_cast<unsigned long>(__builtin_frame_address(0));
  EXPECT_TRUE(put_user(UserPtr<Object>(reinterpret_cast<unsigned long>(&local), frame), kNew));
  EXPECT_EQ(local, kNew);
}

// ---- a sandbox

bool forbid_process_vm(unsigned error) {
  const auto errno_action = static_cast<std::uint32_t>(SECCOMP_RET_ERRNO | error);
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_process_vm_readv},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_process_vm_writev},
      {BPF_RET | BPF_K, 0, 0, errno_action},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog program = {std::size(code), code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void copy_in_a_sandbox(unsigned error) {
  const auto object = std::make_unique<Object>(kOld);
  const Pages hole(PROT_NONE);
  current_task();
  if (!forbid_process_vm(error)) _exit(2);
  // In the child of a death test the exit status is all that is seen.
  if (!put_user(user(object.get()), kNew) || *object != kNew) _exit(3);
  if (put_user(user(hole.at(-5)), kNew) || !hole.untouched()) _exit(4);
  int status = 10;  // and the index of the address that was taken for good
  for (const unsigned long address : bad_addresses(hole)) {
    if (put_user(UserPtr<Object>(address, 0), kNew)) _exit(status);
    ++status;
  }
  _exit(0);
}

TEST(UserCopyDeathTest, WorksWhereProcessVmIsForbidden) {
  SKIP_UNDER_EMULATOR("it takes no seccomp filters");
  for (const int error : {EPERM, ENOSYS}) {
    EXPECT_EXIT(copy_in_a_sandbox(static_cast<unsigned>(error)), testing::ExitedWithCode(0), "");
  }
}

}  // namespace
