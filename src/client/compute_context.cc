// SPDX-License-Identifier: Apache-2.0
#include "errand/compute_context.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <mutex>
#include <utility>

#include "client/configuration.h"
#include "database/target.h"
#include "system/try.h"
#include "system/user_directories.h"

namespace errand {
namespace {

struct InForce {
  std::mutex mutex;
  std::optional<ComputeContext> context;
};

InForce& in_force() {
  // Never destroyed: threads may ask for it while the process ends.
  static auto* state = new InForce;
  return *state;
}

/// What is in force until somebody sets a context.
Result<ComputeContext> initial_context(const client::Configuration& configuration) {
  std::string name = system::environment_value("ERRAND_CONTEXT");
  if (name.empty()) name = configuration.active;
  if (is_connection_string(name)) return InDatabase(name, LocalParallel(configuration.defaults));
  return client::context_named(configuration, name.empty() ? "local" : name);
}

/// One spelling for one directory, as far as that can be told without following links.
std::string absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path whole = std::filesystem::absolute(path, error);
  if (error) return path;
  // "link/.." is not where it looks: only the file system knows.
  const bool goes_up = std::ranges::find(whole, "..") != whole.end();
  std::string plain = goes_up ? std::filesystem::weakly_canonical(whole, error) : whole.lexically_normal();
  if (error) return whole;
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain;
}

/// True for a password that is not used, too.
bool speaks_of_password(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower.find("pwd") != std::string::npos || lower.find("pass") != std::string::npos;
}

}  // namespace

ComputeContext LocalSeq(ComputeContext base) {
  base.engine = "local";
  base.sequential = true;
  return base;
}

ComputeContext LocalParallel(ComputeContext base) {
  base.engine = "local";
  base.sequential = false;
  return base;
}

ComputeContext SlurmContext(ComputeContext base) {
  base.engine = "slurm";
  base.sequential = false;
  return base;
}

ComputeContext GridEngineContext(ComputeContext base) {
  base.engine = "gridengine";
  base.sequential = false;
  return base;
}

ComputeContext LsfContext(ComputeContext base) {
  base.engine = "lsf";
  base.sequential = false;
  return base;
}

Result<ComputeContext> make_compute_context(std::string_view name) {
  TRY(const client::Configuration configuration, client::load_configuration());
  Result<ComputeContext> found =
      name == "default" ? initial_context(configuration) : client::context_named(configuration, name);
  if (!found) return found;
  TRY_VOID(client::apply_environment(*found));
  return found;
}

Result<ComputeContext> compute_context_in_force() {
  InForce& state = in_force();
  const std::lock_guard lock(state.mutex);
  if (!state.context) {
    TRY(state.context, make_compute_context("default"));
  }
  return *state.context;
}

ComputeContext get_compute_context() {
  auto context = compute_context_in_force();
  return context ? *std::move(context) : LocalSeq();
}

ComputeContext set_compute_context(ComputeContext context) {
  ComputeContext before = get_compute_context();
  InForce& state = in_force();
  const std::lock_guard lock(state.mutex);
  if (state.context) before = *std::move(state.context);
  state.context = std::move(context);
  return before;
}

Result<std::vector<NamedContext>> list_compute_contexts() {
  TRY(client::Configuration configuration, client::load_configuration());
  std::vector<NamedContext> all{{"local", "built in", LocalSeq(configuration.defaults)},
                                {"localpar", "built in", LocalParallel(configuration.defaults)},
                                {"slurm", "built in", SlurmContext(configuration.defaults)},
                                {"gridengine", "built in", GridEngineContext(configuration.defaults)},
                                {"lsf", "built in", LsfContext(configuration.defaults)}};
  for (NamedContext& named : configuration.contexts) all.push_back(std::move(named));
  for (NamedContext& named : all) TRY_VOID(client::apply_environment(named.context));
  return all;
}

Result<ComputeContext> InDatabase(std::string_view connection_string, ComputeContext base) {
  TRY(const database::Target target, database::parse_connection_string(connection_string));
  database::remember_target(target);
  base.engine = "database";
  base.sequential = false;
  base.share_dir = target.without_password();
  return base;
}

bool is_connection_string(std::string_view text) noexcept {
  return database::is_database_place(text);
}

std::string without_secrets(std::string_view text) {
  if (!database::is_database_place(text)) return std::string(text);
  if (const auto target = database::parse_connection_string(text)) {
    const bool has_password = target->parameters.contains("password") || speaks_of_password(text);
    return has_password ? target->without_password() : std::string(text);
  }
  const bool may_have_one = speaks_of_password(text) || text.find('@') != std::string_view::npos;
  return may_have_one ? "***" : std::string(text);
}

std::string resolve_share_dir(const ComputeContext& context) {
  std::string place = context.share_dir;
  if (place.empty()) place = system::environment_value("ERRAND_SHARE_DIR");
  if (place.empty()) return system::state_directory();
  return database::is_database_place(place) ? database::place_name(place) : absolute(place);
}

}  // namespace errand
