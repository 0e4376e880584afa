// SPDX-License-Identifier: Apache-2.0
#include "engine/grid_engine/answers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "engine/grid_engine/states.h"
#include "engine/scheduler/reading.h"

namespace errand::engine::grid_engine {
namespace {

using scheduler::QueueEntry;
using scheduler::take_field;
using scheduler::to_number;
using scheduler::trimmed;

/// Longer arrays than any cell allows are a misunderstanding.
constexpr std::uint32_t largest_task = 16'000'000;

/// The text of the first element of that name; nothing: there is none. qstat's XML does not nest elements
/// of one name, and what we read of it holds no entities.
std::optional<std::string_view> element_text(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  xml.remove_prefix(begin + open.size());
  const std::size_t end = xml.find("</" + std::string(name) + ">");
  if (end == std::string_view::npos) return std::nullopt;
  return trimmed(xml.substr(0, end));
}

/// One <job_list>; false: it is not as it should be.
bool read_job(std::string_view xml, std::vector<QueueEntry>& entries) {
  auto name = element_text(xml, "full_job_name");
  if (!name) name = element_text(xml, "JB_name");
  const auto id = element_text(xml, "JB_job_number");
  const auto state = element_text(xml, "state");
  if (!name || !id || !to_number(*id) || !state) return false;
  const auto tasks = element_text(xml, "tasks");
  if (!scheduler::is_our_name(*name) || !tasks) return true;  // a job that is no array is not ours
  QueueEntry entry;
  entry.id = *id;
  entry.name = *name;
  if (!read_tasks(*tasks, entry.elements)) return false;
  Meaning meaning = read_state(*state, element_text(xml, "predecessor_jobs").has_value());
  entry.state = meaning.state;
  entry.reason = std::move(meaning.reason);
  entry.blocked = meaning.blocked;
  entries.push_back(std::move(entry));
  return true;
}

using Record = std::map<std::string, std::string, std::less<>>;

/// The value of a line of qacct's record; "" if it has none.
std::string_view value_of(const Record& record, std::string_view name) {
  auto found = record.find(name);
  return found == record.end() ? std::string_view() : std::string_view(found->second);
}

/// One record of qacct; false: it is not as it should be.
bool read_record(const Record& record, std::vector<QueueEntry>& entries) {
  if (record.empty() || !scheduler::is_our_name(value_of(record, "jobname"))) return true;
  const std::string_view task = value_of(record, "taskid");
  if (task == "undefined") return true;  // no array
  QueueEntry entry;
  entry.id = value_of(record, "jobnumber");
  entry.name = value_of(record, "jobname");
  std::string_view text = value_of(record, "failed");  // "100 : assumedly after job"
  const auto failed = to_number(trimmed(take_field(text, ':')));
  // Univa's prints "137" or "137 (Killed)".
  const std::string_view exit = value_of(record, "exit_status");
  const auto exit_status = to_number(exit.substr(0, exit.find(' ')));
  if (!to_number(entry.id) || !read_tasks(task, entry.elements) || !failed || !exit_status) return false;
  entry.state = scheduler::ElementState::ended;
  entry.reason = read_end(*failed, trimmed(text), *exit_status);
  entry.ended_s = scheduler::read_calendar_time(value_of(record, "end_time"));
  entries.push_back(std::move(entry));
  return true;
}

}  // namespace

bool read_tasks(std::string_view text, std::vector<std::pair<std::uint32_t, std::uint32_t>>& elements) {
  elements.clear();
  while (!text.empty()) {
    std::string_view range = take_field(text, ',');
    const bool has_step = range.find(':') != std::string_view::npos;
    std::string_view ends = take_field(range, ':');
    const bool has_last = ends.find('-') != std::string_view::npos;
    const auto first = to_number(take_field(ends, '-'));
    const auto last = has_last ? to_number(ends) : first;
    const auto step = has_step ? to_number(range) : std::optional<std::uint32_t>(1);
    if (!first || !last || !step || *first == 0 || *last < *first || *last > largest_task || *step == 0) {
      return false;
    }
    if (*step == 1) {
      elements.emplace_back(*first - 1, *last);
    } else {
      for (std::uint64_t k = *first; k <= *last; k += *step) {
        elements.emplace_back(static_cast<std::uint32_t>(k - 1), static_cast<std::uint32_t>(k));
      }
    }
  }
  return !elements.empty();
}

Result<std::vector<QueueEntry>> read_qstat(std::string_view xml) {
  constexpr std::string_view begin_mark = "<job_list ";
  constexpr std::string_view end_mark = "</job_list>";
  const std::string_view whole = trimmed(xml);
  if (whole.find("<job_info") == std::string_view::npos || !whole.ends_with("</job_info>")) {
    return scheduler::not_understood("qstat", xml);
  }
  std::vector<QueueEntry> entries;
  for (std::string_view rest = whole;;) {
    const std::size_t begin = rest.find(begin_mark);
    if (begin == std::string_view::npos) return entries;
    rest.remove_prefix(begin);
    const std::size_t end = rest.find(end_mark);
    if (end == std::string_view::npos || !read_job(rest.substr(0, end), entries)) {
      return scheduler::not_understood("qstat", rest);
    }
    rest.remove_prefix(end + end_mark.size());
  }
}

Result<std::vector<QueueEntry>> read_qacct(std::string_view text) {
  std::vector<QueueEntry> entries;
  Record record;
  for (bool more = true; more;) {
    more = !text.empty();
    const std::string_view line = take_field(text, '\n');
    if (more && !line.starts_with("=====")) {
      const std::size_t gap = std::min(line.find(' '), line.size());
      record[std::string(line.substr(0, gap))] = trimmed(line.substr(gap));
      continue;
    }
    if (!read_record(record, entries)) return scheduler::not_understood("qacct", value_of(record, "jobname"));
    record.clear();
  }
  return entries;
}

}  // namespace errand::engine::grid_engine
