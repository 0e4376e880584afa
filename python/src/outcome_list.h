// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "binding.h"
#include "errand/job.h"

namespace errand::python {

/// A failure as a TaskError. With the GIL. Never fails: what cannot be unpickled is left out.
[[nodiscard]] nb::object make_task_error(const TaskFailure& failure);

/// Hands each outcome to `take` as a Python object, with the GIL. An exception ends the visit; ask for it.
class DecodingVisitor : public detail::OutcomeVisitor {
 public:
  void begin(std::uint64_t tasks) final;
  Result<void> value(std::uint64_t task, std::uint32_t attempt, const EncodedView& value) final;
  void failure(TaskFailure failure) final;

  /// Gives the GIL back, whoever calls next.
  void end() { window_.pause(); }
  /// With the GIL: raises what ended the visit.
  void raise_again() { exception_.raise_again(); }

 protected:
  virtual void start(std::uint64_t tasks) = 0;
  virtual void take(std::uint64_t task, std::uint32_t attempt, nb::object outcome) = 0;

 private:
  template <class Act>
  Result<void> guarded(Act act);

  std::uint64_t total_ = 0;
  std::uint64_t seen_ = 0;
  GilWindow window_;
  PendingException exception_;
};

}  // namespace errand::python
