// SPDX-License-Identifier: Apache-2.0
#include "journal/safe_msgpack.h"

#include <nlohmann/json.hpp>

namespace errand::journal {
namespace {

using nlohmann::json;

// The library reads nested values by recursion.
constexpr int deepest = 32;

/// Accepts everything that is not nested too deeply.
class DepthCheck final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= deepest; }
  bool start_array(std::size_t) override { return ++depth_ <= deepest; }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  bool leave() {
    --depth_;
    return true;
  }
  int depth_ = 0;
};

}  // namespace

std::optional<json> read_map(std::span<const std::byte> bytes) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto* last = first + bytes.size();
  DepthCheck check;
  if (bytes.empty() || !json::sax_parse(first, last, &check, json::input_format_t::msgpack)) return {};
  json map = json::from_msgpack(first, last, /*strict=*/true, /*allow_exceptions=*/false);
  if (!map.is_object()) return {};
  return map;
}

std::optional<std::string> text_member(const json& map, const char* name) {
  auto at = map.find(name);
  if (at == map.end() || !at->is_string()) return {};
  return at->get_ref<const std::string&>();
}

std::optional<std::uint64_t> number_member(const json& map, const char* name, std::uint64_t most) {
  auto at = map.find(name);
  if (at == map.end() || !at->is_number_integer()) return {};
  if (!at->is_number_unsigned() && at->get<std::int64_t>() < 0) return {};
  auto number = at->get<std::uint64_t>();
  if (number > most) return {};
  return number;
}

}  // namespace errand::journal
