// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/reading.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <vector>

#include "system/try.h"

namespace errand::engine::scheduler {
namespace {

/// A limit beyond this many days is a slip of the pen.
constexpr std::uint32_t most_days = 3650;

Error no_time_limit(std::string_view text) {
  return {ErrorCode::invalid_argument, "time is no time limit: " + excerpt(text), false,
          "write minutes, h:m:s or days-hours: 90, 1:30:00, 2-12", 0};
}

/// "1:30:00" as its numbers; nothing: there is something else in it, or more than three.
std::vector<std::uint32_t> clock_fields(std::string_view text) {
  std::vector<std::uint32_t> fields;
  if (text.empty() || text.back() == ':') return {};
  while (!text.empty()) {
    auto number = to_number(take_field(text, ':'));
    if (!number || fields.size() == 3) return {};
    fields.push_back(*number);
  }
  return fields;
}

}  // namespace

std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  std::string_view field = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return field;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::optional<std::uint32_t> to_number(std::string_view text) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_our_name(std::string_view name) {
  return name.starts_with("rxJob_");
}

std::int64_t read_calendar_time(std::string_view text) {
  std::tm parts{};
  std::istringstream stream{std::string(trimmed(text))};
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&parts, "%a %b %d %H:%M:%S %Y");
  if (stream.fail()) return 0;
  parts.tm_isdst = -1;
  return std::max<std::int64_t>(0, std::mktime(&parts));
}

Result<std::uint32_t> read_time_limit(std::string_view text) {
  const std::size_t dash = text.find('-');
  std::uint64_t days = 0;
  if (dash != std::string_view::npos) {
    auto number = to_number(text.substr(0, dash));
    if (!number || *number > most_days) return no_time_limit(text);
    days = *number;
  }
  std::vector<std::uint32_t> fields = clock_fields(text.substr(dash + 1));
  if (fields.empty()) return no_time_limit(text);
  // One number means minutes and two minutes and seconds, but after days they begin with hours.
  if (dash == std::string_view::npos && fields.size() < 3) fields.insert(fields.begin(), 0);
  fields.resize(3, 0);
  const std::uint64_t seconds =
      days * 86'400 + std::uint64_t{fields[0]} * 3600 + std::uint64_t{fields[1]} * 60 + fields[2];
  if (seconds == 0 || seconds > std::uint64_t{most_days} * 86'400) return no_time_limit(text);
  return static_cast<std::uint32_t>(seconds);
}

std::string memory_size(std::string_view text) {
  if (to_number(text)) return std::string(text) + "M";
  const bool bytes = text.size() > 2 && (text.back() == 'B' || text.back() == 'b');
  const bool unit =
      bytes && std::string_view("KkMmGgTt").find(text[text.size() - 2]) != std::string_view::npos;
  return std::string(unit ? text.substr(0, text.size() - 1) : text);
}

const std::string* find_option(const ArrayRequest& request, std::string_view name) {
  auto found = request.options.find(std::string(name));
  return found == request.options.end() || found->second.empty() ? nullptr : &found->second;
}

bool is_option_on(const ArrayRequest& request, std::string_view name) {
  const std::string* value = find_option(request, name);
  return value != nullptr && *value == "true";
}

Result<std::uint32_t> number_option(const ArrayRequest& request, std::string_view name,
                                    std::uint32_t otherwise) {
  const std::string* text = find_option(request, name);
  if (text == nullptr) return otherwise;
  auto number = to_number(*text);
  if (number && *number > 0) return *number;
  return Error{ErrorCode::invalid_argument, std::string(name) + " is no number: " + excerpt(*text), false,
               "give a whole number, 1 or more", 0};
}

Result<std::string> plain_value(std::string_view name, std::string_view value, std::string_view refused) {
  const bool bad = std::any_of(value.begin(), value.end(), [refused](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f || refused.find(c) != std::string_view::npos;
  });
  if (!bad) return std::string(value);
  return Error{ErrorCode::invalid_argument,
               "the option " + std::string(name) +
                   " holds a character that a submit script cannot carry: " + excerpt(value),
               false, "leave out control characters and any of " + std::string(refused), 0};
}

Error not_understood(std::string_view program, std::string_view text) {
  return {ErrorCode::corrupt,
          std::string(program) + " answered what errand does not understand: " + excerpt(text), true,
          "look whether the scheduler's own commands work", 0};
}

Error no_answer(std::string_view program, const Answer& answer) {
  return {ErrorCode::engine_unavailable,
          std::string(program) + " failed: " + excerpt(answer.err + " " + answer.out), true,
          "the scheduler may be down; ask again", 0};
}

Error not_submitted(std::string_view program, const Answer& answer, bool doubtful) {
  return {doubtful ? ErrorCode::engine_unavailable : ErrorCode::engine_refused,
          std::string(program) + ": " + excerpt(answer.err + " " + answer.out), doubtful,
          doubtful ? "ask for the job's status in a minute"
                   : "correct what " + std::string(program) + " complains of",
          0};
}

Error no_id(std::string_view program, std::string_view text) {
  Error error = not_understood(program, text);
  error.code = ErrorCode::engine_unavailable;
  return error;
}

std::string common_beginning(const std::vector<std::string>& names) {
  std::string common = names.empty() ? std::string() : names.front();
  for (const std::string& name : names) {
    common.erase(std::mismatch(common.begin(), common.end(), name.begin(), name.end()).first, common.end());
  }
  return common;
}

}  // namespace errand::engine::scheduler
