// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/column_builder.h"
#include "database/connection.h"
#include "errand/data_source.h"

/// What a data source's rows are, and the statement that reads them.
namespace errand::database {

struct PlannedColumn {
  ColumnDescription about;
  WireType wire = WireType::text;
  ColumnRequest request;
  std::string expression;  ///< in the statement: the column, cast if need be
};

struct SourcePlan {
  std::vector<PlannedColumn> columns;
  std::string from;       ///< a table's quoted name, or the query in parentheses
  std::string statement;  ///< COPY ... TO STDOUT (FORMAT binary)
};

/// Asks the server for the columns. Errors: DataReader::open's.
[[nodiscard]] Result<SourcePlan> plan_source(Connection& connection, const DataSource& source);

/// A name in double quotes, as SQL takes it literally. Errors: invalid_argument (empty, a zero byte).
[[nodiscard]] Result<std::string> quote_identifier(std::string_view name);

/// One part of a table's name.
struct NamePart {
  std::string text;
  bool quoted = false;  ///< taken as it is, small and large letters too
};
/// Splits schema.table, "My schema"."t", [dbo].[t]. Errors: invalid_argument.
[[nodiscard]] Result<std::vector<NamePart>> split_table_name(std::string_view text);

}  // namespace errand::database
