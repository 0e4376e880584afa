// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "errand/errand.h"

/// What the jobs of these tests run: tasks that behave, and tasks that do what tasks should not. In a
/// header, so that every program that submits them has them under the same names.
namespace errand::faults {

inline std::int64_t expected_value(int i) {
  return 7 * std::int64_t{i} + 3;
}

namespace tasks {

inline std::int64_t value(int i) {
  return expected_value(i);
}

inline std::int64_t sleep_ms(int i, int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return expected_value(i);
}

inline std::int64_t throws_at(int i, int every) {
  if (i % every == 0) throw std::runtime_error("task " + std::to_string(i) + " throws");
  return expected_value(i);
}

inline std::int64_t sleeps_or_throws(int i, int milliseconds, int bad) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  if (i == bad) throw std::runtime_error("task " + std::to_string(i) + " throws");
  return expected_value(i);
}

inline std::int64_t throws_int() {
  throw 42;  // NOLINT: what is no exception is the matter under test
}

inline std::int64_t ends_by(std::string way) {
  if (way == "exit") std::exit(3);
  if (way == "_exit") ::_exit(4);
  if (way == "exit 0") ::_exit(0);
  if (way == "abort") std::abort();
  ::raise(way == "segv" ? SIGSEGV : SIGKILL);
  return 0;
}

inline std::int64_t descend(volatile char* above, std::int64_t depth) {
  volatile char room[4096];
  room[0] = above == nullptr ? '\0' : *above;
  return depth > 1'000'000'000 ? room[0] : descend(room, depth + 1) + room[0];
}

inline std::int64_t overflows_stack() {
  return descend(nullptr, 0);
}

inline std::int64_t prints_much(std::uint64_t bytes) {
  const std::string line(127, 'x');
  for (std::uint64_t written = 0; written < bytes; written += line.size() + 1) std::puts(line.c_str());
  std::puts("the end");
  std::fflush(stdout);
  return static_cast<std::int64_t>(bytes);
}

inline std::int64_t closes_stdout(int i) {
  std::fflush(stdout);
  ::close(STDOUT_FILENO);
  ::close(STDERR_FILENO);
  return expected_value(i);
}

inline void write_whole(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

/// Leaves a daemon behind: twice forked, a session of its own, nothing open. Then sleeps so long.
inline std::int64_t daemonizes(std::string pid_file, int milliseconds) {
  if (pid_t child = ::fork(); child == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    write_whole(pid_file, std::to_string(::getpid()) + "\n");
    for (int descriptor = 0; descriptor < 1024; ++descriptor) ::close(descriptor);
    ::sleep(600);
    ::_exit(0);
  } else {
    ::waitpid(child, nullptr, 0);
  }
  while (!std::filesystem::exists(pid_file)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  return 0;
}

/// A child that goes on holding a flock of `file`, and everything else that it inherited.
inline std::int64_t leaves_a_flock(std::string file) {
  int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT, 0600);
  if (::flock(descriptor, LOCK_EX) != 0) throw std::runtime_error("no flock");
  if (::fork() == 0) {
    ::sleep(600);
    ::_exit(0);
  }
  return 1;
}

inline std::uint64_t allocates(std::uint64_t bytes) {
  std::vector<char> block(bytes);
  for (std::size_t i = 0; i < block.size(); i += 4096) block[i] = 1;
  return block.size();
}

inline Buffer big_value(std::uint64_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i % 251);
  return Buffer::take(std::move(text));
}

/// Fails until the file exists, which it creates.
inline std::int64_t flaky(int i, std::string file) {
  if (i == 0 && !std::filesystem::exists(file)) {
    std::ofstream(file) << "was here";
    throw std::runtime_error("the first time fails");
  }
  return expected_value(i);
}

inline std::int64_t counts_into(int i, std::string file) {
  int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (::write(descriptor, "x", 1) != 1) throw std::runtime_error("cannot count");
  ::close(descriptor);
  return expected_value(i);
}

inline std::int64_t poison(int i, int bad) {
  if (i == bad) ::raise(SIGKILL);
  return expected_value(i);
}

}  // namespace tasks

inline const auto value_job = function("value", tasks::value);
inline const auto sleep_job = function("sleep_ms", tasks::sleep_ms);
inline const auto throws_at_job = function("throws_at", tasks::throws_at);
inline const auto sleeps_or_throws_job = function("sleeps_or_throws", tasks::sleeps_or_throws);
inline const auto throws_int_job = function("throws_int", tasks::throws_int);
inline const auto ends_by_job = function("ends_by", tasks::ends_by);
inline const auto overflow_job = function("overflows_stack", tasks::overflows_stack);
inline const auto prints_job = function("prints_much", tasks::prints_much);
inline const auto closes_job = function("closes_stdout", tasks::closes_stdout);
inline const auto daemon_job = function("daemonizes", tasks::daemonizes);
inline const auto flock_job = function("leaves_a_flock", tasks::leaves_a_flock);
inline const auto allocate_job = function("allocates", tasks::allocates);
inline const auto big_value_job = function("big_value", tasks::big_value);
inline const auto flaky_job = function("flaky", tasks::flaky);
inline const auto counting_job = function("counts_into", tasks::counts_into);
inline const auto poison_job = function("poison", tasks::poison);

inline std::vector<int> numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

}  // namespace errand::faults
