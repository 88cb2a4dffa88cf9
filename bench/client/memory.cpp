// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

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

// The number behind `key` in a file of process `pid` in /proc.
long read_number(long pid, const char* file_name, const char* key) {
  const std::string name = "/proc/" + std::to_string(pid) + "/" + file_name;
  std::FILE* const file = std::fopen(name.c_str(), "r");
  check(file != nullptr, name.c_str());
  char line[256];
  long number = -1;
  while (number < 0 && std::fgets(line, sizeof line, file) != nullptr) {
    const std::string_view text = line;
    if (text.substr(0, std::strlen(key)) == key) {
      number = std::strtol(line + std::strlen(key), nullptr, 10);
    }
  }
  std::fclose(file);
  check(number >= 0, key);
  return number;
}

// The parent of the process that watches the program (tools/ums/front.h).
long kernel_process() { return read_number(getppid(), "status", "PPid:"); }

// Its own pages, without those of program files.
double resident_bytes_of_kernel() {
  return 1024.0 * static_cast<double>(read_number(kernel_process(), "smaps_rollup", "Anonymous:"));
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
  const double more = resident_bytes_of_kernel() - before;
  errno = ENODATA;
  check(more > 0, "finding the kernel process's memory");  // nothing is kept for nothing
  return more / kCalls;
}

}  // namespace ums::bench
