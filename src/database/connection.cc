// SPDX-License-Identifier: Apache-2.0
#include "database/connection.h"

#include <endian.h>

#include <cstring>
#include <map>
#include <utility>

#include "database/libpq.h"
#include "database/server_error.h"
#include "system/try.h"

namespace errand::database {
namespace {

// Of PostgreSQL's catalog pg_type; fixed for ever.
constexpr Oid type_bytea = 17;
constexpr Oid type_bigint = 20;
constexpr Oid type_text = 25;
constexpr Oid type_texts = 1009;
constexpr int binary = 1;

void append_int32(std::string& to, std::int32_t value) {
  const std::uint32_t wire = htobe32(static_cast<std::uint32_t>(value));
  to.append(reinterpret_cast<const char*>(&wire), sizeof wire);
}

std::uint64_t big_endian_64(const char* bytes) {
  std::uint64_t wire = 0;
  std::memcpy(&wire, bytes, sizeof wire);
  return be64toh(wire);
}

void ignore_notice(void*, const PGresult*) {}

}  // namespace

Parameters& Parameters::text(std::string_view value) {
  values_.push_back({type_text, value.data(), static_cast<int>(value.size()), {}, false});
  return *this;
}

Parameters& Parameters::number(std::int64_t value) {
  const std::uint64_t wire = htobe64(static_cast<std::uint64_t>(value));
  std::string own(reinterpret_cast<const char*>(&wire), sizeof wire);
  values_.push_back({type_bigint, nullptr, sizeof wire, std::move(own), false});
  return *this;
}

Parameters& Parameters::bytes(std::span<const std::byte> value) {
  values_.push_back(
      {type_bytea, reinterpret_cast<const char*>(value.data()), static_cast<int>(value.size()), {}, false});
  return *this;
}

Parameters& Parameters::texts(std::span<const std::string> values) {
  std::string own;
  append_int32(own, values.empty() ? 0 : 1);  // dimensions
  append_int32(own, 0);                       // no nulls
  append_int32(own, static_cast<std::int32_t>(type_text));
  if (!values.empty()) {
    append_int32(own, static_cast<std::int32_t>(values.size()));
    append_int32(own, 1);  // the first subscript
  }
  for (const std::string& value : values) {
    append_int32(own, static_cast<std::int32_t>(value.size()));
    own += value;
  }
  const int length = static_cast<int>(own.size());
  values_.push_back({type_texts, nullptr, length, std::move(own), false});
  return *this;
}

Parameters& Parameters::null_number() {
  values_.push_back({type_bigint, nullptr, 0, {}, true});
  return *this;
}

// A result only exists where the library has been loaded.
std::size_t Rows::count() const {
  return static_cast<std::size_t>((*libpq())->PQntuples(result_.get()));
}

bool Rows::is_null(std::size_t row, int column) const {
  return (*libpq())->PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view Rows::text(std::size_t row, int column) const {
  const Libpq& pq = **libpq();
  const int length = pq.PQgetlength(result_.get(), static_cast<int>(row), column);
  return {pq.PQgetvalue(result_.get(), static_cast<int>(row), column), static_cast<std::size_t>(length)};
}

std::int64_t Rows::number(std::size_t row, int column) const {
  const std::string_view field = text(row, column);
  return field.size() == sizeof(std::uint64_t) ? static_cast<std::int64_t>(big_endian_64(field.data())) : 0;
}

bool Rows::truth(std::size_t row, int column) const {
  const std::string_view field = text(row, column);
  return field.size() == 1 && field[0] != 0;
}

std::span<const std::byte> Rows::bytes(std::size_t row, int column) const {
  return std::as_bytes(std::span(text(row, column)));
}

std::size_t Rows::changed() const {
  const char* count = (*libpq())->PQcmdTuples(result_.get());
  return std::strtoull(count, nullptr, 10);
}

struct Connection::State {
  const Libpq& pq;
  PGconn* connection;
  std::map<std::string, std::string, std::less<>> prepared;  ///< statement -> its name in this session

  State(const Libpq& functions, PGconn* opened) : pq(functions), connection(opened) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { pq.PQfinish(connection); }

  [[nodiscard]] std::shared_ptr<PGresult> next_result() const {
    PGresult* result = pq.PQgetResult(connection);
    return result == nullptr ? nullptr : std::shared_ptr<PGresult>(result, pq.PQclear);
  }

  /// Takes what is left of a statement's answers, so that the session can be used again.
  void drain() const {
    while (pq.PQstatus(connection) == CONNECTION_OK && next_result()) {
    }
  }

  [[nodiscard]] Error error_of(const PGresult* result) const {
    if (pq.PQstatus(connection) != CONNECTION_OK) return session_lost(pq.PQerrorMessage(connection));
    const std::string_view words = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
    return server_error(field_of(result, PG_DIAG_SQLSTATE),
                        words.empty() ? pq.PQerrorMessage(connection) : words,
                        field_of(result, PG_DIAG_MESSAGE_HINT));
  }

  /// Empty: there is no such field, or no result.
  [[nodiscard]] std::string_view field_of(const PGresult* result, int code) const {
    const char* field = result == nullptr ? nullptr : pq.PQresultErrorField(result, code);
    return field == nullptr ? "" : field;
  }

  Result<std::string> name_of(std::string_view statement, const std::vector<Parameters::Value>& values);
  Result<void> send(std::string_view statement, const std::vector<Parameters::Value>& values);
};

Result<std::string> Connection::State::name_of(std::string_view statement,
                                               const std::vector<Parameters::Value>& values) {
  auto known = prepared.find(statement);
  if (known != prepared.end()) return known->second;
  std::vector<Oid> types;
  types.reserve(values.size());
  for (const Parameters::Value& value : values) types.push_back(value.type);
  std::string text(statement);
  std::string name = "errand_" + std::to_string(prepared.size());
  if (pq.PQsendPrepare(connection, name.c_str(), text.c_str(), static_cast<int>(types.size()),
                       types.data()) == 0)
    return error_of(nullptr);
  auto result = next_result();
  drain();
  if (!result || pq.PQresultStatus(result.get()) != PGRES_COMMAND_OK) return error_of(result.get());
  prepared.emplace(std::move(text), name);
  return name;
}

Result<void> Connection::State::send(std::string_view statement,
                                     const std::vector<Parameters::Value>& values) {
  TRY(std::string name, name_of(statement, values));
  std::vector<const char*> data;
  std::vector<int> lengths;
  std::vector<int> formats(values.size(), binary);
  for (const Parameters::Value& value : values) {
    // An empty value is not null: it needs an address.
    const char* bytes = value.data != nullptr ? value.data : value.own.c_str();
    data.push_back(value.is_null ? nullptr : bytes);
    lengths.push_back(value.length);
  }
  const int count = static_cast<int>(values.size());
  if (pq.PQsendQueryPrepared(connection, name.c_str(), count, data.data(), lengths.data(), formats.data(),
                             binary) == 0)
    return error_of(nullptr);
  return {};
}

Connection::Connection(pg_conn* connection, Target target)
    : target_(std::move(target)), state_(std::make_unique<State>(**libpq(), connection)) {}
Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const Target& target) {
  TRY(const Libpq* pq, libpq());
  std::map<std::string, std::string> parameters = target.parameters;
  parameters.try_emplace("connect_timeout", "10");
  parameters.try_emplace("application_name", "errand");
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* connection = pq->PQconnectdbParams(names.data(), values.data(), 0);
  if (connection == nullptr) return Error{ErrorCode::system, "no memory for a connection", true, "", 0};
  std::unique_ptr<Connection> opened(new Connection(connection, target));
  if (pq->PQstatus(connection) != CONNECTION_OK)
    return cannot_connect(target.place(), pq->PQerrorMessage(connection));
  pq->PQsetNoticeReceiver(connection, ignore_notice, nullptr);  // a library does not print
  return opened;
}

Result<Rows> Connection::run(std::string_view statement, const Parameters& parameters) {
  TRY_VOID(state_->send(statement, parameters.values_));
  auto result = state_->next_result();
  state_->drain();
  const ExecStatusType status = result ? state_->pq.PQresultStatus(result.get()) : PGRES_FATAL_ERROR;
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return state_->error_of(result.get());
  return Rows(std::move(result));
}

Result<void> Connection::run_script(const std::string& text) {
  if (state_->pq.PQsendQuery(state_->connection, text.c_str()) == 0) return state_->error_of(nullptr);
  while (auto result = state_->next_result()) {
    const ExecStatusType status = state_->pq.PQresultStatus(result.get());
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) continue;
    Error error = state_->error_of(result.get());
    state_->drain();
    return error;
  }
  if (is_lost()) return state_->error_of(nullptr);
  return {};
}

Result<void> Connection::stream(std::string_view statement, const Parameters& parameters,
                                const std::function<Result<void>(const Rows&)>& row) {
  TRY_VOID(state_->send(statement, parameters.values_));
  state_->pq.PQsetSingleRowMode(state_->connection);
  Result<void> outcome;
  bool complete = false;
  while (auto result = state_->next_result()) {
    const ExecStatusType status = state_->pq.PQresultStatus(result.get());
    complete = complete || status == PGRES_TUPLES_OK;
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && outcome)
      outcome = state_->error_of(result.get());
    if (status == PGRES_SINGLE_TUPLE && outcome) outcome = row(Rows(std::move(result)));
  }
  if (outcome && !complete) return state_->error_of(nullptr);
  return outcome;
}

Result<std::vector<ResultColumn>> Connection::describe(const std::string& query) {
  // Prepared without a name: the next one takes its place. The server takes one statement only.
  const Libpq& pq = state_->pq;
  if (pq.PQsendPrepare(state_->connection, "", query.c_str(), 0, nullptr) == 0)
    return state_->error_of(nullptr);
  auto prepared = state_->next_result();
  state_->drain();
  if (!prepared || pq.PQresultStatus(prepared.get()) != PGRES_COMMAND_OK)
    return state_->error_of(prepared.get());
  if (pq.PQsendDescribePrepared(state_->connection, "") == 0) return state_->error_of(nullptr);
  auto described = state_->next_result();
  state_->drain();
  if (!described || pq.PQresultStatus(described.get()) != PGRES_COMMAND_OK)
    return state_->error_of(described.get());
  std::vector<ResultColumn> columns;
  columns.reserve(static_cast<std::size_t>(pq.PQnfields(described.get())));
  for (int column = 0; column < pq.PQnfields(described.get()); ++column) {
    columns.push_back({pq.PQfname(described.get(), column), pq.PQftype(described.get(), column)});
  }
  if (columns.empty())
    return Error{ErrorCode::invalid_argument, "the statement answers no rows", false, "write a query", 0};
  return columns;
}

Result<void> Connection::copy_out(const std::string& statement,
                                  const std::function<Result<void>(std::string_view)>& piece) {
  if (state_->pq.PQsendQuery(state_->connection, statement.c_str()) == 0) return state_->error_of(nullptr);
  auto begun = state_->next_result();
  if (!begun || state_->pq.PQresultStatus(begun.get()) != PGRES_COPY_OUT) {
    Error error = state_->error_of(begun.get());
    state_->drain();
    return error;
  }
  Result<void> outcome;
  char* bytes = nullptr;
  int length = 0;
  while ((length = state_->pq.PQgetCopyData(state_->connection, &bytes, 0)) > 0) {
    if (outcome) outcome = piece({bytes, static_cast<std::size_t>(length)});
    state_->pq.PQfreemem(bytes);
  }
  auto ended = state_->next_result();
  if (outcome && (!ended || state_->pq.PQresultStatus(ended.get()) != PGRES_COMMAND_OK))
    outcome = state_->error_of(ended.get());
  state_->drain();
  return outcome;
}

Result<std::vector<Notification>> Connection::notifications() {
  if (state_->pq.PQconsumeInput(state_->connection) == 0) return state_->error_of(nullptr);
  std::vector<Notification> arrived;
  while (PGnotify* notify = state_->pq.PQnotifies(state_->connection)) {
    arrived.push_back({notify->relname, notify->extra});
    state_->pq.PQfreemem(notify);
  }
  return arrived;
}

int Connection::descriptor() const {
  return state_->pq.PQsocket(state_->connection);
}

bool Connection::is_lost() const {
  return state_->pq.PQstatus(state_->connection) != CONNECTION_OK;
}

int Connection::server_version() const {
  return state_->pq.PQserverVersion(state_->connection);
}

Result<std::string> Connection::current_user() {
  TRY(Rows rows, run("select current_user::text"));
  return std::string(rows.text(0, 0));
}

}  // namespace errand::database
