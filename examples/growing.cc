// SPDX-License-Identifier: Apache-2.0
// A growing job: tasks are appended while outcomes arrive. Adaptive quadrature of 4 * sqrt(1 - x * x)
// over [0, 1], which is pi: each task integrates one interval and says how sure it is; an interval that
// is not good enough is cut in two, and the halves become tasks of the same job. How many tasks there
// will be, nobody knows before: near x = 1 the curve falls off a cliff.
//
//     growing              runs it
//     growing fetch ID     another process reads the finished job
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <span>

#include "submit_and_fetch.h"

struct Piece {
  double begin = 0;
  double end = 0;
  double integral = 0;
  double error = 0;
  MSGPACK_DEFINE(begin, end, integral, error)  // makes it an argument or a result of errand functions

  [[nodiscard]] bool good_enough() const { return error <= 1e-9 || end - begin < 1e-9; }
};

double simpson(double begin, double end) {
  auto f = [](double x) { return 4 * std::sqrt(std::max(0.0, 1 - x * x)); };
  return (end - begin) / 6 * (f(begin) + 4 * f((begin + end) / 2) + f(end));
}

Piece integrate(double begin, double end) {
  double middle = (begin + end) / 2;
  double fine = simpson(begin, middle) + simpson(middle, end);
  return {begin, end, fine, std::abs(fine - simpson(begin, end)) / 15};
}
const auto integrate_job = errand::function("integrate", integrate);

using Pieces = errand::GrowingJob<Piece, double, double>;

/// Appends the halves of every piece that is not good enough; gives the number of tasks appended.
errand::Result<int> refine(Pieces& job, std::span<const errand::TaskOutcome<Piece>> outcomes) {
  int appended = 0;
  for (const auto& outcome : outcomes) {
    if (!outcome.succeeded() || outcome.value().good_enough()) continue;
    const Piece& piece = outcome.value();
    double middle = (piece.begin + piece.end) / 2;
    if (auto left = job.append(piece.begin, middle); !left) return left.error();
    if (auto right = job.append(middle, piece.end); !right) return right.error();
    appended += 2;
  }
  return appended;
}

/// Appends and takes until nothing is open any more, then closes: the job can finish.
errand::Result<errand::Job<Piece>> submit() {
  auto job = errand::open_growing_job(example::here(), integrate_job);
  if (!job) return job.error();
  if (auto first = job->append(0, 1); !first) return first.error();
  for (int open = 1; open > 0;) {
    auto outcomes = job->next();
    if (!outcomes) return outcomes.error();
    auto appended = refine(*job, *outcomes);
    if (!appended) return appended.error();
    open += *appended - static_cast<int>(outcomes->size());
  }
  if (auto closed = job->close(); !closed) return closed.error();
  return job->job();
}

int print(const errand::JobResults<Piece>& pieces) {
  double sum = 0;
  std::size_t counted = 0;
  for (const Piece& piece : pieces) {
    if (!piece.good_enough()) continue;
    sum += piece.integral;
    ++counted;
  }
  std::printf("%zu tasks, %zu intervals: %.9f, off by %.1e\n", pieces.size(), counted, sum,
              std::abs(sum - std::numbers::pi));
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  return example::submit_and_fetch(argc, argv, submit, print);
}
