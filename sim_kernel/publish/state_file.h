// SPDX-License-Identifier: Apache-2.0
//
// The state file of a kernel: RUN/PID in the run folder (run_folder.h). It is the memory in which
// the kernel keeps its objects, mapped by it and read by others: nothing is copied for them.
//
//   offset 0              StateHeader
//   kStateHeaderBytes ..  regions of the published slab caches (mm/slab.h): objects, and at the end
//                         of the region their slots
//
// A slot that holds its own address stands for a live object. Pointers in objects are addresses of
// the kernel's process: address - base is the offset. Where the members are that a reader needs
// stands in `fields`, for kernels differ in what else they keep.
//
// Invariants:
// 1. A file of size 0 is being made. A longer one with a wrong magic is none of ours.
// 2. The kernel holds an exclusive flock(2) as long as it lives, where the file system lets a
//    mapping do so (lock_lasts). Who gets a shared one finds the file left behind.
// 3. `generation` grows after what /proc/ums shows has got other entries.
// 4. What is written last tells that the rest is there: the magic, of the header; the number of a
//    cache's regions, of its name, size and regions. Readers read these first, and then the rest.
//
// Thread safety: readers take no lock, and may see an object in the middle of a change.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sim_kernel/base/limits.h"

namespace ums::kernel {

// Changes with the meaning of anything here or in the members that `fields` names.
inline constexpr std::uint32_t kStateFormat = 2;
inline constexpr char kStateMagic[8] = {'U', 'M', 'S', 's', 't', 'a', 't', 'e'};

inline constexpr std::size_t kStateHeaderBytes = 8192;
inline constexpr std::size_t kStateCommandBytes = 256;
inline constexpr std::size_t kStateNameBytes = 16;
inline constexpr std::size_t kStateKernelNameBytes = 72;
inline constexpr std::size_t kStateCachesMax = 6;

enum class KernelKind : std::uint32_t {
  kEmbedded,  // in the program's process
  kProcess,   // a kernel process, for other processes
};

// The members that readers need. A list's first node, and a node's next, are pointers to Workers.
enum class StateField : std::uint8_t {
  kTaskState,
  kTaskFile,
  kDataFile,
  kDataOpener,
  kDataShown,
  kSchedulerTask,
  kSchedulerComplist,
  kSchedulerSwitches,
  kSchedulerData,
  kSchedulerId,
  kSchedulerShown,
  kWorkerNext,
  kWorkerState,
  kWorkerId,
  kWorkerComplist,
  kWorkerScheduler,
  kWorkerDequeuer,
  kWorkerSwitches,
  kWorkerRestFirst,
  kWorkerLink,
  kWorkerData,
  kWorkerShown,
  kComplistData,
  kComplistId,
  kComplistLength,
  kComplistUsers,
  kCount,
};
inline constexpr std::size_t kStateFields = static_cast<std::size_t>(StateField::kCount);

// Offsets in their objects.
struct StateFields {
  std::uint16_t offsets[kStateFields];
};

struct StateRegion {
  std::uint64_t offset;
  std::uint64_t bytes;
  std::uint32_t count;  // of objects there is room for, from the beginning; their slots end it
  std::uint32_t unused;
};

struct StateCache {
  char name[kStateNameBytes];  // ends with a zero
  std::uint32_t stride;        // bytes from one object to the next
  std::atomic<std::uint32_t> regions_count;
  StateRegion regions[kSlabRegionsMax];
};

struct StateHeader {
  char magic[sizeof kStateMagic];  // written last
  std::uint32_t format;
  KernelKind kind;
  char version[kStateNameBytes];  // of this project; ends with a zero
  std::uint64_t base;             // where the file is mapped
  std::uint64_t bytes;            // of the mapping
  std::uint64_t started_ns;       // CLOCK_BOOTTIME
  // Who publishes. The last two tell the process from a later one of this id, and from the program
  // that it has executed since (/proc/PID/stat, fields 22 and 28).
  std::int32_t pid;
  std::uint32_t lock_lasts;
  std::uint64_t process_start;
  std::uint64_t process_stack;
  char kernel_name[kStateKernelNameBytes];  // by which programs join it, or empty; ends with a zero
  char command[kStateCommandBytes];         // words end with zeros, and so does the whole
  StateFields fields;
  std::atomic<std::uint64_t> generation;
  // Regions that are not in the file, for it could not grow: objects are missing.
  std::atomic<std::uint32_t> regions_elsewhere;
  StateCache caches[kStateCachesMax];
};
static_assert(sizeof(StateHeader) <= kStateHeaderBytes);

}  // namespace ums::kernel
