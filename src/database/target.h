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
  [[nodiscard]] std::string sslmode() const;  ///< empty: libpq's default
  bool operator==(const Target&) const = default;
};

/// Any of the spellings: a URI (postgresql://, postgres://), libpq's keyword=value form, an ODBC string
/// (Driver=...;Server=...). What it leaves out is libpq's to fill in (PGHOST, service files, ~/.pgpass).
/// Errors: invalid_argument, naming what is wrong and never the password; not_supported (SQL Server).
[[nodiscard]] Result<Target> parse_connection_string(std::string_view text);

/// Of two sslmodes that libpq knows, or of which one is not given, the one that asks for more.
[[nodiscard]] std::string stricter_sslmode(const std::string& a, const std::string& b);

/// The newest of two targets of one place, and of the other what the newest does not say of passwords,
/// certificates and encryption: a name alone takes none of them away, and the sslmode never becomes weaker.
[[nodiscard]] Target with_trust_of(const Target& known, Target newest);

/// True if the text is meant as a connection string, and not as a directory: it begins with a scheme, or has
/// an = before any slash. (A directory of such a name is written ./a=b.)
[[nodiscard]] bool is_database_place(std::string_view text);

/// Keeps the target in this process's memory under its place's name, so that the place can be opened with its
/// password; of a place that is known as with_trust_of says. Thread-safe.
void remember_target(const Target& target);
/// Remembers what an earlier process wrote down; what this process was told itself wins. Thread-safe.
void recall_target(const Target& target);
/// True if anything is remembered of the target's place. Thread-safe.
[[nodiscard]] bool is_remembered(const Target& target);
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
