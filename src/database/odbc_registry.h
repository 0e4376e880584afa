// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// unixODBC's files, read as far as errand needs them; unixODBC itself is not used.
namespace errand::database {

/// The text with its ASCII letters small: ODBC compares names so.
[[nodiscard]] std::string in_lower_case(std::string_view text);

/// The sections of a text as odbcinst.ini and odbc.ini are: [name], key = value, comments behind ; or # at
/// the beginning of a line. Names and keys in lower case, the first of two wins. Total: what is no such
/// line is passed over.
using IniSections = std::map<std::string, std::map<std::string, std::string>>;
[[nodiscard]] IniSections parse_ini(std::string_view text);

/// Where drivers and data sources are described, the file that is looked into first at the front. A file that
/// is not there or cannot be read describes nothing.
struct OdbcRegistry {
  std::vector<std::string> driver_files;
  std::vector<std::string> source_files;

  /// As unixODBC finds them: $ODBCSYSINI/$ODBCINSTINI (/etc/odbcinst.ini); $ODBCINI, ~/.odbc.ini,
  /// $ODBCSYSINI/odbc.ini.
  static OdbcRegistry of_this_process();

  /// The library of a driver by its name, case ignored.
  [[nodiscard]] std::optional<std::string> library_of(std::string_view driver) const;
  /// The settings of a data source by its name, keys in lower case.
  [[nodiscard]] std::optional<std::map<std::string, std::string>> data_source(std::string_view name) const;
};

}  // namespace errand::database
