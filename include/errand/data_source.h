// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "errand/encoding.h"
#include "errand/error.h"

/// Rows of a database table or query, read into columns: what a function that runs in the database
/// (InDatabase) computes on. Read by the server's binary COPY, in blocks, in any process.
///
///     errand::DataSource source;                 // no connection string: inside a task, the submitter's
///     source.query = "select carrier, arr_delay from flights where arr_delay is not null";
///     auto reader = errand::DataReader::open(source);
///     auto columns = (*reader)->read_all();
///     const auto& delays = std::get<std::vector<double>>((*columns)[1].values);
namespace errand {

/// What the values of a column are, in this process.
enum class ColumnType : std::uint8_t {
  boolean,       ///< std::vector<std::uint8_t>: 0 or 1
  int16,         ///< std::vector<std::int16_t>
  int32,         ///< std::vector<std::int32_t>
  int64,         ///< std::vector<std::int64_t>
  float32,       ///< std::vector<float>
  float64,       ///< std::vector<double>; SQL's numeric, too
  text,          ///< TextValues, UTF-8
  bytes,         ///< TextValues
  date,          ///< std::vector<std::int32_t>: days since 1970-01-01
  timestamp,     ///< std::vector<std::int64_t>: microseconds since 1970-01-01 00:00, of no time zone
  timestamp_tz,  ///< std::vector<std::int64_t>: microseconds since 1970-01-01 00:00 UTC
  factor,        ///< std::vector<std::int32_t>: the index of the value's level
};

}  // namespace errand

MSGPACK_ADD_ENUM(errand::ColumnType)

namespace errand {

/// Name as above.
[[nodiscard]] std::string_view to_string(ColumnType type) noexcept;

/// How a reader wants one column.
struct ColumnRequest {
  std::string name;      ///< in the table or query
  std::string new_name;  ///< empty: the same
  /// Unset: what suits its SQL type. Another one is the server's cast.
  std::optional<ColumnType> type;
  /// Of a factor: a value that is none of them is missing. Empty: the values, in the order of their coming.
  std::vector<std::string> levels;
  std::vector<std::string> new_levels;  ///< put in the place of `levels`, one by one

  MSGPACK_DEFINE(name, new_name, type, levels, new_levels)
};

namespace detail {
/// The connection string as it may be written into a job: a URI without its password, which stays in this
/// process's memory. Thread-safe.
[[nodiscard]] std::string connection_that_travels(const std::string& text);
}  // namespace detail

/// A table or a query, and what is wanted of it. A plain value; as an argument of a task it travels without
/// its password (remember_connection says what becomes of that).
struct DataSource {
  /// Any that InDatabase takes, or what remember_connection gave. Empty: libpq's defaults (PGHOST ...), which
  /// lead a task that runs in a database to that database, as its submitter.
  std::string connection_string;
  std::string table;  ///< name or schema.name; a part in double quotes or brackets is taken as it is
  std::string query;  ///< one statement that answers rows; instead of `table`

  std::vector<std::string> keep;       ///< the columns to read, in the source's order; empty: all
  std::vector<std::string> drop;       ///< the columns not to read
  std::vector<ColumnRequest> columns;  ///< each for a column that is read
  bool text_as_factors = false;        ///< text columns without a request become factors
  std::uint64_t skip = 0;              ///< rows passed over
  std::optional<std::uint64_t> most;   ///< rows read at most

  template <class Packer>
  void msgpack_pack(Packer& packer) const {
    const std::string connection = detail::connection_that_travels(connection_string);
    msgpack::type::make_define_array(connection, table, query, keep, drop, columns, text_as_factors, skip,
                                     most)
        .msgpack_pack(packer);
  }
  void msgpack_unpack(const msgpack::object& object) {
    msgpack::type::make_define_array(connection_string, table, query, keep, drop, columns, text_as_factors,
                                     skip, most)
        .msgpack_unpack(object);
  }
};

/// What a column of a reader is.
struct ColumnDescription {
  std::string name;         ///< new_name, if one was asked for
  std::string source_name;  ///< in the table or query
  std::string sql_type;     ///< as the server writes it: "double precision"
  ColumnType type = ColumnType::text;
};

/// Text or bytes one behind the other: value i is bytes[ends[i - 1] .. ends[i]).
struct TextValues {
  std::string bytes;
  std::vector<std::uint64_t> ends;

  [[nodiscard]] std::size_t size() const { return ends.size(); }
  [[nodiscard]] std::string_view operator[](std::size_t i) const {
    const std::uint64_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

using ColumnValues =
    std::variant<std::vector<std::uint8_t>, std::vector<std::int16_t>, std::vector<std::int32_t>,
                 std::vector<std::int64_t>, std::vector<float>, std::vector<double>, TextValues>;

/// The values of one column of a block of rows.
struct Column {
  ColumnDescription about;
  ColumnValues values;
  /// 1 where SQL has null (or the value is none of a factor's levels); empty: nowhere. The value there is 0,
  /// NaN, an empty text or -1 (factor).
  std::vector<std::uint8_t> missing;
  std::vector<std::string> levels;  ///< of a factor; without given levels it grows from block to block

  [[nodiscard]] std::size_t size() const;
};

/// Reads one source, with a session of its own. One thread at a time.
class DataReader {
 public:
  /// Connects, and asks the server what the source's columns are; reads no rows yet.
  /// Errors: those of InDatabase for the connection string; invalid_argument (no such table or column,
  /// several statements, a type that errand does not read: the message names it and what to cast);
  /// place_unreadable (no server, or no right; the server's words).
  static Result<std::unique_ptr<DataReader>> open(const DataSource& source);
  virtual ~DataReader() = default;

  [[nodiscard]] virtual const std::vector<ColumnDescription>& columns() const = 0;
  /// How many rows there are, by the server's count(*). Errors: as open.
  virtual Result<std::uint64_t> count_rows() = 0;
  /// All rows. Errors: as open; invalid_argument, too, for a value that the server cannot cast.
  virtual Result<std::vector<Column>> read_all() = 0;
  /// Hands blocks of `rows` rows to `block`, the last one shorter, in the memory of one block. An error of
  /// `block` ends the reading and is returned.
  virtual Result<void> read_blocks(std::uint64_t rows,
                                   const std::function<Result<void>(std::vector<Column>)>& block) = 0;
};

/// A connection as front ends take it: what is said by itself wins over the string.
struct ConnectionParts {
  std::string connection_string;
  std::string server;  ///< host or host,port
  std::string database;
  std::string user;
  std::string password;
};

/// The connection as a URI without a password, for DataSource and InDatabase. The password stays in this
/// process's memory, where both find it; so it is in nothing that is written down or sent away. Thread-safe.
/// Errors: those of InDatabase.
[[nodiscard]] Result<std::string> remember_connection(const ConnectionParts& parts);

}  // namespace errand
