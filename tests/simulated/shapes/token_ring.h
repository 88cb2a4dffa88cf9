// SPDX-License-Identifier: Apache-2.0
//
// token ring: three threads pass a number on, from each to the next, and say that they have; a
// fourth looks, when all have said so, whether all three hold the same one.
//
// The bug: they have, and began with the second or the third.
#pragma once

#include <thread>

#include "tests/simulated/shapes/shared.h"

namespace ums::test {

inline bool token_ring() {
  Shared<int> x1(1), x2(2), x3(1);
  Shared<bool> done1, done2, done3;
  bool passed = true;
  std::thread first([&] {
    x1 = (x3 + 1) % 4;
    done1 = true;
  });
  std::thread second([&] {
    x2 = x1;
    done2 = true;
  });
  std::thread third([&] {
    x3 = x2;
    done3 = true;
  });
  std::thread look([&] {
    if (done1 && done2 && done3) passed = x1 == x2 && x2 == x3;
  });
  first.join();
  second.join();
  third.join();
  look.join();
  return passed;
}

}  // namespace ums::test
