// SPDX-License-Identifier: Apache-2.0
#include "client/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include "client/context_fields.h"
#include "errand/data_source.h"
#include "system/files.h"
#include "system/try.h"
#include "system/user_directories.h"

namespace errand::client {
namespace {

constexpr std::uint64_t largest_file = 1U << 20U;

struct Alias {
  std::string_view name;
  ComputeContext (*make)(ComputeContext);
};
constexpr std::array<Alias, 15> aliases{{{"local", LocalSeq},
                                         {"localseq", LocalSeq},
                                         {"rxlocalseq", LocalSeq},
                                         {"localpar", LocalParallel},
                                         {"localparallel", LocalParallel},
                                         {"rxlocalparallel", LocalParallel},
                                         {"slurm", SlurmContext},
                                         {"rxslurm", SlurmContext},
                                         {"hpcserver", SlurmContext},
                                         {"rxhpcserver", SlurmContext},
                                         {"gridengine", GridEngineContext},
                                         {"sge", GridEngineContext},
                                         {"rxgridengine", GridEngineContext},
                                         {"lsf", LsfContext},
                                         {"rxlsfcluster", LsfContext}}};

/// What languages call a context in a database: a name alone leads to none.
constexpr std::array<std::string_view, 5> database_names{"database", "indatabase", "insqlserver",
                                                         "rxinsqlserver", "sqlserver"};

bool same_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Turns the tables of one file into contexts.
class Reader {
 public:
  Reader(const toml::table& root, const std::string& path) : root_(root), path_(path) {}

  Result<Configuration> read() {
    TRY_VOID(find_tables());
    if (defaults_ != nullptr) TRY_VOID(read_defaults());
    if (contexts_ != nullptr) TRY_VOID(read_contexts());
    return std::move(configuration_);
  }

 private:
  Result<void> find_tables() {
    for (const auto& [key, node] : root_) {
      const toml::table* table = node.as_table();
      const bool known = key.str() == "defaults" || key.str() == "contexts";
      if (!known || table == nullptr) {
        return error_at(path_, key.source(), fmt::format("'{}' cannot stand here", key.str()),
                        "a configuration has a table [defaults] and tables [contexts.NAME]");
      }
      (key.str() == "defaults" ? defaults_ : contexts_) = table;
    }
    return {};
  }

  Result<void> read_defaults() {
    TRY_VOID(set_fields(configuration_.defaults, *defaults_, "defaults", "context", path_));
    const toml::node* active = defaults_->get("context");
    if (active == nullptr) return {};
    if (!active->is_string()) return error_at(path_, active->source(), "context: must be a context's name");
    configuration_.active = **active->as_string();
    const bool known = built_in_context(configuration_.active, {}) ||
                       (contexts_ != nullptr && contexts_->contains(configuration_.active));
    if (known) return {};
    return error_at(path_, active->source(),
                    fmt::format("context: there is no context '{}'", configuration_.active));
  }

  Result<void> read_contexts() {
    for (const auto& [key, node] : *contexts_) {
      const std::string name(key.str());
      if (built_in_context(name, {}) || name == "default" || name.empty()) {
        return error_at(path_, key.source(), fmt::format("the context's name '{}' is taken", name),
                        "give it another name; inherits = \"localpar\" starts from a built-in one");
      }
      std::vector<std::string> heirs;
      TRY(ComputeContext context, resolve(name, key.source(), heirs));
      configuration_.contexts.push_back({name, path_, std::move(context)});
    }
    return {};
  }

  /// `heirs`: the contexts that led here, each inheriting from the next.
  Result<ComputeContext> resolve(const std::string& name, const toml::source_region& where,
                                 std::vector<std::string>& heirs) {
    if (auto built_in = built_in_context(name, configuration_.defaults)) return *std::move(built_in);
    const toml::node* node = contexts_->get(name);
    if (node == nullptr) return error_at(path_, where, fmt::format("there is no context '{}'", name));
    const toml::table* table = node->as_table();
    if (table == nullptr) {
      return error_at(path_, node->source(), fmt::format("'{}' must be a table [contexts.{}]", name, name));
    }
    const bool in_a_circle = std::ranges::find(heirs, name) != heirs.end();
    heirs.push_back(name);
    if (in_a_circle) {
      return error_at(path_, where,
                      fmt::format("contexts inherit in a circle: {}", fmt::join(heirs, " -> ")));
    }
    TRY(ComputeContext context, inherited(*table, heirs));
    TRY_VOID(set_fields(context, *table, "contexts." + name, "inherits", path_));
    return context;
  }

  Result<ComputeContext> inherited(const toml::table& table, std::vector<std::string>& heirs) {
    const toml::node* parent = table.get("inherits");
    if (parent == nullptr) return configuration_.defaults;
    if (!parent->is_string()) {
      return error_at(path_, parent->source(), "inherits: must be a context's name");
    }
    return resolve(**parent->as_string(), parent->source(), heirs);
  }

  const toml::table& root_;
  const std::string& path_;
  const toml::table* defaults_ = nullptr;
  const toml::table* contexts_ = nullptr;
  Configuration configuration_;
};

/// The file's text; nothing if there is none. People keep this file behind a symbolic link, so links are
/// followed here, which a place's files never allow.
Result<std::optional<std::string>> read_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return std::optional<std::string>();
  }
  if (error) return system::os_error(error.value(), "read the configuration", path, false);
  TRY(auto directory, system::open_directory(real.parent_path()));
  TRY(std::string text, directory->read_all(real.filename(), largest_file));
  return std::optional(std::move(text));
}

std::string known_names(const Configuration& configuration) {
  std::string names = "local, localpar, slurm, gridengine, lsf";
  for (const NamedContext& named : configuration.contexts) names += ", " + named.name;
  return names;
}

}  // namespace

std::string configuration_path() {
  return system::config_directory() + "/config.toml";
}

Result<Configuration> parse_configuration(std::string_view text, const std::string& path) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    return error_at(path, parsed.error().source(), std::string(parsed.error().description()));
  }
  return Reader(parsed.table(), path).read();
}

Result<Configuration> load_configuration() {
  const std::string path = configuration_path();
  Result<std::optional<std::string>> text = read_file(path);
  if (!text) {
    Error error = std::move(text).error();
    error.code = ErrorCode::invalid_argument;
    return error;
  }
  if (!text->has_value()) return Configuration{};
  return parse_configuration(**text, path);
}

std::optional<ComputeContext> built_in_context(std::string_view name, const ComputeContext& defaults) {
  for (const Alias& alias : aliases) {
    if (same_without_case(alias.name, name)) {
      return alias.make(defaults);
    }
  }
  return std::nullopt;
}

Result<ComputeContext> context_named(const Configuration& configuration, std::string_view name) {
  if (auto built_in = built_in_context(name, configuration.defaults)) return *std::move(built_in);
  for (const NamedContext& named : configuration.contexts) {
    if (named.name == name) return named.context;
  }
  if (std::ranges::any_of(database_names, [&](auto known) { return same_without_case(known, name); })) {
    return Error{
        ErrorCode::not_found, fmt::format("the compute context '{}' needs to know its database", name), false,
        fmt::format(
            "name it by a connection string (postgresql://USER@HOST/DATABASE), or make a context with "
            "engine = \"database\" and that string as share_dir in {}",
            configuration_path()),
        0};
  }
  // Something like a connection string is not repeated: it may hold a password.
  const bool is_repeated =
      name.find('=') == std::string_view::npos && name.find("://") == std::string_view::npos;
  return Error{
      ErrorCode::not_found,
      is_repeated ? fmt::format("there is no compute context '{}'", name)
                  : "there is no such compute context",
      false,
      fmt::format("there are: {}; others go into {}", known_names(configuration), configuration_path())};
}

Result<void> apply_environment(ComputeContext& context) {
  std::string place = system::environment_value("ERRAND_SHARE_DIR");
  const bool is_connection = is_connection_string(place);
  // Jobs of a database lie in it: a directory is for those of other contexts.
  if (!place.empty() && (is_connection || context.engine != "database")) {
    if (is_connection) {
      TRY(place, remember_connection({place, {}, {}, {}, {}}));
    }
    context.share_dir = place;
  }
  const std::string cores = system::environment_value("ERRAND_CORES");
  if (cores.empty()) return {};
  int number = -1;
  const char* end = cores.data() + cores.size();
  auto [stop, error] = std::from_chars(cores.data(), end, number);
  if (error != std::errc() || stop != end || number < 0) {
    return Error{ErrorCode::invalid_argument,
                 fmt::format("ERRAND_CORES is '{}', not a number of cores", cores), false,
                 "set it to a whole number; 0 means all cores of the machine"};
  }
  context.cores = number;
  return {};
}

}  // namespace errand::client
