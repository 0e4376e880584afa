// SPDX-License-Identifier: Apache-2.0
#include "engine/lsf/answers.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <iomanip>
#include <locale>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>

#include "engine/lsf/states.h"
#include "engine/scheduler/reading.h"

namespace errand::engine::lsf {
namespace {

using nlohmann::json;
using scheduler::QueueEntry;
using scheduler::take_field;
using scheduler::to_number;
using scheduler::trimmed;

constexpr std::int64_t day_s = 86'400;
/// Finish times have no seconds: an element that ended in that minute ended at its end at the latest.
constexpr std::int64_t rest_of_minute_s = 59;
/// Longer arrays than any cluster allows are a misunderstanding.
constexpr std::uint32_t largest_index = 16'000'000;

/// "name[3]", or "name" and an index from elsewhere ("3"; "0": no array); nothing: it is no element.
std::optional<std::uint32_t> index_of(std::string_view name, std::string_view index) {
  const std::size_t bracket = name.rfind('[');
  if (bracket != std::string_view::npos && name.ends_with(']')) {
    index = name.substr(bracket + 1, name.size() - bracket - 2);
  }
  auto number = to_number(index);
  return number && *number >= 1 && *number <= largest_index ? number : std::nullopt;
}

void set(QueueEntry& entry, std::string_view name, std::uint32_t index, const Said& said) {
  Meaning meaning = read_state(said);
  entry.name = name.substr(0, name.find('['));
  entry.elements = {{index - 1, index}};
  entry.state = meaning.state;
  entry.reason = std::move(meaning.reason);
  entry.blocked = meaning.blocked;
}

std::string field(const json& record, const char* name) {
  auto found = record.find(name);
  return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// False: the record is not as it should be.
bool read_json_record(const json& record, std::int64_t now_s, std::vector<QueueEntry>& entries) {
  if (!record.is_object()) return false;
  const std::string name = field(record, "JOB_NAME");
  const std::string state = field(record, "STAT");
  std::string id = field(record, "JOBID");
  if (id.empty() || state.empty()) return false;
  if (!scheduler::is_our_name(name)) return true;
  // LSB_BJOBS_DISPLAY_ENH has the index in the id.
  std::optional<std::uint32_t> index = index_of(id, field(record, "JOBINDEX"));
  if (!index) index = index_of(name, "");
  if (!index) return true;  // a job that is no array is not ours
  const std::string pend_reason = field(record, "PEND_REASON");
  const std::string exit_reason = field(record, "EXIT_REASON");
  const std::string exit_code = field(record, "EXIT_CODE");
  QueueEntry entry;
  set(entry, name, *index, {state, pend_reason, exit_reason, exit_code});
  entry.id = id.substr(0, id.find('['));
  if (entry.state == scheduler::ElementState::ended) {
    entry.ended_s = read_finish_time(field(record, "FINISH_TIME"), now_s);
  }
  entries.push_back(std::move(entry));
  return true;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (line = trimmed(line); !line.empty(); line = trimmed(line)) words.push_back(take_field(line, ' '));
  return words;
}

/// "JOBID USER STAT QUEUE FROM_HOST [EXEC_HOST] JOB_NAME SUBMIT_TIME(3 words)"; false: it is none.
bool read_wide_line(std::string_view line, std::vector<QueueEntry>& entries) {
  const std::vector<std::string_view> words = words_of(line);
  if (words.size() < 8 || !to_number(words[0].substr(0, words[0].find('[')))) return false;
  const std::string_view name = words[words.size() - 4];
  if (!scheduler::is_our_name(name)) return true;
  std::optional<std::uint32_t> index = index_of(name, "");
  if (!index) index = index_of(words[0], "");
  if (!index) return true;
  QueueEntry entry;
  set(entry, name, *index, {words[2], "", "", ""});
  entry.id = words[0].substr(0, words[0].find('['));
  entries.push_back(std::move(entry));
  return true;
}

/// The text between `before` and '>'; empty: there is none.
std::string_view bracketed(std::string_view line, std::string_view before) {
  const std::size_t begin = line.find(before);
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin + before.size());
  return line.substr(0, line.find('>'));
}

/// A line of bhist that tells an end: "<time>: Exited with exit code 1. ..."
bool tells_end(std::string_view line) {
  constexpr std::array ends{"Done successfully", "Exited", "Completed <exit>", "Completed <done>"};
  return std::any_of(ends.begin(), ends.end(), [line](const char* words) {
    const std::size_t at = line.find(words);
    return at != std::string_view::npos && at >= 2 && line.substr(at - 2, 2) == ": ";
  });
}

std::string exit_code_in(std::string_view line) {
  constexpr std::string_view before = "exit code ";
  const std::size_t at = line.find(before);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + before.size());
  return std::string(line.substr(0, line.find_first_not_of("0123456789")));
}

/// A time that LSF prints without its year: the last one that is not beyond tomorrow. 0: it is none.
std::int64_t read_time_of_last_year(std::string_view text, const char* format, std::int64_t now_s) {
  const std::time_t latest = now_s + day_s;
  std::tm now{};
  if (localtime_r(&latest, &now) == nullptr) return 0;
  for (int year : {now.tm_year, now.tm_year - 1}) {
    std::tm parts{};
    std::istringstream stream{std::string(trimmed(text))};
    stream.imbue(std::locale::classic());
    stream >> std::get_time(&parts, format);
    if (stream.fail()) return 0;
    parts.tm_year = year;
    parts.tm_isdst = -1;
    const std::int64_t time = std::mktime(&parts);
    if (time > 0 && time <= latest) return time;
  }
  return 0;
}

void note_end(QueueEntry& entry, std::string_view line, std::int64_t now_s) {
  const bool done = line.find("Done successfully") != std::string_view::npos ||
                    line.find("Completed <done>") != std::string_view::npos;
  const std::size_t term = line.find("TERM_");
  const std::string_view reason = term == std::string_view::npos ? std::string_view() : line.substr(term);
  const std::string code = exit_code_in(line);
  Meaning meaning = read_state({done ? "DONE" : "EXIT", "", reason, code});
  entry.state = meaning.state;
  entry.reason = std::move(meaning.reason);
  entry.ended_s = read_time_of_last_year(line.substr(0, line.find(": ")), "%a %b %d %H:%M:%S", now_s);
}

}  // namespace

std::int64_t read_finish_time(std::string_view text, std::int64_t now_s) {
  const std::int64_t time = read_time_of_last_year(text, "%b %d %H:%M", now_s);
  return time == 0 ? 0 : std::min<std::int64_t>(time + rest_of_minute_s, now_s + day_s);
}

Result<std::vector<QueueEntry>> read_bjobs_json(std::string_view text, std::int64_t now_s) {
  const json whole = json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto records = whole.is_object() ? whole.find("RECORDS") : whole.end();
  if (!whole.is_object() || records == whole.end() || !records->is_array()) {
    return scheduler::not_understood("bjobs", text);
  }
  std::vector<QueueEntry> entries;
  for (const json& record : *records) {
    if (!read_json_record(record, now_s, entries)) return scheduler::not_understood("bjobs", text);
  }
  return entries;
}

Result<std::vector<QueueEntry>> read_bjobs_wide(std::string_view text) {
  std::vector<QueueEntry> entries;
  bool headed = false;
  while (!text.empty()) {
    const std::string_view line = take_field(text, '\n');
    if (trimmed(line).empty()) continue;
    if (!headed) {
      if (!line.starts_with("JOBID")) return scheduler::not_understood("bjobs", line);
      headed = true;
    } else if (!read_wide_line(line, entries)) {
      return scheduler::not_understood("bjobs", line);
    }
  }
  if (!headed) return scheduler::not_understood("bjobs", "nothing at all");
  return entries;
}

std::vector<QueueEntry> read_bhist(std::string_view text, std::int64_t now_s) {
  std::vector<QueueEntry> entries;
  std::optional<QueueEntry> current;
  while (!text.empty()) {
    const std::string_view line = take_field(text, '\n');
    if (line.starts_with("Job <")) {
      const std::string_view id = bracketed(line, "Job <");
      const std::string_view name = bracketed(line, "Job Name <");
      auto index = index_of(id, "");
      if (!index) index = index_of(name, "");
      current.reset();
      if (!index || !scheduler::is_our_name(name)) continue;
      current.emplace();
      set(*current, name, *index, {"EXIT", "", "", ""});
      current->id = id.substr(0, id.find('['));
    } else if (current && tells_end(line)) {
      note_end(*current, line, now_s);
      entries.push_back(*current);
    }
  }
  return entries;
}

}  // namespace errand::engine::lsf
