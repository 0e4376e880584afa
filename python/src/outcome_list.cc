// SPDX-License-Identifier: Apache-2.0
#include "outcome_list.h"

#include "value_codec.h"

namespace errand::python {
namespace {

constexpr std::uint64_t outcomes_between_breaths = 8192;

}  // namespace

nb::object make_task_error(const TaskFailure& failure) {
  nb::object native = nb::none();
  if (failure.native_codec == Codec::pickle) {
    native = nb::bytes(failure.native.text().data(), failure.native.size());
  }
  nb::object make = nb::borrow(lookup("errand.errors", "make_task_error"));
  return make(failure.task, std::string(to_string(failure.cause)),
              nb::bytes(failure.type.data(), failure.type.size()),
              nb::bytes(failure.message.data(), failure.message.size()),
              nb::bytes(failure.traceback.data(), failure.traceback.size()), failure.attempt, native);
}

template <class Act>
Result<void> DecodingVisitor::guarded(Act act) {
  if (!exception_.is_set()) {
    window_.touch();
    try {
      act();
    } catch (nb::python_error& raised) {
      raised.restore();
      exception_.keep();
    }
    if (++seen_ >= total_ || seen_ % outcomes_between_breaths == 0) window_.pause();
  }
  if (!exception_.is_set()) return {};
  window_.pause();
  return Error{ErrorCode::type_mismatch, "a value could not be decoded", false, "", 0};
}

void DecodingVisitor::begin(std::uint64_t tasks) {
  total_ = tasks + 1;
  (void)guarded([&] { start(tasks); });
}

Result<void> DecodingVisitor::value(std::uint64_t task, std::uint32_t attempt, const EncodedView& view) {
  return guarded([&] {
    PyObject* decoded = decode_value(view);
    if (decoded == nullptr) {
      nb::object cause = catch_exception();
      nb::object explain = nb::borrow(lookup("errand.errors", "raise_undecodable"));
      explain(task, cause);
    }
    take(task, attempt, nb::steal(decoded));
  });
}

void DecodingVisitor::failure(TaskFailure failed) {
  (void)guarded([&] { take(failed.task, failed.attempt, make_task_error(failed)); });
}

}  // namespace errand::python
