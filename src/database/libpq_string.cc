// SPDX-License-Identifier: Apache-2.0
// The two forms that libpq has itself: URIs and keyword=value. Read here, and not by libpq, because a list of
// servers is refused and because libpq's errors quote what they do not understand: it may be a password.
#include <algorithm>
#include <optional>

#include "database/connection_string.h"
#include "system/try.h"

namespace errand::database {
namespace {

constexpr std::string_view percent_hint = "percent-encode the signs of user, password and database";

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low)
      return refuse_connection_string("has a % without two hexadecimal digits", percent_hint);
    if (*high * 16 + *low == 0) return refuse_connection_string("holds a zero byte");
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

/// What lies before `sign`, and `text` behind it; all of it if there is no such sign.
std::string_view cut(std::string_view& text, char sign) {
  const std::size_t at = text.find(sign);
  const std::string_view before = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return before;
}

/// libpq takes an empty value for one that was not given; a name that it does not have is kept, to be
/// refused.
void put(Target& target, const std::string& name, std::string value) {
  if (value.empty() && is_libpq_parameter(name)) {
    target.parameters.erase(name);
  } else {
    target.parameters[name] = std::move(value);
  }
}

/// One URI, from the left to the right.
class UriReader {
 public:
  explicit UriReader(std::string_view text) : rest_(text) {}

  Result<Target> read() {
    const std::size_t slashes = rest_.find("://");
    const std::string_view scheme = rest_.substr(0, slashes);
    if (slashes == std::string_view::npos || (scheme != "postgresql" && scheme != "postgres")) {
      return refuse_connection_string("does not begin with postgresql://");
    }
    rest_.remove_prefix(slashes + 3);
    TRY_VOID(read_user());
    TRY_VOID(read_server());
    TRY_VOID(read_database());
    TRY_VOID(read_parameters());
    TRY_VOID(check_target(target_));
    return std::move(target_);
  }

 private:
  Result<void> set(std::string_view name, std::string_view encoded) {
    if (encoded.empty()) return {};
    TRY(target_.parameters[std::string(name)], percent_decoded(encoded));
    return {};
  }

  Result<void> read_user() {
    const std::size_t at = rest_.find_first_of("@/");
    if (at == std::string_view::npos || rest_[at] != '@') return {};
    std::string_view user = cut(rest_, '@');
    const std::string_view name = cut(user, ':');
    TRY_VOID(set("user", name));
    return set("password", user);
  }

  Result<void> read_server() {
    const std::size_t end = std::min(rest_.find_first_of("/?"), rest_.size());
    std::string_view server = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (server.find(',') != std::string_view::npos) return refuse_several_servers();
    if (!server.starts_with('[')) {
      TRY_VOID(set("host", cut(server, ':')));
      return set("port", server);
    }
    const std::size_t bracket = server.find(']');
    if (bracket == std::string_view::npos || bracket == 1) {
      return refuse_connection_string("has a [ without an address and a ]");
    }
    TRY_VOID(set("host", server.substr(1, bracket - 1)));
    server.remove_prefix(bracket + 1);
    if (server.empty()) return {};
    if (!server.starts_with(':')) return refuse_connection_string("has text between ] and the port");
    return set("port", server.substr(1));
  }

  Result<void> read_database() {
    if (!rest_.starts_with('/')) return {};
    const std::size_t end = std::min(rest_.find('?'), rest_.size());
    TRY_VOID(set("dbname", rest_.substr(1, end - 1)));
    rest_.remove_prefix(end);
    return {};
  }

  Result<void> read_parameters() {
    if (rest_.empty()) return {};
    rest_.remove_prefix(1);  // the question mark
    while (!rest_.empty()) {
      std::string_view setting = cut(rest_, '&');
      if (std::ranges::count(setting, '=') != 1) {
        return refuse_connection_string("has a parameter that is not name=value", percent_hint);
      }
      TRY(const std::string name, percent_decoded(cut(setting, '=')));
      TRY(const std::string value, percent_decoded(setting));
      const bool jdbc = name == "ssl" && value == "true";  // libpq takes it for the sake of JDBC's URIs
      put(target_, jdbc ? "sslmode" : name, jdbc ? "require" : value);
    }
    return {};
  }

  std::string_view rest_;
  Target target_;
};

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Keywords and values, from the left to the right.
class KeywordReader {
 public:
  explicit KeywordReader(std::string_view text) : text_(text) {}

  Result<Target> read() {
    for (skip_space(); at_ < text_.size(); skip_space()) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '=' && !is_space(text_[at_])) ++at_;
      const std::string name(text_.substr(begin, at_ - begin));
      skip_space();
      if (at_ == text_.size() || text_[at_] != '=') return refuse_connection_string("has a word without =");
      ++at_;
      skip_space();
      TRY(std::string value, at_ < text_.size() && text_[at_] == '\'' ? quoted() : plain());
      put(target_, name, std::move(value));
    }
    TRY_VOID(check_target(target_));
    return std::move(target_);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  Result<std::string> plain() {
    std::string value;
    for (; at_ < text_.size() && !is_space(text_[at_]); ++at_) {
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      value += text_[at_];
    }
    return value;
  }

  Result<std::string> quoted() {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        return value;
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) break;
      value += text_[at_];
    }
    return refuse_connection_string("has a quote that is not closed");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Target target_;
};

}  // namespace

Result<Target> read_uri(std::string_view text) {
  return UriReader(text).read();
}

Result<Target> read_keywords(std::string_view text) {
  return KeywordReader(text).read();
}

}  // namespace errand::database
