// SPDX-License-Identifier: Apache-2.0
#include "system/fault_plan.h"

#include <cerrno>
#include <limits>

#include "system/files.h"

namespace errand::system {

void FaultPlan::plan(Operation kind, std::uint64_t first, std::uint64_t last, Error error, Manner manner) {
  faults_.push_back({kind, first, last, {std::move(error), manner}});
}

void FaultPlan::fail(Operation kind, std::uint64_t k, Error error, Manner manner) {
  plan(kind, count(kind) + k, count(kind) + k, std::move(error), manner);
}

void FaultPlan::fail_from(Operation kind, std::uint64_t k, Error error, Manner manner) {
  constexpr auto for_ever = std::numeric_limits<std::uint64_t>::max();
  plan(kind, count(kind) + k, for_ever, std::move(error), manner);
}

std::optional<FaultPlan::Fault> FaultPlan::next(Operation kind) {
  ++counts_[index_of(kind)];
  if (kind != Operation::any) ++counts_[index_of(Operation::any)];
  for (const Planned& planned : faults_) {
    if (planned.kind != kind && planned.kind != Operation::any) continue;
    const std::uint64_t now = count(planned.kind);
    if (now >= planned.first && now <= planned.last) return planned.fault;
  }
  return std::nullopt;
}

Error no_space_fault() {
  return os_error(ENOSPC, "cannot write", "/memory", true);
}
Error io_fault() {
  return os_error(EIO, "cannot reach", "/memory", true);
}
Error unwritable_fault() {
  return os_error(EROFS, "cannot write", "/memory", true);
}

}  // namespace errand::system
