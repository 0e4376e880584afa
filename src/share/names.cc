// SPDX-License-Identifier: Apache-2.0
#include "share/names.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace errand::share {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base32
constexpr std::size_t digits = 26;

int digit_value(char c) {
  char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::size_t at = alphabet.find(lower);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != (b[i] | 0x20)) return false;
  }
  return true;
}

std::string join(std::string_view directory, std::string_view name) {
  std::string path;
  path.reserve(directory.size() + 1 + name.size());
  path.append(directory).append("/").append(name);
  return path;
}

/// A decimal number as to_name writes it: no sign, no leading zero.
bool take_number(std::string_view& text, std::uint32_t& number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  auto length = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || (text[0] == '0' && length > 1)) return false;
  text.remove_prefix(length);
  return true;
}

bool take_dot(std::string_view& text) {
  if (text.empty() || text[0] != '.') return false;
  text.remove_prefix(1);
  return true;
}

bool take_worker_key(std::string_view text, JobFileName& name) {
  return take_dot(text) && take_number(text, name.chunk) && take_dot(text) &&
         take_number(text, name.generation) && take_dot(text) && take_number(text, name.worker) &&
         text.empty();
}

struct Prefix {
  JobFileName::Kind kind;
  std::string_view text;
};
constexpr std::array<Prefix, 15> prefixes{{{JobFileName::Kind::job, "job"},
                                           {JobFileName::Kind::program, "program"},
                                           {JobFileName::Kind::claim, "claim"},
                                           {JobFileName::Kind::log, "log"},
                                           {JobFileName::Kind::values, "values"},
                                           {JobFileName::Kind::console, "console"},
                                           {JobFileName::Kind::progress, "progress"},
                                           {JobFileName::Kind::request, "request"},
                                           {JobFileName::Kind::verdict, "verdict"},
                                           {JobFileName::Kind::seal, "seal"},
                                           {JobFileName::Kind::fetched, "fetched"},
                                           {JobFileName::Kind::appender, "appender"},
                                           {JobFileName::Kind::submission, "submission"},
                                           {JobFileName::Kind::accepted, "accepted"},
                                           {JobFileName::Kind::printed, "printed"}}};

bool is_reader_name(std::string_view text) {
  if (text.empty() || text.size() > 100) return false;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!plain) return false;
  }
  return true;
}

bool parse_rest(std::string_view rest, JobFileName& name) {
  switch (name.kind) {
    case JobFileName::Kind::job:
    case JobFileName::Kind::program:
    case JobFileName::Kind::verdict:
    case JobFileName::Kind::seal:
    case JobFileName::Kind::appender:
      return rest.empty();
    case JobFileName::Kind::claim:
      return take_dot(rest) && take_number(rest, name.chunk) && take_dot(rest) &&
             take_number(rest, name.generation) && rest.empty();
    case JobFileName::Kind::printed:
      return take_dot(rest) && take_number(rest, name.number) && take_dot(rest) &&
             take_number(rest, name.element) && rest.empty() && name.number > 0;
    case JobFileName::Kind::request:
    case JobFileName::Kind::submission:
    case JobFileName::Kind::accepted:
      return take_dot(rest) && take_number(rest, name.number) && rest.empty() && name.number > 0;
    case JobFileName::Kind::fetched:
      if (!take_dot(rest) || !is_reader_name(rest)) return false;
      name.reader = rest;
      return true;
    default:
      return take_worker_key(rest, name);
  }
}

std::string keyed(std::string_view kind, const WorkerKey& key) {
  std::string name(kind);
  name.append(".").append(std::to_string(key.chunk));
  name.append(".").append(std::to_string(key.generation));
  name.append(".").append(std::to_string(key.worker));
  return name;
}

}  // namespace

std::string make_job_id(std::int64_t now_ns) {
  std::array<unsigned char, 10> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    // Only before the kernel's generator is seeded; the clock still tells two ids apart.
    for (std::size_t i = 0; i < random.size(); ++i) {
      random[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(now_ns) >> (i % 8 * 8));
    }
  }
  std::array<unsigned char, 16> bytes{};
  auto ms = static_cast<std::uint64_t>(now_ns / 1'000'000);
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  std::copy(random.begin(), random.end(), bytes.begin() + 6);
  std::string id(id_prefix);
  // 128 bits in 26 digits of 5: the first digit carries 3.
  for (std::size_t digit = 0; digit < digits; ++digit) {
    unsigned value = 0;
    for (std::size_t bit = 0; bit < 5; ++bit) {
      std::size_t at = digit * 5 + bit;  // of 130, two leading zeros
      unsigned set = at < 2 ? 0 : (bytes[(at - 2) / 8] >> (7 - (at - 2) % 8)) & 1U;
      value = value << 1U | set;
    }
    id.push_back(alphabet[value]);
  }
  return id;
}

std::optional<std::string> parse_job_id(std::string_view text) {
  if (text.size() != id_length || !equal_ignoring_case(text.substr(0, id_prefix.size()), id_prefix)) {
    return std::nullopt;
  }
  std::string id(id_prefix);
  for (char c : text.substr(id_prefix.size())) {
    int value = digit_value(c);
    if (value < 0) return std::nullopt;
    id.push_back(alphabet[static_cast<std::size_t>(value)]);
  }
  if (digit_value(id[id_prefix.size()]) > 7) return std::nullopt;  // more than 128 bits
  return id;
}

std::int64_t id_time_ms(std::string_view id) {
  std::uint64_t ms = 0;  // the first ten digits carry 2 zero bits and 48 bits of time
  for (char c : id.substr(id_prefix.size(), 10)) {
    ms = ms << 5U | static_cast<std::uint64_t>(digit_value(c));
  }
  return static_cast<std::int64_t>(ms);
}

bool is_id_part(std::string_view text) {
  if (text.size() < 4 || text.size() > id_length) return false;
  std::size_t common = std::min(text.size(), id_prefix.size());
  if (equal_ignoring_case(text.substr(0, common), id_prefix.substr(0, common))) text.remove_prefix(common);
  for (char c : text) {
    if (digit_value(c) < 0) return false;
  }
  return true;
}

std::string job_path(std::string_view id) {
  return join(jobs_directory, id);
}
std::string active_path(std::string_view id) {
  return join(active_directory, id);
}
std::string staging_path(std::string_view id) {
  return join(staging_directory, id);
}

std::string to_name(const JobFileName& name) {
  std::string_view kind = prefixes[static_cast<std::size_t>(name.kind)].text;
  switch (name.kind) {
    case JobFileName::Kind::job:
    case JobFileName::Kind::program:
    case JobFileName::Kind::verdict:
    case JobFileName::Kind::seal:
    case JobFileName::Kind::appender:
      return std::string(kind);
    case JobFileName::Kind::claim:
      return claim_name(name.chunk, name.generation);
    case JobFileName::Kind::request:
      return request_name(name.number);
    case JobFileName::Kind::submission:
      return submission_name(name.number);
    case JobFileName::Kind::accepted:
      return accepted_name(name.number);
    case JobFileName::Kind::printed:
      return "printed." + std::to_string(name.number) + "." + std::to_string(name.element);
    case JobFileName::Kind::fetched:
      return std::string(kind) + "." + name.reader;
    default:
      return keyed(kind, {name.chunk, name.generation, name.worker});
  }
}

std::optional<JobFileName> parse_job_file_name(std::string_view text) {
  for (const Prefix& prefix : prefixes) {
    if (!text.starts_with(prefix.text)) continue;
    JobFileName name;
    name.kind = prefix.kind;
    if (parse_rest(text.substr(prefix.text.size()), name)) return name;
  }
  return std::nullopt;
}

std::string log_name(const WorkerKey& key) {
  return keyed("log", key);
}
std::string values_name(const WorkerKey& key) {
  return keyed("values", key);
}
std::string console_name(const WorkerKey& key) {
  return keyed("console", key);
}
std::string progress_name(const WorkerKey& key) {
  return keyed("progress", key);
}
std::string claim_name(std::uint32_t chunk, std::uint32_t generation) {
  return "claim." + std::to_string(chunk) + "." + std::to_string(generation);
}
std::string request_name(std::uint32_t number) {
  return "request." + std::to_string(number);
}

std::string submission_name(std::uint32_t number) {
  return "submission." + std::to_string(number);
}
std::string accepted_name(std::uint32_t number) {
  return "accepted." + std::to_string(number);
}

}  // namespace errand::share
