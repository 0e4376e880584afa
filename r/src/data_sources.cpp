// SPDX-License-Identifier: Apache-2.0
// Data sources: blocks of the core's columns become R vectors, each value written once.
#include "errand/data_source.h"

#include <cmath>
#include <limits>

#include "context_fields.h"
#include "routines.h"

using namespace errand;
using namespace errand::r;

namespace {

constexpr double seconds_per_microsecond = 1e-6;

bool is_missing(const Column& column, std::size_t row) {
  return !column.missing.empty() && column.missing[row] != 0;
}

template <class T>
SEXP whole_numbers(const Column& column, SEXPTYPE type, std::int32_t offset = 0) {
  const auto& values = std::get<std::vector<T>>(column.values);
  SEXP vector = PROTECT(Rf_allocVector(type, static_cast<R_xlen_t>(values.size())));
  int* into = type == LGLSXP ? LOGICAL(vector) : INTEGER(vector);
  for (std::size_t i = 0; i < values.size(); ++i) {
    into[i] = is_missing(column, i) ? NA_INTEGER : static_cast<int>(values[i]) + offset;
  }
  UNPROTECT(1);
  return vector;
}

template <class T>
SEXP real_numbers(const Column& column, double unit = 1) {
  const auto& values = std::get<std::vector<T>>(column.values);
  SEXP vector = PROTECT(Rf_allocVector(REALSXP, static_cast<R_xlen_t>(values.size())));
  double* into = REAL(vector);
  for (std::size_t i = 0; i < values.size(); ++i) {
    into[i] = is_missing(column, i) ? NA_REAL : static_cast<double>(values[i]) * unit;
  }
  UNPROTECT(1);
  return vector;
}

SEXP character_values(const Column& column) {
  const auto& values = std::get<TextValues>(column.values);
  SEXP vector = PROTECT(Rf_allocVector(STRSXP, static_cast<R_xlen_t>(values.size())));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view value = values[i];
    SET_STRING_ELT(vector, static_cast<R_xlen_t>(i),
                   is_missing(column, i)
                       ? NA_STRING
                       : Rf_mkCharLenCE(value.data(), static_cast<int>(value.size()), CE_UTF8));
  }
  UNPROTECT(1);
  return vector;
}

SEXP raw_values(const Column& column) {
  const auto& values = std::get<TextValues>(column.values);
  SEXP list = PROTECT(Rf_allocVector(VECSXP, static_cast<R_xlen_t>(values.size())));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (is_missing(column, i)) continue;
    const std::string_view value = values[i];
    SEXP bytes = Rf_allocVector(RAWSXP, static_cast<R_xlen_t>(value.size()));
    SET_VECTOR_ELT(list, static_cast<R_xlen_t>(i), bytes);
    std::copy(value.begin(), value.end(), reinterpret_cast<char*>(RAW(bytes)));
  }
  UNPROTECT(1);
  return list;
}

SEXP with_class(SEXP vector, const std::vector<std::string>& names) {
  PROTECT(vector);
  Rf_setAttrib(vector, R_ClassSymbol, PROTECT(texts_to_r(names)));
  UNPROTECT(2);
  return vector;
}

SEXP moments(const Column& column) {
  SEXP vector = PROTECT(real_numbers<std::int64_t>(column, seconds_per_microsecond));
  with_class(vector, {"POSIXct", "POSIXt"});
  Rf_setAttrib(vector, Rf_install("tzone"), PROTECT(Rf_mkString("UTC")));
  UNPROTECT(2);
  return vector;
}

SEXP factor(const Column& column) {
  SEXP vector = PROTECT(whole_numbers<std::int32_t>(column, INTSXP, 1));
  Rf_setAttrib(vector, R_LevelsSymbol, PROTECT(texts_to_r(column.levels)));
  with_class(vector, {"factor"});
  UNPROTECT(2);
  return vector;
}

SEXP vector_of(const Column& column) {
  switch (column.about.type) {
    case ColumnType::boolean:
      return whole_numbers<std::uint8_t>(column, LGLSXP);
    case ColumnType::int16:
      return whole_numbers<std::int16_t>(column, INTSXP);
    case ColumnType::int32:
      return whole_numbers<std::int32_t>(column, INTSXP);
    case ColumnType::int64:
      return real_numbers<std::int64_t>(column);
    case ColumnType::float32:
      return real_numbers<float>(column);
    case ColumnType::float64:
      return real_numbers<double>(column);
    case ColumnType::text:
      return character_values(column);
    case ColumnType::bytes:
      return raw_values(column);
    case ColumnType::date:
      return with_class(real_numbers<std::int32_t>(column), {"Date"});
    case ColumnType::timestamp:
    case ColumnType::timestamp_tz:
      return moments(column);
    case ColumnType::factor:
      return factor(column);
  }
  return R_NilValue;
}

/// A named list of vectors. May jump.
SEXP columns_to_r(const std::vector<Column>& columns) {
  ListBuilder list(static_cast<R_xlen_t>(columns.size()));
  for (const Column& column : columns) {
    list.add(column.about.name.c_str(), PROTECT(vector_of(column)));
    UNPROTECT(1);
  }
  return list.get();
}

std::optional<ColumnType> type_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(ColumnType::factor); ++i) {
    if (to_string(static_cast<ColumnType>(i)) == name) return static_cast<ColumnType>(i);
  }
  return std::nullopt;
}

/// `source` as data_sources.R's source_fields makes it.
DataSource source_of(SEXP source) {
  DataSource made;
  made.connection_string = text_of(element(source, "connection"));
  made.table = text_of(element(source, "table"));
  made.query = text_of(element(source, "query"));
  made.keep = texts_of(element(source, "keep"));
  made.drop = texts_of(element(source, "drop"));
  made.text_as_factors = Rf_asLogical(element(source, "textAsFactors")) == TRUE;
  made.skip = static_cast<std::uint64_t>(Rf_asReal(element(source, "skip")));
  if (double most = Rf_asReal(element(source, "most")); most >= 0)
    made.most = static_cast<std::uint64_t>(most);
  SEXP columns = element(source, "columns");
  for (R_xlen_t i = 0; i < Rf_xlength(columns); ++i) {
    SEXP column = VECTOR_ELT(columns, i);
    made.columns.push_back({text_of(element(column, "name")), text_of(element(column, "newName")),
                            type_named(text_of(element(column, "type"))), texts_of(element(column, "levels")),
                            texts_of(element(column, "newLevels"))});
  }
  return made;
}

SEXP failed(const Error& error) {
  return cpp11::unwind_protect([&]() -> SEXP { return error_to_r(error); });
}

}  // namespace

/// The connection as a URI without its password, which stays in this process.
extern "C" SEXP errand_remember_connection(SEXP parts) {
  return call_body([&] {
    const std::vector<std::string> texts = texts_of(parts);
    Result<std::string> uri =
        remember_connection({texts.at(0), texts.at(1), texts.at(2), texts.at(3), texts.at(4)});
    if (!uri) return failed(uri.error());
    return cpp11::unwind_protect([&]() -> SEXP { return text_to_r(*uri); });
  });
}

/// The context as one in that database.
extern "C" SEXP errand_in_database(SEXP uri, SEXP context) {
  return call_body([&] {
    Result<ComputeContext> made = InDatabase(text_of(uri), context_of(context));
    if (!made) return failed(made.error());
    return cpp11::unwind_protect([&]() -> SEXP { return context_to_r(*made); });
  });
}

/// Names, names in the source, SQL types and types of the source's columns.
extern "C" SEXP errand_describe_data(SEXP source) {
  return call_body([&] {
    auto reader = DataReader::open(source_of(source));
    if (!reader) return failed(reader.error());
    std::vector<std::string> names, source_names, sql_types, types;
    for (const ColumnDescription& column : (*reader)->columns()) {
      names.push_back(column.name);
      source_names.push_back(column.source_name);
      sql_types.push_back(column.sql_type);
      types.emplace_back(to_string(column.type));
    }
    return cpp11::unwind_protect([&]() -> SEXP {
      ListBuilder list(4);
      list.add("name", texts_to_r(names));
      list.add("source", texts_to_r(source_names));
      list.add("sqlType", texts_to_r(sql_types));
      list.add("type", texts_to_r(types));
      return list.get();
    });
  });
}

extern "C" SEXP errand_count_rows(SEXP source) {
  return call_body([&] {
    auto reader = DataReader::open(source_of(source));
    if (!reader) return failed(reader.error());
    Result<std::uint64_t> rows = (*reader)->count_rows();
    if (!rows) return failed(rows.error());
    return cpp11::unwind_protect([&]() -> SEXP { return Rf_ScalarReal(static_cast<double>(*rows)); });
  });
}

/// All rows as a named list of vectors; with a function, blocks of `rows` rows go to it, and NULL comes back.
extern "C" SEXP errand_read_data(SEXP source, SEXP rows, SEXP function) {
  return call_body([&] {
    auto reader = DataReader::open(source_of(source));
    if (!reader) return failed(reader.error());
    if (Rf_isNull(function)) {
      Result<std::vector<Column>> columns = (*reader)->read_all();
      if (!columns) return failed(columns.error());
      return cpp11::unwind_protect([&]() -> SEXP { return columns_to_r(*columns); });
    }
    // A jump has to wait until the core has returned.
    SEXP jump = R_NilValue;
    auto read = (*reader)->read_blocks(
        static_cast<std::uint64_t>(Rf_asReal(rows)), [&](std::vector<Column> columns) -> Result<void> {
          try {
            cpp11::unwind_protect([&] {
              SEXP call = PROTECT(Rf_lang2(function, PROTECT(columns_to_r(columns))));
              Rf_eval(call, R_GlobalEnv);
              UNPROTECT(2);
            });
          } catch (cpp11::unwind_exception& thrown) {
            jump = thrown.token;
            return Error{ErrorCode::interrupted, "the function failed", false, {}, 0};
          }
          return {};
        });
    if (jump != R_NilValue) throw cpp11::unwind_exception(jump);
    if (!read) return failed(read.error());
    return R_NilValue;
  });
}
