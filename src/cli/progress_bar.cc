// SPDX-License-Identifier: Apache-2.0
#include "cli/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/quantity_text.h"
#include "cli/visible_text.h"

namespace errand::cli {
namespace {

constexpr std::size_t widest_bar = 40;
constexpr std::size_t narrowest_bar = 8;

std::uint64_t done_of(const Progress& progress) {
  return progress.succeeded + progress.failed;
}

double share_done(const Progress& progress) {
  if (progress.total == 0) return 1;
  return std::min(1.0, static_cast<double>(done_of(progress)) / static_cast<double>(progress.total));
}

std::string bar(double share, std::size_t width) {
  auto full = static_cast<std::size_t>(share * static_cast<double>(width));
  return "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
}

}  // namespace

std::string progress_text(const Progress& progress) {
  if (progress.total == 0) return "no tasks";
  std::string text = fmt::format("{} of {} done", done_of(progress), progress.total);
  if (progress.running > 0) text += fmt::format(", {} running", progress.running);
  if (progress.failed > 0) text += fmt::format(" ({} failed)", progress.failed);
  return text;
}

std::string bare_reason(const StatusReport& report) {
  std::string word(to_string(report.status));
  std::string reason = report.reason == word ? std::string() : report.reason;
  if (reason.starts_with(word + ": ")) reason.erase(0, word.size() + 2);
  std::size_t missing = reason.find(" is missing: ");
  if (report.status == JobStatus::missing && missing != std::string::npos) reason.erase(0, missing + 13);
  // The counts stand before the reason already.
  std::string done = fmt::format("{} of {} done", done_of(report.progress), report.progress.total);
  std::string whole = fmt::format("{} task", report.progress.total);
  bool counts =
      reason.starts_with(done) || (report.status == JobStatus::finished && reason.starts_with(whole));
  if (!counts) return reason;
  std::size_t rest = reason.find("; ");
  return rest == std::string::npos ? std::string() : reason.substr(rest + 2);
}

std::string status_line(const StatusReport& report, bool color) {
  std::string line = painted(to_string(report.status), paint_of(report.status), color);
  if (report.status != JobStatus::missing) line += ": " + progress_text(report.progress);
  std::string reason = visible_line(bare_reason(report));
  return reason.empty() ? line : line + " - " + reason;
}

std::string progress_bar(const StatusReport& report, std::chrono::seconds elapsed, const Terminal& terminal) {
  double share = share_done(report.progress);
  std::string word(to_string(report.status));
  // Never 100 % before everything is done.
  std::string after = fmt::format(" {:3} %  {}  {}", static_cast<int>(share * 100),
                                  progress_text(report.progress), clock_text(elapsed));
  if (report.progress.total == 0) after = "  " + clock_text(elapsed);
  std::size_t taken = word.size() + 3 + code_points(after);
  std::size_t room = terminal.width > taken ? terminal.width - taken - 1 : 0;
  std::string middle;
  if (room >= narrowest_bar) middle = " " + bar(share, std::min(room, widest_bar));
  std::string plain = shortened(word + middle + after, std::max<std::size_t>(terminal.width, 2) - 1);
  if (!plain.starts_with(word)) return plain;
  return painted(word, paint_of(report.status), terminal.color) + plain.substr(word.size());
}

}  // namespace errand::cli
