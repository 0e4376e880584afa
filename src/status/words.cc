// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "errand/job_status.h"

namespace errand {
namespace {

constexpr std::array<std::pair<JobStatus, std::string_view>, 7> words{{
    {JobStatus::queued, "queued"},
    {JobStatus::running, "running"},
    {JobStatus::finished, "finished"},
    {JobStatus::failed, "failed"},
    {JobStatus::canceled, "canceled"},
    {JobStatus::missing, "missing"},
    {JobStatus::undetermined, "undetermined"},
}};

// Not std::tolower: a locale must not change what a status word is.
char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view to_string(JobStatus status) noexcept {
  for (const auto& [value, word] : words) {
    if (value == status) return word;
  }
  return "undetermined";
}

std::optional<JobStatus> parse_job_status(std::string_view word) noexcept {
  for (const auto& [value, known] : words) {
    if (std::ranges::equal(word, known, {}, lower)) return value;
  }
  return std::nullopt;
}

bool is_settled(JobStatus status) noexcept {
  return status == JobStatus::finished || status == JobStatus::failed || status == JobStatus::canceled ||
         status == JobStatus::missing;
}

}  // namespace errand
