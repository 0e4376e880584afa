// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errand/error.h"

/// The syntax of ODBC's connection strings: key=value settings between semicolons.
namespace errand::database {

/// Keys in lower case, in the order of the text, each once: of two settings of a key the first one wins.
using OdbcSettings = std::vector<std::pair<std::string, std::string>>;

/// Splits the text. A value in braces may hold anything, } written as }}; any other ends at the semicolon,
/// without the spaces around it. Errors: invalid_argument (an open brace, text after a brace, no key).
[[nodiscard]] Result<OdbcSettings> split_odbc(std::string_view text);

/// What a setting is to errand.
enum class OdbcMeaning : std::uint8_t {
  driver,
  data_source,
  server,
  port,
  database,
  user,
  password,
  encrypt,
  trust_certificate,
  trusted_connection,
  sslmode,
  timeout,
  application,
  ignored,  ///< of SQL Server's or psqlODBC's drivers: how they work inside, nothing that errand lacks
  unknown,
};

/// The meaning of a key in lower case.
[[nodiscard]] OdbcMeaning meaning_of(std::string_view key);

/// True if ODBC has a setting of that name, whatever its case.
[[nodiscard]] bool is_odbc_key(std::string_view key);

/// True if the text, split as ODBC does, has a key that ODBC has and libpq has not. Total.
[[nodiscard]] bool has_odbc_key(std::string_view text);

}  // namespace errand::database
