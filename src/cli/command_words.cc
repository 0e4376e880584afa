// SPDX-License-Identifier: Apache-2.0
#include "cli/command_words.h"

#include <array>
#include <cctype>
#include <utility>

namespace errand::cli {
namespace {

/// Longer names first where one begins with another.
constexpr std::array<std::pair<std::string_view, std::string_view>, 16> words{{
    {"retry_job (errand retry)", "errand retry"},
    {"get_jobs (errand jobs)", "errand jobs"},
    {"get_partial_results", "errand results --partial"},
    {"get_job_results", "errand results"},
    {"get_job_status", "errand status"},
    {"get_job_output", "errand output"},
    {"get_job_info", "errand info"},
    {"get_jobs", "errand jobs"},
    {"wait_for_job", "errand wait"},
    {"cancel_job", "errand cancel"},
    {"retry_job", "errand retry"},
    {"cleanup_jobs", "errand cleanup"},
    {"inspect_job", "errand inspect"},
    {"get the results with auto_cleanup", "print the results with --cleanup"},
    {"use force", "use --force"},
    {"with force", "with --force"},
}};

bool in_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool stands_alone(std::string_view sentence, std::size_t at, std::size_t length) {
  bool begins = at == 0 || !in_word(sentence[at - 1]);
  return begins && (at + length == sentence.size() || !in_word(sentence[at + length]));
}

void replace_all(std::string& sentence, std::string_view from, std::string_view to) {
  std::size_t at = 0;
  while ((at = sentence.find(from, at)) != std::string::npos) {
    if (stands_alone(sentence, at, from.size())) {
      sentence.replace(at, from.size(), to);
      at += to.size();
    } else {
      at += from.size();
    }
  }
}

}  // namespace

std::string in_command_words(std::string_view sentence) {
  std::string text(sentence);
  for (const auto& [from, to] : words) replace_all(text, from, to);
  return text;
}

Error in_command_words(Error error) {
  // The message may quote a task; only the advice is ours to reword.
  error.hint = in_command_words(error.hint);
  return error;
}

}  // namespace errand::cli
