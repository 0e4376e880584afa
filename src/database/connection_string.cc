// SPDX-License-Identifier: Apache-2.0
#include "database/connection_string.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "database/odbc_string.h"
#include "system/try.h"

namespace errand::database {
namespace {

// Of libpq 15 to 17. `replication` is left out: such a session takes no ordinary statements.
constexpr std::array<std::string_view, 41> libpq_parameters{"application_name",
                                                            "channel_binding",
                                                            "client_encoding",
                                                            "connect_timeout",
                                                            "dbname",
                                                            "fallback_application_name",
                                                            "gssdelegation",
                                                            "gssencmode",
                                                            "gsslib",
                                                            "host",
                                                            "hostaddr",
                                                            "keepalives",
                                                            "keepalives_count",
                                                            "keepalives_idle",
                                                            "keepalives_interval",
                                                            "krbsrvname",
                                                            "load_balance_hosts",
                                                            "options",
                                                            "passfile",
                                                            "password",
                                                            "port",
                                                            "require_auth",
                                                            "requirepeer",
                                                            "requiressl",
                                                            "service",
                                                            "ssl_max_protocol_version",
                                                            "ssl_min_protocol_version",
                                                            "sslcert",
                                                            "sslcertmode",
                                                            "sslcompression",
                                                            "sslcrl",
                                                            "sslcrldir",
                                                            "sslkey",
                                                            "sslmode",
                                                            "sslnegotiation",
                                                            "sslpassword",
                                                            "sslrootcert",
                                                            "sslsni",
                                                            "target_session_attrs",
                                                            "tcp_user_timeout",
                                                            "user"};
static_assert(std::ranges::is_sorted(libpq_parameters));

constexpr std::array<std::string_view, 6> sslmodes{"allow",   "disable",   "prefer",
                                                   "require", "verify-ca", "verify-full"};

Result<void> check_host(const std::string& host) {
  if (host.find(',') != std::string::npos) {
    return refuse_several_servers();
  }
  const auto odd = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '@' || c == ';' || c == '=';
  };
  if (!host.starts_with('/') && std::ranges::any_of(host, odd)) {
    return refuse_connection_string(
        "has a host that is no host's name",
        "in a URI the signs @ / : ; of a password are written %40 %2F %3A %3B; in the other forms a value "
        "with such signs is quoted");
  }
  return {};
}

Result<void> check_port(const std::string& port) {
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  if (digits && std::stoi(port) >= 1 && std::stoi(port) <= 65535) return {};
  return refuse_connection_string("has a port that is no number from 1 to 65535");
}

/// Beside a password the name is not repeated: it may be the end of one that lacks its quotes.
Error refuse_parameter(const std::string& name, bool beside_password) {
  return refuse_connection_string(
      beside_password ? "sets a parameter that libpq does not have"
                      : fmt::format("sets '{}', a parameter that libpq does not have", name),
      "host, port, dbname, user, password, sslmode ... are those it has; a value with spaces is quoted");
}

Result<void> check_parameter(const std::string& name, const std::string& value) {
  if (value.find('\0') != std::string::npos) return refuse_connection_string("holds a zero byte");
  if (name == "host") return check_host(value);
  if (name == "port") return check_port(value);
  if (name == "hostaddr" && value.find(',') != std::string::npos) {
    return refuse_several_servers();
  }
  if (name == "sslmode" && std::ranges::find(sslmodes, value) == sslmodes.end()) {
    return refuse_connection_string(
        "has an sslmode that is none of disable, allow, prefer, require, verify-ca, verify-full");
  }
  return {};
}

std::string_view trimmed_front(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n\f\v");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

bool is_uri(std::string_view text) {
  return text.starts_with("postgresql:") || text.starts_with("postgres:");
}

std::string_view first_key(std::string_view text) {
  text = trimmed_front(text);
  return text.substr(0, text.find_first_of("= \t;"));
}

/// A text that begins with a name that only libpq has is libpq's; with a name that only ODBC has, anywhere,
/// it is ODBC's.
bool is_odbc(std::string_view text) {
  const std::string_view key = first_key(text);
  if (is_libpq_parameter(key) && !is_odbc_key(key)) return false;
  return has_odbc_key(text);
}

}  // namespace

Error refuse_connection_string(std::string_view why, std::string_view hint) {
  return {ErrorCode::invalid_argument, fmt::format("the connection string {}", why), false,
          std::string(hint)};
}

Error refuse_several_servers() {
  return refuse_connection_string("names several servers", "a place is one server: name that one");
}

bool is_libpq_parameter(std::string_view name) {
  return std::ranges::binary_search(libpq_parameters, name);
}

Result<void> check_target(const Target& target) {
  for (const auto& [name, value] : target.parameters) {
    if (!is_libpq_parameter(name)) return refuse_parameter(name, target.parameters.contains("password"));
    TRY_VOID(check_parameter(name, value));
  }
  return {};
}

Result<Target> parse_connection_string(std::string_view text, const OdbcRegistry& registry) {
  if (text.find('\0') != std::string_view::npos) return refuse_connection_string("holds a zero byte");
  if (is_uri(trimmed_front(text))) return read_uri(trimmed_front(text));
  if (is_odbc(text)) return read_odbc(text, registry);
  if (text.find('=') != std::string_view::npos) return read_keywords(text);
  return refuse_connection_string(
      trimmed_front(text).empty() ? "is empty" : "is of no form that errand knows",
      "write postgresql://user@host:port/database, host=... dbname=..., or "
      "Driver=...;Server=...;Database=...");
}

Result<Target> parse_connection_string(std::string_view text) {
  return parse_connection_string(text, OdbcRegistry::of_this_process());
}

}  // namespace errand::database
