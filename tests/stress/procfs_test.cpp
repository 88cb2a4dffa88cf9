// SPDX-License-Identifier: Apache-2.0
//
// Threads enter, yield and end while others list and read all of /proc/ums. What a listing gives
// exists or is gone by the time that it is opened, and never anything else: AddressSanitizer and
// the poison of the slab caches watch over freed entries.
#include <ums.h>
#include <ums/ums_proc.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/libums_fixture.h"

namespace ums::test {
namespace {

class ProcfsStress : public Libums {};

struct Counts {
  long folders = 0;
  long links = 0;
  long texts = 0;
};

bool is_gone(int error) { return error == ENOENT || error == EIO; }

void read_info(const std::string& path, Counts& counts) {
  ums_proc_file_t* const file = ums_proc_open(path.c_str(), 0);
  if (file == nullptr) {
    EXPECT_TRUE(is_gone(errno)) << path << ' ' << errno;
    return;
  }
  char text[128];
  const ssize_t count = ums_proc_read(file, text, sizeof text);
  if (count < 0) {
    EXPECT_TRUE(is_gone(errno)) << path << ' ' << errno;
  } else {
    const std::string found(text, text + count);
    EXPECT_TRUE(found.starts_with("Pid:\t") && found.ends_with('\n')) << found;
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 3) << found;
    ++counts.texts;
  }
  EXPECT_EQ(ums_proc_close(file), 0);
}

bool comes_before(const std::string& a, const std::string& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void read_all(const std::string& path, Counts& counts) {
  ums_proc_file_t* const folder = ums_proc_open(path.c_str(), 0);
  if (folder == nullptr) {
    EXPECT_TRUE(is_gone(errno)) << path << ' ' << errno;
    return;
  }
  ++counts.folders;
  dirent entry;
  const std::string folder_path = path + '/';
  std::string last;
  while (ums_proc_readdir(folder, &entry) == 1) {
    const std::string name = entry.d_name;
    if (name[0] == '.') continue;
    EXPECT_TRUE(last.empty() || comes_before(last, name)) << last << ' ' << name;
    last = name;
    const std::string below = folder_path + name;
    if (entry.d_type == DT_DIR) {
      read_all(below, counts);
    } else if (entry.d_type == DT_LNK) {
      ++counts.links;
      read_info(below + "/info", counts);
    } else {
      read_info(below, counts);
    }
  }
  EXPECT_EQ(ums_proc_close(folder), 0);
}

TEST_F(ProcfsStress, ReadersWhileWorkersComeAndGo) {
  constexpr int kRounds = 30;
  constexpr int kWorkers = 20;
  constexpr int kReaders = 2;
  std::atomic<bool> done{false};
  std::vector<Counts> counts(kReaders);
  std::vector<std::thread> readers;
  for (Counts& own : counts) {
    readers.emplace_back([&done, &own] {
      while (!done) read_all("/proc/ums", own);
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    std::vector<pthread_t> workers;
    for (int i = 0; i < kWorkers; ++i) {
      const auto body = [](void*) -> void* {
        for (int turn = 0; turn < 20; ++turn) ums_thread_yield(nullptr);
        return nullptr;
      };
      workers.push_back(create(nullptr, body, nullptr));
    }
    run_workers(kWorkers);
    for (const pthread_t worker : workers) EXPECT_EQ(pthread_join(worker, nullptr), 0);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  for (const Counts& own : counts) {
    EXPECT_GT(own.folders, 0);
    EXPECT_GT(own.texts, 0);
  }
}

}  // namespace
}  // namespace ums::test
