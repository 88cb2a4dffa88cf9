// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/mirrored_kernel.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>

#include "sim_kernel/sync/rcu.h"
#include "sim_kernel/ums/proc_show.h"

namespace ums::command {
namespace {

using kernel::ProcNode;
using kernel::ProcText;

// The tree knows no exceptions: what cannot be read any more shows nothing.
template <typename Read>
void reading(Read read) noexcept {
  try {
    read();
  } catch (const std::exception&) {
  }
}

void show_worker(ProcText& text, void* data) noexcept {
  const auto& thread = *static_cast<const MirroredThread*>(data);
  reading([&] {
    thread.reader->with(StateKind::kWorker, thread.address, [&](const StateObject& object) {
      const WorkerImage worker(object);
      if (!worker.shown || worker.id != thread.id) return;
      kernel::show_info(text, worker.id, kernel::is_idle_worker(worker.state), worker.switches);
    });
  });
}

void show_scheduler(ProcText& text, void* data) noexcept {
  const auto& thread = *static_cast<const MirroredThread*>(data);
  reading([&] {
    thread.reader->with(StateKind::kScheduler, thread.address, [&](const StateObject& object) {
      const SchedulerImage image(object);
      if (!image.shown || image.id != thread.id) return;
      const SchedulerState state = scheduler_state(*thread.reader, image, thread.file);
      kernel::show_info(text, image.id, state.idle, image.switches);
    });
  });
}

std::vector<LinkImage> links_of(const MirroredThread& scheduler) {
  Links links = read_links(*scheduler.reader);
  return std::move(links[scheduler.address]);
}

bool link_target(ProcText& text, std::uint64_t number, void* data) noexcept {
  const auto& scheduler = *static_cast<const MirroredThread*>(data);
  bool found = false;
  reading([&] {
    for (const LinkImage& link : links_of(scheduler)) {
      if (link.number != number || found) continue;
      found = true;
      kernel::show_link(text, scheduler.opener, link.worker);
    }
  });
  return found;
}

std::size_t list_links(std::uint64_t after, std::uint64_t* numbers, std::size_t max,
                       void* data) noexcept {
  std::size_t count = 0;
  reading([&] {
    for (const LinkImage& link : links_of(*static_cast<const MirroredThread*>(data))) {
      if (link.number > after && max > 0) {
        count = kernel::insert_number(link.number, numbers, count, max);
      }
    }
  });
  return count;
}

constexpr kernel::ProcFileOperations kSchedulerInfo = {show_scheduler};
constexpr kernel::ProcFileOperations kWorkerInfo = {show_worker};
constexpr kernel::ProcLinkOperations kSchedulerWorkers = {link_target, list_links};

ProcNode* made(kernel::Result<ProcNode*> result) {
  if (result.ok()) return result.value();
  throw std::system_error(result.error_code(), std::generic_category(), "cannot show an entry");
}

// A folder named after a thread; null if there is one: a thread that has left a role and taken it
// again may be seen twice.
ProcNode* made_folder(pid_t thread, ProcNode* parent) {
  kernel::Result<ProcNode*> folder = kernel::proc_mkdir(std::to_string(thread), parent);
  return folder.error_code() == EEXIST ? nullptr : made(folder);
}

}  // namespace

MirroredKernel::MirroredKernel(StateReader reader) : reader_(std::move(reader)) {}

MirroredKernel::~MirroredKernel() {
  for (auto& [address, file] : files_) remove(file);
  free_removed();
}

void MirroredKernel::free_removed() {
  if (!removed_.empty()) kernel::synchronize_rcu();
  removed_.clear();
}

void MirroredKernel::remove(File& file) {
  kernel::proc_remove(file.folder);
  for (auto& [address, thread] : file.threads) removed_.push_back(std::move(thread));
}

// The generation is read first: what changes while we read is looked at again.
void MirroredKernel::refresh(ProcNode* parent) {
  const std::uint64_t now = reader_.generation();
  if (known_ && now == generation_) return;
  reader_.refresh();
  const KernelState state = read_kernel_state(reader_);
  twice_ = false;
  remove_gone(state);
  for (const UmsFile& file : state.files) add(file, parent);
  free_removed();
  generation_ = now;
  known_ = !twice_;
}

void MirroredKernel::remove_gone(const KernelState& state) {
  for (auto at = files_.begin(); at != files_.end();) {
    const bool there =
        std::any_of(state.files.begin(), state.files.end(), [&](const UmsFile& file) {
          return file.address == at->first && file.file == at->second.file &&
                 file.opener == at->second.opener;
        });
    if (!there) remove(at->second);
    at = there ? std::next(at) : files_.erase(at);
  }
}

void MirroredKernel::add(const UmsFile& file, ProcNode* parent) {
  auto found = files_.find(file.address);
  if (found == files_.end()) {
    File mirrored{file.opener, file.file, nullptr, nullptr, nullptr, {}};
    mirrored.folder = made_folder(file.opener, parent);
    twice_ = twice_ || mirrored.folder == nullptr;
    if (mirrored.folder == nullptr) return;
    found = files_.emplace(file.address, std::move(mirrored)).first;
    found->second.schedulers = made(kernel::proc_mkdir("schedulers", found->second.folder));
    found->second.workers = made(kernel::proc_mkdir("workers", found->second.folder));
  }
  update_threads(found->second, file);
}

void MirroredKernel::update_threads(File& mirrored, const UmsFile& file) {
  std::map<std::uint64_t, MirroredThread> wanted;
  const auto want = [&](StateKind kind, std::uint64_t address, pid_t id) {
    wanted[address] = {&reader_, kind, address, file.file, file.opener, id, nullptr};
  };
  for (const SchedulerState& scheduler : file.schedulers) {
    want(StateKind::kScheduler, scheduler.image.address, scheduler.image.id);
  }
  for (const WorkerImage& worker : file.workers)
    want(StateKind::kWorker, worker.address, worker.id);

  for (auto at = mirrored.threads.begin(); at != mirrored.threads.end();) {
    const auto same = wanted.find(at->first);
    if (same != wanted.end() && at->second->is(same->second)) {
      wanted.erase(same);
      ++at;
      continue;
    }
    kernel::proc_remove(at->second->folder);
    removed_.push_back(std::move(at->second));
    at = mirrored.threads.erase(at);
  }
  for (auto& [address, thread] : wanted) {
    add_thread(mirrored, std::make_unique<MirroredThread>(thread));
  }
}

void MirroredKernel::add_thread(File& mirrored, std::unique_ptr<MirroredThread> thread) {
  MirroredThread& owned = *thread;
  const bool scheduler = owned.kind == StateKind::kScheduler;
  ProcNode* const parent = scheduler ? mirrored.schedulers : mirrored.workers;
  owned.folder = made_folder(owned.id, parent);
  twice_ = twice_ || owned.folder == nullptr;
  if (owned.folder == nullptr) return;
  mirrored.threads.emplace(owned.address, std::move(thread));
  made(kernel::proc_create("info", kernel::kInfoMode, owned.folder,
                           scheduler ? kSchedulerInfo : kWorkerInfo, &owned));
  if (!scheduler) return;
  made(kernel::proc_create_links("workers", owned.folder, kSchedulerWorkers, &owned));
}

}  // namespace ums::command
