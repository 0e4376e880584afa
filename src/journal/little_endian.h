// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

/// Numbers as they lie on disk: little endian, at any alignment.
namespace errand::journal {

template <std::integral T>
[[nodiscard]] constexpr T to_little(T value) noexcept {
  if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
    return value;
  } else {
    T turned = 0;
    for (std::size_t byte = 0; byte < sizeof(T); ++byte) {
      turned = static_cast<T>((turned << 8) | ((value >> (8 * byte)) & 0xff));
    }
    return turned;
  }
}

/// Requires sizeof(T) readable bytes.
template <std::integral T>
[[nodiscard]] T load_little(const void* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return to_little(value);
}

/// Requires sizeof(T) writable bytes. Gives the place just behind them.
template <std::integral T>
char* store_little(char* to, T value) noexcept {
  value = to_little(value);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

}  // namespace errand::journal
