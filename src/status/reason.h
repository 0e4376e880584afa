// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "status/evidence.h"
#include "status/facts.h"

/// The reasons in plain words, without the status word in front. One line each, never empty.
namespace errand::status::reason {

[[nodiscard]] std::string unreadable(const Evidence& evidence);
[[nodiscard]] std::string missing(const Evidence& evidence);
[[nodiscard]] std::string canceled(const Facts& facts);
[[nodiscard]] std::string finished(const Evidence& evidence, const Facts& facts);
/// Every task has its outcome, and that is a failure; or the first error stopped the job.
[[nodiscard]] std::string failed(const Evidence& evidence, const Facts& facts);
[[nodiscard]] std::string being_canceled(const EngineReport& engine, const Facts& facts);
[[nodiscard]] std::string never_accepted(const EngineReport& engine);
[[nodiscard]] std::string running(const Evidence& evidence, const EngineReport& engine, const Facts& facts);
/// A growing job whose tasks all have outcomes.
[[nodiscard]] std::string waiting_for_tasks(const Facts& facts);
[[nodiscard]] std::string queued(const EngineReport& engine);
[[nodiscard]] std::string all_gone(const EngineReport& engine, const Facts& facts);
[[nodiscard]] std::string undetermined(const EngineReport& engine, const Facts& facts);

}  // namespace errand::status::reason
