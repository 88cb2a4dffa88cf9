// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/base/printk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/temp_file.h"

namespace {

using namespace ums::kernel;
using testing::ElementsAre;
using testing::ExitedWithCode;
using testing::MatchesRegex;
using ums::test::TempFile;

std::vector<std::string> texts_from(std::uint64_t sequence) {
  std::vector<std::string> texts;
  printk_read(sequence, [&](const LogRecord& record) { texts.emplace_back(record.text()); });
  return texts;
}

constexpr std::size_t kLettersMax = 300;

// A text that a mixture of two others is not: one letter, repeated. Lengths differ. Needs no
// memory: a signal handler calls it.
std::string_view letters(unsigned i) {
  static constexpr auto kRows = [] {
    std::array<std::array<char, kLettersMax>, 26> rows{};
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row].fill(static_cast<char>('a' + row));
    }
    return rows;
  }();
  return {kRows[i % 26].data(), 1 + i % kLettersMax};
}

bool is_whole(std::string_view text) {
  if (text.empty() || text.size() > kLettersMax) return false;
  return text.find_first_not_of(text[0]) == std::string_view::npos;
}

TEST(Printk, RecordsAreReadBackInOrder) {
  const std::uint64_t first = printk_next_sequence();
  printk(LogLevel::kDebug, "{} and {}", 1, "two");
  pr_info("second\n");
  std::vector<LogRecord> records;
  EXPECT_EQ(printk_read(first, [&](const LogRecord& record) { records.push_back(record); }), 2U);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].text(), "1 and two");
  EXPECT_EQ(records[0].level, LogLevel::kDebug);
  EXPECT_EQ(records[0].sequence, first);
  EXPECT_EQ(records[1].text(), "second");
  EXPECT_EQ(records[1].level, LogLevel::kInfo);
  EXPECT_EQ(records[1].sequence, first + 1);
  EXPECT_GE(records[1].time_ns, records[0].time_ns);
}

TEST(Printk, LongTextIsCut) {
  const std::uint64_t first = printk_next_sequence();
  const std::string text(3 * kPrintkTextBytes, 'x');
  pr_info("{}", text);
  EXPECT_THAT(texts_from(first), ElementsAre(std::string(kPrintkTextBytes, 'x')));
}

TEST(Printk, RingKeepsTheNewest) {
  const std::uint64_t first = printk_next_sequence();
  for (std::size_t i = 0; i < kPrintkRecords + 10; ++i) pr_info("record {}", i);
  const std::vector<std::string> texts = texts_from(first);
  ASSERT_EQ(texts.size(), kPrintkRecords);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(texts[i], fmt::format("record {}", i + 10));
  }
  LogRecord record;
  EXPECT_FALSE(printk_copy(first, record)) << "overwritten";
  EXPECT_FALSE(printk_copy(printk_next_sequence(), record)) << "not written yet";
}

TEST(Printk, LeavesErrnoAlone) {
  errno = 1234;
  pr_info("{:.3f} {}", 1.5, "text");
  EXPECT_EQ(errno, 1234);
}

TEST(Printk, WritersAndReadersNeverSeeAMixture) {
  constexpr unsigned kRecords = 20'000;
  for (std::size_t i = 0; i < kPrintkRecords; ++i) printk_text(LogLevel::kInfo, letters(0));
  std::atomic<unsigned> writing{3};
  std::vector<std::jthread> writers;
  for (unsigned w = 0; w < 3; ++w) {
    writers.emplace_back([&writing, w] {
      for (unsigned i = 0; i < kRecords; ++i) printk_text(LogLevel::kInfo, letters(i + w * 7));
      writing.fetch_sub(1);
    });
  }
  LogRecord record;
  for (unsigned i = 0; writing.load() > 0; ++i) {
    // The oldest record is about to be overwritten, the newest was just written.
    const std::uint64_t end = printk_next_sequence();
    if (!printk_copy(end - (i % 2 == 0 ? kPrintkRecords : 1), record)) continue;
    ASSERT_TRUE(is_whole(record.text())) << record.sequence << ": " << record.text();
  }
}

std::atomic<unsigned> handled{0};

TEST(Printk, AHandlerMayInterruptIt) {
  struct sigaction action {};
  action.sa_handler = [](int) { printk_text(LogLevel::kInfo, letters(handled.fetch_add(1))); };
  struct sigaction old {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &old), 0);
  const pthread_t target = pthread_self();
  std::atomic<bool> enough{false};
  std::thread sender([&] {
    while (!enough.load()) pthread_kill(target, SIGUSR1);
  });
  const std::uint64_t first = printk_next_sequence();
  for (unsigned i = 0; handled.load() < 500; ++i) printk_text(LogLevel::kInfo, letters(i));
  enough.store(true);
  sender.join();
  sigaction(SIGUSR1, &old, nullptr);
  const std::size_t count =
      printk_read(first, [](const LogRecord& record) { EXPECT_TRUE(is_whole(record.text())); });
  EXPECT_GT(count, 0U);
}

TEST(Printk, AForkedChildUsesTheWholeRingAgain) {
  std::atomic<bool> enough{false};
  std::thread writer([&] {
    for (unsigned i = 0; !enough.load(); ++i) printk_text(LogLevel::kInfo, letters(i));
  });
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      printk_reset_after_fork();
      const std::uint64_t first = printk_next_sequence();
      for (std::size_t i = 0; i < kPrintkRecords; ++i) pr_info("child");
      _exit(texts_from(first).size() == kPrintkRecords ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  enough.store(true);
  writer.join();
}

TEST(PrintkDeathTest, WarningsAndErrorsGoToStandardError) {
  EXPECT_EXIT(
      {
        pr_warn("first {}\nsecond", 1);
        pr_err("third");
        _exit(0);
      },
      ExitedWithCode(0), "^ums: first 1\nums: second\nums: third\n$");
  EXPECT_EXIT(
      {
        pr_info("quiet");
        printk(LogLevel::kDebug, "quiet");
        _exit(0);
      },
      ExitedWithCode(0), "^$");
}

TEST(PrintkDeathTest, UmsLogTakesEveryLine) {
  TempFile temp;
  EXPECT_EXIT(
      {
        setenv("UMS_LOG", temp.path(), 1);
        printk_init();
        pr_info("one\ntwo");
        printk(LogLevel::kDebug, "three");
        pr_warn("four");
        _exit(0);
      },
      ExitedWithCode(0), "^ums: four\n$");
  const std::string stamp = "\\[ *[0-9]+\\.[0-9][0-9][0-9][0-9][0-9][0-9]\\] ";
  EXPECT_THAT(temp.lines(),
              ElementsAre(MatchesRegex(stamp + "one"), MatchesRegex(stamp + "two"),
                          MatchesRegex(stamp + "three"), MatchesRegex(stamp + "four")));
  EXPECT_EQ(temp.lines()[0].find('.'), 6U) << "dmesg aligns seconds to five places";
}

TEST(PrintkDeathTest, TooManyLinesAreCutBeforeAnEndOfLine) {
  std::string text;
  while (text.size() < kPrintkTextBytes) text += "x\n";
  EXPECT_EXIT(
      {
        pr_warn("{}", text);
        _exit(0);
      },
      ExitedWithCode(0), "^(ums: x\n)+u[ms: x]*\n$");
}

TEST(PrintkDeathTest, UmsLogThatCannotBeWrittenIsSaidOnce) {
  EXPECT_EXIT(
      {
        setenv("UMS_LOG", "/nonexistent/log", 1);
        printk_init();
        pr_info("goes on");
        _exit(0);
      },
      ExitedWithCode(0),
      "^ums: cannot write UMS_LOG=/nonexistent/log: No such file or directory\n$");
}

TEST(PrintkDeathTest, AnOverlongUmsLogLeavesRoomForTheReason) {
  EXPECT_EXIT(
      {
        setenv("UMS_LOG", std::string(5000, 'x').c_str(), 1);
        printk_init();
        _exit(0);
      },
      ExitedWithCode(0), "^ums: cannot write UMS_LOG=x+: File name too long\n$");
}

}  // namespace
