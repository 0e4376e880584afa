// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/memory_retry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/scheduler/command.h"

namespace errand::engine::scheduler {
namespace {

/// More is a misunderstanding, and infinity no factor.
constexpr double largest_factor = 1000;

/// As schedulers write sizes: a number of megabytes, or one with K, M, G or T (KB, GB ... too).
struct Size {
  double number = 0;
  std::string unit;
};

std::optional<Size> read_size(std::string_view text) {
  Size size;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size.number);
  if (error != std::errc() || !(size.number > 0) || !std::isfinite(size.number)) return std::nullopt;
  size.unit = std::string(end, text.data() + text.size());
  const std::string_view units = "KkMmGgTt";
  const bool letter = !size.unit.empty() && units.find(size.unit[0]) != std::string_view::npos;
  const bool bytes = size.unit.size() == 2 && (size.unit[1] == 'B' || size.unit[1] == 'b');
  if (!size.unit.empty() && (!letter || (size.unit.size() > 1 && !bytes))) return std::nullopt;
  return size;
}

/// Whole numbers only: schedulers take no others. A small number changes to the next smaller unit first.
std::string times(Size size, double factor) {
  constexpr double enough_digits = 100;
  const std::string_view smaller = "KMGT";
  double number = size.number * factor;
  const std::size_t at = size.unit.empty() ? 1 : smaller.find(static_cast<char>(size.unit[0] & ~0x20));
  if (number < enough_digits && number != std::floor(number) && at > 0) {
    number *= 1024;
    size.unit.replace(0, 1, 1, smaller[at - 1]);
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.0f", std::ceil(number));
  return text + size.unit;
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

Error bad_option(const std::string& what, std::string hint) {
  return {ErrorCode::invalid_argument, "memory_retry " + what, false, std::move(hint), 0};
}

std::optional<double> read_factor(const std::string& text) {
  double factor = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return factor;
}

}  // namespace

Result<void> raise_memory(std::map<std::string, std::string>& options, std::uint32_t step) {
  auto retry = options.find("memory_retry");
  if (retry == options.end() || retry->second.empty()) return {};
  const std::string wish = retry->second;
  const char* name =
      options["memory"].empty() && !options["memory_per_cpu"].empty() ? "memory_per_cpu" : "memory";
  std::erase_if(options, [](const auto& option) {
    return option.second.empty() && (option.first == "memory" || option.first == "memory_per_cpu");
  });
  const std::vector<std::string> parts = parts_of(wish);
  const auto factor = parts.size() == 1 ? read_factor(wish) : std::nullopt;
  if (!factor) {
    for (const std::string& part : parts) {
      if (!read_size(part))
        return bad_option("holds no size: " + excerpt(part),
                          "give a factor such as 2, or sizes such as 8G,16G");
    }
    if (step > 0) options[name] = parts[std::min<std::size_t>(step, parts.size()) - 1];
    return {};
  }
  if (!(*factor > 1 && *factor < largest_factor))
    return bad_option("is " + excerpt(wish), "give a factor above 1, or sizes such as 8G,16G");
  auto memory = options.find(name);
  const auto size = memory == options.end() ? std::nullopt : read_size(memory->second);
  if (!size) return bad_option("multiplies the option memory, which is no size", "set memory, such as 4G");
  if (step > 0) memory->second = times(*size, std::pow(*factor, step));
  return {};
}

}  // namespace errand::engine::scheduler
