// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "errand/job.h"
#include "r_api.h"
#include "values.h"

/// Outcomes of a job as R objects.
namespace errand::r {

/// May jump.
[[nodiscard]] SEXP failure_to_r(const TaskFailure& failure);

/// Collects outcomes. Scalars are kept outside R's memory until the end, so that a million small results
/// cost one protected call and not a million. R's jumps end the visit and are taken up again by resume().
class Collector final : public detail::OutcomeVisitor {
 public:
  void begin(std::uint64_t tasks) override;
  Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& value) override;
  void failure(TaskFailure failure) override;

  /// Goes on with the jump that ended the visit, if one did: throws.
  void resume() const;
  /// list(index =, values =, failures =, total =): `index` and `values` of what came, in the order it came.
  /// May jump.
  [[nodiscard]] SEXP outcomes_to_r() const;
  /// list(values =, failures =): one entry per task. May jump.
  [[nodiscard]] SEXP results_to_r() const;

 private:
  struct Entry {
    std::uint64_t task = 0;
    Scalar scalar;
    SEXP object = nullptr;  ///< held by objects_
  };
  void keep(SEXP object);
  [[nodiscard]] SEXP value_of(const Entry& entry) const;
  [[nodiscard]] SEXP failures_to_r() const;

  std::vector<Entry> entries_;
  std::vector<TaskFailure> failures_;
  std::uint64_t total_ = 0;
  Kept objects_;  ///< a growing list
  R_xlen_t object_count_ = 0;
  SEXP jump_ = nullptr;
};

}  // namespace errand::r
