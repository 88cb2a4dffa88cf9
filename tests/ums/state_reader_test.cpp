// SPDX-License-Identifier: Apache-2.0
//
// State files that are no good: what the commands say of them, and that nothing in one does harm.
#include "tools/ums/inspect/state_reader.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/file.h>

#include <random>

#include "support/emulator.h"
#include "support/seed.h"
#include "tools/ums/inspect/kernel_state.h"
#include "ums/posed.h"

namespace {

using namespace ums::test;
using ums::command::Descriptor;
using ums::command::StateError;
using ums::command::StateKind;
using ums::command::StateReader;
using ums::kernel::StateHeader;

// The part of a sparse file that holds anything.
struct Extent {
  off_t offset;
  std::string bytes;
};

std::vector<Extent> extents_of(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<Extent> extents;
  for (off_t at = 0; (at = lseek(file.get(), at, SEEK_DATA)) >= 0;) {
    const off_t end = lseek(file.get(), at, SEEK_HOLE);
    std::string bytes(static_cast<std::size_t>(end - at), '\0');
    EXPECT_EQ(pread(file.get(), bytes.data(), bytes.size(), at), end - at);
    extents.push_back({at, std::move(bytes)});
    at = end;
  }
  return extents;
}

// A state file that the test has made: a copy of a real one, which seems to belong to a kernel.
class StateFiles : public testing::Test {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("it has no program of its machine to start");
    setenv("UMS_QUIET", "1", 1);
    Posed posed;
    ASSERT_NE(posed.pid, 0) << posed.errors();
    extents_ = extents_of(folder_.path() / std::to_string(posed.pid));
    posed.die();
    std::filesystem::remove(folder_.path() / std::to_string(posed.pid));
  }

  std::string path(const std::string& name) const { return folder_.path() / name; }

  // Makes the copy, and locks it as its kernel would.
  Descriptor make(const std::string& name) const {
    Descriptor file(open(path(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    EXPECT_EQ(ftruncate(file.get(), static_cast<off_t>(ums::kernel::kPublishBytes)), 0);
    for (const Extent& extent : extents_) {
      EXPECT_EQ(pwrite(file.get(), extent.bytes.data(), extent.bytes.size(), extent.offset),
                static_cast<ssize_t>(extent.bytes.size()));
    }
    EXPECT_EQ(flock(file.get(), LOCK_EX | LOCK_NB), 0);
    return file;
  }

  template <typename T>
  static void overwrite(const Descriptor& file, std::size_t offset, T value) {
    EXPECT_EQ(pwrite(file.get(), &value, sizeof value, static_cast<off_t>(offset)),
              static_cast<ssize_t>(sizeof value));
  }

  // What `ums ps` says of the file `name`, the only one.
  void expect_refused(const std::string& name, const std::string& fault) const {
    const Outcome outcome = run_ums({"ps"});
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.errors, fmt::format("ums ps: '{}': {}\n", path(name), fault));
  }

  RunFolder folder_;
  std::vector<Extent> extents_;
};

TEST_F(StateFiles, ACopyIsRead) {
  const Descriptor file = make("1");
  const Outcome outcome = run_ums({"ps"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, testing::HasSubstr("embedded"));
}

TEST_F(StateFiles, AnotherReleaseIsNamed) {
  const Descriptor file = make("1");
  overwrite(file, offsetof(StateHeader, format), ums::kernel::kStateFormat + 1);
  overwrite(file, offsetof(StateHeader, version), std::array<char, 7>{"9.8.7x"});
  const Outcome outcome = run_ums({"tree"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.errors, testing::HasSubstr("its kernel is of release 9.8.7x, whose state "));
  EXPECT_THAT(outcome.errors, testing::HasSubstr("use the command ums of that release"));
}

TEST_F(StateFiles, WhatAReleaseIsCalledControlsNoTerminal) {
  const Descriptor file = make("1");
  overwrite(file, offsetof(StateHeader, format), ums::kernel::kStateFormat + 1);
  overwrite(file, offsetof(StateHeader, version), std::array<char, 7>{"9\033[2J"});
  EXPECT_THAT(run_ums({"ps"}).errors, testing::HasSubstr("of release 9?[2J, whose state "));
}

// As it is seen before its first region is there: the size of objects may come later than the name.
TEST_F(StateFiles, ACacheWithoutRegionsIsNoFault) {
  const Descriptor file = make("1");
  const std::size_t cache = offsetof(StateHeader, caches);
  overwrite(file, cache + offsetof(ums::kernel::StateCache, stride), std::uint32_t{0});
  expect_refused("1", "it is damaged (size of objects)");
  overwrite(file, cache + offsetof(ums::kernel::StateCache, regions_count), std::uint32_t{0});
  const Outcome outcome = run_ums({"ps"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, testing::HasSubstr("embedded"));
}

TEST_F(StateFiles, WhatIsNoneIsNamed) {
  const auto write = [&](const std::string& name, std::size_t bytes) {
    const Descriptor file(open(path(name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const std::string text(bytes, 'x');
    EXPECT_EQ(pwrite(file.get(), text.data(), bytes, 0), static_cast<ssize_t>(bytes));
  };
  write("1", 1);
  expect_refused("1", "it is too short for a state file: remove it");
  write("1", 10'000);
  expect_refused("1", "it is no state file of a UMS kernel: remove it");
  std::filesystem::remove(path("1"));
  ASSERT_EQ(mkfifo(path("2").c_str(), 0600), 0);
  expect_refused("2", "it is no file: remove it");
  std::filesystem::remove(path("2"));
  std::filesystem::create_symlink("/etc/passwd", path("3"));
  expect_refused("3", "Too many levels of symbolic links");
  EXPECT_TRUE(std::filesystem::is_symlink(path("3")));
  std::filesystem::remove(path("3"));
  write("attach.lock", 10'000);  // by its name none
  write("4", 0);                 // is being made
  EXPECT_EQ(run_ums({"ps"}).status, 0);
  EXPECT_EQ(folder_.names(), (std::vector<std::string>{"4", "attach.lock"}));
}

TEST_F(StateFiles, OneThatIsNoGoodHidesNoOther) {
  const Descriptor good = make("1");
  const Descriptor bad = make("2");
  overwrite(bad, offsetof(StateHeader, kind), 7);
  const Outcome outcome = run_ums({"ps"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors,
            fmt::format("ums ps: '{}': it is damaged (kind of kernel)\n", path("2")));
  EXPECT_THAT(outcome.output, testing::HasSubstr("embedded"));
}

TEST_F(StateFiles, AnothersFileIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs a file of another user, which root can make";
  const Descriptor file = make("1");
  ASSERT_EQ(fchown(file.get(), 65534, 65534), 0);
  expect_refused("1", "it belongs to user 65534: remove it");
}

TEST_F(StateFiles, WithoutALockThatLastsTheProcessDecides) {
  {
    const Descriptor file = make("1");
    overwrite(file, offsetof(StateHeader, lock_lasts), 0);
    overwrite(file, offsetof(StateHeader, pid), getpid());
    overwrite(file, offsetof(StateHeader, process_start), std::uint64_t{1});
  }
  EXPECT_EQ(run_ums({"ps"}).status, 0);
  EXPECT_EQ(folder_.names(), std::vector<std::string>()) << "a process of this id, but another";
}

// Reads all that there is. Returns whether the file was refused.
bool is_refused(int folder) {
  try {
    auto reader = StateReader::open(folder, ".", "1");
    if (!reader) return false;
    std::size_t count = 0;
    reader->for_each(StateKind::kTask, [&](const auto& task) {
      count += task.template get<std::uint8_t>(ums::kernel::StateField::kTaskState);
    });
    for (const auto& file : read_kernel_state(*reader).files) count += file.workers.size();
    count += read_links(*reader).size() + reader->command().size();
    return false;
  } catch (const StateError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("'./1': "));
    return true;
  }
}

TEST_F(StateFiles, FlippedBitsDoNoHarm) {
  std::mt19937_64 random(test_seed());
  const Descriptor folder(open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Descriptor file = make("1");
  const auto below = [&](std::size_t end) { return static_cast<std::size_t>(random() % end); };
  int refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::pair<std::size_t, char>> before;
    for (std::size_t flips = 1 + below(6); flips > 0; --flips) {
      const Extent& extent = below(2) == 0 ? extents_[0] : extents_[below(extents_.size())];
      const std::size_t at = below(below(2) == 0 ? sizeof(StateHeader) : extent.bytes.size());
      const char byte = at < extent.bytes.size() ? extent.bytes[at] : '\0';
      const std::size_t offset = static_cast<std::size_t>(extent.offset) + at;
      before.emplace_back(offset, byte);
      overwrite(file, offset, static_cast<char>(byte ^ (1 << below(8))));
    }
    refused += is_refused(folder.get()) ? 1 : 0;
    if (round % 50 == 0) {
      const Outcome outcome = run_ums({round % 100 == 0 ? "tree" : "ps", "--json"});
      EXPECT_LE(outcome.status, 1) << "round " << round << ": " << outcome.errors;
    }
    for (const auto& [offset, byte] : before) overwrite(file, offset, byte);
  }
  EXPECT_GT(refused, 20) << "the flips hit nothing";
  EXPECT_FALSE(is_refused(folder.get()));
}

// Lists that lead in a circle, and objects that name each other's thread.
TEST_F(StateFiles, CirclesEnd) {
  const Descriptor folder(open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Descriptor file = make("1");
  auto reader = StateReader::open(folder.get(), ".", "1");
  ASSERT_TRUE(reader.has_value());
  StateHeader header;
  ASSERT_EQ(pread(file.get(), &header, sizeof header, 0), static_cast<ssize_t>(sizeof header));
  const auto at = [&](std::uint64_t address, ums::kernel::StateField field) {
    return address - header.base + header.fields.offsets[static_cast<std::size_t>(field)];
  };
  std::vector<std::uint64_t> workers;
  reader->for_each(StateKind::kWorker,
                   [&](const auto& object) { workers.push_back(object.address()); });
  ASSERT_EQ(workers.size(), 4U);
  for (const std::uint64_t worker : workers) {
    overwrite(file, at(worker, ums::kernel::StateField::kWorkerRestFirst), worker);
    overwrite(file, at(worker, ums::kernel::StateField::kWorkerNext), worker);
    overwrite(file, at(worker, ums::kernel::StateField::kWorkerId), 17);
  }
  EXPECT_FALSE(is_refused(folder.get()));
  const Outcome outcome = run_ums({"tree", "--json"});
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
}

}  // namespace
