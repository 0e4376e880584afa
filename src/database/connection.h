// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database/target.h"
#include "errand/error.h"

struct pg_conn;
struct pg_result;

namespace errand::database {

/// The values of a statement's $1, $2 ...; they refer to what they were made from, which has to outlive the
/// call. Types are said, so that a statement means the same with every server: text, bigint, bytea, text[].
class Parameters {
 public:
  Parameters& text(std::string_view value);
  Parameters& number(std::int64_t value);
  Parameters& bytes(std::span<const std::byte> value);
  Parameters& texts(std::span<const std::string> values);  ///< text[]
  Parameters& null_number();

 private:
  friend class Connection;
  struct Value {
    std::uint32_t type = 0;
    const char* data = nullptr;  ///< null: it lies in `own`, or is SQL's null
    int length = 0;
    std::string own;
    bool is_null = false;
  };
  std::vector<Value> values_;
};

/// What a statement answered: rows of binary fields. Cast numbers to bigint in the statement.
class Rows {
 public:
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool is_null(std::size_t row, int column) const;
  [[nodiscard]] std::string_view text(std::size_t row, int column) const;  ///< text, name, bytea
  [[nodiscard]] std::int64_t number(std::size_t row, int column) const;    ///< bigint
  [[nodiscard]] bool truth(std::size_t row, int column) const;             ///< boolean
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t row, int column) const;
  [[nodiscard]] std::size_t changed() const;  ///< rows that an insert, update or delete touched

 private:
  friend class Connection;
  explicit Rows(std::shared_ptr<pg_result> result) : result_(std::move(result)) {}
  std::shared_ptr<pg_result> result_;
};

/// A column of an answer: its name, and its type as pg_type's oid.
struct ResultColumn {
  std::string name;
  std::uint32_t type = 0;
};

struct Notification {
  std::string channel;
  std::string payload;
};

/// One session of a server. Not thread-safe. After an error with `is_lost()` the session is gone and what the
/// statement did is in doubt; the connection stays unusable.
class Connection {
 public:
  /// Errors: place_unreadable (no server there, wrong password, no such database: the server's words;
  /// transient where time may help), not_supported (libpq is not installed).
  static Result<std::unique_ptr<Connection>> open(const Target& target);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Runs one statement; `statement` is prepared at its first use by this session, so it must be a text that
  /// does not grow with what it is about. Errors: place_unwritable (no right to do it), exists (duplicate
  /// key), no_space, invalid_argument, interrupted (canceled), timeout (statement_timeout), place_unreadable
  /// and transient (the session is lost), system; the message has the server's words and its SQLSTATE.
  Result<Rows> run(std::string_view statement, const Parameters& parameters = {});
  /// Several statements without parameters, not prepared: transactions, LISTEN, schema.
  Result<void> run_script(const std::string& text);
  /// Runs the statement and hands every row over as it arrives: an answer of any size in the memory of a row.
  Result<void> stream(std::string_view statement, const Parameters& parameters,
                      const std::function<Result<void>(const Rows&)>& row);
  /// What one query without parameters would answer; it is not run. Errors: as run; invalid_argument (several
  /// statements, or one that answers no rows).
  Result<std::vector<ResultColumn>> describe(const std::string& query);
  /// COPY ... TO STDOUT (FORMAT binary): hands every piece of the stream over; a piece is valid during the
  /// call.
  Result<void> copy_out(const std::string& statement,
                        const std::function<Result<void>(std::string_view)>& piece);

  /// What has been notified, without waiting.
  Result<std::vector<Notification>> notifications();
  /// Readable when something came from the server.
  [[nodiscard]] int descriptor() const;
  [[nodiscard]] bool is_lost() const;
  [[nodiscard]] const Target& target() const { return target_; }
  /// The session's user after `-c role`, the server's version as 150018.
  Result<std::string> current_user();
  [[nodiscard]] int server_version() const;

 private:
  Connection(pg_conn* connection, Target target);
  struct State;
  Target target_;
  std::unique_ptr<State> state_;
};

}  // namespace errand::database
