// SPDX-License-Identifier: Apache-2.0
// The birthday problem: how likely is it that two of n people share a birthday? One task per n from 2
// to 100, each a simulation of 20,000 groups, beside the exact answer.
#include <bitset>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "submit_and_fetch.h"

constexpr int days = 365;

bool group_shares_a_birthday(int people) {
  std::uniform_int_distribution<std::size_t> birthday(0, days - 1);
  std::bitset<days> taken;
  for (int i = 0; i < people; ++i) {
    std::size_t day = birthday(errand::rng());
    if (taken[day]) return true;
    taken[day] = true;
  }
  return false;
}

double chance(int people, int groups) {
  int shared = 0;
  for (int i = 0; i < groups; ++i) shared += group_shares_a_birthday(people) ? 1 : 0;
  return static_cast<double>(shared) / groups;
}
const auto chance_job = errand::function("chance", chance);

auto submit() {
  std::vector<int> people(99);
  std::iota(people.begin(), people.end(), 2);
  // each() fans an argument out, one task per element; the other argument is the same for all tasks.
  return errand::exec(example::here(), chance_job, errand::each(people), 20'000, errand::seed(365));
}

int print(const errand::JobResults<double>& chances) {
  double nobody_shares = 1;
  for (std::size_t i = 0; i < chances.size(); ++i) {
    std::size_t people = i + 2;
    nobody_shares *= static_cast<double>(days - people + 1) / days;
    if (people != 23 && people % 10 != 0) continue;
    std::string bar(static_cast<std::size_t>(chances[i] * 40), '#');
    std::printf("%3zu people  %.3f  (exactly %.3f)  %s\n", people, chances[i], 1 - nobody_shares,
                bar.c_str());
  }
  return 0;
}

int main(int argc, char** argv) {
  errand::init(argc, argv);
  return example::submit_and_fetch(argc, argv, submit, print);
}
