// SPDX-License-Identifier: Apache-2.0
//
// The entries of other processes' kernels where this process has no descriptor to look at these.
#include "tools/ums/inspect/mirror.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <system_error>

#include "support/emulator.h"
#include "tools/ums/inspect/tree.h"
#include "tools/ums/own_descendants.h"
#include "ums/posed.h"

namespace {

using namespace ums::test;
using ums::command::Descriptor;
using ums::command::Mirror;
using ums::command::StateReader;

TEST(MirrorWithoutDescriptors, KeepsWhatItShows) {
  SKIP_UNDER_EMULATOR("it has no program of its machine to start");
  if (UMS_SANITIZE_ADDRESS != 0) {
    GTEST_SKIP() << "UndefinedBehaviorSanitizer needs a pipe to look at an object's type";
  }
  setenv("UMS_QUIET", "1", 1);
  const RunFolder folder;
  Posed posed;
  ASSERT_NE(posed.pid, 0) << posed.errors();
  Mirror mirror([](const StateReader& reader) {
    return ums::command::descends_from(reader.pid(), getpid());
  });
  EXPECT_EQ(mirror.refresh(), std::vector<std::string>());
  ASSERT_EQ(mirror.size(), 1U);

  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto next = static_cast<rlim_t>(Descriptor(open("/", O_RDONLY | O_CLOEXEC)).get());
  bool refreshed = false;
  // None left for the folder, for the file, for what tells whose it is; and enough.
  for (rlim_t some = 0; !refreshed; ++some) {
    ASSERT_LE(some, 8U);
    const rlimit few = {next + some, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    try {
      EXPECT_EQ(mirror.refresh(), std::vector<std::string>());
      refreshed = true;
    } catch (const std::system_error& error) {
      EXPECT_EQ(error.code().value(), EMFILE);
    }
    EXPECT_EQ(mirror.size(), 1U) << "with " << some << " descriptors";
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  posed.die();
  mirror.refresh();
  EXPECT_EQ(mirror.size(), 0U);
}

}  // namespace
