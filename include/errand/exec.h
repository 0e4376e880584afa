// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "errand/compute_context.h"
#include "errand/function.h"
#include "errand/job.h"

namespace errand {

/// An argument that fans out: one task per element. Made by each().
template <class Range>
struct Each {
  Range range;
};

/// Fans an argument out over any sized random-access range (a vector, std::views::iota(0, n)), which is
/// copied or moved. (Clang before 16 cannot compile libstdc++'s views: give it vectors.)
/// All fanned-out arguments of a call must have the same length.
template <std::ranges::random_access_range Range>
requires std::ranges::sized_range<Range>
[[nodiscard]] Each<std::remove_cvref_t<Range>> each(Range&& range) {
  return {std::forward<Range>(range)};
}

/// Settings of one exec call. Each may also be given by itself, in any order, among the arguments:
/// `exec(context, play, times(10000), seed(42))`.
struct ExecOptions {
  std::optional<std::int64_t> times;             ///< number of tasks; must agree with each()
  std::optional<std::uint64_t> seed;             ///< per-task random streams from (seed, index)
  std::optional<std::uint64_t> task_chunk_size;  ///< tasks handed to a worker at a time; unset: guided
  std::optional<bool> continue_on_failure;       ///< default true
  std::optional<bool> console_output;            ///< overrides the context
  std::optional<bool> auto_cleanup;              ///< overrides the context
};

namespace detail {
struct ExecTag {};
template <class Value, int Tag>
struct ExecSetting : ExecTag {
  Value value;
};
using Times = ExecSetting<std::int64_t, 0>;
using Seed = ExecSetting<std::optional<std::uint64_t>, 1>;
using ChunkSize = ExecSetting<std::uint64_t, 2>;
using ContinueOnFailure = ExecSetting<bool, 3>;
using ConsoleOutput = ExecSetting<bool, 4>;
using AutoCleanup = ExecSetting<bool, 5>;
}  // namespace detail

/// n tasks with the same arguments. n >= 1, or -1 for the default (1, or the fanned-out length).
[[nodiscard]] inline detail::Times times(std::int64_t n) {
  return {{}, n};
}
/// Every task gets its own stream from (number, index): the same results whatever runs where.
[[nodiscard]] inline detail::Seed seed(std::uint64_t number) {
  return {{}, number};
}
/// A random seed, recorded, shown by get_job_info.
[[nodiscard]] inline detail::Seed auto_seed() {
  return {{}, std::nullopt};
}
[[nodiscard]] inline detail::ChunkSize task_chunk_size(std::uint64_t n) {
  return {{}, n};
}
/// false: the first failed task stops the job. Default true: failures fill their places.
[[nodiscard]] inline detail::ContinueOnFailure continue_on_failure(bool on) {
  return {{}, on};
}
[[nodiscard]] inline detail::ConsoleOutput console_output(bool on) {
  return {{}, on};
}
[[nodiscard]] inline detail::AutoCleanup auto_cleanup(bool on) {
  return {{}, on};
}

namespace detail {

[[nodiscard]] std::uint64_t random_seed();

inline void apply(ExecOptions& options, const Times& s) {
  options.times = s.value;
}
inline void apply(ExecOptions& options, const Seed& s) {
  options.seed = s.value ? *s.value : random_seed();
}
inline void apply(ExecOptions& options, const ChunkSize& s) {
  options.task_chunk_size = s.value;
}
inline void apply(ExecOptions& options, const ContinueOnFailure& s) {
  options.continue_on_failure = s.value;
}
inline void apply(ExecOptions& options, const ConsoleOutput& s) {
  options.console_output = s.value;
}
inline void apply(ExecOptions& options, const AutoCleanup& s) {
  options.auto_cleanup = s.value;
}
inline void apply(ExecOptions& options, const ExecOptions& s) {
  options = s;
}

template <class T>
inline constexpr bool is_exec_option =
    std::is_base_of_v<ExecTag, std::remove_cvref_t<T>> || std::is_same_v<ExecOptions, std::remove_cvref_t<T>>;
template <class T>
struct IsEach : std::false_type {};
template <class Range>
struct IsEach<Each<Range>> : std::true_type {};

/// A call with its types erased: what exec submits.
struct FunctionCall {
  std::string function;
  std::string signature;
  std::string result_type;
  std::string shared_arguments;             ///< C++: encoded as TypedPrepared reads them
  std::optional<std::uint64_t> fanned_out;  ///< the common length of the each() arguments
  bool unequal_lengths = false;
  /// Appends one task's own encoded arguments; unset if nothing fans out.
  std::function<void(std::uint64_t task, std::string& out)> encode_task;
};

struct StringStream {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

void append_array_header(std::string& out, std::size_t count);

/// Submits; in a waiting context also waits. Runs in this process for a waiting LocalSeq: `here` then
/// receives the outcomes and the reference has no id.
[[nodiscard]] Result<JobRef> exec_call(const ComputeContext& context, const FunctionCall& call,
                                       const ExecOptions& options, OutcomeVisitor& here);

template <class Parameter, class Argument>
void encode_shared(FunctionCall& call, std::uint64_t&, std::size_t, const Argument& argument) {
  StringStream stream{call.shared_arguments};
  msgpack::pack(stream, static_cast<const std::decay_t<Parameter>&>(argument));
}
template <class Parameter, class Range>
void encode_shared(FunctionCall& call, std::uint64_t& mask, std::size_t place, const Each<Range>& fanned) {
  mask |= std::uint64_t{1} << place;
  std::uint64_t length = std::ranges::size(fanned.range);
  call.unequal_lengths = call.unequal_lengths || (call.fanned_out && *call.fanned_out != length);
  call.fanned_out = length;
  call.shared_arguments.push_back('\xc0');
}
template <class Parameter, class Argument>
void encode_own(std::string&, std::uint64_t, const Argument&) {}
template <class Parameter, class Range>
void encode_own(std::string& out, std::uint64_t task, const Each<Range>& fanned) {
  StringStream stream{out};
  auto at =
      std::ranges::begin(fanned.range) + static_cast<std::ranges::range_difference_t<const Range>>(task);
  msgpack::pack(stream,
                static_cast<const std::decay_t<Parameter>&>(static_cast<std::decay_t<Parameter>>(*at)));
}

template <class R, class... P, class Arguments, std::size_t... I>
FunctionCall make_call(const Function<R, P...>& function, std::shared_ptr<const Arguments> arguments,
                       std::index_sequence<I...>) {
  FunctionCall call;
  call.function = function.name();
  call.signature = type_name(typeid(R(P...)));
  call.result_type = type_name(typeid(typename Function<R, P...>::ResultType));
  std::uint64_t mask = 0;
  (encode_shared<P>(call, mask, I, std::get<I>(*arguments)), ...);
  std::string head;
  append_array_header(head, sizeof...(P) + 1);
  StringStream stream{head};
  msgpack::pack(stream, mask);
  call.shared_arguments.insert(0, head);
  if (mask != 0) {
    auto count = static_cast<std::size_t>(__builtin_popcountll(mask));
    call.encode_task = [arguments, count]([[maybe_unused]] std::uint64_t task, std::string& out) {
      append_array_header(out, count);
      (encode_own<P>(out, task, std::get<I>(*arguments)), ...);
    };
  }
  return call;
}

/// The function's arguments (options left out) as one tuple.
template <class... A>
auto only_arguments(A&&... arguments) {
  [[maybe_unused]] auto one = [](auto&& argument) {
    using Argument = decltype(argument);
    if constexpr (is_exec_option<Argument>) {
      return std::tuple<>();
    } else {
      return std::tuple<std::decay_t<Argument>>(std::forward<Argument>(argument));
    }
  };
  return std::tuple_cat(one(std::forward<A>(arguments))...);
}

}  // namespace detail

/// Submits `function` over its tasks and returns at once with the job (in a waiting context: when it
/// has ended, which results() then answers at once).
///
///     auto job = errand::exec(context, area_job, errand::each(radii), errand::seed(42));
///
/// `arguments`: one per parameter, each(range) for the fanned-out ones, and any of the settings above.
/// Tasks: times(n); else the fanned-out length; else 1. An empty range gives a job without tasks,
/// finished at once, and asks no engine.
/// Errors, with nothing left behind: invalid_argument (unequal lengths, times below 1), not_supported
/// (init was not called, so no worker could run the function), place_unwritable, no_space,
/// engine_unavailable.
template <class R, class... P, class... A>
[[nodiscard]] Result<Job<typename Function<R, P...>::ResultType>> exec(const ComputeContext& context,
                                                                       const Function<R, P...>& function,
                                                                       A&&... arguments) {
  using ResultType = typename Function<R, P...>::ResultType;
  ExecOptions options;
  [[maybe_unused]] auto take_option = [&options](const auto& argument) {
    if constexpr (detail::is_exec_option<decltype(argument)>) detail::apply(options, argument);
  };
  (take_option(arguments), ...);
  auto own = detail::only_arguments(std::forward<A>(arguments)...);
  static_assert(std::tuple_size_v<decltype(own)> == sizeof...(P),
                "exec: one argument per parameter of the function");
  auto shared = std::make_shared<const decltype(own)>(std::move(own));
  detail::FunctionCall call = detail::make_call(function, shared, std::index_sequence_for<P...>{});
  detail::Decoder<ResultType> here;
  Result<JobRef> job = detail::exec_call(context, call, options, here);
  if (!job) return std::move(job).error();
  if (job->id().empty()) {
    return Job<ResultType>(
        std::make_shared<const JobResults<ResultType>>(std::move(here.values), std::move(here.failures)));
  }
  return Job<ResultType>(*std::move(job));
}

/// The same in the context in force (compute_context_in_force).
template <class R, class... P, class... A>
[[nodiscard]] Result<Job<typename Function<R, P...>::ResultType>> exec(const Function<R, P...>& function,
                                                                       A&&... arguments) {
  auto context = compute_context_in_force();
  if (!context) return std::move(context).error();
  return exec(*std::move(context), function, std::forward<A>(arguments)...);
}

/// Submits a program, one process per task. In every word of `command`, {index} stands for the task's
/// 0-based index, {seed} for its random seed (see program_seed), {job} for the job's id; {{ and }} for
/// braces. A non-zero exit code or a signal makes the task failed.
/// The program is looked up in the submitter's PATH now and recorded as a path, not copied.
/// Errors: invalid_argument (no such program, an unknown {name}), and those of exec.
[[nodiscard]] Result<Job<ProgramResult>> exec_program(const ComputeContext& context,
                                                      const std::vector<std::string>& command,
                                                      const ExecOptions& options = {});

/// What a submission would hand to its engine.
struct SubmissionPreview {
  std::string summary;            ///< one sentence for people
  std::vector<std::string> argv;  ///< the scheduler's command; empty: no scheduler is asked
  std::string script;             ///< the submit script
  std::string template_origin;    ///< what the script was made of: a path, or "built in"
};

/// What exec_program would submit, without submitting or writing anything: the share directory need not
/// exist. The id in it is no job's. Errors: those of exec_program, as far as they can be told without it.
[[nodiscard]] Result<SubmissionPreview> preview_program(const ComputeContext& context,
                                                        const std::vector<std::string>& command,
                                                        const ExecOptions& options = {});

}  // namespace errand
