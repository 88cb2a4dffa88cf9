// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <cstdio>
#include <string>

#include "bench/client/device.h"
#include "bench/client/measurements.h"

namespace ums::bench {
namespace {

constexpr int kCalls = 2'000;

struct Place {
  const Device* device;
  int list;
};

void* enter_for_ever(void* place) {
  const auto& [device, list] = *static_cast<const Place*>(place);
  device->enter(ENTER_UMS_WORK, list);
  check_failed("staying suspended");
}

void suspend(Place& place, int calls) {
  pthread_attr_t attributes;
  check(pthread_attr_init(&attributes) == 0, "pthread_attr_init");
  check(pthread_attr_setstacksize(&attributes, 65536) == 0, "pthread_attr_setstacksize");
  for (int i = 0; i < calls; ++i) {
    pthread_t thread;
    errno = pthread_create(&thread, &attributes, enter_for_ever, &place);
    check(errno == 0, "pthread_create");
  }
}

// Takes what is in the list until `calls` workers have come.
void await_suspended(const Place& place, int calls) {
  for (int come = 0; come < calls;) {
    for (pid_t each = place.device->dequeue(place.list); each != -1;
         each = place.device->next(each)) {
      ++come;
    }
  }
}

// Of the parent, which is the kernel process: its own pages, without those of program files.
double resident_bytes_of_kernel() {
  const std::string name = "/proc/" + std::to_string(getppid()) + "/smaps_rollup";
  std::FILE* const file = std::fopen(name.c_str(), "r");
  check(file != nullptr, name.c_str());
  char line[256];
  long kibibytes = -1;
  while (kibibytes < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    std::sscanf(line, "Anonymous: %ld kB", &kibibytes);
  }
  std::fclose(file);
  check(kibibytes >= 0, "reading Anonymous");
  return static_cast<double>(kibibytes) * 1024;
}

}  // namespace

double measure_memory() {
  static const Device device;
  static Place place{&device, device.create_list()};
  device.enter(ENTER_UMS_SCHED, place.list);
  suspend(place, 1);
  await_suspended(place, 1);
  const double before = resident_bytes_of_kernel();
  suspend(place, kCalls);
  await_suspended(place, kCalls);
  return (resident_bytes_of_kernel() - before) / kCalls;
}

}  // namespace ums::bench
