#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: examples/programs.sh [FOLDER OF THE PROGRAMS]
# Any program as a job: a hundred runs of `simulate`, each with a seed of its own, made from the job's seed
# and the task's index. A task's result is its exit code; what it printed is its output.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-build/bin}
errand=$bin/errand

id=$("$errand" exec --tasks 100 --seed 314 -- "$bin/simulate" --seed '{seed}')
echo "submitted $id"
"$errand" wait "$id"

# One line per task, in task order.
"$errand" output "$id" |
  awk '{ sum += $1; squares += $1 * $1 }
       END { mean = sum / NR
             printf "%d estimates: pi = %.5f +- %.5f\n", NR, mean, sqrt((squares / NR - mean * mean) / NR) }'

"$errand" cleanup --force "$id"
