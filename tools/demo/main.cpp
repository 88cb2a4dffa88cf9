// SPDX-License-Identifier: Apache-2.0
//
// ums-demo [FILE]: factors the numbers of FILE with UMS workers, then with pthreads, checks that
// the results are right, and compares. `ums-demo --help` says how it is used.
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

std::string usage() {
  return fmt::format(
      "usage: ums-demo [FILE]\n"
      "\n"
      "Factors numbers with UMS workers, then with pthreads, checks that the results are\n"
      "right, and compares the times.\n"
      "\n"
      "FILE is a text file: one decimal number from 1 to {} a line.\n"
      "Empty lines and lines that begin with # are skipped. Without FILE:\n"
      "{}\n",
      kNumberMax, UMS_DEMO_NUMBERS);
}

// The file to read, or the option that asks for help. Throws InputError.
std::string argument_of(int argc, char** argv) {
  std::string argument = argc > 1 ? argv[1] : UMS_DEMO_NUMBERS;
  if (argument == "--help" || argument == "-h") return argument;
  if (argument.starts_with('-')) {
    throw InputError(fmt::format(
        "unknown option '{0}': see ums-demo --help; a file of that name is ./{0}", argument));
  }
  if (argc > 2) throw InputError("usage: ums-demo [FILE]");
  return argument;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string argument = argument_of(argc, argv);
    const bool help = argument == "--help" || argument == "-h";
    print(help ? usage() : run(read_numbers(argument.c_str())));
  } catch (const InputError& error) {
    complain(error.what());
    return 2;
  } catch (const std::exception& error) {
    complain(fmt::format("ums-demo: {}", error.what()));
    return 1;
  }
  return 0;
}
