// SPDX-License-Identifier: Apache-2.0
// A program that knows nothing of errand: throws darts at a square and prints an estimate of pi.
// programs.sh runs it a hundred times as one job.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>

int main(int argc, char** argv) {
  if (argc != 3 || std::string_view(argv[1]) != "--seed") {
    std::fprintf(stderr, "usage: simulate --seed NUMBER\n");
    return 2;
  }
  std::mt19937_64 random(std::strtoull(argv[2], nullptr, 10));
  std::uniform_real_distribution<double> side(0, 1);
  constexpr int darts = 200'000;
  int inside = 0;
  for (int i = 0; i < darts; ++i) {
    double x = side(random);
    double y = side(random);
    inside += x * x + y * y < 1 ? 1 : 0;
  }
  std::printf("%.6f\n", 4.0 * inside / darts);
  return 0;
}
