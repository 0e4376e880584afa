// SPDX-License-Identifier: Apache-2.0
#include "database/odbc_string.h"

#include <algorithm>
#include <array>
#include <optional>

#include "database/connection_string.h"
#include "system/try.h"

namespace errand::database {
namespace {

struct OdbcKey {
  std::string_view name;
  OdbcMeaning meaning;
};

constexpr std::array<OdbcKey, 80> odbc_keys{{
    {"addr", OdbcMeaning::server},
    {"address", OdbcMeaning::server},
    {"ansinpw", OdbcMeaning::ignored},
    {"app", OdbcMeaning::application},
    {"application name", OdbcMeaning::application},
    {"applicationintent", OdbcMeaning::ignored},
    {"autotranslate", OdbcMeaning::ignored},
    {"boolsaschar", OdbcMeaning::ignored},
    {"bytea", OdbcMeaning::ignored},
    {"byteaaslongvarbinary", OdbcMeaning::ignored},
    {"cachesize", OdbcMeaning::ignored},
    {"commlog", OdbcMeaning::ignored},
    {"connect timeout", OdbcMeaning::timeout},
    {"connection timeout", OdbcMeaning::timeout},
    {"connectretrycount", OdbcMeaning::ignored},
    {"connectretryinterval", OdbcMeaning::ignored},
    {"data source", OdbcMeaning::server},
    {"database", OdbcMeaning::database},
    {"debug", OdbcMeaning::ignored},
    {"description", OdbcMeaning::ignored},
    {"driver", OdbcMeaning::driver},
    {"driver64", OdbcMeaning::ignored},
    {"dsn", OdbcMeaning::data_source},
    {"encrypt", OdbcMeaning::encrypt},
    {"fakeoidindex", OdbcMeaning::ignored},
    {"fetch", OdbcMeaning::ignored},
    {"initial catalog", OdbcMeaning::database},
    {"integrated security", OdbcMeaning::trusted_connection},
    {"keepalive", OdbcMeaning::ignored},
    {"keepaliveinterval", OdbcMeaning::ignored},
    {"ksqo", OdbcMeaning::ignored},
    {"language", OdbcMeaning::ignored},
    {"lfconversion", OdbcMeaning::ignored},
    {"logintimeout", OdbcMeaning::timeout},
    {"mars_connection", OdbcMeaning::ignored},
    {"maxlongvarcharsize", OdbcMeaning::ignored},
    {"maxvarcharsize", OdbcMeaning::ignored},
    {"multipleactiveresultsets", OdbcMeaning::ignored},
    {"multisubnetfailover", OdbcMeaning::ignored},
    {"net", OdbcMeaning::ignored},
    {"network", OdbcMeaning::ignored},
    {"network address", OdbcMeaning::server},
    {"network library", OdbcMeaning::ignored},
    {"packet size", OdbcMeaning::ignored},
    {"packetsize", OdbcMeaning::ignored},
    {"parse", OdbcMeaning::ignored},
    {"password", OdbcMeaning::password},
    {"persist security info", OdbcMeaning::ignored},
    {"pooling", OdbcMeaning::ignored},
    {"port", OdbcMeaning::port},
    {"protocol", OdbcMeaning::ignored},
    {"provider", OdbcMeaning::ignored},
    {"pwd", OdbcMeaning::password},
    {"quotedid", OdbcMeaning::ignored},
    {"regional", OdbcMeaning::ignored},
    {"rowversioning", OdbcMeaning::ignored},
    {"server", OdbcMeaning::server},
    {"servername", OdbcMeaning::server},
    {"showoidcolumn", OdbcMeaning::ignored},
    {"showsystemtables", OdbcMeaning::ignored},
    {"socket", OdbcMeaning::ignored},
    {"sslmode", OdbcMeaning::sslmode},
    {"textaslongvarchar", OdbcMeaning::ignored},
    {"timeout", OdbcMeaning::timeout},
    {"trace", OdbcMeaning::ignored},
    {"tracefile", OdbcMeaning::ignored},
    {"trusted_connection", OdbcMeaning::trusted_connection},
    {"trustservercertificate", OdbcMeaning::trust_certificate},
    {"uid", OdbcMeaning::user},
    {"unknownsaslongvarchar", OdbcMeaning::ignored},
    {"unknownsizes", OdbcMeaning::ignored},
    {"updatablecursors", OdbcMeaning::ignored},
    {"usedeclarefetch", OdbcMeaning::ignored},
    {"user", OdbcMeaning::user},
    {"user id", OdbcMeaning::user},
    {"username", OdbcMeaning::user},
    {"useserversideprepare", OdbcMeaning::ignored},
    {"workstation id", OdbcMeaning::ignored},
    {"wsid", OdbcMeaning::ignored},
    {"xaopt", OdbcMeaning::ignored},
}};
static_assert(std::ranges::is_sorted(odbc_keys, {}, &OdbcKey::name));

constexpr std::string_view odbc_spaces = " \t\r\n\f\v";
constexpr std::string_view brace_hint = "a value with signs such as ; { } is written in braces, } as }}";

std::string_view without_spaces(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(odbc_spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(odbc_spaces) - begin + 1);
}

/// Takes one value off the front of `rest`, and the semicolon behind it.
class OdbcValue {
 public:
  explicit OdbcValue(std::string_view& rest) : rest_(rest) {}

  Result<std::string> take() {
    const std::size_t begin = rest_.find_first_not_of(odbc_spaces);
    if (begin != std::string_view::npos && rest_[begin] == '{') {
      rest_.remove_prefix(begin + 1);
      return take_braced();
    }
    return std::string(without_spaces(take_segment()));
  }

 private:
  std::string_view take_segment() {
    const std::size_t end = rest_.find(';');
    const std::string_view segment = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    return segment;
  }

  Result<std::string> take_braced() {
    std::string value;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] != '}') {
        value += rest_[i];
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '}') {
        value += rest_[i++];
      } else {
        rest_.remove_prefix(i + 1);
        if (without_spaces(take_segment()).empty()) return value;
        return refuse_connection_string("has text behind a closing brace", brace_hint);
      }
    }
    return refuse_connection_string("has a brace that is not closed", brace_hint);
  }

  std::string_view& rest_;
};

}  // namespace

Result<OdbcSettings> split_odbc(std::string_view text) {
  OdbcSettings settings;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("=;");
    const std::string key = in_lower_case(without_spaces(text.substr(0, end)));
    const bool has_value = end != std::string_view::npos && text[end] == '=';
    if (!has_value && !key.empty()) return refuse_connection_string("has a setting without =", brace_hint);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!has_value) continue;
    if (key.empty()) return refuse_connection_string("has a = without a name before it", brace_hint);
    TRY(std::string value, OdbcValue(text).take());
    if (std::ranges::find(settings, key, &OdbcSettings::value_type::first) == settings.end()) {
      settings.emplace_back(key, std::move(value));
    }
  }
  return settings;
}

OdbcMeaning meaning_of(std::string_view key) {
  const auto found = std::ranges::lower_bound(odbc_keys, key, {}, &OdbcKey::name);
  return found != odbc_keys.end() && found->name == key ? found->meaning : OdbcMeaning::unknown;
}

bool is_odbc_key(std::string_view key) {
  return meaning_of(in_lower_case(key)) != OdbcMeaning::unknown;
}

bool has_odbc_key(std::string_view text) {
  // Key by key, and not by split_odbc, so that an ODBC string with a fault is still told as one.
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("=;");
    if (end == std::string_view::npos) return false;
    const std::string key = in_lower_case(without_spaces(text.substr(0, end)));
    if (text[end] == '=' && is_odbc_key(key) && !is_libpq_parameter(key)) return true;
    const bool has_value = text[end] == '=';
    text.remove_prefix(end + 1);
    if (has_value && !OdbcValue(text).take()) return false;
  }
  return false;
}

}  // namespace errand::database
