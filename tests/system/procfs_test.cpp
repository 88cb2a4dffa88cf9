// SPDX-License-Identifier: Apache-2.0
//
// behaviour.md, "/proc/ums", through the door in process.
#include "support/procfs.h"

#include <poll.h>
#include <unistd.h>

#include "support/pages.h"

namespace ums::test {
namespace {

TEST_F(Procfs, ShowsAFolderForEachOpenFile) {
  EXPECT_EQ(list_folder(root_), (Names{"workers", "schedulers"}));
  int other = -1;
  Thread opener([&] { other = dev_open(); });
  opener.join();
  ASSERT_GE(other, 0);
  const std::string path = "/proc/ums/" + std::to_string(opener.tid());
  EXPECT_EQ(list_folder(path), (Names{"workers", "schedulers"}));
  EXPECT_EQ(dev_close(other), 0);
  EXPECT_EQ(list_folder(path), Names{errno_text(ENOENT)});
  EXPECT_EQ(list_folder(root_ + "/lists"), Names{errno_text(ENOENT)});
}

TEST_F(Procfs, EverythingGoesAtTheLastClose) {
  become_scheduler(fd_, list_);
  const int copy = dev_dup(fd_);
  ums_proc_file_t* const file =
      ums_proc_open((scheduler_path(thread_id()) + "/info").c_str(), O_RDONLY);
  ASSERT_NE(file, nullptr);
  close_device();
  EXPECT_EQ(list_folder(root_).size(), 2U);
  EXPECT_EQ(dev_close(copy), 0);
  EXPECT_EQ(list_folder(root_), Names{errno_text(ENOENT)});
  char byte;
  EXPECT_EQ(ums_proc_read(file, &byte, 1), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(ums_proc_close(file), 0);
}

TEST_F(Procfs, ModesSizesOwnersAndLinkCounts) {
  become_scheduler(fd_, list_);
  const pid_t worker = add();
  ASSERT_EQ(dequeue(fd_, list_), worker);
  const std::string me = scheduler_path(thread_id());

  EXPECT_EQ(stat_of("/proc/ums").st_mode, 0040555U);
  EXPECT_EQ(stat_of(root_).st_nlink, 4U);
  EXPECT_EQ(stat_of(root_ + "/workers").st_nlink, 3U);
  EXPECT_EQ(stat_of(root_ + "/schedulers").st_nlink, 3U);
  EXPECT_EQ(stat_of(me).st_nlink, 3U);
  EXPECT_EQ(stat_of(me + "/workers").st_nlink, 2U);
  EXPECT_EQ(stat_of(worker_path(worker)).st_nlink, 2U);
  EXPECT_EQ(stat_of(me + "/workers").st_mode, 0040555U);
  for (const std::string& path : {me + "/info", worker_path(worker) + "/info"}) {
    EXPECT_EQ(stat_of(path).st_mode, 0107777U) << path;
    EXPECT_EQ(stat_of(path).st_size, 0) << path;
    EXPECT_EQ(stat_of(path).st_nlink, 1U) << path;
    EXPECT_EQ(stat_of(path).st_uid, geteuid()) << path;
  }
  EXPECT_EQ(stat_of(me + "/workers/1").st_mode, 0120777U);
  EXPECT_EQ(link_of(me + "/workers/1"), worker_path(worker));
  EXPECT_EQ(stat_of(me + "/workers/1").st_size, static_cast<off_t>(worker_path(worker).size()));
  EXPECT_EQ(read_file(me + "/workers/1/info"), info(worker, "I (idle)", 0));
  execute_all({worker});
}

TEST_F(Procfs, InfoOfAWorkerAndItsScheduler) {
  const pid_t me = thread_id();
  become_scheduler(fd_, list_);
  std::vector<std::string> seen;
  pid_t worker = 0;
  worker = add(2, [&] {
    seen.push_back(read_file(worker_path(worker) + "/info"));
    seen.push_back(read_file(scheduler_path(me) + "/info"));
  });
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(read_file(worker_path(worker) + "/info"), info(worker, "I (idle)", turn));
    EXPECT_EQ(read_file(scheduler_path(me) + "/info"), info(me, "R (running)", turn));
    ASSERT_EQ(dequeue(fd_, list_), worker);
    EXPECT_EQ(execute(fd_, worker), 0);
  }
  workers_.clear();
  EXPECT_EQ(seen, (Names{info(worker, "R (running)", 0), info(me, "I (idle)", 1),
                         info(worker, "R (running)", 1), info(me, "I (idle)", 2),
                         info(worker, "R (running)", 2), info(me, "I (idle)", 3)}));
}

// A scheduler of two files is idle only in the one whose worker it executes.
TEST_F(Procfs, AnExecIsThatOfOneFile) {
  const pid_t me = thread_id();
  const int other = dev_open_elsewhere();
  const int other_list = create_list(other);
  become_scheduler(fd_, list_);
  become_scheduler(other, other_list);
  Names states;
  const pid_t worker = add(0, [&] {
    for (const std::string& pool : list_folder("/proc/ums")) {
      const std::string text =
          read_file("/proc/ums/" + pool + "/schedulers/" + std::to_string(me) + "/info");
      states.push_back(pool + text.substr(text.find("State:") + 6, 2));
    }
  });
  ASSERT_EQ(dequeue(fd_, list_), worker);
  execute_all({worker});
  workers_.clear();
  ASSERT_EQ(states.size(), 2U);
  const std::string mine = std::to_string(me);
  for (const std::string& state : states) {
    EXPECT_EQ(state.back(), state.substr(0, state.size() - 2) == mine ? 'I' : 'R') << state;
  }
  EXPECT_EQ(dev_close(other), 0);
}

TEST_F(Procfs, AWorkersFolderGoesAtExit) {
  become_scheduler(fd_, list_);
  const pid_t worker = add(1);
  const std::string path = worker_path(worker) + "/info";
  ums_proc_file_t* const file = ums_proc_open(path.c_str(), O_RDONLY);
  ASSERT_NE(file, nullptr);
  char text[5];
  EXPECT_EQ(ums_proc_read(file, text, 5), 5);
  EXPECT_EQ(std::string(text, 5), "Pid:\t");
  for (int turn = 0; turn < 2; ++turn) {
    ASSERT_EQ(dequeue(fd_, list_), worker);
    EXPECT_EQ(execute(fd_, worker), 0);
  }
  EXPECT_EQ(read_file(path), errno_text(ENOENT));
  EXPECT_EQ(ums_proc_read(file, text, 5), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_EQ(list_folder(root_ + "/workers"), Names{});
  EXPECT_EQ(ums_proc_close(file), 0);
}

TEST_F(Procfs, AFileOfProcAnswersAsTheOriginal) {
  become_scheduler(fd_, list_);
  const std::string path = scheduler_path(thread_id()) + "/info";
  ums_proc_file_t* const file = ums_proc_open(path.c_str(), O_RDWR);
  ASSERT_NE(file, nullptr);
  const std::string whole = info(thread_id(), "R (running)", 0);
  char text[256];
  std::string parts;
  for (ssize_t count = 1; count > 0; parts.append(text, text + count)) {
    count = ums_proc_read(file, text, 7);
  }
  EXPECT_EQ(parts, whole);
  EXPECT_EQ(ums_proc_read(file, text, 7), 0);
  EXPECT_EQ(ums_proc_pread(file, text, sizeof text, 5), static_cast<ssize_t>(whole.size() - 5));
  EXPECT_EQ(std::string(text, whole.size() - 5), whole.substr(5));
  EXPECT_EQ(ums_proc_poll(file, POLLIN | POLLPRI | POLLOUT), 0x5);

  const auto expect_errno = [](auto result, int error) {
    EXPECT_EQ(result, -1);
    EXPECT_EQ(errno, error);
  };
  const Pages pages;
  for (char* const bad :
       {static_cast<char*>(nullptr), pages.unmapped(), pages.read_only(), pages.crossing(10, 3)}) {
    expect_errno(ums_proc_pread(file, bad, 10, 0), EACCES);
  }
  expect_errno(ums_proc_lseek(file, 0, SEEK_SET), ESPIPE);
  expect_errno(ums_proc_write(file, "x", 1), EIO);
  expect_errno(ums_proc_unlink(path.c_str()), EPERM);
  expect_errno(ums_proc_mkdir((root_ + "/new").c_str(), 0777), ENOENT);
  EXPECT_EQ(ums_proc_open((root_ + "/new").c_str(), O_RDWR | O_CREAT), nullptr);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(ums_proc_chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(stat_of(path).st_mode, 0100644U);
  EXPECT_EQ(ums_proc_close(file), 0);
}

TEST_F(Procfs, NothingExistsOutside) {
  for (const char* const path : {"/proc", "/proc/self", "/etc", "ums", "", "/proc/ums/.."}) {
    EXPECT_EQ(read_file(path), errno_text(ENOENT)) << path;
  }
}

// "Links appear for the whole batch at DEQUEUE, in order, numbered from 1; a link goes at EXEC"
TEST_F(Procfs, LinksAreThereFromDequeueToExec) {
  become_scheduler(fd_, list_);
  const Batch w = {add(), add(), add()};
  EXPECT_EQ(links(), Links{});
  ASSERT_EQ(dequeue(fd_, list_), w[0]);
  EXPECT_EQ(links(), (Links{{1, w[0]}, {2, w[1]}, {3, w[2]}})) << "NEXT has named none yet";
  ASSERT_EQ(next(fd_, w[0]), w[1]);
  ASSERT_EQ(next(fd_, w[1]), w[2]);
  EXPECT_EQ(links(), (Links{{1, w[0]}, {2, w[1]}, {3, w[2]}}));
  execute_all({w[1]});
  EXPECT_EQ(links(), (Links{{1, w[0]}, {3, w[2]}}));
  execute_all({w[0], w[2]});
  EXPECT_EQ(links(), Links{});
}

// "Numbers go on while any link is left and restart at 1 when none is"
TEST_F(Procfs, NumbersGoOnWhileALinkIsLeft) {
  become_scheduler(fd_, list_);
  Batch w = {add(), add()};
  ASSERT_EQ(take_batch(fd_, list_).size(), 2U);
  execute_all({w[0]});
  w.push_back(add());
  w.push_back(add());
  ASSERT_EQ(take_batch(fd_, list_).size(), 2U);
  EXPECT_EQ(links(), (Links{{2, w[1]}, {3, w[2]}, {4, w[3]}}));
  execute_all({w[1], w[2], w[3]});
  w.push_back(add());
  ASSERT_EQ(take_batch(fd_, list_).size(), 1U);
  EXPECT_EQ(links(), (Links{{1, w[4]}}));
  execute_all({w[4]});
}

TEST_F(Procfs, LinksAreListedByTheirNumbers) {
  become_scheduler(fd_, list_);
  Batch w;
  Names expected;
  for (int i = 1; i <= 11; ++i) {
    w.push_back(add());
    expected.push_back(std::to_string(i));
  }
  ASSERT_EQ(take_batch(fd_, list_), w);
  EXPECT_EQ(list_folder(scheduler_path(thread_id()) + "/workers"), expected);
  execute_all(w);
}

// "ours counts right" when another scheduler executes the worker.
TEST_F(Procfs, ALinkGoesWhenAnotherSchedulerExecutes) {
  become_scheduler(fd_, list_);
  Batch w = {add(1), add()};
  ASSERT_EQ(take_batch(fd_, list_), w);
  Thread other([&] {
    become_scheduler(fd_, list_);
    execute_all({w[0]});
    EXPECT_EQ(dequeue(fd_, list_), w[0]);
    EXPECT_EQ(links(), (Links{{1, w[0]}}));
    execute_all({w[0]});
  });
  other.join();
  EXPECT_EQ(links(), (Links{{2, w[1]}}));
  execute_all({w[1]});
  w.push_back(add());
  ASSERT_EQ(dequeue(fd_, list_), w[2]);
  EXPECT_EQ(links(), (Links{{1, w[2]}}));
  execute_all({w[2]});
}

// The rest returns to the list when the head yields, and has no links there.
TEST_F(Procfs, TheRestOfABatchLosesItsLinksWithItsHead) {
  become_scheduler(fd_, list_);
  Links during;
  pid_t me = thread_id();
  const Batch w = {add(1, [&] { during = links(me); }), add(), add()};
  ASSERT_EQ(dequeue(fd_, list_), w[0]);
  execute_all({w[0]});
  EXPECT_EQ(during, (Links{{2, w[1]}, {3, w[2]}})) << "the head runs";
  EXPECT_EQ(links(), Links{});
  ASSERT_EQ(take_batch(fd_, list_), (Batch{w[1], w[2], w[0]}));
  EXPECT_EQ(links(), (Links{{1, w[1]}, {2, w[2]}, {3, w[0]}}));
  execute_all({w[1], w[2], w[0]});
}

// "DEQUEUE puts the whole batch back": there were no links to it.
TEST_F(Procfs, AFailedDequeueMakesNoLinks) {
  become_scheduler(fd_, list_);
  Batch w = {add(), add()};
  const Pages pages;
  char* const args = pages.put_read_only(dequeue_ums_complist_args{list_, 0});
  EXPECT_EQ(dev_ioctl(fd_, IOCTL_DEQUEUE_UMS_CLIST, args), -EACCES);
  EXPECT_EQ(links(), Links{});
  ASSERT_EQ(take_batch(fd_, list_), w);
  EXPECT_EQ(links(), (Links{{1, w[0]}, {2, w[1]}}));
  execute_all(w);
}

// "Ours removes the dead scheduler from procfs"
TEST_F(Procfs, ADeadSchedulerIsRemoved) {
  const Batch w = {add(), add(), add()};
  Thread scheduler([&] {
    become_scheduler(fd_, list_);
    EXPECT_EQ(dequeue(fd_, list_), w[0]);
    EXPECT_EQ(next(fd_, w[0]), w[1]);
    EXPECT_EQ(links().size(), 3U);
  });
  scheduler.join();
  EXPECT_EQ(list_folder(root_ + "/schedulers"), Names{});
  EXPECT_EQ(list_folder(root_ + "/workers").size(), 3U);
  become_scheduler(fd_, list_);
  execute_all(w);
  EXPECT_EQ(links(), Links{});
}

TEST_F(Procfs, AForkedChildHasItsOwn) {
  const int status = in_child([this] {
    EXPECT_EQ(list_folder(root_), Names{errno_text(ENOENT)});
    const int fd = dev_open();
    const std::string path = "/proc/ums/" + std::to_string(thread_id());
    EXPECT_EQ(list_folder(path).size(), 2U);
    EXPECT_EQ(dev_close(fd), 0);
    EXPECT_EQ(list_folder(path), Names{errno_text(ENOENT)});
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(list_folder(root_).size(), 2U);
}

}  // namespace
}  // namespace ums::test
