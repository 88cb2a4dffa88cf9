// SPDX-License-Identifier: Apache-2.0
//
// MirroredKernel: what a Mirror shows of one kernel.
//
// Invariants:
// 1. What an entry shows is freed a grace period after the entry has been removed.
//
// Thread safety: that of the Mirror.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "procfs_emul/proc_node.h"
#include "tools/ums/inspect/kernel_state.h"

namespace ums::command {

// A thread in an open file, and its folder.
struct MirroredThread {
  const StateReader* reader;
  StateKind kind;  // kScheduler or kWorker
  std::uint64_t address;
  std::uint64_t file;  // UmsFile::file
  pid_t opener;
  pid_t id;
  kernel::ProcNode* folder = nullptr;

  // Whether it is what another describes.
  bool is(const MirroredThread& other) const {
    return address == other.address && file == other.file && id == other.id;
  }
};

class MirroredKernel {
 public:
  explicit MirroredKernel(StateReader reader);
  ~MirroredKernel();
  MirroredKernel(const MirroredKernel&) = delete;
  MirroredKernel& operator=(const MirroredKernel&) = delete;

  const StateReader& reader() const { return reader_; }

  // Makes and removes entries below `parent`, if the kernel has done so since. Throws StateError,
  // and std::system_error without memory.
  void refresh(kernel::ProcNode* parent);

 private:
  using Threads = std::map<std::uint64_t, std::unique_ptr<MirroredThread>>;  // by address

  struct File {
    pid_t opener;
    std::uint64_t file;
    kernel::ProcNode* folder = nullptr;
    kernel::ProcNode* schedulers = nullptr;
    kernel::ProcNode* workers = nullptr;
    Threads threads;
  };

  void remove(File& file);
  void remove_gone(const KernelState& state);
  void add(const UmsFile& file, kernel::ProcNode* parent);
  void update_threads(File& mirrored, const UmsFile& file);
  void add_thread(File& mirrored, std::unique_ptr<MirroredThread> thread);
  void free_removed();

  StateReader reader_;
  std::uint64_t generation_ = 0;
  bool known_ = false;                   // whether the entries are those of generation_
  bool twice_ = false;                   // one was seen twice, which cannot last
  std::map<std::uint64_t, File> files_;  // by the address of their UmsData
  std::vector<std::unique_ptr<MirroredThread>> removed_;
};

}  // namespace ums::command
