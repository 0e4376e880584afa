// SPDX-License-Identifier: Apache-2.0
#include "client/context_fields.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "client/environment.h"
#include "errand/data_source.h"
#include "errand/quantity.h"
#include "system/try.h"
#include "system/user_directories.h"

namespace errand::client {
namespace {

Error wanted(std::string_view what) {
  return {ErrorCode::invalid_argument, fmt::format("must be {}", what), false, {}};
}

Result<void> set_bool(bool& target, const toml::node& node) {
  if (!node.is_boolean()) return wanted("true or false");
  target = **node.as_boolean();
  return {};
}

Result<void> set_text(std::string& target, const toml::node& node) {
  if (!node.is_string()) return wanted("a string");
  target = **node.as_string();
  return {};
}

Result<void> set_count(int& target, const toml::node& node) {
  constexpr std::int64_t largest = 1'000'000;
  const auto number = node.value_exact<std::int64_t>();
  if (!number || *number < 0 || *number > largest) return wanted("a whole number from 0 to 1000000");
  target = static_cast<int>(*number);
  return {};
}

Result<void> set_texts(std::vector<std::string>& target, const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return wanted("a list of strings");
  target.clear();
  for (const toml::node& element : *array) {
    if (!element.is_string()) return wanted("a list of strings");
    target.push_back(**element.as_string());
  }
  return {};
}

Result<void> set_environment(std::vector<std::string>& target, const toml::node& node) {
  TRY_VOID(set_texts(target, node));
  for (const std::string& entry : target) TRY_VOID(check_environment_entry(entry));
  return {};
}

/// The text of a quantity, which may also be written as a bare number.
std::optional<std::string> quantity(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  return std::nullopt;
}

Result<void> set_duration(std::chrono::milliseconds& target, const toml::node& node) {
  const auto text = quantity(node);
  if (!text) return wanted("a duration such as \"30s\"");
  TRY(target, parse_duration(*text));
  return {};
}

Result<void> set_size(std::uint64_t& target, const toml::node& node) {
  const auto text = quantity(node);
  if (!text) return wanted("a size such as \"64M\"");
  TRY(target, parse_size(*text));
  return {};
}

/// A relative directory would mean another place in every working directory.
Result<void> set_directory(std::string& target, const toml::node& node) {
  std::string path;
  TRY_VOID(set_text(path, node));
  if (path == "~" || path.starts_with("~/")) path = system::home_directory() + path.substr(1);
  if (!path.empty() && !path.starts_with('/')) return wanted("an absolute path, or one that begins with ~/");
  target = path;
  return {};
}

/// Of a connection string all but the password, which stays in this process.
Result<void> set_place(std::string& target, const toml::node& node) {
  std::string text;
  TRY_VOID(set_text(text, node));
  if (is_connection_string(text)) {
    TRY(target, remember_connection({text, {}, {}, {}, {}}));
    return {};
  }
  auto set = set_directory(target, node);
  return set ? set : wanted("an absolute path, one that begins with ~/, or a connection string");
}

std::optional<std::string> scalar_text(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  return quantity(node);
}

Result<void> set_options(std::map<std::string, std::string>& target, const toml::node& node) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return wanted("a table of settings");
  for (const auto& [key, value] : *table) {
    const auto text = scalar_text(value);
    if (!text) return wanted("a table of strings, whole numbers and booleans");
    target[std::string(key.str())] = *text;
  }
  return {};
}

struct Field {
  std::string_view key;
  Result<void> (*set)(ComputeContext&, const toml::node&);
};

// Every field of ComputeContext by its own name.
constexpr std::array fields{
    Field{"engine", [](ComputeContext& c, const toml::node& n) { return set_text(c.engine, n); }},
    Field{"sequential", [](ComputeContext& c, const toml::node& n) { return set_bool(c.sequential, n); }},
    Field{"wait", [](ComputeContext& c, const toml::node& n) { return set_bool(c.wait, n); }},
    Field{"console_output",
          [](ComputeContext& c, const toml::node& n) { return set_bool(c.console_output, n); }},
    Field{"auto_cleanup", [](ComputeContext& c, const toml::node& n) { return set_bool(c.auto_cleanup, n); }},
    Field{"share_dir", [](ComputeContext& c, const toml::node& n) { return set_place(c.share_dir, n); }},
    Field{"working_directory",
          [](ComputeContext& c, const toml::node& n) { return set_directory(c.working_directory, n); }},
    Field{"cores", [](ComputeContext& c, const toml::node& n) { return set_count(c.cores, n); }},
    Field{"environment",
          [](ComputeContext& c, const toml::node& n) { return set_environment(c.environment, n); }},
    Field{"packages_to_load",
          [](ComputeContext& c, const toml::node& n) { return set_texts(c.packages_to_load, n); }},
    Field{"task_time_limit",
          [](ComputeContext& c, const toml::node& n) { return set_duration(c.task_time_limit, n); }},
    Field{"task_memory_limit",
          [](ComputeContext& c, const toml::node& n) { return set_size(c.task_memory_limit, n); }},
    Field{"console_limit",
          [](ComputeContext& c, const toml::node& n) { return set_size(c.console_limit, n); }},
    Field{"lost_task_retries",
          [](ComputeContext& c, const toml::node& n) { return set_count(c.lost_task_retries, n); }},
    Field{"trusted_owners",
          [](ComputeContext& c, const toml::node& n) { return set_texts(c.trusted_owners, n); }},
    Field{"engine_options",
          [](ComputeContext& c, const toml::node& n) { return set_options(c.engine_options, n); }},
};

const Field* find_field(std::string_view key) {
  for (const Field& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::string known_keys(std::string_view also_known) {
  std::string list(also_known);
  for (const Field& field : fields) list += fmt::format(", {}", field.key);
  return "known keys: " + list;
}

}  // namespace

Error error_at(const std::string& path, const toml::source_region& where, const std::string& message,
               const std::string& hint) {
  return {ErrorCode::invalid_argument, fmt::format("{}:{}: {}", path, where.begin.line, message), false,
          hint};
}

Result<void> set_fields(ComputeContext& context, const toml::table& table, const std::string& table_name,
                        std::string_view also_known, const std::string& path) {
  for (const auto& [key, node] : table) {
    if (key.str() == also_known) continue;
    const Field* field = find_field(key.str());
    if (field == nullptr) {
      return error_at(path, key.source(), fmt::format("unknown key '{}' in [{}]", key.str(), table_name),
                      known_keys(also_known));
    }
    if (Result<void> set = field->set(context, node); !set) {
      return error_at(path, node.source(), fmt::format("{}: {}", key.str(), set.error().message),
                      set.error().hint);
    }
  }
  return {};
}

}  // namespace errand::client
