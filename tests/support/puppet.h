// SPDX-License-Identifier: Apache-2.0
//
// Puppet: a thread that does what the test tells it, one thing at a time.
//
//     Puppet reader;
//     reader.does(rcu_read_lock);      // returns when it is done
//
// With puppets a test lays out by hand in which order threads act, without clocks or sleeps.
//
// Thread safety: one thread pulls the strings.
#pragma once

#include <functional>
#include <semaphore>
#include <thread>

namespace ums::test {

class Puppet {
 public:
  Puppet() : thread_([this] { run(); }) {}
  ~Puppet() {
    does(nullptr);
    thread_.join();
  }
  Puppet(const Puppet&) = delete;
  Puppet& operator=(const Puppet&) = delete;

  // Runs `action` on the puppet's thread. Null ends it.
  void does(std::function<void()> action) {
    action_ = std::move(action);
    told_.release();
    done_.acquire();
  }

 private:
  void run() {
    for (bool more = true; more;) {
      told_.acquire();
      more = static_cast<bool>(action_);
      if (more) action_();
      done_.release();
    }
  }

  std::function<void()> action_;
  std::binary_semaphore told_{0};
  std::binary_semaphore done_{0};
  std::thread thread_;
};

}  // namespace ums::test
