// SPDX-License-Identifier: Apache-2.0
#include "worker/protocol.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "journal/little_endian.h"
#include "system/descriptor.h"
#include "system/files.h"
#include "system/try.h"

namespace errand::worker {
namespace {

using system::Descriptor;

constexpr std::size_t header_size = 64;
/// Two paths fit; what is longer is refused by send().
constexpr std::size_t most_text = std::size_t{16} << 10;

using Header = std::array<char, header_size>;

Header pack(const Message& message) {
  Header header;
  char* at = journal::store_little(header.data(), protocol_major);
  at = journal::store_little(at, protocol_minor);
  at = journal::store_little(at, static_cast<std::uint16_t>(message.type));
  at = journal::store_little(at, message.flags);
  for (std::int64_t number : message.numbers) at = journal::store_little(at, number);
  return header;
}

void unpack(const Header& header, Message& message) {
  message.type = static_cast<MessageType>(journal::load_little<std::uint16_t>(header.data() + 4));
  message.flags = journal::load_little<std::uint16_t>(header.data() + 6);
  for (std::size_t i = 0; i < message.numbers.size(); ++i) {
    message.numbers[i] = journal::load_little<std::int64_t>(header.data() + 8 + 8 * i);
  }
}

bool is_known(MessageType type) {
  return type >= MessageType::start && type <= MessageType::closed;
}

Error gone() {
  return {ErrorCode::engine_unavailable, "the other end of the channel is gone", true, {}, 0};
}

Error channel_error(int number, std::string_view doing) {
  if (number == EPIPE || number == ECONNRESET || number == ECONNREFUSED || number == ENOTCONN) return gone();
  return system::os_error(number, doing, "the channel", /*writing=*/true);
}

/// Room for one descriptor beside a packet.
struct Ancillary {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))]{};

  void put(msghdr& packet, int descriptor) {
    packet.msg_control = bytes;
    packet.msg_controllen = sizeof bytes;
    cmsghdr* control = CMSG_FIRSTHDR(&packet);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof descriptor);
  }

  static Descriptor take(msghdr& packet) {
    for (cmsghdr* control = CMSG_FIRSTHDR(&packet); control != nullptr;
         control = CMSG_NXTHDR(&packet, control)) {
      if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
      int number = -1;
      std::memcpy(&number, CMSG_DATA(control), sizeof number);
      return system::keep_high(Descriptor(number));
    }
    return {};
  }
};

struct Packet {
  std::optional<Message> message;  ///< nothing: skip it
  bool none = false;               ///< nothing waits
};

Result<std::size_t> receive_bytes(int channel, msghdr& packet, bool wait) {
  while (true) {
    ssize_t got = recvmsg(channel, &packet, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return gone();
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    if (errno != EINTR) return channel_error(errno, "cannot receive from");
  }
}

Result<Packet> receive_packet(int channel, bool wait) {
  Header header;
  std::array<char, most_text> text;
  iovec parts[2] = {{header.data(), header.size()}, {text.data(), text.size()}};
  Ancillary ancillary;
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = 2;
  packet.msg_control = ancillary.bytes;
  packet.msg_controllen = sizeof ancillary.bytes;
  TRY(std::size_t size, receive_bytes(channel, packet, wait));
  if (size == 0) return Packet{{}, true};
  Descriptor descriptor = Ancillary::take(packet);
  if (size < header_size || (packet.msg_flags & MSG_TRUNC) != 0) return Packet{};
  auto major = journal::load_little<std::uint16_t>(header.data());
  if (major > protocol_major) {
    return Error{ErrorCode::version_mismatch,
                 "the other side speaks version " + std::to_string(major) +
                     " of the worker protocol, this one " + std::to_string(protocol_major),
                 false, "end the running jobs' agent, or use the newer errand everywhere", 0};
  }
  Message message;
  unpack(header, message);
  if (!is_known(message.type)) return Packet{};
  message.text.assign(text.data(), size - header_size);
  message.descriptor = descriptor.release();
  return Packet{std::move(message), false};
}

}  // namespace

Result<std::array<int, 2>> make_channel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system::os_error(errno, "cannot make", "a channel", /*writing=*/true);
  }
  std::array<int, 2> high{};
  for (std::size_t i = 0; i < high.size(); ++i) {
    high[i] = system::keep_high(Descriptor(ends[i])).release();
  }
  return high;
}

Result<void> send(int channel, const Message& message) {
  if (message.text.size() > most_text) {
    return Error{ErrorCode::invalid_argument, "a message's text is too long", false, {}, 0};
  }
  Header header = pack(message);
  iovec parts[2] = {{header.data(), header.size()},
                    {const_cast<char*>(message.text.data()), message.text.size()}};
  msghdr packet{};
  packet.msg_iov = parts;
  packet.msg_iovlen = message.text.empty() ? 1 : 2;
  Ancillary ancillary;
  if (message.descriptor >= 0) ancillary.put(packet, message.descriptor);
  while (sendmsg(channel, &packet, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return channel_error(errno, "cannot send through");
  }
  return {};
}

Result<std::optional<Message>> receive(int channel, bool wait) {
  while (true) {
    TRY(Packet packet, receive_packet(channel, wait));
    if (packet.none) return std::optional<Message>();
    if (packet.message) return std::move(packet.message);
  }
}

}  // namespace errand::worker
