// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/scheduler/command.h"
#include "errand/error.h"

/// What one scheduler speaks: pure pairs, argv out and text in. Nothing here runs anything.
namespace errand::engine::scheduler {

/// What the engine wants submitted: one array.
struct ArrayRequest {
  std::string name;  ///< the scheduler's job name
  std::string job;   ///< our id
  std::string share_dir;
  std::string command;  ///< the errand command, as the nodes find it
  std::string output;   ///< where the scheduler puts what an element prints, up to the element's number
  std::uint32_t submission = 1;
  std::uint32_t elements = 1;
  std::uint32_t workers = 1;
  std::map<std::string, std::string> options;  ///< the context's engine_options
};

/// Where an element is, in the few words that a status needs.
enum class ElementState : std::uint8_t {
  waiting,
  alive,
  ended,
  unknown,  ///< a word we do not know: it never becomes success or failure
};

/// Array elements of one state, as the scheduler lists them.
struct QueueEntry {
  std::string id;                                                 ///< of the array
  std::string name;                                               ///< the scheduler's job name
  std::vector<std::pair<std::uint32_t, std::uint32_t>> elements;  ///< [first, last) runs
  ElementState state = ElementState::unknown;
  std::string reason;        ///< in plain words, the scheduler's own in parentheses
  bool blocked = false;      ///< it cannot leave the queue by itself
  std::int64_t ended_s = 0;  ///< Unix time of the end; 0: not known
};

/// What the site allows.
struct SiteLimits {
  std::uint32_t array_elements = 1000;
  bool history = false;  ///< the scheduler keeps ended jobs where it can be asked for them
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Names of engine_options it understands beside the shared ones.
  [[nodiscard]] virtual std::vector<std::string_view> options() const = 0;

  /// The submit script as it is without a site's own; placeholders as {{name}}.
  [[nodiscard]] virtual std::string_view default_template() const = 0;
  /// What the placeholders stand for. Errors: invalid_argument (an option's value cannot be passed on).
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> placeholders(
      const ArrayRequest& request) const = 0;
  [[nodiscard]] virtual Command submit(const ArrayRequest& request, std::string script) const = 0;
  /// The scheduler's id of the array. Errors: engine_refused (it has not taken it), engine_unavailable
  /// (it may have).
  [[nodiscard]] virtual Result<std::string> read_submitted(const Answer& answer) const = 0;

  /// Asks for all of this user's jobs, ended ones included, as far as the scheduler remembers.
  [[nodiscard]] virtual Command queue(const std::string& user) const = 0;
  /// Entries of jobs with our names. Errors: engine_unavailable (no answer), corrupt (shows the text).
  [[nodiscard]] virtual Result<std::vector<QueueEntry>> read_queue(const Answer& answer) const = 0;

  /// Asks for jobs that the queue no longer shows; argv empty where there is no such thing.
  [[nodiscard]] virtual Command history(const std::vector<std::string>& names,
                                        const std::string& user) const = 0;
  [[nodiscard]] virtual Result<std::vector<QueueEntry>> read_history(const Answer& answer) const = 0;

  /// By our name: an id may have been given to another job since.
  [[nodiscard]] virtual Command cancel(const std::string& name, const std::string& user) const = 0;

  /// Asks for the names of all nodes, one a word, where elements can be kept to the option `nodes` only by
  /// leaving out all others (the option `exclude`); argv empty: the dialect passes `nodes` on itself, or has
  /// no such option.
  [[nodiscard]] virtual Command node_names() const { return {}; }

  [[nodiscard]] virtual Command limits() const = 0;
  [[nodiscard]] virtual Result<SiteLimits> read_limits(const Answer& answer) const = 0;
};

/// Parses "0-3,7,9-20%4" into runs. Nothing if it is anything else.
[[nodiscard]] bool read_element_list(std::string_view text,
                                     std::vector<std::pair<std::uint32_t, std::uint32_t>>& elements);

}  // namespace errand::engine::scheduler
