// SPDX-License-Identifier: Apache-2.0
//
// Threads that are kept from one execution for the next are as new ones to the program.
#include "ums_api/simulated/captured_threads.h"
#include "ums_api/simulated/thread_ids.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <threads.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cfenv>
#include <clocale>
#include <functional>
#include <string>

#include "ums_api/explore/explore.h"
#include "ums_api/explore/random_strategy.h"

namespace ums::test {
namespace {

void* call(void* function) {
  (*static_cast<std::function<void()>*>(function))();
  return nullptr;
}

// Runs the function in a thread, as the C library's function makes it.
void in_thread(std::function<void()> function) {
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, call, &function), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
}

pid_t kernel_thread() { return api::kernel_thread_of(gettid()); }

// Runs `before` in a thread and `after` in the next one, which is the same kernel thread if `same`.
void expect_threads([[maybe_unused]] bool same, const std::function<void()>& before,
                    const std::function<void()>& after) {
  explore::RandomStrategy strategy(1);
  const auto both = [&] {
    pid_t first = 0;
    pid_t second = 0;
    in_thread([&] {
      first = kernel_thread();
      before();
    });
    in_thread([&] {
      second = kernel_thread();
      after();
    });
#if !UMS_SANITIZE_ADDRESS
    EXPECT_EQ(first == second, same);
#endif
    return true;
  };
  EXPECT_EQ(run_many(strategy, 3, both).executions, 3U);
}

void nothing() {}

TEST(KeptThreads, OneServesTheNext) { expect_threads(true, nothing, nothing); }

thread_local int number = 7;
thread_local int zero;

TEST(KeptThreads, VariablesAreAsInTheBeginning) {
  expect_threads(
      true,
      [] {
        number = 1;
        zero = 1;
      },
      [] {
        EXPECT_EQ(number, 7);
        EXPECT_EQ(zero, 0);
      });
}

int destroyed = 0;

struct Object {
  int value = 5;
  Object() = default;
  ~Object() { ++destroyed; }
};

thread_local Object object;

TEST(KeptThreads, ThreadLocalObjectsAreDestroyedAndMadeAnew) {
  expect_threads(
      true,
      [] {
        destroyed = 0;
        object.value = 6;
      },
      [] {
        EXPECT_EQ(destroyed, 1);
        EXPECT_EQ(object.value, 5);
        EXPECT_EQ(destroyed, 1);
      });
}

pthread_key_t key;
int key_destroyed = 0;

// Sets itself anew, once.
void destroy_key(void* value) {
  if (++key_destroyed == 1) pthread_setspecific(key, value);
}

TEST(KeptThreads, SpecificDataIsDestroyedInRounds) {
  ASSERT_EQ(pthread_key_create(&key, destroy_key), 0);
  expect_threads(
      true,
      [] {
        key_destroyed = 0;
        pthread_setspecific(key, &key);
      },
      [] {
        EXPECT_EQ(key_destroyed, 2);
        EXPECT_EQ(pthread_getspecific(key), nullptr);
      });
  pthread_key_delete(key);
}

TEST(KeptThreads, ErrnoIsZero) {
  expect_threads(
      true, [] { errno = EDOM; }, [] { EXPECT_EQ(errno, 0); });
}

TEST(KeptThreads, LocaleIsTheGlobalOne) {
  const locale_t other = newlocale(LC_ALL_MASK, "C", nullptr);
  expect_threads(
      true, [&] { uselocale(other); }, [] { EXPECT_EQ(uselocale(nullptr), LC_GLOBAL_LOCALE); });
  freelocale(other);
}

TEST(KeptThreads, RoundingIsTheCreators) {
  expect_threads(
      true, [] { std::fesetround(FE_UPWARD); }, [] { EXPECT_EQ(std::fegetround(), FE_TONEAREST); });
}

TEST(KeptThreads, CancellationIsEnabledAndDeferred) {
  expect_threads(
      true,
      [] {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
      },
      [] {
        int before = -1;
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &before);
        EXPECT_EQ(before, PTHREAD_CANCEL_ENABLE);
        pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &before);
        EXPECT_EQ(before, PTHREAD_CANCEL_DEFERRED);
      });
}

TEST(KeptThreads, CancelledOneIsNotKept) {
  expect_threads(
      false,
      [] {
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
        pthread_cancel(pthread_self());
      },
      [] { pthread_testcancel(); });
}

TEST(KeptThreads, OneThatExitsIsNotKept) {
  expect_threads(
      false, [] { pthread_exit(nullptr); }, nothing);
}

std::string own_name() {
  std::array<char, 16> name{};
  EXPECT_EQ(pthread_getname_np(pthread_self(), name.data(), name.size()), 0);
  return name.data();
}

TEST(KeptThreads, NamedOneIsNotKept) {
  const std::string usual = own_name();
  expect_threads(
      false,
      [] {
        EXPECT_EQ(pthread_setname_np(pthread_self(), "strange"), 0);
        EXPECT_EQ(own_name(), "strange");
      },
      [&] { EXPECT_EQ(own_name(), usual); });
  EXPECT_EQ(own_name(), usual) << "the thread that all run on";
}

// The C library makes this one's key without telling anybody.
tss_t unknown_key;

TEST(KeptThreads, OneWithDataOfAnUnknownKeyIsNotKept) {
  ASSERT_EQ(tss_create(&unknown_key, nullptr), thrd_success);
  expect_threads(
      false, [] { tss_set(unknown_key, &unknown_key); },
      [] { EXPECT_EQ(tss_get(unknown_key), nullptr); });
  tss_delete(unknown_key);
}

TEST(KeptThreads, ValuesAreReturned) {
  explore::RandomStrategy strategy(1);
  run_many(strategy, 2, [] {
    for (int i = 0; i < 3; ++i) {
      std::array<pthread_t, 3> threads{};
      std::array<int, 3> values{};
      for (std::size_t n = 0; n < threads.size(); ++n) {
        EXPECT_EQ(pthread_create(
                      &threads[n], nullptr, [](void* value) { return value; }, &values[n]),
                  0);
      }
      for (std::size_t n = 0; n < threads.size(); ++n) {
        void* value = nullptr;
        EXPECT_EQ(pthread_join(threads[n], &value), 0);
        EXPECT_EQ(value, &values[n]);
      }
    }
    return true;
  });
}

TEST(KeptThreads, DetachedAndAttributedOnesAreNotKept) {
  explore::RandomStrategy strategy(1);
  run_many(strategy, 2, [] {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pid_t first = 0;
    pthread_t thread;
    const auto note = [](void* tid) -> void* {
      *static_cast<pid_t*>(tid) = kernel_thread();
      return nullptr;
    };
    EXPECT_EQ(pthread_create(&thread, &attributes, note, &first), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
    in_thread([&] { EXPECT_NE(kernel_thread(), first); });
    return true;
  });
}

}  // namespace
}  // namespace ums::test
