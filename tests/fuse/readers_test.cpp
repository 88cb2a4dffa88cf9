// SPDX-License-Identifier: Apache-2.0
//
// Programs read all of a mount, and are killed, while threads enter, yield and end. What a listing
// gives exists or is gone by the time that it is opened, and never anything else.
#include <ftw.h>

#include <atomic>
#include <csignal>

#include "support/fuse_folder.h"

namespace ums::test {
namespace {

class FuseReaders : public FuseTest {
 protected:
  // Workers come, yield and end until `done`, by the test's own thread as their scheduler.
  void run_rounds(int rounds) {
    constexpr int kWorkers = 8;
    constexpr int kYields = 5;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < kWorkers; ++i) add(kYields);
      for (int left = kWorkers * (kYields + 1); left > 0;) {
        const Batch batch = take_batch(fd_, list_);
        execute_all(batch);
        left -= static_cast<int>(batch.size());
      }
      workers_.clear();
    }
  }
};

std::atomic<long> texts{0};
std::atomic<long> folders{0};

bool is_gone(int error) { return error == ENOENT || error == EIO; }

void expect_info(const char* path) {
  const std::string text = text_of(path);
  if (text.starts_with('-')) {
    EXPECT_TRUE(is_gone(-std::stoi(text))) << path << text;
    return;
  }
  EXPECT_TRUE(text.starts_with("Pid:\t") && text.ends_with('\n')) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << text;
  ++texts;
}

int visit(const char* path, const struct stat*, int kind, FTW*) {
  if (kind == FTW_F) expect_info(path);
  if (kind == FTW_SL) expect_info((std::string(path) + "/info").c_str());
  if (kind == FTW_D) ++folders;
  return 0;
}

TEST_F(FuseReaders, WhileWorkersComeAndGo) {
  const ServedMount mount(folder_);
  become_scheduler(fd_, list_);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!done) {
        EXPECT_TRUE(nftw(folder_.c_str(), visit, 16, FTW_PHYS) == 0 || is_gone(errno)) << errno;
      }
    });
  }
  while (texts < 200 || folders < 200) run_rounds(1);
  done = true;
  for (std::thread& reader : readers) reader.join();
}

TEST_F(FuseReaders, AreKilledAnywhere) {
  const ServedMount mount(folder_);
  become_scheduler(fd_, list_);
  for (int i = 0; i < 30; ++i) {
    Started reader(
        {"sh", "-c", "echo; while :; do find -L " + folder_ + " -name info | xargs cat; done"});
    EXPECT_EQ(reader.line(), "");
    run_rounds(1);
    EXPECT_EQ(kill(-reader.pid(), SIGKILL), 0);  // all of its programs
  }
  EXPECT_EQ(run({"ls", mounted_root_}).output, "schedulers\nworkers\n");
}

}  // namespace
}  // namespace ums::test
