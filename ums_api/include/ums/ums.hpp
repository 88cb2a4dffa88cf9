// SPDX-License-Identifier: Apache-2.0
//
// UMS for C++20: the functions of ums.h as objects that clean up after themselves.
//
//     ums::CompletionList list;
//     ums::Scheduler<> scheduler(list);                    // of the policy ums::RoundRobin
//     ums::Worker worker(list, [] { ums::yield(); });
//     worker.join();
//     // ~Scheduler closes the list and joins: the scheduler leaves when no worker is left.
//
// A policy decides what runs next; it needs no base class:
//
//     void on_startup();                                   // before anything else
//     void on_yield(ums_context_t worker, void* parameter);
//     void on_end(ums_context_t worker);
//     ums_context_t next(ums::CompletionList& list);       // the worker to execute now
//
// What next() returns it has taken from the list with dequeue_into, now or earlier; it may wait
// there. Several schedulers may share a list.
//
// Orderly shutdown: a list counts the Workers that have not ended. It is open until close(), after
// which only running workers may make more. The scheduler that sees the last Worker of a closed
// list end leaves; it wakes the next one, which may wait in the empty list, by a worker that does
// nothing: next() meets it, on_end() does not.
//
// Invariants:
// 1. Only functions of ums.h, ums/ums_proc.h and pthread are called: all of this works on the real
//    module too.
// 2. Every worker of a list with Schedulers is a Worker, else they leave too early.
// 3. A CompletionList outlives its Workers and Schedulers, and stays where it is; so does a
//    Scheduler. Schedulers are made before their list is closed.
//
// Errors are std::system_error with the errno. An exception that leaves a worker's function or a
// policy ends the program (std::terminate), as with std::thread. pthread_exit and cancellation
// unwind a worker as they do any thread.
//
// Thread safety: CompletionList and its counts: any thread. Worker and Scheduler: their owner.
#pragma once

#include <ums.h>
#include <ums/ums_proc.h>

#include <atomic>
#include <cerrno>
#include <concepts>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace ums {

// Throws `error`, an errno, as the failure of `what`.
[[noreturn]] inline void fail(int error, const char* what) {
  throw std::system_error(error, std::generic_category(), what);
}

// Gives the processor back to the scheduler, whose policy gets `parameter`.
// Context: a worker. Errors: ESRCH, EBUSY (see ums_thread_yield).
inline void yield(void* parameter = nullptr) {
  if (ums_thread_yield(parameter) != 0) fail(errno, "ums_thread_yield");
}

class CompletionList {
 public:
  CompletionList() {
    if (create_ums_completion_list(&id_) != 0) fail(errno, "create_ums_completion_list");
  }
  ~CompletionList() { delete_ums_completion_list(&id_); }
  CompletionList(const CompletionList&) = delete;
  CompletionList& operator=(const CompletionList&) = delete;

  ums_completion_list_t id() const noexcept { return id_; }

  // Appends all workers of the list, in their order, to `run_queue`; waits while there is none.
  // Context: a scheduler.
  template <typename Container>
  void dequeue_into(Container& run_queue) {
    ums_context_t worker = 0;
    while (dequeue_ums_completion_list_items(id_, &worker) != 0) {
      if (errno != EINTR) fail(errno, "dequeue_ums_completion_list_items");
    }
    for (; worker > 0; worker = get_next_ums_list_item(worker)) run_queue.push_back(worker);
    if (worker < 0) fail(errno, "get_next_ums_list_item");
  }

  // From now on only running workers make more, and the schedulers leave when none is left.
  // Returns at once; again, it does nothing.
  void close() {
    if (closed_.exchange(true)) return;
    if (drop_unit() && schedulers_.load() > 0) wake_a_scheduler();
  }
  bool closed() const noexcept { return closed_.load(); }

 private:
  friend class Worker;
  template <typename Policy>
  friend class Scheduler;

  // One unit for each worker that was made and was not seen to end, and one while open.
  void add_unit() noexcept { units_.fetch_add(1); }
  // Returns whether none is left: then it is the caller's to see to the schedulers.
  bool drop_unit() noexcept { return units_.fetch_sub(1) == 1; }

  void add_scheduler() {
    if (closed()) throw std::logic_error("ums::Scheduler: its completion list is closed");
    schedulers_.fetch_add(1);
  }
  // By a scheduler that leaves with no worker left.
  void drop_scheduler() {
    if (schedulers_.fetch_sub(1) > 1) wake_a_scheduler();
  }

  // Makes a worker that does nothing: the scheduler that executes it sees it end. From now on there
  // is no other.
  void wake_a_scheduler() {
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    ums_attr_t attributes{id_, &detached};
    pthread_t thread;
    add_unit();
    waking_.store(true);
    const int error = ums_pthread_create(
        &thread, &attributes, [](void*) -> void* { return nullptr; }, nullptr);
    pthread_attr_destroy(&detached);
    if (error != 0) fail(error, "ums_pthread_create");
  }

  // Whether the worker that ended as the last one was made to wake its scheduler.
  bool waking() const noexcept { return waking_.load(); }

  ums_completion_list_t id_ = 0;
  std::atomic<bool> closed_{false};
  std::atomic<bool> waking_{false};
  std::atomic<long> units_{1};
  std::atomic<int> schedulers_{0};
};

// A worker thread that runs function(args...), and is joined when it goes out of scope. Function
// and arguments are moved or copied to it, as std::thread does.
class Worker {
 public:
  Worker() noexcept = default;

  // Context: any thread while the list is open, then a running worker of it.
  template <typename Function, typename... Args>
  requires std::invocable<std::decay_t<Function>, std::decay_t<Args>...>
  explicit Worker(CompletionList& list, Function&& function, Args&&... args) {
    using Call = std::tuple<std::decay_t<Function>, std::decay_t<Args>...>;
    auto call =
        std::make_unique<Call>(std::forward<Function>(function), std::forward<Args>(args)...);
    ums_attr_t attributes{list.id(), nullptr};
    list.add_unit();
    const int error = ums_pthread_create(&thread_, &attributes, run<Call>, call.get());
    if (error != 0) {
      list.drop_unit();  // never the last one: the list is open, or the caller is a worker
      fail(error, "ums_pthread_create");
    }
    joinable_ = true;
    static_cast<void>(call.release());
  }

  Worker(Worker&& other) noexcept
      : thread_(other.thread_), joinable_(std::exchange(other.joinable_, false)) {}
  // Joins the worker that it had, as the destructor does; as there, a failure ends the program.
  Worker& operator=(Worker&& other) noexcept {
    if (this == &other) return *this;
    if (joinable_) join();
    thread_ = other.thread_;
    joinable_ = std::exchange(other.joinable_, false);
    return *this;
  }
  ~Worker() {
    if (joinable_) join();
  }

  bool joinable() const noexcept { return joinable_; }
  pthread_t native_handle() const noexcept { return thread_; }

  // Waits until the thread has ended, which takes a scheduler that executes it. Called by a worker,
  // it blocks that worker's scheduler as any blocking call does: another one must be there.
  void join() {
    const int error = joinable_ ? pthread_join(thread_, nullptr) : EINVAL;
    if (error != 0) fail(error, "pthread_join");
    joinable_ = false;
  }

 private:
  // Owns the call from here on: it is destroyed however the thread ends.
  template <typename Call>
  static void* run(void* argument) {
    const std::unique_ptr<Call> call(static_cast<Call*>(argument));
    std::apply(
        [](auto& function, auto&... args) { std::invoke(std::move(function), std::move(args)...); },
        *call);
    return nullptr;
  }

  pthread_t thread_{};
  bool joinable_ = false;
};

// The plainest policy: each worker has one turn, then the list is taken again.
class RoundRobin {
 public:
  void on_startup() {}
  void on_yield(ums_context_t /*worker*/, void* /*parameter*/) {}
  void on_end(ums_context_t /*worker*/) {}
  ums_context_t next(CompletionList& list) {
    if (run_queue_.empty()) list.dequeue_into(run_queue_);
    const ums_context_t worker = run_queue_.front();
    run_queue_.pop_front();
    return worker;
  }

 private:
  std::deque<ums_context_t> run_queue_;
};

// A scheduler thread whose Policy says which worker runs next. The policy is used by that thread
// alone until join() has returned.
template <typename Policy = RoundRobin>
class Scheduler {
 public:
  // Starts the thread, with a policy made of `args`.
  template <typename... Args>
  explicit Scheduler(CompletionList& list, Args&&... args)
      : list_(list), policy_(std::forward<Args>(args)...) {
    list_.add_scheduler();
    const int error = pthread_create(&thread_, nullptr, run, this);
    if (error != 0) {
      list_.schedulers_.fetch_sub(1);
      fail(error, "pthread_create");
    }
    joinable_ = true;
  }
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Closes the list and joins.
  ~Scheduler() {
    list_.close();
    if (joinable_) join();
  }

  // Waits until the scheduler has left, which takes a closed list.
  void join() {
    const int error = joinable_ ? pthread_join(thread_, nullptr) : EINVAL;
    if (error != 0) fail(error, "pthread_join");
    joinable_ = false;
  }

  Policy& policy() noexcept { return policy_; }
  pthread_t native_handle() const noexcept { return thread_; }

 private:
  static void* run(void* self) {
    auto* const scheduler = static_cast<Scheduler*>(self);
    ums_scheduler_startup_info_t info{scheduler->list_.id(), entry_point, self};
    current() = scheduler;
    enter_ums_scheduling_mode(&info);
    fail(errno, "enter_ums_scheduling_mode");
  }

  // The scheduler that the calling thread is. The entry point is told at startup only.
  static Scheduler*& current() noexcept {
    static thread_local Scheduler* scheduler = nullptr;
    return scheduler;
  }

  // Leaving: enter_ums_scheduling_mode returns only on failure, so a scheduler leaves it by
  // pthread_exit. That unwinds this frame and the thread's first, and reaches the thread's end even
  // through a C library without unwind tables, where an exception of our own would be fatal. It is
  // called here and not in the policy, whose functions may so be noexcept.
  static void entry_point(ums_reason_t reason, ums_activation_t* activation, void* parameter) {
    Scheduler& self = *current();
    const bool last = reason == UMS_SCHEDULER_THREAD_END && self.list_.drop_unit();
    if (!last || !self.list_.waking()) self.tell_policy(reason, activation, parameter);
    if (last) {
      self.list_.drop_scheduler();
      pthread_exit(nullptr);
    }
    if (execute_ums_thread(self.policy_.next(self.list_)) != 0) fail(errno, "execute_ums_thread");
  }

  void tell_policy(ums_reason_t reason, ums_activation_t* activation, void* parameter) {
    switch (reason) {
      case UMS_SCHEDULER_STARTUP:
        return policy_.on_startup();
      case UMS_SCHEDULER_THREAD_YIELD:
        return policy_.on_yield(activation->context, parameter);
      case UMS_SCHEDULER_THREAD_END:
        return policy_.on_end(activation->context);
    }
  }

  CompletionList& list_;
  Policy policy_;
  pthread_t thread_{};
  bool joinable_ = false;
};

namespace proc {

// An open file of /proc/ums (ums/ums_proc.h), which closes itself.
class File {
 public:
  explicit File(const std::string& path) : file_(ums_proc_open(path.c_str(), 0)) {
    if (file_ == nullptr) fail(errno, path.c_str());
  }
  ~File() { ums_proc_close(file_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  ums_proc_file_t* get() const noexcept { return file_; }

 private:
  ums_proc_file_t* const file_;
};

// All that a file of /proc/ums shows.
inline std::string read(const std::string& path) {
  const File file(path);
  std::string text;
  for (char part[256];;) {
    const ssize_t count = ums_proc_read(file.get(), part, sizeof part);
    if (count < 0) fail(errno, path.c_str());
    if (count == 0) return text;
    text.append(part, static_cast<std::size_t>(count));
  }
}

// The names in a folder of /proc/ums, without "." and "..".
inline std::vector<std::string> list(const std::string& path) {
  const File folder(path);
  std::vector<std::string> names;
  for (dirent entry;;) {
    const int found = ums_proc_readdir(folder.get(), &entry);
    if (found < 0) fail(errno, path.c_str());
    if (found == 0) return names;
    const std::string name(entry.d_name);
    if (name != "." && name != "..") names.push_back(name);
  }
}

}  // namespace proc

}  // namespace ums
