// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "errand/encoding.h"

namespace errand {

/// Call first in main of a program that submits its own functions. In the processes that errand starts
/// to run tasks it never returns: they live and end inside it. In every other process it only
/// remembers that this program can run its functions elsewhere, and returns at once.
/// Global constructors run in workers too; what main does before init runs there as well.
void init(int argc, char** argv);

namespace detail {

/// A function with its shared arguments decoded, ready to be called for one task after the other.
class PreparedFunction {
 public:
  virtual ~PreparedFunction() = default;
  /// Calls it with the shared arguments and this task's own; throws what the function throws, or
  /// std::invalid_argument when the bytes do not fit the parameters.
  virtual void call(std::span<const std::byte> task_arguments, ValueSink& sink) = 0;
};

struct FunctionEntry {
  std::string signature;  ///< of the C++ type, for people and error messages
  std::function<std::unique_ptr<PreparedFunction>(std::span<const std::byte> shared)> prepare;
};

void register_function(const std::string& name, FunctionEntry entry);
[[nodiscard]] std::string type_name(const std::type_info& type);

/// Bytes of the array16 header before a task's own arguments.
inline constexpr std::size_t array_header_size = 3;

/// Shared arguments on disk: MessagePack [bit mask of the fanned-out parameters, one entry per
/// parameter (nil where fanned out)]. A task's own: an array of the fanned-out ones, in order.
template <class R, class... P>
class TypedPrepared final : public PreparedFunction {
  using Arguments = std::tuple<std::decay_t<P>...>;
  using Places = std::index_sequence_for<P...>;

 public:
  TypedPrepared(R (*target)(P...), std::span<const std::byte> shared) : target_(target) {
    auto handle = msgpack::unpack(reinterpret_cast<const char*>(shared.data()), shared.size());
    if (handle->type != msgpack::type::ARRAY || handle->via.array.size != sizeof...(P) + 1) {
      throw std::invalid_argument("the recorded arguments are not those of this function");
    }
    const msgpack::object* entries = handle->via.array.ptr;
    mask_ = entries[0].as<std::uint64_t>();
    read_shared(entries + 1, Places{});
  }

  void call(std::span<const std::byte> task_arguments, ValueSink& sink) override {
    if (mask_ != 0) {
      check_count(task_arguments);
      read_own(task_arguments, Places{});
    }
    if constexpr (std::is_void_v<R>) {
      std::apply(target_, arguments_);
      encode_value(sink, Nothing{});
    } else {
      encode_value(sink, std::apply(target_, arguments_));
    }
  }

 private:
  [[nodiscard]] bool fanned_out(std::size_t place) const { return ((mask_ >> place) & 1U) != 0; }

  template <std::size_t... I>
  void read_shared([[maybe_unused]] const msgpack::object* entries, std::index_sequence<I...>) {
    ((fanned_out(I) ? void() : void(entries[I].convert(std::get<I>(arguments_)))), ...);
  }

  template <std::size_t... I>
  void read_own([[maybe_unused]] std::span<const std::byte> bytes, std::index_sequence<I...>) {
    [[maybe_unused]] std::size_t offset = array_header_size;
    ((fanned_out(I)
          ? void(std::get<I>(arguments_) = read_msgpack<std::tuple_element_t<I, Arguments>>(bytes, offset))
          : void()),
     ...);
  }

  /// A task's arguments begin with an array16 header, so that its size is the same for 1 or 64.
  void check_count(std::span<const std::byte> bytes) const {
    auto count = static_cast<unsigned>(__builtin_popcountll(mask_));
    if (bytes.size() < array_header_size || bytes[0] != std::byte{0xdc} || bytes[1] != std::byte{0} ||
        static_cast<unsigned>(bytes[2]) != count) {
      throw std::invalid_argument("the task's arguments are not those of this function");
    }
  }

  R (*target_)(P...);
  std::uint64_t mask_ = 0;
  Arguments arguments_{};
};

}  // namespace detail

/// A C++ function under a name that the worker finds again. Copyable, cheap.
template <class R, class... P>
class Function {
 public:
  using ResultType = std::conditional_t<std::is_void_v<R>, Nothing, std::decay_t<R>>;
  static constexpr std::size_t arity = sizeof...(P);

  Function(std::string name, R (*called)(P...)) : name_(std::move(name)), target_(called) {}
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] R (*target() const noexcept)(P...) { return target_; }

 private:
  std::string name_;
  R (*target_)(P...);
};

/// Registers `target` under `name` (letters, digits, . _ - :; unique in the program) and returns the
/// handle that exec takes. Call it for an object of static storage, so that the worker, which is the
/// same program started again, registers it too:
///
///     double area(double radius) { return 3.14159 * radius * radius; }
///     const auto area_job = errand::function("area", area);
///
/// Parameters and result: anything msgpack-c packs, errand::Buffer, your types with MSGPACK_DEFINE.
/// Parameters are taken by value or const reference and must be default-constructible. At most 64.
template <class R, class... P>
[[nodiscard]] Function<R, P...> function(std::string name, R (*target)(P...)) {
  static_assert(sizeof...(P) <= 64, "errand functions take at most 64 parameters");
  static_assert(((!std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>)&&...),
                "errand functions take their parameters by value or const reference");
  detail::register_function(
      name,
      {detail::type_name(typeid(R(P...))), [target](std::span<const std::byte> shared) {
         return std::unique_ptr<detail::PreparedFunction>(new detail::TypedPrepared<R, P...>(target, shared));
       }});
  return {std::move(name), target};
}

/// Inside a task: which one. Outside: all zero and an empty id.
struct CurrentTask {
  std::string job;
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
};
[[nodiscard]] CurrentTask current_task();

}  // namespace errand
