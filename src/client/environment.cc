// SPDX-License-Identifier: Apache-2.0
#include "client/environment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "database/target.h"
#include "system/try.h"

namespace errand::client {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::array<std::string_view, 12> recorded_names{
    "HOME",       "USER",        "SHELL",  "LANG",          "TZ",        "PATH", "LD_LIBRARY_PATH",
    "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "LOADEDMODULES", "MODULEPATH"};
constexpr std::array<std::string_view, 6> recorded_prefixes{"LC_",  "CONDA_", "R_LIBS",
                                                            "OMP_", "MKL_",   "OPENBLAS_"};
constexpr std::string_view password_variable = "PGPASSWORD";
constexpr std::array<std::string_view, 3> set_by_the_worker{"ERRAND_JOB", "ERRAND_TASK", "ERRAND_ATTEMPT"};

bool is_recorded(std::string_view name) {
  return std::ranges::find(recorded_names, name) != recorded_names.end() ||
         std::ranges::any_of(recorded_prefixes, [&](std::string_view p) { return name.starts_with(p); });
}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, is_inner);
}

Variables parse(std::span<const std::string> entries) {
  Variables variables;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    // The first of two entries of a name is the one that getenv gives.
    if (equals != std::string::npos) variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

Error refuse_entry(std::string_view entry, std::string_view why) {
  return {ErrorCode::invalid_argument,
          fmt::format("environment entry '{}' {}", entry.substr(0, entry.find('=')), why), false,
          "write NAME to copy a variable, or NAME=value to set one"};
}

/// What a job records lies in the database, readable for whoever may read its rows.
Error refuse_password() {
  return {
      ErrorCode::invalid_argument,
      fmt::format("environment entry '{}' would lie in the database with the job", password_variable), false,
      "name a file on the database's host by PGPASSFILE or PGSERVICEFILE (docs/in-database-migration.md)"};
}

void add(Variables& recorded, const Variables& here, const std::string& entry) {
  const std::size_t equals = entry.find('=');
  if (equals != std::string::npos) {
    recorded[entry.substr(0, equals)] = entry.substr(equals + 1);
  } else if (auto found = here.find(entry); found != here.end()) {
    recorded[entry] = found->second;
  }
}

}  // namespace

Result<void> check_environment_entry(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  if (!is_name(name)) return refuse_entry(entry, "does not begin with a variable's name");
  if (std::ranges::find(set_by_the_worker, name) != set_by_the_worker.end()) {
    return refuse_entry(entry, "is set by errand for each task");
  }
  if (entry.find('\0') != std::string_view::npos) return refuse_entry(entry, "holds a zero byte");
  return {};
}

Result<std::vector<std::string>> capture_environment(const ComputeContext& context,
                                                     std::span<const std::string> from) {
  const Variables here = parse(from);
  Variables recorded;
  for (const auto& [name, value] : here) {
    if (is_recorded(name)) recorded.emplace(name, value);
  }
  for (const std::string& entry : context.environment) {
    TRY_VOID(check_environment_entry(entry));
    add(recorded, here, entry);
  }
  if (const std::string place = resolve_share_dir(context); database::is_database_place(place)) {
    if (recorded.contains(password_variable)) return refuse_password();
    recorded[place_variable] = place;
  }
  std::vector<std::string> entries;
  for (const auto& [name, value] : recorded) entries.push_back(fmt::format("{}={}", name, value));
  return entries;
}

Result<std::vector<std::string>> capture_environment(const ComputeContext& context) {
  std::vector<std::string> here;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) here.emplace_back(*entry);
  return capture_environment(context, here);
}

}  // namespace errand::client
