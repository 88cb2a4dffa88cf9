// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/trace/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
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
using testing::StartsWith;
using ums::test::TempFile;

// Traces to a file from construction to destruction.
class Trace : public testing::Test {
 protected:
  Trace() {
    setenv("UMS_TRACE", temp_.path(), 1);
    trace_init();
  }
  ~Trace() override {
    unsetenv("UMS_TRACE");
    trace_init();
  }

  // What was traced: from column `event` on, and without the two lines of the header.
  std::vector<std::string> events() const {
    std::vector<std::string> lines = temp_.lines();
    const std::size_t column = lines.at(1).find("event");
    lines.erase(lines.begin(), lines.begin() + 2);
    for (std::string& line : lines) line.erase(0, column);
    return lines;
  }

  TempFile temp_;
};

TEST_F(Trace, HasAHeaderAndAlignedColumns) {
  trace_exec(7654321, 7654322);  // ids that no thread has, to be found in the line
  const std::vector<std::string> lines = temp_.lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], StartsWith("# timeline of process " + std::to_string(getpid())));
  EXPECT_THAT(lines[2],
              MatchesRegex(" *[0-9]+\\.[0-9][0-9][0-9] +[0-9]+ +7654321 +7654322  executes"));
  const auto ends_at = [&](const char* title, const std::string& value) {
    return lines[1].find(title) + std::string(title).size() == lines[2].find(value) + value.size();
  };
  EXPECT_TRUE(ends_at("cpu", " " + std::to_string(gettid()) + " ") ||
              ends_at("cpu ", " " + std::to_string(gettid()) + " "));
  EXPECT_TRUE(ends_at("sched", " 7654321"));
  EXPECT_TRUE(ends_at("worker", " 7654322"));
  EXPECT_EQ(lines[1].find("event"), lines[2].find("executes"));
}

TEST_F(Trace, ADashStandsForNobody) {
  trace_worker_enter(345, 1);
  EXPECT_THAT(temp_.lines().at(2), MatchesRegex(".* +- +345  enters as worker .*"));
}

TEST_F(Trace, NamesEveryEvent) {
  trace_open(3);
  trace_close(3);
  trace_list_create(1);
  trace_list_delete(1);
  trace_scheduler_enter(10, 1);
  trace_scheduler_exit(10);
  trace_dequeue(10, 20, 4);
  trace_next(10, 20, 21);
  trace_next(10, 21, -1);
  trace_exec(10, 20);
  trace_startup_delivered(10);
  trace_yield_delivered(10, 20, 0xbeef);
  trace_end_delivered(10, 20);
  trace_worker_enter(20, 1);
  trace_yield(20, 10, 0xdeadbeefcafebabe);
  trace_worker_exit(20, 10);
  trace_block_list(10, 1);
  trace_block_event(10);
  trace_wake(10);
  EXPECT_THAT(
      events(),
      ElementsAre("opens the device, descriptor 3", "closes the device, descriptor 3",
                  "creates list 1", "deletes list 1", "enters as scheduler with list 1",
                  "ends as scheduler", "dequeues 4, this one first",
                  "asks for the next in the batch: 21", "asks for the next in the batch: none",
                  "executes", "gets event STARTUP", "gets event YIELD, parameter 0xbeef",
                  "gets event END", "enters as worker of list 1, suspended",
                  "yields, parameter 0xdeadbeefcafebabe", "ends as worker",
                  "waits: list 1 is empty", "waits: no event", "goes on"));
}

TEST_F(Trace, TimesGrow) {
  for (int i = 0; i < 3; ++i) trace_wake(1);
  const std::vector<std::string> lines = temp_.lines();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_LT(std::stod(lines[2]), std::stod(lines[4]));
}

TEST_F(Trace, LinesOfSeveralThreadsDoNotMix) {
  std::vector<std::thread> threads;
  for (pid_t t = 1; t <= 3; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) trace_yield(t, t, static_cast<std::uint64_t>(t));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::vector<std::string> lines = events();
  EXPECT_EQ(lines.size(), 1500U);
  for (const std::string& line : lines)
    EXPECT_THAT(line, MatchesRegex("yields, parameter 0x[123]"));
}

TEST_F(Trace, LeavesErrnoAlone) {
  errno = 1234;
  trace_wake(1);
  EXPECT_EQ(errno, 1234);
}

TEST(TraceOff, WritesNothing) {
  unsetenv("UMS_TRACE");
  trace_init();
  EXPECT_FALSE(trace_on.load());
  setenv("UMS_TRACE", "0", 1);
  trace_init();
  EXPECT_FALSE(trace_on.load());
  trace_wake(1);
}

void trace_one_line(const char* target) {
  setenv("UMS_TRACE", target, 1);
  trace_init();
  trace_exec(1, 2);
  _exit(0);
}

TEST(TraceDeathTest, OneIsStandardError) {
  EXPECT_EXIT(trace_one_line("1"), ExitedWithCode(0), "^# timeline .*\n# .*\n.* 1 +2  executes\n$");
}

TEST(TraceDeathTest, AFileThatCannotBeWrittenIsSaidOnce) {
  EXPECT_EXIT(trace_one_line("/nonexistent/trace"), ExitedWithCode(0),
              "^ums: cannot write UMS_TRACE=/nonexistent/trace: No such file or directory\n$");
}

TEST(TraceDeathTest, AnOverlongPathLeavesRoomForTheReason) {
  EXPECT_EXIT(trace_one_line(std::string(5000, 'x').c_str()), ExitedWithCode(0),
              "^ums: cannot write UMS_TRACE=x+: File name too long\n$");
}

}  // namespace
