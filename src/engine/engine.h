// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "errand/compute_context.h"
#include "errand/error.h"
#include "errand/exec.h"
#include "share/job_directory.h"
#include "share/manifest.h"
#include "share/place.h"
#include "status/evidence.h"

namespace errand::engine {

/// What an engine can do beside the three calls. Refusing one is a sentence, never silence.
struct Capabilities {
  bool runs_on_submit_host = true;
  bool pins_nodes = false;
  bool per_task_limits = true;
  std::chrono::milliseconds visibility_delay{0};  ///< how late a file may show on another host
  std::chrono::milliseconds patience{0};          ///< how long it may take to answer
};

/// What runs the work. An implementation knows its scheduler and no function. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;

  /// The engine_options that it understands; none: it takes no notice of them.
  [[nodiscard]] virtual std::vector<std::string> options() const { return {}; }

  /// Asked before anything is written: could a submission to this place work? An error here leaves
  /// nothing behind.
  virtual Result<void> prepare(share::Place& place, const ComputeContext& context) = 0;

  /// What submit would do with such a job of a place at `share_dir`, which need not be there. Writes
  /// nothing; a scheduler may be asked for its limits. Errors: those of prepare; engine_unavailable.
  virtual Result<SubmissionPreview> preview(const std::string& share_dir, const share::Manifest& manifest,
                                            std::uint64_t tasks) = 0;

  /// The published job becomes the engine's. After an error the job directory is still there and the
  /// engine may or may not have it: status settles that.
  virtual Result<void> submit(share::Place& place, const std::string& id) = 0;

  /// One answer per job, asked of the scheduler once for all. Never an error: silence is an answer.
  virtual std::vector<status::EngineReport> query(share::Place& place,
                                                  std::span<share::JobDirectory* const> jobs) = 0;

  /// Hands the unlinking of what lies in the place's trash to a process that is up already. False: there is
  /// none, the caller does it.
  virtual bool empty_trash(share::Place& place) = 0;

  /// Makes sure that somebody carries out the requests that are on disk. Returns when they were handed
  /// over, not when they are done. `message`: what the user should know (another host must act).
  virtual Result<std::string> attend(share::Place& place, share::JobDirectory& job) = 0;
};

/// The engine of that name. Errors: not_supported, naming the engines there are.
[[nodiscard]] Result<Engine*> find_engine(const std::string& name);

}  // namespace errand::engine
