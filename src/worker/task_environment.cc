// SPDX-License-Identifier: Apache-2.0
#include "worker/task_environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace errand::worker {
namespace {

constexpr std::string_view task_name = "ERRAND_TASK=";
constexpr std::string_view attempt_name = "ERRAND_ATTEMPT=";

template <std::size_t Size>
void write_name(std::array<char, Size>& entry, std::string_view name) {
  entry.fill('\0');
  std::copy(name.begin(), name.end(), entry.begin());
}

template <std::size_t Size>
void write_number(std::array<char, Size>& entry, std::string_view name, std::uint64_t number) {
  auto end = std::to_chars(entry.data() + name.size(), entry.data() + Size - 1, number).ptr;
  *end = '\0';
}

}  // namespace

TaskEnvironment::TaskEnvironment(const std::string& job) : job_("ERRAND_JOB=" + job) {
  write_name(task_, task_name);
  write_name(attempt_, attempt_name);
  write_number(attempt_, attempt_name, 0);
  install();
}

TaskEnvironment::~TaskEnvironment() {
  for (const char* name : {"ERRAND_JOB", "ERRAND_TASK", "ERRAND_ATTEMPT"}) unsetenv(name);
}

void TaskEnvironment::install() {
  putenv(job_.data());
  putenv(task_.data());
  putenv(attempt_.data());
}

void TaskEnvironment::set(std::uint64_t task, std::uint32_t attempt) {
  write_number(task_, task_name, task);
  if (attempt == attempt_written_) return;
  write_number(attempt_, attempt_name, attempt);
  attempt_written_ = attempt;
}

}  // namespace errand::worker
