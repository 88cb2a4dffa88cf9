// SPDX-License-Identifier: Apache-2.0
#include "ums_api/explore/reads_from_strategy.h"

#include <algorithm>

namespace ums::explore {

namespace {

using kernel::EventKind;

constexpr std::size_t kReadsMax = 16;   // of a task: those before are forgotten
constexpr std::size_t kPlacesMax = 64;  // of an object, that read it, or write it
constexpr int kHeldMax = 10'000;
constexpr std::uint64_t kWithoutWishes = 8;  // one execution of so many

bool is_lock(EventKind kind) {
  return kind == EventKind::kLock || kind == EventKind::kTimedLock || kind == EventKind::kTryLock;
}

bool reads(const Event& event) {
  return event.object != 0 && (event.kind == EventKind::kRead || event.kind == EventKind::kUpdate ||
                               is_lock(event.kind));
}

bool writes(const Event& event) {
  return event.object != 0 && (event.kind == EventKind::kWrite ||
                               event.kind == EventKind::kUpdate || is_lock(event.kind));
}

void add(ArenaVector<Place>& places, Place place) {
  if (places.size() == kPlacesMax) return;
  if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
}

bool same(const Event& a, const Event& b) {
  return a.kind == b.kind && a.object == b.object && a.site == b.site;
}

// The last few kinds of steps, one of which is added.
std::uint64_t with_kind(std::uint64_t kinds, std::uint64_t kind) {
  constexpr unsigned kKindBits = 5;
  constexpr unsigned kKinds = 8;
  constexpr std::uint64_t kAll = (std::uint64_t{1} << kKindBits * kKinds) - 1;
  return (kinds << kKindBits | (kind + 1)) & kAll;
}

std::uint64_t hash(std::uint64_t site, std::uint64_t kinds) {
  return RandomNumbers(RandomNumbers(site).next() ^ kinds).next();
}

}  // namespace

ReadsFromStrategy::Task& ReadsFromStrategy::task_of(const Choice& choice) {
  const auto number = static_cast<std::size_t>(choice.task);
  if (number >= tasks_.size()) tasks_.resize(number + 1);
  return tasks_[number];
}

ReadsFromStrategy::Object& ReadsFromStrategy::object_of(const Event& event) {
  if (event.object >= objects_.size()) objects_.resize(event.object + 1);
  return objects_[event.object];
}

Place ReadsFromStrategy::place_of(const Choice& choice) {
  Task& task = task_of(choice);
  if (task.place == 0 || !same(task.next, choice.next)) {
    const auto kind = static_cast<std::uint64_t>(choice.next.kind);
    const bool has_site = choice.next.site != 0;
    const std::uint64_t kinds = with_kind(has_site ? 0 : task.kinds, kind);
    task.next = choice.next;
    task.place = sources_.place(hash(has_site ? choice.next.site : task.site, kinds));
  }
  return task.place;
}

void ReadsFromStrategy::learn() {
  for (Object& object : objects_) {
    if (object.writers.empty()) continue;
    for (const Place reader : object.readers) {
      sources_.note_candidate(reader, 0);
      for (const Place writer : object.writers) sources_.note_candidate(reader, writer);
    }
  }
  objects_.clear();
  tasks_.clear();
}

void ReadsFromStrategy::draw_wishes() {
  wishes_.clear();
  held_ = 0;
  if (++executions_ % kWithoutWishes == 0) return;
  for (const Wish& wish : sources_.draw(random_)) {
    const std::uint32_t most = sources_.reads_most(wish.reader);
    wishes_.push_back({wish, most > 1 ? random_.below(most) : 0});
  }
}

bool ReadsFromStrategy::new_execution() {
  learn();
  sources_.begin_execution();
  draw_wishes();
  return base_.new_execution();
}

// The read that a wish is about would see another write; or the write that it is to see would be
// overwritten.
bool ReadsFromStrategy::would_spoil(const Choice& choice) {
  if (choice.next.object == 0) return false;
  const Place place = place_of(choice);
  const Place last_writer = object_of(choice.next).writer;
  for (const Pending& wish : wishes_) {
    if (wish.done || wish.skip > 0) continue;
    if (place == wish.reader && reads(choice.next)) {
      if (last_writer != wish.writer) return true;
    } else if (writes(choice.next) && last_writer == wish.writer &&
               sources_.is_candidate(wish.reader, place)) {
      return true;
    }
  }
  return false;
}

void ReadsFromStrategy::note_read(const Choice& choice, Place place) {
  Task& task = task_of(choice);
  Object& object = object_of(choice.next);
  const Wish read{place, object.writer};
  sources_.note_read(read, task.reads);
  if (task.reads.size() == kReadsMax) task.reads.erase(task.reads.begin());
  task.reads.push_back(read);
  add(object.readers, place);
  for (Pending& wish : wishes_) {
    if (wish.reader != place) continue;
    wish.done |= wish.skip == 0;
    if (wish.skip > 0) --wish.skip;
  }
}

void ReadsFromStrategy::note(const Choice& choice) {
  const Place place = place_of(choice);
  if (reads(choice.next)) note_read(choice, place);
  if (writes(choice.next)) {
    object_of(choice.next).writer = place;
    add(object_of(choice.next).writers, place);
  }
  Task& task = task_of(choice);
  const bool has_site = choice.next.site != 0;
  if (has_site) task.site = choice.next.site;
  task.kinds = with_kind(has_site ? 0 : task.kinds, static_cast<std::uint64_t>(choice.next.kind));
  task.place = 0;
}

std::size_t ReadsFromStrategy::next_task(std::span<const Choice> choices, int current) {
  allowed_.clear();
  places_of_allowed_.clear();
  for (std::size_t i = 0; !wishes_.empty() && i < choices.size(); ++i) {
    if (would_spoil(choices[i])) continue;
    allowed_.push_back(choices[i]);
    places_of_allowed_.push_back(i);
  }
  if (allowed_.size() < choices.size() && ++held_ == kHeldMax) wishes_.clear();
  const std::size_t chosen = allowed_.empty()
                                 ? base_.next_task(choices, current)
                                 : places_of_allowed_[base_.next_task(allowed_, current)];
  note(choices[chosen]);
  return chosen;
}

}  // namespace ums::explore
