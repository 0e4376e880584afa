// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"

/// What agent, supervisor, warm parent and worker say to each other over SOCK_SEQPACKET pairs.
///
///   agent ---start, busy, kill, retire---> supervisor ---fork---> warm parent
///   agent <--spare(+fd), ended, broken---- supervisor <--hello, forked, exited--- warm parent
///   agent <==job, range, finish / done, closed==> worker          (the descriptor that came with spare)
///
/// Every message is one packet: a 64-byte little-endian header and text. A higher major is refused, both
/// sides speak the older minor, unknown types are skipped.
namespace errand::worker {

inline constexpr std::uint16_t protocol_major = 1;
inline constexpr std::uint16_t protocol_minor = 0;

enum class MessageType : std::uint16_t {
  start = 1,  ///< agent -> supervisor: descriptor of a file that holds a StartSpec
  spare,      ///< supervisor -> agent: [pid], descriptor: a worker waits for a job
  busy,    ///< agent -> supervisor: [pid, task time limit ms, console limit], text: progress path \n console
           ///< path
  kill,    ///< agent -> supervisor: end the worker and everything it started
  retire,  ///< agent -> supervisor: end yourself and everything below
  ended,   ///< supervisor -> agent: [pid, wait status, flags, task, attempt]; all it started is dead
  broken,  ///< supervisor -> agent: no warm parent can be had; text: why
  fork,    ///< supervisor -> warm parent: descriptor: the new worker's channel
  hello,   ///< warm parent -> supervisor: [major, minor]
  forked,  ///< warm parent -> supervisor: [pid], or [-1] and text
  exited,  ///< warm parent -> supervisor: [pid, wait status]
  job,     ///< agent -> worker: [chunk, generation, worker, first, count, attempt], flags; text: place \n id
  range,   ///< agent -> worker: [-, -, -, first, count, attempt], flags
  finish,  ///< agent -> worker: nothing more; make all durable and end
  done,    ///< worker -> agent: [-, -, -, first, count, failed, elapsed us]: of one range
  closed,  ///< worker -> agent: the log is complete and durable; the worker ends
};

/// Flags of job and range.
inline constexpr std::uint16_t range_drain = 1;  ///< nothing waits behind it now: make it durable
inline constexpr std::uint16_t range_last = 2;   ///< nothing will ever come: close after it
/// Flag of done: what `closed` says. That follows all the same, for agents that do not know the flag, and may
/// be late: the worker ends at once, and its end can take the core that the agent waits for.
inline constexpr std::uint16_t done_closed = 1;
/// Flags (number 2) of ended.
inline constexpr std::int64_t ended_out_of_memory = 1;
inline constexpr std::int64_t ended_time_limit = 2;
inline constexpr std::int64_t ended_by_kill = 4;  ///< we were asked to

struct Message {
  MessageType type = MessageType::hello;
  std::uint16_t flags = 0;
  std::array<std::int64_t, 7> numbers{};
  std::string text;
  int descriptor = -1;  ///< sent along; owned by the receiver
};

/// A supervisor's orders: how to start the warm parent.
struct StartSpec {
  std::vector<std::string> argv;
  std::vector<std::string> environment;
  bool fork = true;            ///< false: each worker is a fresh process of that command
  bool outlives_agent = true;  ///< false: where no worker may be left when the agent is killed
};
[[nodiscard]] std::string encode(const StartSpec& spec);
[[nodiscard]] Result<StartSpec> decode_start_spec(std::string_view bytes);

/// Two connected channel ends, close-on-exec.
[[nodiscard]] Result<std::array<int, 2>> make_channel();
/// Sends one message. Errors: engine_unavailable (the other side is gone), system.
[[nodiscard]] Result<void> send(int channel, const Message& message);
/// Receives one; waits if `wait`. Nothing: none there now. Errors: engine_unavailable (the other side is
/// gone), version_mismatch.
[[nodiscard]] Result<std::optional<Message>> receive(int channel, bool wait);

}  // namespace errand::worker
