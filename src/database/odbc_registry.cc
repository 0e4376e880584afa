// SPDX-License-Identifier: Apache-2.0
#include "database/odbc_registry.h"

#include <filesystem>

#include "system/files.h"
#include "system/user_directories.h"

namespace errand::database {
namespace {

constexpr std::uint64_t largest_ini_file = 1U << 20U;

std::string_view stripped(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\f\v";
  const std::size_t begin = text.find_first_not_of(spaces);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

/// The section of that name in the first of the files that has it.
std::optional<std::map<std::string, std::string>> find_section(const std::vector<std::string>& files,
                                                               std::string_view name) {
  for (const std::string& file : files) {
    const std::filesystem::path path(file);
    auto directory = system::open_directory(path.parent_path());
    if (!directory) continue;
    auto text = (*directory)->read_all(path.filename(), largest_ini_file);
    if (!text) continue;
    IniSections sections = parse_ini(*text);
    if (auto found = sections.find(in_lower_case(name)); found != sections.end()) {
      return std::move(found->second);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

IniSections parse_ini(std::string_view text) {
  IniSections sections;
  std::map<std::string, std::string>* section = nullptr;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = stripped(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty() || line.front() == ';' || line.front() == '#') continue;
    const std::size_t equals = line.find('=');
    if (line.front() == '[' && line.find(']') != std::string_view::npos) {
      const std::string name = in_lower_case(stripped(line.substr(1, line.find(']') - 1)));
      section = &sections[name];
    } else if (section != nullptr && equals != std::string_view::npos) {
      section->emplace(in_lower_case(stripped(line.substr(0, equals))), stripped(line.substr(equals + 1)));
    }
  }
  return sections;
}

OdbcRegistry OdbcRegistry::of_this_process() {
  const auto or_else = [](const char* variable, const std::string& otherwise) {
    const std::string value = system::environment_value(variable);
    return value.empty() ? otherwise : value;
  };
  const std::filesystem::path system_folder = or_else("ODBCSYSINI", "/etc");
  OdbcRegistry registry;
  registry.driver_files = {system_folder / or_else("ODBCINSTINI", "odbcinst.ini")};
  registry.source_files = {or_else("ODBCINI", system::home_directory() + "/.odbc.ini"),
                           system_folder / "odbc.ini"};
  return registry;
}

std::optional<std::string> OdbcRegistry::library_of(std::string_view driver) const {
  auto section = find_section(driver_files, driver);
  if (!section) return std::nullopt;
  for (const char* key : {"driver64", "driver"}) {
    if (auto found = section->find(key); found != section->end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::map<std::string, std::string>> OdbcRegistry::data_source(std::string_view name) const {
  return find_section(source_files, name);
}

}  // namespace errand::database
