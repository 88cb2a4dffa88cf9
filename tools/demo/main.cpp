// SPDX-License-Identifier: Apache-2.0
//
// ums-demo [FILE]: factors the numbers of FILE with UMS workers, then with pthreads, checks that
// the results are right, and compares.
//
// The table goes to standard output, all at the end or nothing. Exit status: 0 done, 1 failed, 2 a
// wrong usage or a bad file.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "tools/demo/input.h"
#include "tools/demo/progress.h"
#include "tools/demo/report.h"

namespace {

using namespace ums::demo;

constexpr std::size_t kWorkers = 128;

std::string run(const std::vector<std::uint64_t>& numbers) {
  Job by_workers(numbers);
  Job by_pthreads(numbers);
  UmsRun ums;
  PthreadsRun pthreads;
  {
    const Progress progress("UMS", by_workers);
    ums = run_ums(by_workers, kWorkers);
  }
  {
    const Progress progress("pthreads", by_pthreads);
    pthreads = run_pthreads(by_pthreads, ums.workers);
  }
  verify(numbers, by_workers, by_pthreads);
  return report(numbers, ums, pthreads);
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw std::runtime_error("cannot write to standard output");
  }
}

// Also where standard error is closed, which fmt::print would throw at.
void complain(const std::string& text) { std::fputs((text + "\n").c_str(), stderr); }

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) {
    complain(fmt::format("usage: {} [FILE]", argv[0]));
    return 2;
  }
  try {
    print(run(read_numbers(argc == 2 ? argv[1] : UMS_DEMO_NUMBERS)));
  } catch (const InputError& error) {
    complain(error.what());
    return 2;
  } catch (const std::exception& error) {
    complain(fmt::format("ums-demo: {}", error.what()));
    return 1;
  }
  return 0;
}
