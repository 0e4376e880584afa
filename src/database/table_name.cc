// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "database/source_plan.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::size_t most_parts = 3;  // database, schema, table

Error refuse_table_name(std::string_view text) {
  return {ErrorCode::invalid_argument, fmt::format("'{}' is no name of a table", text), false,
          "write table, schema.table or \"Schema\".\"Table\"; a query goes into the source's query", 0};
}

/// Takes a part in quotes off the front; a doubled closing quote stands for one.
bool take_quoted(std::string_view& rest, char closing, std::string& part) {
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != closing) {
      part += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == closing) {
      part += rest[i++];
    } else {
      rest.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

}  // namespace

Result<std::string> quote_identifier(std::string_view name) {
  if (name.empty() || name.find('\0') != std::string_view::npos) {
    return Error{
        ErrorCode::invalid_argument, "a name in the database is empty or holds a zero byte", false, {}, 0};
  }
  std::string quoted = "\"";
  for (char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

Result<std::vector<NamePart>> split_table_name(std::string_view text) {
  std::vector<NamePart> parts;
  std::string_view rest = text;
  for (;;) {
    NamePart part;
    part.quoted = rest.starts_with('"') || rest.starts_with('[');
    if (part.quoted) {
      if (!take_quoted(rest, rest[0] == '[' ? ']' : '"', part.text)) return refuse_table_name(text);
    } else {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      part.text = rest.substr(0, end);
      rest.remove_prefix(end);
    }
    if (part.text.empty() || part.text.find('\0') != std::string::npos) return refuse_table_name(text);
    parts.push_back(std::move(part));
    if (rest.empty()) break;
    if (!rest.starts_with('.') || parts.size() == most_parts) return refuse_table_name(text);
    rest.remove_prefix(1);
  }
  return parts;
}

}  // namespace errand::database
