// SPDX-License-Identifier: Apache-2.0
//
// StateReader: the state file of a kernel in another process (sim_kernel/publish/state_file.h), and
// the objects in it.
//
//     std::optional<StateReader> kernel = StateReader::open(folder, "/run/user/7/ums", "4711");
//     kernel->for_each(StateKind::kWorker, [](const StateObject& object) { ... });
//
// The file is read, never mapped, and everything in it doubted: it may be anybody's of the same
// user, and change while it is looked at.
//
// Invariants:
// 1. No contents of a file lead to more than an exception, or to nonsense that is shown.
// 2. A worker that is read in the middle of a change may be seen in two places, or in none.
//
// Thread safety: const functions from several threads; refresh() alone.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim_kernel/publish/state_file.h"
#include "tools/ums/descriptor.h"

namespace ums::command {

using kernel::StateField;

// What is wrong with a state file, in words that name it and the remedy.
class StateError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A copy of a live object. Its members are read by the offsets that its kernel has named.
class StateObject {
 public:
  StateObject(std::uint64_t address, const unsigned char* bytes, const kernel::StateFields& fields)
      : address_(address), bytes_(bytes), fields_(fields) {}

  // Where it is in its kernel's memory: what pointers to it hold.
  std::uint64_t address() const { return address_; }

  template <typename T>
  T get(StateField field) const {
    T value;
    std::memcpy(&value, bytes_ + fields_.offsets[static_cast<std::size_t>(field)], sizeof value);
    return value;
  }

 private:
  std::uint64_t address_;
  const unsigned char* bytes_;
  const kernel::StateFields& fields_;
};

// The caches that readers know, by their names.
enum class StateKind : std::uint8_t { kTask, kData, kScheduler, kWorker, kComplist };

class StateReader {
 public:
  // Opens the file `name` of an open run folder, whose path is for messages. Nothing if there is
  // none, if it is being made, or if it has been left behind: then it is removed.
  // Throws StateError: it is no state file, is another user's, or this release cannot read it; and
  // std::system_error: this process has no descriptor or memory for it.
  static std::optional<StateReader> open(int folder, const std::string& folder_path,
                                         const std::string& name);

  const std::string& path() const { return path_; }
  std::uint64_t inode() const { return inode_; }
  pid_t pid() const { return header().pid; }
  kernel::KernelKind kind() const { return header().kind; }
  // By which programs join it; empty if they cannot.
  std::string name() const;
  // How long the kernel has been there.
  double age_seconds() const;
  // Its process's command line, in words.
  std::vector<std::string> command() const;
  // Whether objects are missing: there was no room for all.
  bool is_incomplete() const { return header().regions_elsewhere.load() != 0; }

  // Whether the kernel is gone. The file is not removed.
  bool is_left_behind() const;

  // Grows when the entries of its /proc/ums have changed.
  std::uint64_t generation() const;

  // Reads anew where objects are. Throws StateError.
  void refresh();

  // Calls visit for each live object of a kind.
  void for_each(StateKind kind, const std::function<void(const StateObject&)>& visit) const;

  // Calls visit with the live object at `address`. Returns false if there is none.
  bool with(StateKind kind, std::uint64_t address,
            const std::function<void(const StateObject&)>& visit) const;

 private:
  // A region, checked: all of it is within the file.
  struct Region {
    std::uint64_t objects;  // offsets
    std::uint64_t slots;
    std::uint32_t count;
  };
  struct Cache {
    std::uint32_t stride = 0;
    std::vector<Region> regions;
  };

  StateReader(Descriptor file, std::string path);

  const kernel::StateHeader& header() const { return *header_; }
  [[noreturn]] void refuse(const std::string& fault) const;
  void read_header();
  void check_release() const;
  void check_layout();
  Cache checked_cache(const kernel::StateCache& from, std::uint64_t file_bytes,
                      std::uint64_t& total) const;
  std::size_t read(std::uint64_t offset, void* to, std::size_t bytes) const;
  void visit_region(const Cache& cache, const Region& region,
                    const std::function<void(const StateObject&)>& visit) const;

  Descriptor file_;
  std::string path_;
  std::uint64_t inode_ = 0;
  std::unique_ptr<kernel::StateHeader> header_;
  Cache caches_[5];  // by StateKind
};

}  // namespace ums::command
