// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "bench/client/device.h"
#include "bench/client/measurements.h"
#include "bench/meter.h"

namespace ums::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long kCallsInSlice = 50;
constexpr std::size_t kSlices = 101;
constexpr int kSlicesWarm = 5;

double median(std::array<double, kSlices>& values) {
  std::nth_element(values.begin(), values.begin() + kSlices / 2, values.end());
  return values[kSlices / 2];
}

struct CreateAndDelete {
  double create;
  double remove;
};

// Fifty lists are made, and then fifty removed.
CreateAndDelete slice(const Device& device) {
  std::array<int, kCallsInSlice> lists;
  const Clock::time_point begin = Clock::now();
  for (int& list : lists) list = device.create_list();
  const Clock::time_point middle = Clock::now();
  for (const int list : lists) device.delete_list(list);
  const Clock::time_point end = Clock::now();
  const std::chrono::duration<double, std::nano> create = middle - begin;
  const std::chrono::duration<double, std::nano> remove = end - middle;
  return {create.count() / kCallsInSlice, remove.count() / kCallsInSlice};
}

CreateAndDelete measure_both() {
  const Device device;
  for (int i = 0; i < kSlicesWarm; ++i) slice(device);
  std::array<double, kSlices> create;
  std::array<double, kSlices> remove;
  for (std::size_t i = 0; i < kSlices; ++i) {
    const CreateAndDelete each = slice(device);
    create[i] = each.create;
    remove[i] = each.remove;
  }
  return {median(create), median(remove)};
}

// A worker that yields for ever.
void start_worker(const Device& device, int list) {
  std::thread([&device, list] {
    device.enter(ENTER_UMS_WORK, list);
    for (;;) device.yield();
  }).detach();
}

}  // namespace

double measure_delete() { return measure_both().remove; }
double measure_create() { return measure_both().create; }

double measure_next() {
  static const Device device;
  const int list = device.create_list();
  start_worker(device, list);
  device.enter(ENTER_UMS_SCHED, list);
  const pid_t worker = device.dequeue(list);
  Meter meter(1, kCallsInSlice);
  while (!meter.count()) check(device.next(worker) == -1, "NEXT behind the last");
  return meter.nanoseconds();
}

double measure_cycle() {
  constexpr int kWorkers = 2;
  static const Device device;
  const int list = device.create_list();
  for (int i = 0; i < kWorkers; ++i) start_worker(device, list);
  device.enter(ENTER_UMS_SCHED, list);
  device.take_event();  // STARTUP
  std::array<pid_t, kWorkers> queue;
  std::size_t head = 0;
  std::size_t tail = 0;
  const auto take_list = [&] {
    for (pid_t each = device.dequeue(list); each != -1; each = device.next(each)) {
      queue[tail++ % kWorkers] = each;
    }
  };
  while (tail < kWorkers) take_list();
  Meter meter(kWorkers, kCallsInSlice);
  while (!meter.count()) {
    device.execute(queue[head++ % kWorkers]);
    device.take_event();
    take_list();
  }
  return meter.nanoseconds();
}

}  // namespace ums::bench
