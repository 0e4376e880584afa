// SPDX-License-Identifier: Apache-2.0
#include "database/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "system/try.h"

namespace errand::database {
namespace {

/// Everything but letters, digits and - . _ ~ as %XX, so that a URI's reader gets the same bytes back.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

/// An IPv6 address has colons of its own, which would look like a port.
std::string host_of_place(const std::string& host) {
  const bool is_ipv6 = host.find(':') != std::string::npos && !host.starts_with('/');
  if (!is_ipv6) return percent_encoded(host);
  std::string encoded = percent_encoded(host);
  for (std::size_t at = 0; (at = encoded.find("%3A", at)) != std::string::npos;) encoded.replace(at, 3, ":");
  return '[' + encoded + ']';
}

/// What says whom to trust: the password, and what it may travel over.
bool is_about_trust(std::string_view name) {
  constexpr std::array<std::string_view, 5> others{"channel_binding", "gssencmode", "password",
                                                   "require_auth", "requirepeer"};
  return name.starts_with("ssl") || std::ranges::find(others, name) != others.end();
}

struct Remembered {
  std::mutex mutex;
  std::map<std::string, Target> targets;
};

Remembered& remembered() {
  static auto* one = new Remembered;  // never destroyed: threads may outlive the program's statics
  return *one;
}

}  // namespace

std::string Target::place() const {
  const auto value = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  };
  std::string place = "postgresql://";
  if (const std::string user = value("user"); !user.empty()) place += percent_encoded(user) + '@';
  const std::string host = value("host");
  place += host_of_place(host.empty() ? value("hostaddr") : host);
  if (const std::string port = value("port"); !port.empty()) place += ':' + percent_encoded(port);
  place += '/' + percent_encoded(value("dbname"));
  // A service file's entry may be all that says where the place is.
  if (const std::string service = value("service"); !service.empty()) {
    place += "?service=" + percent_encoded(service);
  }
  return place;
}

std::string Target::without_password() const {
  constexpr std::array<std::string_view, 7> left_out{"dbname",  "host",        "password", "port",
                                                     "service", "sslpassword", "user"};
  std::string uri = place();
  for (const auto& [name, value] : parameters) {
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
    uri += (uri.find('?') == std::string::npos ? '?' : '&') + name + '=' + percent_encoded(value);
  }
  return uri;
}

std::string Target::sslmode() const {
  const auto found = parameters.find("sslmode");
  return found == parameters.end() ? std::string() : found->second;
}

std::string stricter_sslmode(const std::string& a, const std::string& b) {
  constexpr std::array<std::string_view, 7> by_strictness{"",        "disable",   "allow",      "prefer",
                                                          "require", "verify-ca", "verify-full"};
  const auto rank = [&](const std::string& mode) { return std::ranges::find(by_strictness, mode); };
  return rank(b) > rank(a) ? b : a;
}

Target with_trust_of(const Target& known, Target newest) {
  for (const auto& [name, value] : known.parameters) {
    if (is_about_trust(name)) newest.parameters.try_emplace(name, value);
  }
  const std::string mode = stricter_sslmode(newest.sslmode(), known.sslmode());
  if (!mode.empty()) newest.parameters["sslmode"] = mode;
  return newest;
}

bool is_database_place(std::string_view text) {
  if (text.starts_with("postgresql:") || text.starts_with("postgres:")) return true;
  const std::string_view before_slash = text.substr(0, text.find('/'));
  return before_slash.find('=') != std::string_view::npos ||
         (before_slash.ends_with(':') && text.substr(before_slash.size()).starts_with("//"));
}

void remember_target(const Target& target) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  Target& known = all.targets[target.place()];
  known = with_trust_of(known, target);
}

void recall_target(const Target& target) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  all.targets.try_emplace(target.place(), target);
}

bool is_remembered(const Target& target) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  return all.targets.contains(target.place());
}

Target with_remembered(Target target) {
  Remembered& all = remembered();
  const std::lock_guard lock(all.mutex);
  const auto found = all.targets.find(target.place());
  if (found != all.targets.end()) {
    target.parameters.insert(found->second.parameters.begin(), found->second.parameters.end());
  }
  return target;
}

Result<Target> target_of(const std::string& place) {
  TRY(Target named, parse_connection_string(place));
  return with_remembered(std::move(named));
}

bool is_same_place(const Target& place, const Target& source) {
  const auto same = [&](const char* name, const char* otherwise) {
    const auto value = [&](const Target& target) {
      const auto found = target.parameters.find(name);
      return found == target.parameters.end() ? std::string(otherwise) : found->second;
    };
    return value(place) == value(source);
  };
  return same("host", "") && same("hostaddr", "") && same("port", "5432") && same("dbname", "") &&
         same("service", "") && (!source.parameters.contains("user") || same("user", ""));
}

}  // namespace errand::database
