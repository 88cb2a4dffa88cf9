// SPDX-License-Identifier: Apache-2.0
//
// /proc/ums from inside: prints the whole tree as it is while a worker runs, as
// `find /proc/ums -ls` and `cat` would, by ums/ums_proc.h and its C++ short forms.
//
//     c++ -std=c++20 procfs.cpp $(pkg-config --cflags --libs libums) -o procfs && ./procfs
#include <sys/stat.h>
#include <ums/ums_proc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <ums/ums.hpp>

static int files_shown = 0;
static bool running_worker_shown = false;

// Prints `path` and what is below it.
static void show(const std::string& path) {
  struct stat status;
  if (ums_proc_lstat(path.c_str(), &status) != 0) return;  // it has ended meanwhile
  if (S_ISDIR(status.st_mode)) {
    std::printf("%s/\n", path.c_str());
    const std::string folder = path + "/";
    for (const std::string& name : ums::proc::list(path)) show(folder + name);
  } else if (S_ISLNK(status.st_mode)) {
    char target[100];
    const ssize_t length = ums_proc_readlink(path.c_str(), target, sizeof target);
    if (length > 0) std::printf("%s -> %.*s\n", path.c_str(), static_cast<int>(length), target);
  } else {
    const std::string text = ums::proc::read(path);
    std::printf("%s\n%s", path.c_str(), text.c_str());
    ++files_shown;
    if (path.find("/workers/") != std::string::npos &&
        text.find("R (running)") != std::string::npos) {
      running_worker_shown = true;
    }
  }
}

int main() {
  {
    ums::CompletionList list;
    ums::Scheduler<> scheduler(list);
    ums::Worker worker(list, [] {
      ums::yield();
      show("/proc/ums");
    });
  }  // joins both
  // The worker and the scheduler beneath it.
  return files_shown == 2 && running_worker_shown ? EXIT_SUCCESS : EXIT_FAILURE;
}
