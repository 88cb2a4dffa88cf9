// SPDX-License-Identifier: Apache-2.0
#include "sim_kernel/ums/published.h"

#include <cstddef>

#include "sim_kernel/base/printk.h"
#include "sim_kernel/publish/publish.h"
#include "sim_kernel/ums/ums_data.h"

// What is not a standard-layout class has its members in one place all the same, in the compilers
// that this is built with; of a reference, which has no offset, the neighbours' say where it is.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace ums::kernel {

namespace {

constexpr std::size_t kReferenceBytes = sizeof(void*);

constexpr std::size_t kDataFileAt = 0;
static_assert(offsetof(UmsData, serial) == kDataFileAt + kReferenceBytes);

constexpr std::size_t kSchedulerTaskAt = 0;
constexpr std::size_t kSchedulerComplistAt = kSchedulerTaskAt + kReferenceBytes;
static_assert(offsetof(Scheduler, events) == kSchedulerComplistAt + kReferenceBytes);
constexpr std::size_t kSchedulerDataAt = offsetof(Scheduler, node) + sizeof(RhashNode);
static_assert(offsetof(Scheduler, id) == kSchedulerDataAt + kReferenceBytes);

constexpr std::size_t kWorkerComplistAt = offsetof(Worker, scheduler) - kReferenceBytes;
static_assert(offsetof(Worker, node) + sizeof(RhashNode) == kWorkerComplistAt - kReferenceBytes);
constexpr std::size_t kWorkerDataAt = offsetof(Worker, rcu) - kReferenceBytes;
static_assert(offsetof(Worker, link) + sizeof(Worker::link) == kWorkerDataAt);

constexpr std::size_t kComplistDataAt = 0;
static_assert(offsetof(Complist, id) == kComplistDataAt + kReferenceBytes);

// Where a Worker keeps what makes it a member of a list.
std::size_t node_offset() noexcept {
  alignas(Worker) static const unsigned char place[sizeof(Worker)] = {};
  const auto* const worker = reinterpret_cast<const Worker*>(place);
  return static_cast<std::size_t>(
      reinterpret_cast<const unsigned char*>(static_cast<const WorkerNode*>(worker)) - place);
}

// Where a list keeps the pointer to its first node: it is the next of one that is no worker.
std::size_t first_offset() noexcept {
  static WorkerList list;
  const auto* const first =
      reinterpret_cast<const unsigned char*>(list.cbefore_begin().pointed_node());
  return static_cast<std::size_t>(first - reinterpret_cast<const unsigned char*>(&list));
}

struct Offsets {
  StateFields fields{};

  void set(StateField field, std::size_t offset) noexcept {
    fields.offsets[static_cast<std::size_t>(field)] = static_cast<std::uint16_t>(offset);
  }
};

void set_threads(Offsets& offsets) noexcept {
  using enum StateField;
  offsets.set(kTaskState, offsetof(Task, state));
  offsets.set(kTaskFile, offsetof(Task, syscall_file));
  offsets.set(kSchedulerTask, kSchedulerTaskAt);
  offsets.set(kSchedulerComplist, kSchedulerComplistAt);
  offsets.set(kSchedulerSwitches, offsetof(Scheduler, switches));
  offsets.set(kSchedulerData, kSchedulerDataAt);
  offsets.set(kSchedulerId, offsetof(Scheduler, id));
  offsets.set(kSchedulerShown, offsetof(Scheduler, shown));
  offsets.set(kWorkerNext, node_offset());
  offsets.set(kWorkerState, offsetof(Worker, state));
  offsets.set(kWorkerId, offsetof(Worker, id));
  offsets.set(kWorkerComplist, kWorkerComplistAt);
  offsets.set(kWorkerScheduler, offsetof(Worker, scheduler));
  offsets.set(kWorkerDequeuer, offsetof(Worker, dequeuer));
  offsets.set(kWorkerSwitches, offsetof(Worker, switches));
  offsets.set(kWorkerRestFirst, offsetof(Worker, rest) + first_offset());
  offsets.set(kWorkerLink, offsetof(Worker, link));
  offsets.set(kWorkerData, kWorkerDataAt);
  offsets.set(kWorkerShown, offsetof(Worker, shown));
}

}  // namespace

StateFields ums_state_fields() noexcept {
  using enum StateField;
  Offsets offsets;
  set_threads(offsets);
  offsets.set(kDataFile, kDataFileAt);
  offsets.set(kDataOpener, offsetof(UmsData, opener));
  offsets.set(kDataShown, offsetof(UmsData, shown));
  offsets.set(kComplistData, kComplistDataAt);
  offsets.set(kComplistId, offsetof(Complist, id));
  offsets.set(kComplistLength, offsetof(Complist, length));
  offsets.set(kComplistUsers, offsetof(Complist, users));
  return offsets.fields;
}

void ums_publish(KernelKind kind, const char* name) noexcept {
  publish_allow(kind, ums_state_fields(), name);
}

void ums_publish_report() noexcept {
  static std::atomic<bool> reported{false};
  const int error = publish_error();
  if (error == 0 || reported.exchange(true, std::memory_order_relaxed)) return;
  pr_info("no state file in the run folder, errno {}: ums ps does not find this kernel", error);
}

}  // namespace ums::kernel
