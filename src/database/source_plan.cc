// SPDX-License-Identifier: Apache-2.0
#include "database/source_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "database/odbc_registry.h"
#include "system/try.h"

namespace errand::database {
namespace {

/// A type of the server and how it is read. `cast`: what the server is asked for instead.
struct KnownType {
  std::uint32_t oid;
  std::string_view name;
  ColumnType type;
  WireType wire;
  std::string_view cast;
};

constexpr std::array<KnownType, 20> known_types{{
    {16, "boolean", ColumnType::boolean, WireType::boolean, ""},
    {17, "bytea", ColumnType::bytes, WireType::text, ""},
    {18, "\"char\"", ColumnType::text, WireType::text, "text"},
    {19, "name", ColumnType::text, WireType::text, "text"},
    {20, "bigint", ColumnType::int64, WireType::int64, ""},
    {21, "smallint", ColumnType::int16, WireType::int16, ""},
    {23, "integer", ColumnType::int32, WireType::int32, ""},
    {25, "text", ColumnType::text, WireType::text, ""},
    {26, "oid", ColumnType::int64, WireType::int64, "int8"},
    {114, "json", ColumnType::text, WireType::text, ""},
    {142, "xml", ColumnType::text, WireType::text, ""},
    {700, "real", ColumnType::float32, WireType::float32, ""},
    {701, "double precision", ColumnType::float64, WireType::float64, ""},
    {705, "unknown", ColumnType::text, WireType::text, "text"},
    {1042, "character", ColumnType::text, WireType::text, "text"},  // without the blanks at its end
    {1043, "character varying", ColumnType::text, WireType::text, ""},
    {1082, "date", ColumnType::date, WireType::date, ""},
    {1114, "timestamp without time zone", ColumnType::timestamp, WireType::timestamp, ""},
    {1184, "timestamp with time zone", ColumnType::timestamp_tz, WireType::timestamp, ""},
    {1700, "numeric", ColumnType::float64, WireType::numeric, ""},
}};

/// What a column becomes that was asked for as another type.
struct AskedType {
  ColumnType type;
  WireType wire;
  std::string_view cast;
};

constexpr std::array<AskedType, 12> asked_types{{
    {ColumnType::boolean, WireType::boolean, "bool"},
    {ColumnType::int16, WireType::int16, "int2"},
    {ColumnType::int32, WireType::int32, "int4"},
    {ColumnType::int64, WireType::int64, "int8"},
    {ColumnType::float32, WireType::float32, "float4"},
    {ColumnType::float64, WireType::float64, "float8"},
    {ColumnType::text, WireType::text, "text"},
    {ColumnType::bytes, WireType::text, "bytea"},
    {ColumnType::date, WireType::date, "date"},
    {ColumnType::timestamp, WireType::timestamp, "timestamp"},
    {ColumnType::timestamp_tz, WireType::timestamp, "timestamptz"},
    {ColumnType::factor, WireType::factor, "text"},
}};

Error refuse(std::string message, std::string_view hint = {}) {
  return {ErrorCode::invalid_argument, std::move(message), false, std::string(hint), 0};
}

/// Finds the table as its name is written, else with its unquoted parts in small letters, as SQL does.
Result<std::string> find_table(Connection& connection, const std::string& name) {
  TRY(const std::vector<NamePart> parts, split_table_name(name));
  for (const bool folded : {false, true}) {
    std::string asked;
    for (const NamePart& part : parts) {
      TRY(const std::string quoted,
          quote_identifier(folded && !part.quoted ? in_lower_case(part.text) : part.text));
      asked += (asked.empty() ? "" : ".") + quoted;
    }
    TRY(Rows rows, connection.run("select n.nspname::text, c.relname::text from pg_catalog.pg_class c join "
                                  "pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = "
                                  "pg_catalog.to_regclass($1)",
                                  Parameters().text(asked)));
    if (rows.count() == 0) continue;
    TRY(const std::string schema, quote_identifier(rows.text(0, 0)));
    TRY(const std::string table, quote_identifier(rows.text(0, 1)));
    return schema + '.' + table;
  }
  return refuse(fmt::format("there is no table '{}' in the database", name),
                "a table outside the role's search_path is written schema.table");
}

/// The query without what may end a statement. That it is one statement is the server's to say.
Result<std::string> query_text(const std::string& query) {
  const std::size_t end = query.find_last_not_of("; \t\r\n");
  if (end == std::string::npos || query.find('\0') != std::string::npos) {
    return refuse("the data source's query is empty or holds a zero byte");
  }
  return query.substr(0, end + 1);
}

/// Types that are not in the table: their names, and whether they are enumerations.
struct OtherType {
  std::string name;
  bool is_enumeration = false;
};

Result<std::map<std::uint32_t, OtherType>> ask_types(Connection& connection,
                                                     const std::vector<ResultColumn>& columns) {
  std::vector<std::string> unknown;
  for (const ResultColumn& column : columns) {
    if (std::ranges::find(known_types, column.type, &KnownType::oid) == known_types.end()) {
      unknown.push_back(std::to_string(column.type));
    }
  }
  std::map<std::uint32_t, OtherType> types;
  if (unknown.empty()) return types;
  TRY(Rows rows,
      connection.run("select oid::bigint, pg_catalog.format_type(oid, null)::text, typtype = 'e' from "
                     "pg_catalog.pg_type where oid::text = any($1)",
                     Parameters().texts(unknown)));
  for (std::size_t row = 0; row < rows.count(); ++row) {
    types[static_cast<std::uint32_t>(rows.number(row, 0))] = {std::string(rows.text(row, 1)),
                                                              rows.truth(row, 2)};
  }
  return types;
}

bool is_number(ColumnType type) {
  return type >= ColumnType::int16 && type <= ColumnType::float64;
}

std::string cast_expression(const std::string& column, const KnownType* from, const AskedType& to) {
  const bool by_way_of_int4 = from != nullptr && ((from->type == ColumnType::boolean && is_number(to.type)) ||
                                                  (to.type == ColumnType::boolean && is_number(from->type)));
  return fmt::format("{}{}::pg_catalog.{}", column, by_way_of_int4 ? "::pg_catalog.int4" : "", to.cast);
}

/// The choices of a source for its columns.
class Planner {
 public:
  explicit Planner(const DataSource& source) : source_(source) {}

  Result<std::vector<PlannedColumn>> plan(const std::vector<ResultColumn>& found,
                                          const std::map<std::uint32_t, OtherType>& others) {
    TRY_VOID(check_names(found));
    std::vector<PlannedColumn> planned;
    for (const ResultColumn& column : found) {
      if (!is_wanted(column.name)) continue;
      TRY(PlannedColumn one, plan_column(column, others));
      planned.push_back(std::move(one));
    }
    if (planned.empty()) return refuse("no column of the data source is left to read");
    return planned;
  }

 private:
  Result<void> check_names(const std::vector<ResultColumn>& found) {
    std::set<std::string> names;
    std::string known;
    for (const ResultColumn& column : found) {
      if (!names.insert(column.name).second) {
        return refuse(fmt::format("two columns of the query are named '{}'", column.name),
                      "give one of them another name with AS");
      }
      known += (known.empty() ? "" : ", ") + column.name;
    }
    std::vector<std::string> asked = source_.keep;
    asked.insert(asked.end(), source_.drop.begin(), source_.drop.end());
    for (const ColumnRequest& request : source_.columns) asked.push_back(request.name);
    for (const std::string& name : asked) {
      if (!names.contains(name)) {
        return refuse(fmt::format("the data source has no column '{}'", name), "there are: " + known);
      }
    }
    return {};
  }

  [[nodiscard]] bool is_wanted(const std::string& name) const {
    const auto is_in = [&](const std::vector<std::string>& names) {
      return std::ranges::find(names, name) != names.end();
    };
    return (source_.keep.empty() || is_in(source_.keep)) && !is_in(source_.drop);
  }

  Result<PlannedColumn> plan_column(const ResultColumn& column,
                                    const std::map<std::uint32_t, OtherType>& others) {
    PlannedColumn planned;
    const auto request = std::ranges::find(source_.columns, column.name, &ColumnRequest::name);
    if (request != source_.columns.end()) planned.request = *request;
    const auto known = std::ranges::find(known_types, column.type, &KnownType::oid);
    const KnownType* from = known == known_types.end() ? nullptr : &*known;
    const auto other = others.find(column.type);
    const bool is_enumeration = other != others.end() && other->second.is_enumeration;
    planned.about.source_name = column.name;
    planned.about.name = planned.request.new_name.empty() ? column.name : planned.request.new_name;
    planned.about.sql_type = from != nullptr ? from->name : other != others.end() ? other->second.name : "?";
    TRY(const std::string quoted, quote_identifier(column.name));
    const bool is_text = from != nullptr ? from->type == ColumnType::text : is_enumeration;
    if (!planned.request.type && source_.text_as_factors && is_text)
      planned.request.type = ColumnType::factor;
    TRY_VOID(check_levels(planned.request));
    if (planned.request.type && (from == nullptr || from->type != *planned.request.type)) {
      return plan_asked(std::move(planned), quoted, from);
    }
    if (from == nullptr && !is_enumeration) return refuse_type(planned.about);
    planned.about.type = from != nullptr ? from->type : ColumnType::text;
    planned.wire = from != nullptr ? from->wire : WireType::text;
    const std::string_view cast = from != nullptr ? from->cast : "";
    planned.expression = cast.empty() ? quoted : fmt::format("{}::pg_catalog.{}", quoted, cast);
    return planned;
  }

  static Result<void> check_levels(const ColumnRequest& request) {
    if (!request.levels.empty() && request.type != ColumnType::factor) {
      return refuse(
          fmt::format("levels were given for column '{}', which is not asked for as a factor", request.name));
    }
    if (!request.new_levels.empty() && request.new_levels.size() != request.levels.size()) {
      return refuse(fmt::format("column '{}' has {} levels and {} new ones", request.name,
                                request.levels.size(), request.new_levels.size()),
                    "new levels stand for the levels, one by one");
    }
    return {};
  }

  static Result<PlannedColumn> plan_asked(PlannedColumn planned, const std::string& quoted,
                                          const KnownType* from) {
    const AskedType& asked = *std::ranges::find(asked_types, *planned.request.type, &AskedType::type);
    planned.about.type = asked.type;
    planned.wire = asked.wire;
    planned.expression = cast_expression(quoted, from, asked);
    return planned;
  }

  static Error refuse_type(const ColumnDescription& about) {
    return {ErrorCode::not_supported,
            fmt::format("column '{}' is of type {}, which errand does not read", about.source_name,
                        about.sql_type),
            false,
            fmt::format("write a query with {}::text, or ask for the column as text, or leave it out",
                        about.source_name),
            0};
  }

  const DataSource& source_;
};

std::string copy_statement(const SourcePlan& plan, const DataSource& source) {
  std::string selected;
  for (const PlannedColumn& column : plan.columns) {
    selected += (selected.empty() ? "" : ", ") + column.expression;
  }
  std::string statement = "copy (select " + selected + " from " + plan.from;
  if (source.skip > 0) statement += fmt::format(" offset {}", source.skip);
  if (source.most) statement += fmt::format(" limit {}", *source.most);
  return statement + ") to stdout (format binary)";
}

}  // namespace

Result<SourcePlan> plan_source(Connection& connection, const DataSource& source) {
  if (source.table.empty() == source.query.empty()) {
    return refuse("a data source has a table or a query, one of them");
  }
  SourcePlan plan;
  std::string query;
  if (!source.table.empty()) {
    TRY(plan.from, find_table(connection, source.table));
    query = "select * from " + plan.from;
  } else {
    TRY(query, query_text(source.query));
    plan.from = "(\n" + query + "\n) as source";  // the line's end closes a comment
  }
  TRY(const std::vector<ResultColumn> columns, connection.describe(query));
  TRY(const auto others, ask_types(connection, columns));
  TRY(plan.columns, Planner(source).plan(columns, others));
  plan.statement = copy_statement(plan, source);
  return plan;
}

}  // namespace errand::database
