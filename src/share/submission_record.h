// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "errand/error.h"

/// What a job's directory says of its way into a scheduler's queue.
namespace errand::share {

/// Tasks as [first, last) runs, ascending.
using TaskRuns = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// One handing of tasks to a scheduler as an array of elements, written before the scheduler is asked: body
/// of submission.<n>. Element k owns chunk `first_chunk + k`.
struct SubmissionRecord {
  std::string engine;
  std::string name;  ///< the scheduler's name of the job: ours, so that it is found again without its id
  std::uint32_t first_chunk = 0;
  std::uint32_t elements = 1;
  std::uint32_t workers = 1;  ///< tasks that an element runs at once
  TaskRuns tasks;
  bool open_ended = false;  ///< of a growing job: its one element also takes the tasks that come later
  std::int64_t time_ns = 0;
};
[[nodiscard]] std::string encode(const SubmissionRecord& record);
/// Errors: corrupt (also: no elements, runs that are not ascending).
[[nodiscard]] Result<SubmissionRecord> decode_submission(std::string_view body);

/// How many tasks the submission has.
[[nodiscard]] std::uint64_t count(const TaskRuns& tasks);
/// The tasks of one element: equal parts of the list, the first ones longer by one. Requires
/// element < record.elements.
[[nodiscard]] TaskRuns tasks_of(const SubmissionRecord& record, std::uint32_t element);

/// What the scheduler said: body of accepted.<n>.
struct Acceptance {
  std::string id;         ///< the scheduler's; empty: it did not take the job
  std::string problem;    ///< why not, or why that is not known
  bool doubtful = false;  ///< it may have the job although it did not say so
  std::int64_t time_ns = 0;
};
[[nodiscard]] std::string encode(const Acceptance& acceptance);
[[nodiscard]] Result<Acceptance> decode_acceptance(std::string_view body);

}  // namespace errand::share
