// SPDX-License-Identifier: Apache-2.0
//
// execve(2) and its family, in an execution: the program that takes the place of this one is not
// explored, and who explores says so. Forked children execute what they like.
#include <unistd.h>

#include <cstdarg>
#include <vector>

#include "ums_api/program/fork_server.h"
#include "ums_api/src/export.h"
#include "ums_api/src/next_symbol.h"

namespace {

using ums::api::NextSymbol;
using ums::api::note_executed;

constinit NextSymbol<int(const char*, char* const*, char* const*)> next_execve{"execve"};
constinit NextSymbol<int(const char*, char* const*)> next_execv{"execv"};
constinit NextSymbol<int(const char*, char* const*)> next_execvp{"execvp"};
constinit NextSymbol<int(const char*, char* const*, char* const*)> next_execvpe{"execvpe"};

// The words of a call that has them one by one, up to a null pointer.
class Words {
 public:
  Words(const char* first, va_list& rest) {
    for (const char* word = first; word != nullptr; word = va_arg(rest, const char*)) {
      words_.push_back(const_cast<char*>(word));
    }
    words_.push_back(nullptr);
  }
  char* const* get() const { return words_.data(); }

 private:
  std::vector<char*> words_;
};

// `call` returns if it fails.
template <typename Call>
int execute(const char* path, Call call) noexcept {
  note_executed(path);
  const int failed = call();
  note_executed("");
  return failed;
}

}  // namespace

UMS_EXPORT int execve(const char* path, char* const words[], char* const environment[]) noexcept {
  return execute(path, [&] { return next_execve(path, words, environment); });
}

UMS_EXPORT int execv(const char* path, char* const words[]) noexcept {
  return execute(path, [&] { return next_execv(path, words); });
}

UMS_EXPORT int execvp(const char* file, char* const words[]) noexcept {
  return execute(file, [&] { return next_execvp(file, words); });
}

UMS_EXPORT int execvpe(const char* file, char* const words[], char* const environment[]) noexcept {
  return execute(file, [&] { return next_execvpe(file, words, environment); });
}

UMS_EXPORT int execl(const char* path, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const Words words(word, rest);
  va_end(rest);
  return execv(path, words.get());
}

UMS_EXPORT int execlp(const char* file, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const Words words(word, rest);
  va_end(rest);
  return execvp(file, words.get());
}

UMS_EXPORT int execle(const char* path, const char* word, ...) noexcept {
  va_list rest;
  va_start(rest, word);
  const Words words(word, rest);
  char* const* const environment = va_arg(rest, char**);
  va_end(rest);
  return execve(path, words.get(), environment);
}
