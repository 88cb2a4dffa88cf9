// SPDX-License-Identifier: Apache-2.0
#include "ums_api/simulated/thread_data.h"

#include <dlfcn.h>
#include <pthread.h>

#include <array>
#include <atomic>
#include <climits>

#include "sim_kernel/base/limits.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace ums::api {

namespace {

using Destructor = void (*)(void*);

constinit NextSymbol<int(pthread_key_t*, Destructor)> next_key_create{"pthread_key_create"};
constinit NextSymbol<int(pthread_key_t)> next_key_delete{"pthread_key_delete"};

struct Key {
  std::atomic<bool> known{false};
  std::atomic<Destructor> destructor{nullptr};
};

constinit std::array<Key, PTHREAD_KEYS_MAX> keys{};

// What the C library runs the destructors of thread_local objects by, for its own threads.
void (*find_tls_destructors())() {
  return reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, "__call_tls_dtors"));
}

// The kernel has data of its own, and destroys it itself.
void* value_of(const kernel::Task& me, pthread_key_t key) noexcept {
  void* const value = pthread_getspecific(key);
  return value == &me ? nullptr : value;
}

bool has_data(const kernel::Task& me) noexcept {
  for (pthread_key_t key = 0; key < keys.size(); ++key) {
    if (value_of(me, key) != nullptr) return true;
  }
  return false;
}

void destroy_once(const kernel::Task& me) {
  for (pthread_key_t key = 0; key < keys.size(); ++key) {
    void* const value = value_of(me, key);
    if (value == nullptr || !keys[key].known.load(std::memory_order_acquire)) continue;
    const Destructor destructor = keys[key].destructor.load(std::memory_order_relaxed);
    pthread_setspecific(key, nullptr);
    if (destructor != nullptr) destructor(value);
  }
}

}  // namespace

bool can_destroy_thread_data() noexcept {
  static const bool can = find_tls_destructors() != nullptr;
  return can;
}

bool destroy_thread_data(const kernel::Task& me) {
  static void (*const destroy_thread_locals)() = find_tls_destructors();
  destroy_thread_locals();
  for (int round = 0; round < kernel::kTsdRounds; ++round) {
    if (!has_data(me)) return true;
    destroy_once(me);
  }
  return !has_data(me);
}

}  // namespace ums::api

UMS_EXPORT int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) noexcept {
  using namespace ums::api;
  const int error = next_key_create(key, destructor);
  if (error != 0 || *key >= keys.size()) return error;
  keys[*key].destructor.store(destructor, std::memory_order_relaxed);
  keys[*key].known.store(true, std::memory_order_release);
  return 0;
}

UMS_EXPORT int pthread_key_delete(pthread_key_t key) noexcept {
  using namespace ums::api;
  if (key < keys.size()) keys[key].known.store(false, std::memory_order_relaxed);
  return next_key_delete(key);
}
