// SPDX-License-Identifier: Apache-2.0
//
// The tree of /proc under many schedules: who looks things up, lists and reads, while entries come
// and go. What is shown is not freed (invariant 2 of proc_node.h), what is removed is gone, and
// what is there all the time is found.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/intrusive/parent_from_member.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "procfs_emul/proc_file.h"
#include "simulated/explored_kernel.h"
#include "support/run_beside.h"

namespace ums::test {
namespace {

using namespace ums::kernel;

class ProcTreeTest : public ExploredKernel {};

// What a file shows, until it is freed.
struct Shown {
  int valid = 1;
  RcuHead rcu;
};

void show(ProcText& text, void* data) {
  const auto& shown = *static_cast<const Shown*>(data);
  preemption_point(KernelStep::kLoad, &shown);
  EXPECT_EQ(shown.valid, 1);
  text.print("shown\n");
}

constexpr ProcFileOperations kShow = {show};

// As modules do: the entry first, and then what it shows, when no reader is left.
void remove_and_free(ProcNode* node, Shown& shown) {
  proc_remove(node);
  call_rcu(&shown.rcu, [](RcuHead* head) {
    boost::intrusive::get_parent_from_member(head, &Shown::rcu)->valid = 0;
  });
  rcu_do_callbacks();
  rcu_do_callbacks();
}

// A file of /proc that is open.
class OpenFile {
 public:
  explicit OpenFile(std::string_view path) {
    Result<ProcFile*> opened = proc_open(ProcPath(), path, O_RDONLY);
    error_ = opened.error_code();
    if (opened.ok()) file_ = opened.value();
  }
  ~OpenFile() {
    if (file_ != nullptr) proc_close(file_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // 0, or why it is not open.
  int error() const { return error_; }

  // The text, or the name of the error.
  std::string read() {
    char text[64];
    Result<std::size_t> count = proc_pread(*file_, UserPtr<void>::kernel(text), sizeof text, 0);
    if (!count.ok()) return strerrorname_np(count.error_code());
    return {text, count.value()};
  }

  // The names of a folder's entries, one by one.
  std::vector<std::string> names() {
    std::vector<std::string> found;
    ProcDirent entry;
    while (proc_readdir(*file_, &entry, 1).value() == 1) {
      if (entry.name[0] != '.') found.emplace_back(entry.name);
    }
    return found;
  }

 private:
  int error_ = 0;
  ProcFile* file_ = nullptr;
};

// A file that is removed while others open and read it: its text is seen before the end of the
// removal only.
class RemovedFile {
 public:
  RemovedFile() = default;
  ~RemovedFile() {
    proc_remove(folder_);
    rcu_barrier();
  }
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;

  void remove() {
    remove_and_free(node_, shown_);
    removed_ = true;
  }

  void open_and_read() const {
    const bool is_late = removed_;
    OpenFile file("/proc/folder/file");
    if (file.error() == 0) {
      EXPECT_FALSE(is_late);
      read(file);
      read(file);
    } else {
      EXPECT_EQ(file.error(), ENOENT);
    }
  }

  void read(OpenFile& file) const {
    const bool is_late = removed_;
    const std::string text = file.read();
    EXPECT_TRUE(text == "EIO" || (text == "shown\n" && !is_late)) << text;
  }

 private:
  Shown shown_;
  ProcNode* const folder_ = proc_mkdir("folder", nullptr).value();
  ProcNode* const node_ = proc_create("file", 0444, folder_, kShow, &shown_).value();
  bool removed_ = false;
};

void read_beside_removal() {
  RemovedFile file;
  run_beside([&] { file.remove(); }, [&] { file.open_and_read(); });
  file.open_and_read();
}

TEST_F(ProcTreeTest, ReadMeetsRemoval) {
  explore(read_beside_removal);
  EXPECT_GT(explore_all(read_beside_removal, 2), 1000U);
}

// A descriptor that is held over the removal.
TEST_F(ProcTreeTest, HeldFileReadsEio) {
  explore([] {
    RemovedFile file;
    OpenFile held("/proc/folder/file");
    run_beside([&] { file.remove(); }, [&] { file.read(held); }, [&] { file.read(held); });
    EXPECT_EQ(held.read(), "EIO");
  });
}

// Lists a folder of the entries a to e, of which one comes and one goes.
class ChangingFolder {
 public:
  ChangingFolder() {
    for (const char* name : {"a", "b", "d"}) make(name);
  }
  ~ChangingFolder() { proc_remove(folder_); }
  ChangingFolder(const ChangingFolder&) = delete;
  ChangingFolder& operator=(const ChangingFolder&) = delete;

  // The memory of the one may become the other's.
  void change() {
    proc_remove(entries_[0]);
    removed_ = true;
    make("c");
    made_ = true;
    make("e");
  }

  void list() {
    const bool is_removed = removed_;
    const bool is_made = made_;
    const std::vector<std::string> names = OpenFile("/proc/folder").names();
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end(), std::less_equal<>())) << "each once";
    for (const std::string& name : names) EXPECT_TRUE(name >= "a" && name <= "e") << name;
    const auto lists = [&](const char* name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    EXPECT_TRUE(lists("b") && lists("d"));
    EXPECT_TRUE(!is_removed || !lists("a"));
    EXPECT_TRUE(!is_made || lists("c"));
  }

 private:
  void make(const char* name) {
    const std::size_t index = static_cast<std::size_t>(name[0] - 'a');
    entries_[index] = proc_create(name, 0444, folder_, kShow, &shown_).value();
  }

  Shown shown_;
  ProcNode* const folder_ = proc_mkdir("folder", nullptr).value();
  std::array<ProcNode*, 5> entries_{};
  bool removed_ = false;
  bool made_ = false;
};

void list_beside_changes() {
  ChangingFolder folder;
  run_beside([&] { folder.change(); }, [&] { folder.list(); });
}

TEST_F(ProcTreeTest, ListingMeetsChanges) {
  explore(list_beside_changes);
  EXPECT_GT(explore_all(list_beside_changes, 2), 1000U);
}

// Where a path leads while a folder above it goes: there, or nowhere.
void look_up() {
  Result<ProcPath> path =
      proc_resolve(ProcPath(), "/proc/top/folder/../folder/file", ProcFollow::kYes);
  ProcText text;
  const Result<void> named = path.ok() ? proc_absolute(path.value(), text) : path.error();
  if (named.ok()) {
    EXPECT_EQ(text.view(), "/proc/top/folder/file");
    EXPECT_EQ(proc_stat(path.value()).value().nlink, 1U);
  } else {
    EXPECT_TRUE(named.error_code() == ENOENT || named.error_code() == EXDEV);
  }
}

TEST_F(ProcTreeTest, LookupMeetsRemoval) {
  explore([] {
    Shown shown;
    ProcNode* const top = proc_mkdir("top", nullptr).value();
    ProcNode* const folder = proc_mkdir("folder", top).value();
    proc_create("file", 0444, folder, kShow, &shown).value();
    run_beside([&] { proc_remove(top); }, look_up, look_up);
    EXPECT_EQ(OpenFile("/proc/top").error(), EXDEV);  // the rest of /proc is the host's
  });
}

// Makes entries in a folder that is removed: it is, or they are.
TEST_F(ProcTreeTest, RemovalTakesWhatIsMadeMeanwhile) {
  explore([] {
    Shown shown;
    ProcNode* const folder = proc_mkdir("folder", nullptr).value();
    ProcNode* const held = proc_get(*folder);
    run_beside([&] { proc_remove(folder); },
               [&] {
                 Result<ProcNode*> made = proc_create("file", 0444, held, kShow, &shown);
                 EXPECT_TRUE(made.ok() || made.error_code() == ENOENT) << made.error_code();
               });
    EXPECT_EQ(proc_child(*held, "file"), nullptr);
    EXPECT_TRUE(held->children.empty());
    proc_put(held);
  });
}

}  // namespace
}  // namespace ums::test
