// SPDX-License-Identifier: Apache-2.0
#include "support/emulator.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace ums::test {

namespace {

std::string emulator() {
  const char* const command = std::getenv("UMS_TEST_EMULATOR");
  return command == nullptr ? "" : command;
}

// A death test of the style "threadsafe" starts its program anew: by these words, and flags of
// GoogleTest's own behind them.
class StartsDeathTests : public testing::Environment {
 public:
  void SetUp() override {
    if (!emulated()) return;
    std::vector<std::string> words = command_of_this_program();
    const std::vector<std::string> ours = testing::internal::GetArgvs();
    words.insert(words.end(), ours.begin() + 1, ours.end());
    testing::internal::SetInjectableArgvs(words);
  }
  void TearDown() override {
    if (emulated()) testing::internal::ClearInjectableArgvs();
  }
};

[[maybe_unused]] const auto* const starts_death_tests =
    testing::AddGlobalTestEnvironment(new StartsDeathTests);

}  // namespace

bool emulated() { return !emulator().empty(); }

std::vector<std::string> command_of_this_program() {
  std::vector<std::string> words;
  std::istringstream command(emulator());
  for (std::string word; command >> word;) words.push_back(word);
  // Not /proc/self/exe itself: where a shell or an emulator opens it, it is theirs.
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  EXPECT_GT(length, 0);
  if (length > 0) words.emplace_back(path, static_cast<std::size_t>(length));
  return words;
}

}  // namespace ums::test
