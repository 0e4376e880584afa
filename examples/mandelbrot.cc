// SPDX-License-Identifier: Apache-2.0
// A row farm: every row of a picture of the Mandelbrot set is a task. Rows through the set take a
// hundred times longer than rows beside it; workers get big ranges of rows first and single ones at the
// end, so that they all finish together.
//
//     mandelbrot                              computes and writes mandelbrot.png
//     MANDELBROT_PNG=/tmp/set.png mandelbrot  writes it elsewhere
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <numeric>
#include <vector>

#include "png.h"
#include "submit_and_fetch.h"

constexpr int width = 960;
constexpr int height = 640;
constexpr int limit = 2'000;

/// How many steps the point takes to leave the circle, smoothed; `limit` if it never does.
double escape(std::complex<double> point) {
  std::complex<double> z = 0;
  for (int step = 0; step < limit; ++step) {
    z = {z.real() * z.real() - z.imag() * z.imag() + point.real(), 2 * z.real() * z.imag() + point.imag()};
    if (std::norm(z) > 256) return step + 1 - std::log2(std::log(std::norm(z)) / 2);
  }
  return limit;
}

std::uint8_t shade(double steps, double phase) {
  return static_cast<std::uint8_t>(127.5 *
                                   (1 - std::cos(2 * std::numbers::pi * (std::sqrt(steps) / 8 + phase))));
}

/// Row y as red, green and blue bytes. The result travels as it is, without being packed number by number.
std::vector<std::uint8_t> row(int y) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(std::size_t{width} * 3);
  for (int x = 0; x < width; ++x) {
    std::complex<double> point(-2.2 + 3.3 * x / width, 1.1 - 2.2 * y / height);
    double steps = escape(point);
    for (double phase : {0.0, 0.06, 0.16}) pixels.push_back(steps == limit ? 0 : shade(steps, phase));
  }
  return pixels;
}
const auto row_job = errand::function("row", row);

auto submit() {
  std::vector<int> rows(height);
  std::iota(rows.begin(), rows.end(), 0);
  return errand::exec(example::here(), row_job, errand::each(rows));
}

int print(const errand::JobResults<std::vector<std::uint8_t>>& rows) {
  if (!rows.all_succeeded()) return 1;
  std::vector<std::uint8_t> pixels;
  for (const auto& one : rows) pixels.insert(pixels.end(), one.begin(), one.end());
  const char* named = std::getenv("MANDELBROT_PNG");
  const char* path = named != nullptr ? named : "mandelbrot.png";
  if (!example::PngFile(path).write(width, height, pixels)) {
    std::fprintf(stderr, "%s cannot be written\n", path);
    return 1;
  }
  std::printf("%zu rows of %d pixels: %s\n", rows.size(), width, path);
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  return example::submit_and_fetch(argc, argv, submit, print);
}
