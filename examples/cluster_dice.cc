// SPDX-License-Identifier: Apache-2.0
// cluster_dice.R in C++.
//
//     cluster_dice SHARE_DIR             submits, waits, prints how the games went
//     cluster_dice SHARE_DIR submit      submits and prints the job's id
//     cluster_dice SHARE_DIR fetch ID    at any later time, a job of any language
#include <errand/errand.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>

std::string play_dice() {
  std::uniform_int_distribution<int> face(1, 6);
  auto throw_two = [&face] { return face(errand::rng()) + face(errand::rng()); };
  const int point = throw_two();
  if (point == 7 || point == 11) return "Win";
  if (point == 2 || point == 3 || point == 12) return "Loss";
  while (true) {
    const int roll = throw_two();
    if (roll == point) return "Win";
    if (roll == 7) return "Loss";
  }
}
const auto dice_job = errand::function("play_dice", play_dice);

int fail(const errand::Error& error) {
  std::fprintf(stderr, "%s\n%s\n", error.message.c_str(), error.hint.c_str());
  return 1;
}

int fetch(const errand::Job<std::string>& job) {
  if (auto ended = job.wait(); !ended) return fail(ended.error());
  auto games = job.results();
  if (!games) return fail(games.error());
  const auto won = std::count(games->begin(), games->end(), "Win");
  const auto all = static_cast<long>(games->size());
  std::printf("%ld lost, %ld won of %ld\n", all - won, static_cast<long>(won), all);
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  if (argc < 2) return 2;
  auto cluster = errand::SlurmContext();
  cluster.share_dir = argv[1];
  cluster.working_directory = std::filesystem::path(argv[1]).parent_path();
  cluster.wait = false;
  cluster.engine_options = {{"time", "10"}, {"memory", "500M"}};
  if (argc == 4) return fetch(errand::Job<std::string>(errand::JobRef(argv[3], argv[1])));
  auto job = errand::exec(cluster, dice_job, errand::times(100), errand::task_chunk_size(25));
  if (!job) return fail(job.error());
  if (argc == 2) return fetch(*job);
  std::printf("%s\n", job->id().c_str());
  return 0;
}
