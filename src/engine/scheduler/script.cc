// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/script.h"

#include <fstream>
#include <iterator>
#include <vector>

#include "system/try.h"
#include "system/user_directories.h"

namespace errand::engine::scheduler {
namespace {

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";

bool read_text(const std::string& path, std::string& text) {
  std::ifstream file(path);
  if (!file) return false;
  text.assign(std::istreambuf_iterator<char>(file), {});
  return !file.bad();
}

Error bad_template(const Template& from, const std::string& what, std::string hint) {
  return {ErrorCode::invalid_argument, "the submit script's template (" + from.origin + ") " + what, false,
          std::move(hint), 0};
}

std::string list_of(const std::map<std::string, std::string>& placeholders) {
  std::string names;
  for (const auto& [name, value] : placeholders) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

Result<Template> find_template(const Dialect& dialect, const std::string& share_dir,
                               const std::map<std::string, std::string>& options) {
  Template found;
  if (auto named = options.find("template"); named != options.end() && !named->second.empty()) {
    found.origin = named->second;
    if (read_text(found.origin, found.text)) return found;
    return bad_template(found, "cannot be read", "correct the option `template`");
  }
  const std::string name = "/" + std::string(dialect.name()) + ".template";
  for (const std::string& directory : {share_dir, system::config_directory(), std::string("/etc/errand")}) {
    found.origin = directory + name;
    if (read_text(found.origin, found.text)) return found;
  }
  return Template{std::string(dialect.default_template()), "built in"};
}

Result<std::string> fill_template(const Template& from,
                                  const std::map<std::string, std::string>& placeholders) {
  std::string script;
  std::string_view rest = from.text;
  while (true) {
    const std::size_t begin = rest.find(opening);
    script.append(rest.substr(0, begin));
    if (begin == std::string_view::npos) return script;
    rest.remove_prefix(begin + opening.size());
    const std::size_t end = rest.find(closing);
    if (end == std::string_view::npos) return bad_template(from, "has a {{ without }}", "close it");
    auto value = placeholders.find(std::string(rest.substr(0, end)));
    if (value == placeholders.end()) {
      return bad_template(from, "has the placeholder {{" + excerpt(rest.substr(0, end)) + "}}",
                          "there are: " + list_of(placeholders));
    }
    script.append(value->second);
    rest.remove_prefix(end + closing.size());
  }
}

}  // namespace errand::engine::scheduler
