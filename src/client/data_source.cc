// SPDX-License-Identifier: Apache-2.0
#include "errand/data_source.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "client/environment.h"
#include "database/connection.h"
#include "database/connection_string.h"
#include "database/copy_reader.h"
#include "database/source_plan.h"
#include "database/target.h"
#include "system/try.h"
#include "system/user_directories.h"
#include "system/user_name.h"

namespace errand {
namespace {

using database::Target;

constexpr const char* default_port = "5432";
/// An empty value would be PGOPTIONS.
constexpr const char* no_options = " ";

/// The database in which this task runs.
std::optional<Target> place_of_this_task() {
  const std::string place = system::environment_value(client::place_variable);
  if (place.empty()) return std::nullopt;
  auto job = database::parse_connection_string(place);
  return job ? std::optional(*std::move(job)) : std::nullopt;
}

/// libpq's variables lead this task to its own database, as its submitter. Where the target names another
/// server they are not meant: what it leaves open is what libpq has without them.
void leave_own_database(Target& target) {
  const auto& named = target.parameters;
  if (!named.contains("host") && !named.contains("hostaddr") && !named.contains("service")) return;
  target.parameters.try_emplace("options", no_options);
  if (named.contains("service")) return;  // the file may say the rest
  target.parameters.try_emplace("port", default_port);
  target.parameters.try_emplace("user", system::user_name());
  target.parameters.try_emplace("dbname", target.parameters["user"]);
}

Result<Target> target_of_source(const DataSource& source) {
  Target target;
  if (!source.connection_string.empty()) {
    TRY(target, database::parse_connection_string(source.connection_string));
    // A source that names the task's own database is read as its own session may: the submitter's password is
    // not here.
    const auto own = place_of_this_task();
    const bool is_own = own && database::is_same_place(*own, target);
    target = is_own ? Target{} : database::with_remembered(std::move(target));
    if (own && !is_own) leave_own_database(target);
  }
  target.parameters["client_encoding"] = "UTF8";
  return target;
}

Error explain_in_task(Error error) {
  if (system::environment_value("ERRAND_JOB").empty()) return error;
  error.hint =
      "a data source's password does not travel with a job: a task reads the database that it runs in as its "
      "submitter; for another one name PGSERVICEFILE or PGPASSFILE in the context's environment: a file "
      "where the task runs, which its user may read";
  return error;
}

/// The server's refusal of a query is the query's fault and not the place's, as it is elsewhere.
Error explain_query(Error error) {
  const auto is_of_class = [&](const char* sqlstate) {
    return error.message.find(std::string("(SQLSTATE ") + sqlstate) != std::string::npos;
  };
  if (!is_of_class("42") && !is_of_class("22") && !is_of_class("3F") && !is_of_class("0A")) return error;
  error.code = ErrorCode::invalid_argument;
  error.hint = is_of_class("42501") ? "the role that reads has no right to do so" : "";
  return error;
}

class SqlReader final : public DataReader {
 public:
  SqlReader(std::unique_ptr<database::Connection> connection, database::SourcePlan plan)
      : connection_(std::move(connection)), plan_(std::move(plan)) {
    for (const auto& column : plan_.columns) descriptions_.push_back(column.about);
  }

  [[nodiscard]] const std::vector<ColumnDescription>& columns() const override { return descriptions_; }

  Result<std::uint64_t> count_rows() override {
    auto rows = connection_->run("select count(*) from " + plan_.from);
    if (!rows) return explain_query(std::move(rows).error());
    return static_cast<std::uint64_t>(rows->number(0, 0));
  }

  Result<std::vector<Column>> read_all() override {
    std::vector<Column> all;
    TRY_VOID(read_blocks(std::numeric_limits<std::uint64_t>::max(), [&](std::vector<Column> block) {
      all = std::move(block);
      return Result<void>();
    }));
    return all;
  }

  Result<void> read_blocks(std::uint64_t rows,
                           const std::function<Result<void>(std::vector<Column>)>& block) override {
    if (rows == 0) return Error{ErrorCode::invalid_argument, "blocks of 0 rows were asked for", false, {}, 0};
    std::vector<database::ColumnBuilder> builders;
    for (const auto& column : plan_.columns) builders.emplace_back(column.about, column.wire, column.request);
    database::CopyReader reader(std::move(builders), rows, block);
    auto read =
        connection_->copy_out(plan_.statement, [&](std::string_view piece) { return reader.read(piece); });
    if (!read) return explain_query(std::move(read).error());
    return reader.finish();
  }

 private:
  std::unique_ptr<database::Connection> connection_;
  database::SourcePlan plan_;
  std::vector<ColumnDescription> descriptions_;
};

}  // namespace

std::string_view to_string(ColumnType type) noexcept {
  switch (type) {
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::int16:
      return "int16";
    case ColumnType::int32:
      return "int32";
    case ColumnType::int64:
      return "int64";
    case ColumnType::float32:
      return "float32";
    case ColumnType::float64:
      return "float64";
    case ColumnType::text:
      return "text";
    case ColumnType::bytes:
      return "bytes";
    case ColumnType::date:
      return "date";
    case ColumnType::timestamp:
      return "timestamp";
    case ColumnType::timestamp_tz:
      return "timestamp_tz";
    case ColumnType::factor:
      return "factor";
  }
  return "unknown";
}

std::size_t Column::size() const {
  return std::visit([](const auto& all) { return all.size(); }, values);
}

Result<std::unique_ptr<DataReader>> DataReader::open(const DataSource& source) {
  TRY(const Target target, target_of_source(source));
  auto connection = database::Connection::open(target);
  if (!connection) return explain_in_task(std::move(connection).error());
  auto plan = database::plan_source(**connection, source);
  if (!plan) return explain_query(std::move(plan).error());
  return std::unique_ptr<DataReader>(std::make_unique<SqlReader>(*std::move(connection), *std::move(plan)));
}

std::string detail::connection_that_travels(const std::string& text) {
  if (text.empty()) return text;
  auto uri = remember_connection({text, {}, {}, {}, {}});
  return uri ? *std::move(uri) : without_secrets(text);
}

Result<std::string> remember_connection(const ConnectionParts& parts) {
  Target target;
  if (!parts.connection_string.empty()) {
    TRY(target, database::parse_connection_string(parts.connection_string));
  }
  if (!parts.server.empty()) {
    target.parameters.erase("port");
    TRY_VOID(database::set_server(target, parts.server));
  }
  if (!parts.database.empty()) target.parameters["dbname"] = parts.database;
  if (!parts.user.empty()) target.parameters["user"] = parts.user;
  if (!parts.password.empty()) target.parameters["password"] = parts.password;
  TRY_VOID(database::check_target(target));
  database::remember_target(target);
  return target.without_password();
}

}  // namespace errand
