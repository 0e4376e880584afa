// SPDX-License-Identifier: Apache-2.0
// What an ODBC string asks for, as libpq's parameters.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "database/connection_string.h"
#include "database/odbc_string.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::string_view what_is_supported =
    "errand's databases are PostgreSQL: write Driver={PostgreSQL Unicode};Server=...;Database=...;UID=..., "
    "or "
    "postgresql://user@host/database; or describe this driver in odbcinst.ini as psqlodbcw.so";

bool is_postgresql_library(std::string_view path) {
  const std::string name = in_lower_case(path.substr(path.rfind('/') + 1));  // npos + 1 is the beginning
  return name.starts_with("psqlodbc") && name.find(".so") != std::string::npos;
}

bool is_sql_server(const std::string& driver) {
  return driver == "sql server" || driver.ends_with("for sql server") ||
         driver.starts_with("sql server native") || driver.starts_with("sql native client") ||
         driver == "freetds" || driver.find("tdsodbc") != std::string::npos ||
         driver.find("msodbcsql") != std::string::npos;
}

Result<void> check_driver(std::string_view name, const OdbcRegistry& registry) {
  const std::string driver = in_lower_case(name);
  if (is_postgresql_library(name)) return {};
  const auto library = registry.library_of(name);
  if (library && is_postgresql_library(*library)) return {};
  // Names that psqlODBC's packages register: they count where unixODBC is not installed, too.
  if (!library && (driver.starts_with("postgresql") || driver.starts_with("psqlodbc"))) return {};
  const bool sql_server = is_sql_server(driver) || (library && is_sql_server(in_lower_case(*library)));
  return Error{ErrorCode::not_supported,
               sql_server ? "the connection string's driver is SQL Server's, and SQL Server is not supported"
                          : "the connection string's driver is not known to lead to PostgreSQL",
               false, std::string(what_is_supported)};
}

Result<bool> truth_of(const std::string& value, std::string_view key) {
  const std::string word = in_lower_case(value);
  const auto is_one_of = [&](auto... words) { return ((word == words) || ...); };
  if (is_one_of("yes", "true", "1", "sspi", "mandatory", "strict")) return true;
  if (is_one_of("no", "false", "0", "optional", "")) return false;
  return refuse_connection_string(fmt::format("has a value of {} that is neither yes nor no", key));
}

std::string without_outer_spaces(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

Result<void> set_port(Target& target, const std::string& port) {
  const auto found = target.parameters.find("port");
  if (found != target.parameters.end() && found->second != port) {
    return refuse_connection_string("names two ports");
  }
  target.parameters["port"] = port;
  return {};
}

/// Settings as libpq's parameters.
class OdbcReader {
 public:
  explicit OdbcReader(const OdbcRegistry& registry) : registry_(registry) {}

  Result<Target> read(std::string_view text) {
    TRY(settings_, split_odbc(text));
    TRY_VOID(refuse_unknown());
    TRY_VOID(add_data_source());
    if (const auto* driver = value_of(OdbcMeaning::driver)) TRY_VOID(check_driver(*driver, registry_));
    TRY_VOID(read_server());
    TRY_VOID(read_user());
    TRY_VOID(read_encryption());
    copy(OdbcMeaning::database, "dbname");
    copy(OdbcMeaning::timeout, "connect_timeout");
    copy(OdbcMeaning::application, "application_name");
    TRY_VOID(check_target(target_));
    return std::move(target_);
  }

 private:
  /// The first setting of that meaning, by whichever of its keys; empty ones count as not given.
  [[nodiscard]] const std::string* value_of(OdbcMeaning meaning) const {
    for (const auto& [key, value] : settings_) {
      if (meaning_of(key) == meaning && !value.empty()) return &value;
    }
    return nullptr;
  }

  void copy(OdbcMeaning meaning, const char* parameter) {
    if (const std::string* value = value_of(meaning)) target_.parameters[parameter] = *value;
  }

  Result<void> refuse_unknown() {
    bool after_password = false;
    for (const auto& [key, value] : settings_) {
      const OdbcMeaning meaning = meaning_of(key);
      if (meaning == OdbcMeaning::unknown) {
        // The rest of a password with a semicolon looks like a key: it is not repeated.
        return after_password
                   ? refuse_connection_string("has something behind the password that is no setting",
                                              "a password with ; in it is written in braces: PWD={a;b}")
                   : refuse_connection_string(
                         fmt::format("has the setting '{}', which errand cannot honour", key),
                         "leave it out");
      }
      after_password = meaning == OdbcMeaning::password || after_password;
    }
    return {};
  }

  /// What odbc.ini says of the DSN stands behind what the string itself says.
  Result<void> add_data_source() {
    const std::string* name = value_of(OdbcMeaning::data_source);
    if (name == nullptr) return {};
    auto described = registry_.data_source(*name);
    if (!described) {
      return refuse_connection_string("names a data source (DSN) that odbc.ini does not describe",
                                      "write the server itself: Driver={PostgreSQL Unicode};Server=...");
    }
    for (auto& [key, value] : *described) {
      if (value_of(meaning_of(key)) == nullptr) settings_.emplace_back(key, std::move(value));
    }
    return {};
  }

  Result<void> read_server() {
    copy(OdbcMeaning::port, "port");
    const std::string* server = value_of(OdbcMeaning::server);
    return server == nullptr ? Result<void>() : set_server(target_, *server);
  }

  /// A trusted connection is one without a password: peer authentication, Kerberos, ~/.pgpass.
  Result<void> read_user() {
    copy(OdbcMeaning::user, "user");
    const std::string* trusted = value_of(OdbcMeaning::trusted_connection);
    TRY(const bool no_password, truth_of(trusted != nullptr ? *trusted : "", "Trusted_Connection"));
    if (!no_password) copy(OdbcMeaning::password, "password");
    return {};
  }

  /// Encrypt: the certificate is verified unless the string trusts any. The stricter of it and SSLmode
  /// counts.
  Result<void> read_encryption() {
    const auto text_of = [&](OdbcMeaning meaning) {
      const std::string* value = value_of(meaning);
      return value != nullptr ? in_lower_case(*value) : std::string();
    };
    const std::string encrypt = text_of(OdbcMeaning::encrypt);
    TRY(const bool encrypted, truth_of(encrypt, "Encrypt"));
    TRY(const bool trusting, truth_of(text_of(OdbcMeaning::trust_certificate), "TrustServerCertificate"));
    std::string mode = text_of(OdbcMeaning::sslmode);
    if (encrypted) {
      const std::string asked = trusting && encrypt != "strict" ? "require" : "verify-full";
      if (!mode.empty()) TRY_VOID(check_sslmode(mode));
      mode = stricter_sslmode(mode, asked);
    }
    if (!mode.empty()) target_.parameters["sslmode"] = mode;
    return {};
  }

  static Result<void> check_sslmode(const std::string& mode) {
    return check_target(Target{{{"sslmode", mode}}});
  }

  const OdbcRegistry& registry_;
  OdbcSettings settings_;
  Target target_;
};

}  // namespace

Result<void> set_server(Target& target, const std::string& server) {
  std::string host = server;
  if (in_lower_case(host).starts_with("tcp:")) host.erase(0, 4);
  if (host.find('\\') != std::string::npos) {
    return refuse_connection_string("names an instance (host\\instance), which PostgreSQL does not have",
                                    "write Server=host,port or Server=host;Port=...");
  }
  if (const std::size_t comma = host.find(','); comma != std::string::npos) {
    TRY_VOID(set_port(target, without_outer_spaces(host.substr(comma + 1))));
    host.erase(comma);
  }
  host = without_outer_spaces(host);
  if (host == "." || in_lower_case(host) == "(local)") host = "localhost";
  if (!host.empty()) target.parameters["host"] = host;
  return {};
}

Result<Target> read_odbc(std::string_view text, const OdbcRegistry& registry) {
  return OdbcReader(registry).read(text);
}

}  // namespace errand::database
