// SPDX-License-Identifier: Apache-2.0
//
// instrumented_program: to be compiled by -fsanitize=thread. Prints what comes of
//   race       two threads that increment a number
//   lock       the same, under a mutex
//   flag       a thread that waits in a loop for another
//   spin       two threads that wait in a loop for ever
//   heap       the same, for what they find by a pointer
//   library    what the standard library has to let threads speak to each other
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <future>
#include <latch>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

int count = 0;
std::mutex mutex;
std::atomic<int> flag{0};

void run_two(void (*a)(), void (*b)()) {
  std::thread one(a);
  std::thread two(b);
  one.join();
  two.join();
}

void set_flag() {
  count = 1;
  flag.store(1, std::memory_order_release);
}

void wait_for_flag() {
  while (flag.load(std::memory_order_acquire) == 0) {
  }
  ++count;
}

// Reads where the flag is, too.
std::atomic<int>* volatile on_the_heap = new std::atomic<int>(0);

void wait_on_the_heap() {
  while (on_the_heap->load(std::memory_order_acquire) == 0) {
  }
}

struct Queue {
  std::mutex its_mutex;
  std::condition_variable filled;
  std::deque<std::string> words;

  void put(std::string word) {
    {
      const std::lock_guard guard(its_mutex);
      words.push_back(std::move(word));
    }
    filled.notify_one();
  }

  std::string get() {
    std::unique_lock guard(its_mutex);
    filled.wait(guard, [this] { return !words.empty(); });
    std::string word = std::move(words.front());
    words.pop_front();
    return word;
  }
};

const std::map<int, std::string>& names() {
  static const std::map<int, std::string> made{{1, "one"}, {2, "two"}};
  return made;
}

struct Node {
  int value;
  Node* next;
};

std::atomic<Node*> head{nullptr};

void push(int value) {
  Node* const node = new Node{value, head.load(std::memory_order_relaxed)};
  while (!head.compare_exchange_weak(node->next, node, std::memory_order_release,
                                     std::memory_order_relaxed)) {
  }
}

int pop_all() {
  int sum = 0;
  for (Node* node = head.exchange(nullptr, std::memory_order_acquire); node != nullptr;) {
    Node* const next = node->next;
    sum += node->value;
    delete node;
    node = next;
  }
  return sum;
}

int throw_from_below(int depth) {
  if (depth == 0) throw std::runtime_error("below");
  return throw_from_below(depth - 1) + 1;
}

struct Everything {
  Queue queue;
  std::latch together{3};
  std::counting_semaphore<8> done{0};
  std::once_flag once;
  std::shared_mutex shared;
  std::shared_ptr<int> owned = std::make_shared<int>(5);
  std::promise<std::string> promise;
  std::atomic<int> word{0};
  int made_once = 0;
  int guarded = 0;
  int published = 0;

  void speak_and_listen(int who) {
    const std::shared_ptr<int> mine = owned;
    queue.put(std::to_string(*mine + who));
    together.arrive_and_wait();
    std::call_once(once, [this] { made_once = 1; });
    {
      const std::lock_guard guard(shared);
      guarded += made_once;
    }
    {
      const std::shared_lock guard(shared);
      if (guarded == 0) std::abort();
    }
    push(who);
    try {
      throw_from_below(3);
    } catch (const std::runtime_error&) {
      tell_or_hear(who);
    }
    done.release();
  }

  void tell_or_hear(int who) {
    if (who == 0) {
      published = 7;
      word.store(1);
      word.notify_all();
      promise.set_value("told " + names().at(2));
    } else {
      word.wait(0);
      if (published != 7 || names().size() != 2) std::abort();
    }
  }
};

void use_library() {
  Everything all;
  std::future<std::string> told = all.promise.get_future();
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&all, i] { all.speak_and_listen(i); });
  std::size_t letters = 0;
  for (int i = 0; i < 3; ++i) letters += all.queue.get().size();
  for (int i = 0; i < 3; ++i) all.done.acquire();
  for (std::thread& thread : threads) thread.join();
  auto names_later = std::async(std::launch::async, [] { return names().size(); });
  std::printf("%zu %s %zu %d %d\n", letters, told.get().c_str(), names_later.get(), pop_all(),
              all.guarded);
}

bool is(const char* word, const char* other) { return std::strcmp(word, other) == 0; }

// Threads that would race begin together.
std::atomic<int> arrived{0};

__attribute__((noinline)) void increment_count() { ++count; }
__attribute__((noinline)) void increment_twice() {
  increment_count();
  increment_count();
}

// Not by a latch: whoever comes last would still be in it while the other increments.
void race() {
  arrived.fetch_add(1);
  while (arrived.load() < 2) {
  }
  increment_twice();
}

}  // namespace

int main(int argc, char** argv) {
  const char* const what = argc > 1 ? argv[1] : "lock";
  if (is(what, "library")) {
    use_library();
    return 0;
  }
  if (is(what, "race")) run_two(race, race);
  if (is(what, "flag")) run_two(set_flag, wait_for_flag);
  if (is(what, "spin")) run_two(wait_for_flag, wait_for_flag);
  if (is(what, "heap")) run_two(wait_on_the_heap, wait_on_the_heap);
  if (is(what, "lock")) {
    constexpr auto kAdd = [] {
      const std::lock_guard guard(mutex);
      increment_twice();
    };
    run_two(kAdd, kAdd);
  }
  std::printf("%d\n", count);
  return 0;
}
