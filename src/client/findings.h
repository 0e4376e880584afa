// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/doctor.h"

namespace errand::client {

/// Findings about one subject after the other.
class Findings {
 public:
  void good(std::string subject, std::string message) {
    all_.push_back({Finding::Verdict::good, std::move(subject), std::move(message), ""});
  }
  void notable(std::string subject, std::string message, std::string hint = "") {
    all_.push_back({Finding::Verdict::notable, std::move(subject), std::move(message), std::move(hint)});
  }
  void wrong(std::string subject, std::string message, std::string hint) {
    all_.push_back({Finding::Verdict::wrong, std::move(subject), std::move(message), std::move(hint)});
  }
  void wrong(std::string subject, const Error& error) {
    wrong(std::move(subject), error.message, error.hint);
  }
  [[nodiscard]] std::vector<Finding> take() { return std::move(all_); }

 private:
  std::vector<Finding> all_;
};

/// "1 process", "2 processes"; the plural is given where it is not the singular and an s.
[[nodiscard]] inline std::string counted(std::uint64_t number, std::string_view one,
                                         std::string_view several = {}) {
  std::string text = std::to_string(number) + " ";
  if (number == 1 || several.empty()) text += one;
  if (number != 1) text += several.empty() ? std::string_view("s") : several;
  return text;
}

/// A place that is a directory.
void examine_directory(const std::string& path, Findings& findings);
/// What the local engine needs of this machine.
void examine_machine(Findings& findings);
/// The commands of a scheduler, if the context's engine is one; else which of them are here.
void examine_schedulers(const ComputeContext& context, Findings& findings);
/// A place in a database: server, schema, rights, launchpad, settings.
void examine_database(const std::string& place, Findings& findings);

}  // namespace errand::client
