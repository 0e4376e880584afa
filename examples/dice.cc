// SPDX-License-Identifier: Apache-2.0
// The dice game of the RevoScaleR manual: 10,000 plays of craps, about 49.29 % of them won.
//
// 7 or 11 on the first roll wins, 2, 3 or 12 loses; anything else becomes the point, and the player
// rolls on until the point comes again (won) or a 7 (lost). The exact chance is 244/495.
#include <algorithm>
#include <cstdio>
#include <random>
#include <string>

#include "submit_and_fetch.h"

int roll() {
  std::uniform_int_distribution<int> die(1, 6);
  // Every task has its own random stream, made from the job's seed and the task's index: the same games
  // on 1 core or 64, in whatever order they run, and after a retry too.
  errand::Random& random = errand::rng();
  int first = die(random);
  return first + die(random);
}

std::string play() {
  int point = roll();
  if (point == 7 || point == 11) return "Win";
  if (point == 2 || point == 3 || point == 12) return "Loss";
  for (;;) {
    int next = roll();
    if (next == point) return "Win";
    if (next == 7) return "Loss";
  }
}
const auto play_job = errand::function("play", play);

auto submit() {
  return errand::exec(example::here(), play_job, errand::times(10'000), errand::task_chunk_size(2'000),
                      errand::seed(2024));
}

int print(const errand::JobResults<std::string>& games) {
  auto wins = std::count(games.begin(), games.end(), "Win");
  auto plays = static_cast<double>(games.size());
  std::printf("%zu plays: %td won, %.2f %% (expected 49.29 %%)\n", games.size(), wins,
              100.0 * static_cast<double>(wins) / plays);
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  return example::submit_and_fetch(argc, argv, submit, print);
}
