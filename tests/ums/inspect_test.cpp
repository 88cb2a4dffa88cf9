// SPDX-License-Identifier: Apache-2.0
//
// ums ps, tree, cat and top, from outside of a program with a kernel of its own, and of one under a
// kernel process.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <poll.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support/emulator.h"
#include "tools/ums/descriptor.h"
#include "tools/ums/pidfd.h"
#include "ums/posed.h"

namespace {

using namespace ums::test;
using nlohmann::json;
using testing::HasSubstr;
using ums::command::Descriptor;
using ums::command::open_pidfd;

constexpr const char* kNoKernel = "No UMS kernel of this user is running.\n";

json json_of(const Words& words) {
  const Outcome outcome = run_ums(words);
  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  return json::parse(outcome.output);
}

// By the kind of the kernel.
class Inspect : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    SKIP_UNDER_EMULATOR("it has no program of its machine to start");
    setenv("UMS_QUIET", "1", 1);
    setenv("LC_ALL", "C", 1);
    is_embedded_ = std::string(GetParam()) == "embedded";
    posed_ = std::make_unique<Posed>(is_embedded_ ? embedded_kernel() : kernel_process());
    const std::string errors = posed_->pid == 0 ? posed_->errors() : "";
    if (!is_embedded_ && errors.find("seccomp") != std::string::npos) GTEST_SKIP() << errors;
    ASSERT_NE(posed_->pid, 0) << errors;
    kernel_ = open_pidfd(json_of({"ps", "--json"})["kernels"].at(0)["pid"].get<pid_t>());
  }
  void TearDown() override {
    posed_.reset();
    if (kernel_) await_end(kernel_);
  }

  // The process of the kernel may outlive the program.
  static void await_end(const Descriptor& process) {
    pollfd ready{process.get(), POLLIN, 0};
    EXPECT_EQ(poll(&ready, 1, -1), 1);
  }

  std::string cat(const std::string& below) const {
    const Outcome outcome = run_ums({"cat", posed_->path(below)});
    EXPECT_EQ(outcome.errors, "");
    EXPECT_EQ(outcome.status, 0);
    return outcome.output;
  }

  static std::string info(pid_t id, const char* state, int switches) {
    return fmt::format("Pid:\t{}\nState:\t{}\nSwitches:\t{}\n", id, state, switches);
  }

  static std::string worker(pid_t id) { return fmt::format("/workers/{}/info", id); }

  // The lines of `ums tree` of the scheduler.
  std::string scheduler_tree(const char* state, int switches, const std::string& links) const {
    return fmt::format("{}  [{}, {} switches]\n|-- info\n`-- workers\n{}",
                       posed_->path(fmt::format("/schedulers/{}", posed_->s)), state, switches,
                       links);
  }

  std::string link(const char* branch, int number, pid_t id) const {
    return fmt::format("    {} {} -> {}\n", branch, number,
                       posed_->path(fmt::format("/workers/{}", id)));
  }

  void expect_scheduler_tree(const std::string& tree) const {
    EXPECT_EQ(run_ums({"tree", fmt::format("{}/schedulers/{}", posed_->pid, posed_->s)}).output,
              tree);
  }

  // The one process of `ums top --json`.
  json top() const { return json_of({"top", "-n", "1", "-d", "0.1", "--json"})["processes"].at(0); }

  RunFolder folder_;
  bool is_embedded_ = true;
  std::unique_ptr<Posed> posed_;
  Descriptor kernel_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, Inspect, testing::Values("embedded", "process"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_P(Inspect, PsNamesTheProcess) {
  const json kernel = json_of({"ps", "--json"})["kernels"].at(0);
  EXPECT_EQ(kernel["kind"], std::string(GetParam()));
  EXPECT_EQ(kernel["pid"] == posed_->pid, is_embedded_);
  EXPECT_EQ(kernel["incomplete"], false);
  EXPECT_GE(kernel["age_seconds"], 0.0);
  const std::string program = is_embedded_ ? UMS_TEST_POSED_EMBEDDED : UMS_TEST_POSED;
  EXPECT_EQ(kernel["processes"], json::array({{{"pid", posed_->pid},
                                               {"command", {program}},
                                               {"files", 1},
                                               {"schedulers", 1},
                                               {"workers", 4}}}));
  const Outcome lines = run_ums({"ps"});
  EXPECT_EQ(lines.status, 0);
  EXPECT_THAT(lines.output, HasSubstr(program));
  EXPECT_EQ(std::count(lines.output.begin(), lines.output.end(), '\n'), 2) << lines.output;
}

TEST_P(Inspect, PsNamesAKernelThatProgramsJoin) {
  if (is_embedded_) GTEST_SKIP() << "nobody can join it";
  Words words = kernel_process();
  words.insert(words.begin() + 2, {"--attach", "lab"});
  auto named = std::make_unique<Posed>(words);
  ASSERT_NE(named->pid, 0) << named->errors();
  std::map<std::string, Descriptor> kernels;
  const json all = json_of({"ps", "--json"});
  for (const json& kernel : all["kernels"]) {
    kernels.emplace(kernel["name"], open_pidfd(kernel["pid"].get<pid_t>()));
  }
  EXPECT_EQ(kernels.size(), 2U) << all;
  EXPECT_TRUE(kernels.contains("")) << all;
  ASSERT_TRUE(kernels.contains("lab")) << all;
  EXPECT_THAT(run_ums({"ps"}).output, HasSubstr("\n     lab process "));
  named.reset();
  await_end(kernels["lab"]);
}

TEST_P(Inspect, CatPrintsWhatTheKernelShows) {
  EXPECT_EQ(cat(worker(posed_->a)), info(posed_->a, "I (idle)", 1));
  EXPECT_EQ(cat(worker(posed_->b)), info(posed_->b, "R (running)", 1));
  EXPECT_EQ(cat(worker(posed_->d)), info(posed_->d, "I (idle)", 1));
  EXPECT_EQ(cat(fmt::format("/schedulers/{}/info", posed_->s)), info(posed_->s, "I (idle)", 5));
  EXPECT_EQ(cat(fmt::format("/schedulers/{}/workers/3/info", posed_->s)),
            info(posed_->c, "I (idle)", 1))
      << "through the link";

  posed_->go_on(2);
  EXPECT_EQ(cat(worker(posed_->b)), info(posed_->b, "R (running)", 2));
  EXPECT_EQ(cat(fmt::format("/schedulers/{}/info", posed_->s)), info(posed_->s, "I (idle)", 6));

  posed_->go_on(3);
  EXPECT_EQ(cat(fmt::format("/schedulers/{}/info", posed_->s)), info(posed_->s, "R (running)", 6));
  const std::string gone = posed_->path(worker(posed_->b));
  const Outcome outcome = run_ums({"cat", gone, posed_->path(worker(posed_->c))});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors, "ums cat: " + gone + ": No such file or directory\n");
  EXPECT_EQ(outcome.output, info(posed_->c, "I (idle)", 1)) << "the others are printed";
}

TEST_P(Inspect, TreeNumbersLinksAsTheKernel) {
  expect_scheduler_tree(
      scheduler_tree("I (idle)", 5, link("|--", 1, posed_->a) + link("`--", 3, posed_->c)));
  posed_->go_on(2);
  expect_scheduler_tree(
      scheduler_tree("I (idle)", 6, link("|--", 1, posed_->a) + link("`--", 4, posed_->c)));
  posed_->go_on(3);
  expect_scheduler_tree(
      scheduler_tree("R (running)", 6, link("|--", 1, posed_->a) + link("`--", 4, posed_->c)));
  const json workers =
      json_of({"tree", fmt::format("{}/workers", posed_->pid), "--json"})["entries"];
  EXPECT_EQ(workers.size(), 3U) << workers;
}

TEST_P(Inspect, TreeBeginsWithTheFolder) {
  const Outcome all = run_ums({"tree"});
  EXPECT_THAT(all.output, testing::StartsWith(fmt::format("/proc/ums\n`-- {}\n", posed_->pid)));
  EXPECT_EQ(all.status, 0);
  const json tree = json_of({"tree", "--json"});
  EXPECT_EQ(tree["name"], "/proc/ums");
  EXPECT_EQ(tree["entries"][0]["name"], std::to_string(posed_->pid));
  const std::string file = fmt::format("{}/workers/{}/info", posed_->pid, posed_->a);
  EXPECT_EQ(run_ums({"tree", file}).errors, "ums tree: " + file + ": Not a directory\n");
  EXPECT_EQ(run_ums({"tree", "nobody"}).errors, "ums tree: nobody: No such file or directory\n");
  EXPECT_EQ(run_ums({"cat", "/etc/passwd"}).errors,
            "ums cat: /etc/passwd: No such file or directory\n");
  EXPECT_EQ(run_ums({"cat", std::to_string(posed_->pid)}).errors,
            fmt::format("ums cat: {}: Is a directory\n", posed_->pid));
}

TEST_P(Inspect, TopCountsStates) {
  const json first = top();
  EXPECT_EQ(first["workers"], (json{{"running", 1}, {"listed", 2}, {"dequeued", 1}})) << first;
  EXPECT_EQ(first["schedulers"][0]["state"], "executing");
  EXPECT_EQ(first["schedulers"][0]["switches"], 5);
  EXPECT_EQ(first["schedulers"][0]["switches_per_second"], 0.0);
  EXPECT_EQ(first["schedulers"][0]["share"], nullptr);
  EXPECT_EQ(first["lists"], json::array({{{"id", 1}, {"length", 0}, {"users", 5}},
                                         {{"id", 2}, {"length", 1}, {"users", 2}}}));
  posed_->go_on(2);
  posed_->go_on(3);
  while (top()["schedulers"][0]["state"] != "waiting") {  // it is on its way there
  }
  const Outcome lines = run_ums({"top", "-n", "2", "-d", "0.1"});
  EXPECT_EQ(lines.status, 0);
  EXPECT_THAT(lines.output, HasSubstr("waiting"));
}

TEST_P(Inspect, NothingIsLeftOfAProgramThatEnds) {
  EXPECT_EQ(folder_.names().size(), 1U);
  posed_->go_on(2);
  posed_->go_on(3);
  EXPECT_EQ(posed_->end(), 0);
  await_end(kernel_);
  EXPECT_EQ(folder_.names(), std::vector<std::string>());
  for (const Words& words : {Words{"ps"}, Words{"tree"}, Words{"top"}, Words{"top", "-n", "2"}}) {
    const Outcome outcome = run_ums(words);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_THAT(outcome.output, testing::StartsWith(kNoKernel));
    EXPECT_EQ(outcome.errors, "");
  }
  EXPECT_EQ(json_of({"ps", "--json"}), (json{{"kernels", json::array()}}));
  EXPECT_EQ(json_of({"top", "--json"})["kernels"], 0);
}

TEST_P(Inspect, WhatAKilledProgramLeavesIsRemoved) {
  posed_->die();
  await_end(kernel_);
  const Outcome outcome = run_ums({"ps"});
  EXPECT_EQ(outcome.output, kNoKernel);
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(folder_.names(), std::vector<std::string>());
}

TEST_P(Inspect, FolderThatOthersMayUseIsRefused) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  const Outcome outcome = run_ums({"ps"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.errors,
            fmt::format("ums ps: run folder '{}': it belongs to another user, or others may use "
                        "it: chmod 700\n",
                        folder_.path().string()));
  EXPECT_EQ(outcome.output, kNoKernel);
}

}  // namespace
