// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "errand/error.h"

namespace errand::database {

/// Which database to connect to, as libpq's own parameters (host, port, dbname, user, password, sslmode ...).
/// They go to PQconnectdbParams one by one; no string is ever rebuilt from them and parsed again.
struct Target {
  std::map<std::string, std::string> parameters;

  /// The place's name: `postgresql://user@host:port/database`, percent-encoded, no password, no options.
  [[nodiscard]] std::string place() const;
  /// The place's name and behind it the options, as a URI: all but what is secret.
  [[nodiscard]] std::string without_password() const;
  bool operator==(const Target&) const = default;
};

/// Any of the spellings: a URI (postgresql://, postgres://), libpq's keyword=value form, an ODBC string
/// (Driver=...;Server=...). What it leaves out is libpq's to fill in (PGHOST, service files, ~/.pgpass).
/// Errors: invalid_argument, naming what is wrong and never the password; not_supported (SQL Server).
[[nodiscard]] Result<Target> parse_connection_string(std::string_view text);

/// True if the text names a place in a database (begins with postgresql: or postgres:).
[[nodiscard]] bool is_database_place(std::string_view text);

/// Keeps the target in this process's memory under its place's name, so that the place can be opened with its
/// password; the newest wins, but one without a password keeps the one that is known. Thread-safe.
void remember_target(const Target& target);
/// A place's name as it is written down: what `text` may say of a password is remembered and left out. Text
/// that cannot be parsed is given back as it is: opening it says what is wrong.
[[nodiscard]] std::string place_name(const std::string& text);
/// The target, and what is remembered of its place beyond what it says itself. Thread-safe.
[[nodiscard]] Target with_remembered(Target target);
/// True if both are the same server, database and user, as far as a name tells; `source` may leave the user
/// out.
[[nodiscard]] bool is_same_place(const Target& place, const Target& source);
/// What the text says, and what is remembered of its place beyond that. Errors: as parse_connection_string.
[[nodiscard]] Result<Target> target_of(const std::string& place);

}  // namespace errand::database
