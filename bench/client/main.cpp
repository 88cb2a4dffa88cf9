// SPDX-License-Identifier: Apache-2.0
//
// ums-bench-client WHAT: a program of the kernel process, which measures what its system calls cost
// there, and prints a number: nanoseconds, or bytes.
//
//     ums run -- ums-bench-client next
//
// It knows nothing of this project but the device's interface (ums/ums_ioctl.h). The path calls are
// measured without the kernel process too, for comparison.
//
// Exits 0; 1 and a line on standard error where a call fails; 2 for a wrong command line.
#include <fcntl.h>
#include <sys/stat.h>

#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "bench/client/device.h"
#include "bench/client/measurements.h"
#include "bench/meter.h"

namespace ums::bench {
namespace {

constexpr long kCallsInSlice = 100;
constexpr const char* kHostFile = "/etc/passwd";

template <typename Call>
double nanoseconds_of(Call call) {
  Meter meter(1, kCallsInSlice);
  while (!meter.count()) call();
  return meter.nanoseconds();
}

double measure_openat() {
  return nanoseconds_of([] {
    const int file = open(kHostFile, O_RDONLY | O_CLOEXEC);
    check(file >= 0, "open");
    close(file);
  });
}

double measure_stat() {
  return nanoseconds_of([] {
    struct stat status;
    check(stat(kHostFile, &status) == 0, "stat");
  });
}

struct Measurement {
  std::string_view what;
  double (*measure)();
};

constexpr Measurement kMeasurements[] = {
    {"delete", measure_delete}, {"create", measure_create}, {"next", measure_next},
    {"openat", measure_openat}, {"stat", measure_stat},     {"cycle", measure_cycle},
    {"memory", measure_memory},
};

}  // namespace
}  // namespace ums::bench

int main(int argc, char** argv) {
  for (const ums::bench::Measurement& each : ums::bench::kMeasurements) {
    if (argc != 2 || each.what != argv[1]) continue;
    std::printf("%.17g\n", each.measure());
    std::fflush(stdout);
    _exit(0);  // its threads wait for ever
  }
  std::fputs("Usage: ums-bench-client delete|create|next|openat|stat|cycle|memory\n", stderr);
  return 2;
}
