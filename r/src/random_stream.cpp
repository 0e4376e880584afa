// SPDX-License-Identifier: Apache-2.0
#include "random_stream.h"

#include <cstddef>

namespace errand::r {
namespace {

using Matrix = std::array<std::array<std::uint64_t, 3>, 3>;

constexpr std::uint64_t m1 = 4294967087ULL;
constexpr std::uint64_t m2 = 4294944443ULL;

// The generator's matrices to the power of 2^127 (L'Ecuyer, Simard, Chen, Kelton 2002).
constexpr Matrix step1 = {{{2427906178ULL, 3580155704ULL, 949770784ULL},
                           {226153695ULL, 1230515664ULL, 3580155704ULL},
                           {1988835001ULL, 986791581ULL, 1230515664ULL}}};
constexpr Matrix step2 = {{{1464411153ULL, 277697599ULL, 1610723613ULL},
                           {32183930ULL, 1464411153ULL, 1022607788ULL},
                           {2824425944ULL, 32183930ULL, 2093834863ULL}}};

constexpr std::size_t bits = 64;
using Powers = std::array<Matrix, bits>;

constexpr Matrix squared(const Matrix& a, std::uint64_t modulus) {
  Matrix product{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      std::uint64_t sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum = (sum + a[i][k] * a[k][j] % modulus) % modulus;
      product[i][j] = sum;
    }
  }
  return product;
}

constexpr Powers powers_of(Matrix matrix, std::uint64_t modulus) {
  Powers powers{};
  for (Matrix& power : powers) {
    power = matrix;
    matrix = squared(matrix, modulus);
  }
  return powers;
}

constexpr Powers powers1 = powers_of(step1, m1);
constexpr Powers powers2 = powers_of(step2, m2);

void apply(const Matrix& matrix, std::uint64_t modulus, std::uint32_t* state) {
  std::array<std::uint32_t, 3> next{};
  for (std::size_t i = 0; i < 3; ++i) {
    std::uint64_t sum = 0;
    for (std::size_t k = 0; k < 3; ++k) sum = (sum + matrix[i][k] * state[k] % modulus) % modulus;
    next[i] = static_cast<std::uint32_t>(sum);
  }
  for (std::size_t i = 0; i < 3; ++i) state[i] = next[i];
}

}  // namespace

StreamState stream_state(const StreamState& seed, std::uint64_t index) noexcept {
  StreamState state = seed;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    if ((index >> bit & 1U) == 0) continue;
    apply(powers1[bit], m1, state.data());
    apply(powers2[bit], m2, state.data() + 3);
  }
  return state;
}

}  // namespace errand::r
