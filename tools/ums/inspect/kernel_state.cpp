// SPDX-License-Identifier: Apache-2.0
#include "tools/ums/inspect/kernel_state.h"

#include <algorithm>
#include <map>

#include "sim_kernel/ums/proc_show.h"

namespace ums::command {
namespace {

using kernel::TaskState;
using kernel::WorkerState;

// A file may hold any byte where a state is meant to be.
template <typename State>
State state_or(State last, std::uint8_t byte) {
  return byte <= static_cast<std::uint8_t>(last) ? static_cast<State>(byte) : last;
}

bool flag(const StateObject& object, StateField field) {
  return object.get<std::uint8_t>(field) != 0;
}

std::uint64_t number(const StateObject& object, StateField field) {
  return object.get<std::uint64_t>(field);
}

const WorkerImage* find(const std::vector<WorkerImage>& workers, std::uint64_t address) {
  const auto found = std::lower_bound(
      workers.begin(), workers.end(), address,
      [](const WorkerImage& worker, std::uint64_t wanted) { return worker.address < wanted; });
  return found != workers.end() && found->address == address ? &*found : nullptr;
}

using Files = std::map<std::uint64_t, UmsFile>;  // by address

Files read_files(const StateReader& reader) {
  Files files;
  reader.for_each(StateKind::kData, [&](const StateObject& object) {
    if (!flag(object, StateField::kDataShown)) return;
    UmsFile file{};
    file.address = object.address();
    file.file = number(object, StateField::kDataFile);
    file.opener = object.get<pid_t>(StateField::kDataOpener);
    files.emplace(file.address, std::move(file));
  });
  return files;
}

void add_threads(const StateReader& reader, Files& files) {
  reader.for_each(StateKind::kScheduler, [&](const StateObject& object) {
    const SchedulerImage image(object);
    const auto file = files.find(image.data);
    if (!image.shown || file == files.end()) return;
    file->second.schedulers.push_back(scheduler_state(reader, image, file->second.file));
  });
  reader.for_each(StateKind::kWorker, [&](const StateObject& object) {
    const WorkerImage image(object);
    const auto file = files.find(image.data);
    if (image.shown && file != files.end()) file->second.workers.push_back(image);
  });
}

void add_lists(const StateReader& reader, Files& files) {
  reader.for_each(StateKind::kComplist, [&](const StateObject& object) {
    const auto file = files.find(number(object, StateField::kComplistData));
    const ListState list{object.get<int>(StateField::kComplistId),
                         object.get<std::uint32_t>(StateField::kComplistLength),
                         object.get<int>(StateField::kComplistUsers)};
    if (file != files.end() && list.users > 0) file->second.lists.push_back(list);
  });
}

}  // namespace

WorkerImage::WorkerImage(const StateObject& object)
    : address(object.address()),
      data(number(object, StateField::kWorkerData)),
      complist(number(object, StateField::kWorkerComplist)),
      scheduler(number(object, StateField::kWorkerScheduler)),
      dequeuer(number(object, StateField::kWorkerDequeuer)),
      next(number(object, StateField::kWorkerNext)),
      rest_first(number(object, StateField::kWorkerRestFirst)),
      switches(number(object, StateField::kWorkerSwitches)),
      link(number(object, StateField::kWorkerLink)),
      id(object.get<pid_t>(StateField::kWorkerId)),
      state(state_or(WorkerState::kEnded, object.get<std::uint8_t>(StateField::kWorkerState))),
      shown(flag(object, StateField::kWorkerShown)) {}

SchedulerImage::SchedulerImage(const StateObject& object)
    : address(object.address()),
      data(number(object, StateField::kSchedulerData)),
      complist(number(object, StateField::kSchedulerComplist)),
      task(number(object, StateField::kSchedulerTask)),
      switches(number(object, StateField::kSchedulerSwitches)),
      id(object.get<pid_t>(StateField::kSchedulerId)),
      shown(flag(object, StateField::kSchedulerShown)) {}

SchedulerState scheduler_state(const StateReader& reader, const SchedulerImage& image,
                               std::uint64_t file) {
  SchedulerState state{image, TaskState::kDead, false};
  reader.with(StateKind::kTask, image.task, [&](const StateObject& task) {
    state.task = state_or(TaskState::kDead, task.get<std::uint8_t>(StateField::kTaskState));
    state.idle = kernel::is_idle_scheduler(state.task, number(task, StateField::kTaskFile) == file);
  });
  return state;
}

// Each worker is carried by one other at most: a damaged list ends where there are no more.
Links read_links(const StateReader& reader) {
  std::vector<WorkerImage> workers;
  reader.for_each(StateKind::kWorker, [&](const StateObject& object) {
    const WorkerImage image(object);
    if (image.shown) workers.push_back(image);
  });
  std::sort(workers.begin(), workers.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  Links links;
  std::size_t carried_max = workers.size();
  for (const WorkerImage& worker : workers) {
    if (worker.dequeuer == 0) continue;
    const auto add = [&](std::uint64_t number, const WorkerImage& to) {
      links[worker.dequeuer].push_back({number, to.id});
    };
    kernel::number_links(
        worker.state, worker.link, [&](std::uint64_t number) { add(number, worker); },
        [&](auto next_number) {
          const WorkerImage* carried = find(workers, worker.rest_first);
          for (; carried != nullptr && carried_max > 0; --carried_max) {
            add(next_number(), *carried);
            carried = find(workers, carried->next);
          }
        });
  }
  for (auto& [scheduler, numbered] : links) {
    std::sort(numbered.begin(), numbered.end(),
              [](const LinkImage& a, const LinkImage& b) { return a.number < b.number; });
  }
  return links;
}

KernelState read_kernel_state(const StateReader& reader) {
  Files files = read_files(reader);
  add_threads(reader, files);
  add_lists(reader, files);
  KernelState state;
  for (auto& [address, file] : files) {
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    std::sort(file.workers.begin(), file.workers.end(), by_id);
    std::sort(file.lists.begin(), file.lists.end(), by_id);
    std::sort(file.schedulers.begin(), file.schedulers.end(),
              [](const auto& a, const auto& b) { return a.image.id < b.image.id; });
    state.files.push_back(std::move(file));
  }
  std::sort(state.files.begin(), state.files.end(),
            [](const UmsFile& a, const UmsFile& b) { return a.opener < b.opener; });
  return state;
}

}  // namespace ums::command
