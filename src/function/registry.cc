// SPDX-License-Identifier: Apache-2.0
#include "function/registry.h"

#include <cxxabi.h>

#include <cstdlib>
#include <map>
#include <mutex>

namespace errand {
namespace functions {
namespace {

constexpr std::size_t most_names_listed = 20;

struct Registered {
  detail::FunctionEntry entry;
  std::string second_signature;
  bool twice = false;
};

/// Filled by constructors of static objects in any order, so it is made when first asked for.
class Registry {
 public:
  void add(const std::string& name, detail::FunctionEntry entry) {
    std::lock_guard lock(mutex_);
    auto [at, fresh] = functions_.try_emplace(name, Registered{});
    if (fresh) {
      at->second.entry = std::move(entry);
    } else {
      at->second.twice = true;
      at->second.second_signature = std::move(entry.signature);
    }
  }

  Result<const detail::FunctionEntry*> find(std::string_view name) {
    std::lock_guard lock(mutex_);
    auto at = functions_.find(name);
    if (at == functions_.end()) return unknown(name);
    if (at->second.twice) return registered_twice(*at);
    return &at->second.entry;
  }

 private:
  [[nodiscard]] Error unknown(std::string_view name) const {
    std::string message = "this program has no function named \"" + std::string(name) + "\"; ";
    message += functions_.empty() ? "it registers none" : "it has: ";
    std::size_t listed = 0;
    for (const auto& [known, entry] : functions_) {
      if (listed == most_names_listed) {
        message += ", ...";
        break;
      }
      message += (listed++ == 0 ? "" : ", ") + known;
    }
    return {ErrorCode::not_found, std::move(message), false,
            "errand::function(name, f) must run for an object of static storage", 0};
  }

  static Error registered_twice(const std::pair<const std::string, Registered>& entry) {
    return {ErrorCode::invalid_argument,
            "two functions are registered as \"" + entry.first + "\": " + entry.second.entry.signature +
                " and " + entry.second.second_signature,
            false, "give each function a name of its own", 0};
  }

  std::mutex mutex_;
  std::map<std::string, Registered, std::less<>> functions_;
};

Registry& registry() {
  static Registry* functions = new Registry;  // never destroyed: tasks may run while static objects die
  return *functions;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == ':';
}

bool is_name(std::string_view name) {
  for (char c : name) {
    if (!is_name_character(c)) return false;
  }
  return !name.empty();
}

}  // namespace

Result<const detail::FunctionEntry*> find_function(std::string_view name) {
  if (!is_name(name)) {
    return Error{ErrorCode::invalid_argument, "\"" + std::string(name) + "\" is no name for a function",
                 false, "use letters, digits and . _ - :", 0};
  }
  return registry().find(name);
}

}  // namespace functions

namespace detail {

void register_function(const std::string& name, FunctionEntry entry) {
  functions::registry().add(name, std::move(entry));
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  char* plain = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string name = status == 0 && plain != nullptr ? plain : type.name();
  std::free(plain);
  return name;
}

}  // namespace detail
}  // namespace errand
