// SPDX-License-Identifier: Apache-2.0
#include "conformance/functions.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace errand::conformance {
namespace {

int square(int i) {
  return i * i;
}

int fails_at(int i, int bad) {
  if (i == bad) throw std::out_of_range("task " + std::to_string(i) + " is out of range");
  return i;
}

int sleep_for(int i, int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return i;
}

void print(std::string text) {
  std::fputs(("out " + text + "\n").c_str(), stdout);
  std::fflush(stdout);
  std::fputs(("err " + text + "\n").c_str(), stderr);
}

Buffer large(std::uint64_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i % 251);
  return Buffer::take(std::move(text));
}

int crash_at(int i, int bad) {
  if (i == bad) ::raise(SIGKILL);
  return i;
}

int crash_once(int, std::string file) {
  int created = ::open(file.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (created >= 0) ::raise(SIGKILL);
  return static_cast<int>(current_task().attempt);
}

double draw() {
  return rng().uniform();
}

std::string variable(std::string name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? value : "(unset)";
}

std::string where() {
  CurrentTask task = current_task();
  return task.job + " " + std::to_string(task.index) + " " + std::to_string(task.attempt) + " " +
         std::filesystem::current_path().string();
}

int daemon(std::string file) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    {
      std::ofstream out(file + ".new");
      out << ::getpid() << "\n";
    }
    std::filesystem::rename(file + ".new", file);
    ::sleep(300);
    ::_exit(0);
  }
  ::sleep(300);
  return 0;
}

int odd_throw(int i) {
  if (i == 0) throw 42;  // NOLINT: the matter under test
  return i;
}

std::uint64_t allocate(std::uint64_t bytes) {
  std::vector<char> block(bytes);
  for (std::size_t i = 0; i < block.size(); i += 4096) block[i] = 1;
  return block.size();
}

int count(std::string file) {
  std::ofstream(file, std::ios::app) << "x";
  return 0;
}

}  // namespace

const Function<int, int> square_job = function("square", square);
const Function<int, int, int> fails_at_job = function("fails_at", fails_at);
const Function<int, int, int> sleep_job = function("sleep", sleep_for);
const Function<void, std::string> print_job = function("print", print);
const Function<Buffer, std::uint64_t> large_job = function("large", large);
const Function<int, int, int> crash_at_job = function("crash_at", crash_at);
const Function<int, int, std::string> crash_once_job = function("crash_once", crash_once);
const Function<double> draw_job = function("draw", draw);
const Function<std::string, std::string> variable_job = function("variable", variable);
const Function<std::string> where_job = function("where", where);
const Function<int, std::string> daemon_job = function("daemon", daemon);
const Function<int, int> odd_throw_job = function("odd_throw", odd_throw);
const Function<std::uint64_t, std::uint64_t> allocate_job = function("allocate", allocate);
const Function<int, std::string> count_job = function("count", count);

}  // namespace errand::conformance
