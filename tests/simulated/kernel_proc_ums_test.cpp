// SPDX-License-Identifier: Apache-2.0
//
// /proc/ums under many schedules: who reads it while workers enter, yield and end and a scheduler
// walks its batch sees what was there, in the words of the specification.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "simulated/explored_kernel.h"
#include "support/door.h"
#include "support/procfs.h"
#include "support/run_beside.h"

namespace ums::test {
namespace {

// An open device with a list, and what it shows.
struct ShownDevice {
  ShownDevice() : root("/proc/ums/" + std::to_string(thread_id())) {}
  ~ShownDevice() { EXPECT_EQ(dev_close(fd), 0); }
  ShownDevice(const ShownDevice&) = delete;
  ShownDevice& operator=(const ShownDevice&) = delete;

  const std::string root;
  const int fd = dev_open();
  const int list = create_list(fd);

  void work(int yields) const {
    EXPECT_EQ(enter_worker(fd, list), 0);
    for (int i = 0; i < yields; ++i) EXPECT_EQ(yield(fd), 0);
    EXPECT_EQ(exit_worker(fd), 0);
  }

  // Reads what is shown of a worker that has yielded once at most, and may have ended.
  void read_worker(const std::string& tid) const {
    const std::string text = read_file(root + "/workers/" + tid + "/info");
    if (text == errno_text(ENOENT) || text == errno_text(EIO)) return;
    Names known;
    for (const char* state : {"I (idle)", "R (running)"}) {
      for (const char* switches : {"0", "1"}) {
        known.push_back("Pid:\t" + tid + "\nState:\t" + state + "\nSwitches:\t" + switches + "\n");
      }
    }
    EXPECT_NE(std::find(known.begin(), known.end(), text), known.end()) << text;
  }

  void read_workers() const {
    for (const std::string& tid : list_folder(root + "/workers")) read_worker(tid);
  }
};

class ProcUmsTest : public ExploredKernel {};

void read_beside_workers() {
  const ShownDevice device;
  const auto work = [&] { device.work(1); };
  const auto schedule = [&] {
    become_scheduler(device.fd, device.list);
    run_workers(device.fd, device.list, 2);
  };
  run_beside(
      work, schedule, [&] { device.read_workers(); }, work);
  EXPECT_EQ(list_folder(device.root + "/workers"), Names());
  EXPECT_EQ(list_folder(device.root + "/schedulers"), Names());
}

TEST_F(ProcUmsTest, ReadersMeetWorkers) { explore(read_beside_workers, 500); }

// What is shown of a worker is not freed before it has been read.
void read_beside_exit() {
  const ShownDevice device;
  become_scheduler(device.fd, device.list);
  std::thread worker([&] { device.work(0); });
  const pid_t id = dequeue(device.fd, device.list);
  std::thread reader([&] { device.read_worker(std::to_string(id)); });
  EXPECT_EQ(execute(device.fd, id), 0);
  worker.join();
  reader.join();
}

TEST_F(ProcUmsTest, ReaderMeetsExit) {
  explore(read_beside_exit);
  EXPECT_GT(explore_all(read_beside_exit, 1), 50U);
}

// The device is closed under those who look into its folder.
TEST_F(ProcUmsTest, ReadersMeetTheLastClose) {
  explore([] {
    const std::string root = "/proc/ums/" + std::to_string(thread_id());
    const auto read = [&] {
      for (const std::string& name : list_folder(root + "/workers")) {
        EXPECT_TRUE(name == errno_text(ENOENT)) << name;
      }
      list_folder("/proc/ums");
    };
    const int fd = dev_open();
    run_beside(
        read, [&] { EXPECT_EQ(dev_close(fd), 0); }, read);
    EXPECT_EQ(list_folder(root), Names{errno_text(ENOENT)});
  });
}

// Three workers in a scheduler's hand, whose links are numbered in the order of the batch. The link
// of one that nobody executes is listed, however far the batch has been walked.
class LinkedBatch {
 public:
  LinkedBatch() {
    become_scheduler(device_.fd, device_.list);
    for (std::thread& thread : threads_) thread = std::thread([this] { device_.work(1); });
    while (ids_.size() < threads_.size()) {
      for (const pid_t worker : take_batch(device_.fd, device_.list)) ids_.push_back(worker);
    }
    for (const pid_t worker : ids_) EXPECT_EQ(execute(device_.fd, worker), 0);  // it yields
    EXPECT_EQ(dequeue(device_.fd, device_.list), ids_[0]);
  }
  ~LinkedBatch() {
    while (executed_ < ids_.size()) execute_next();
    for (std::thread& thread : threads_) thread.join();
  }
  LinkedBatch(const LinkedBatch&) = delete;
  LinkedBatch& operator=(const LinkedBatch&) = delete;

  void walk() const {
    for (pid_t at = ids_[0]; at > 0;) at = next(device_.fd, at);
  }

  // Context: the thread that has made it; the batch is walked.
  void execute_next() { EXPECT_EQ(execute(device_.fd, ids_[executed_++]), 0); }

  // Expects the links from number `first` on, which is 1 or more, and perhaps those before it.
  void read_links(std::size_t first) const {
    const Names names = list_folder(links_);
    const Names all = {"1", "2", "3"};
    EXPECT_TRUE(std::includes(all.begin(), all.end(), names.begin(), names.end()));
    EXPECT_TRUE(std::includes(names.begin(), names.end(),
                              all.begin() + static_cast<long>(first) - 1, all.end()));
    for (std::size_t i = first - 1; i < ids_.size(); ++i) {
      EXPECT_EQ(link_of(links_ + "/" + all[i]),
                device_.root + "/workers/" + std::to_string(ids_[i]));
    }
  }

 private:
  const ShownDevice device_;
  const std::string links_ =
      device_.root + "/schedulers/" + std::to_string(thread_id()) + "/workers";
  std::array<std::thread, 3> threads_;
  std::vector<pid_t> ids_;
  std::size_t executed_ = 0;
};

TEST_F(ProcUmsTest, LinksStayWhileTheBatchIsWalked) {
  explore([] {
    LinkedBatch batch;
    run_beside([&] { batch.walk(); }, [&] { batch.read_links(1); });
  });
}

TEST_F(ProcUmsTest, LinksStayWhileOthersAreExecuted) {
  explore([] {
    LinkedBatch batch;
    batch.walk();
    std::thread reader([&] { batch.read_links(3); });
    batch.execute_next();
    batch.execute_next();
    reader.join();
  });
}

}  // namespace
}  // namespace ums::test
