// SPDX-License-Identifier: Apache-2.0
#include "cli/outcomes.h"

#include <algorithm>

namespace errand::cli {
namespace {

bool is_program_end(const TaskLine& line) {
  if (line.value != nullptr) return line.value->codec == Codec::program;
  return line.failure->native_codec == Codec::program || line.failure->type == "exit" ||
         line.failure->type == "signal";
}

}  // namespace

std::size_t Outcomes::size() const {
  return complete_ ? complete_->size() : partial_.size();
}

TaskLine Outcomes::line(std::size_t i) const {
  TaskLine line;
  if (complete_) {
    line.task = i;
    line.failure = complete_->failure(i);
    if (line.failure == nullptr) line.value = &complete_->values()[i];
    return line;
  }
  const EncodedOutcome& outcome = partial_[i];
  line.task = outcome.task;
  line.attempt = outcome.attempt;
  if (outcome.succeeded()) {
    line.value = &outcome.value();
  } else {
    line.failure = &outcome.failure();
  }
  return line;
}

std::optional<std::size_t> Outcomes::find(std::uint64_t task) const {
  if (complete_) return task < size() ? std::optional<std::size_t>(task) : std::nullopt;
  auto at = std::lower_bound(
      partial_.begin(), partial_.end(), task,
      [](const EncodedOutcome& outcome, std::uint64_t wanted) { return outcome.task < wanted; });
  if (at == partial_.end() || at->task != task) return std::nullopt;
  return static_cast<std::size_t>(at - partial_.begin());
}

std::uint64_t Outcomes::tasks() const {
  if (complete_) return size();
  return partial_.empty() ? 0 : partial_.back().task + 1;
}

bool Outcomes::all_succeeded() const {
  if (complete_) return complete_->all_succeeded();
  return std::all_of(partial_.begin(), partial_.end(),
                     [](const EncodedOutcome& outcome) { return outcome.succeeded(); });
}

bool Outcomes::programs() const {
  for (std::size_t i = 0; i < size(); ++i) {
    TaskLine one = line(i);
    if (is_program_end(one)) return true;
    if (one.value != nullptr) return false;
  }
  return false;
}

}  // namespace errand::cli
