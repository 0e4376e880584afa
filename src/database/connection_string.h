// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "database/odbc_registry.h"
#include "database/target.h"

/// The spellings of a connection string, each read by itself; parse_connection_string (target.h) finds out
/// which one a text is. No error ever quotes a value of the text: it may be, or lie beside, a password.
namespace errand::database {

/// postgresql://user:password@host:port/database?name=value, as libpq reads it. One server only.
[[nodiscard]] Result<Target> read_uri(std::string_view text);

/// libpq's keyword=value form, with its quotes and backslashes; of two values of a keyword the last one wins.
[[nodiscard]] Result<Target> read_keywords(std::string_view text);

/// Driver={...};Server=...;Database=...: see odbc_string.h. Drivers and data sources are looked up in
/// `registry`.
[[nodiscard]] Result<Target> read_odbc(std::string_view text, const OdbcRegistry& registry);

/// parse_connection_string over a given registry. Pure.
[[nodiscard]] Result<Target> parse_connection_string(std::string_view text, const OdbcRegistry& registry);

/// [tcp:]host[,port] into host and port. A comma is never passed on: to libpq it would be a list of servers.
/// Errors: invalid_argument (an instance, two ports).
[[nodiscard]] Result<void> set_server(Target& target, const std::string& server);

/// Refuses what no single server can be reached by: several hosts, a port that is no number, a parameter or
/// an sslmode that libpq does not know.
[[nodiscard]] Result<void> check_target(const Target& target);

/// True if libpq has a parameter of that name.
[[nodiscard]] bool is_libpq_parameter(std::string_view name);

/// invalid_argument: "the connection string " and what is wrong with it.
[[nodiscard]] Error refuse_connection_string(std::string_view why, std::string_view hint = {});
[[nodiscard]] Error refuse_several_servers();

}  // namespace errand::database
