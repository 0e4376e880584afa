// SPDX-License-Identifier: Apache-2.0
#include "cli/results_printer.h"

#include <utility>

namespace errand::cli {

void ResultsPrinter::print_before(std::optional<std::uint64_t> task) {
  for (; next_ < last_; ++next_) {
    TaskLine line = outcomes_.line(next_);
    if (task && line.task >= *task) return;
    if (with_text_) line.output = text_task_ == line.task ? std::exchange(text_, {}) : std::string();
    report_.task_result(line);
  }
}

void ResultsPrinter::text_of(std::uint64_t task) {
  print_before(task);
  text_task_ = task;
  text_.clear();
}

void ResultsPrinter::no_more_texts() {
  if (text_task_) print_before(*text_task_ + 1);
  with_text_ = false;
}

void ResultsPrinter::finish() {
  print_before(std::nullopt);
}

}  // namespace errand::cli
