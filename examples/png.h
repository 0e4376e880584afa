// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

/// The smallest PNG writer there is: 8-bit RGB, stored (not compressed). It spares the examples a
/// library; a real program takes libpng.
namespace example {

class PngFile {
 public:
  explicit PngFile(const std::string& path) : out_(path, std::ios::binary) {
    out_.write("\x89PNG\r\n\x1a\n", 8);
  }

  /// `pixels`: height rows of width times three bytes. False if the file cannot be written.
  bool write(std::uint32_t width, std::uint32_t height, const std::vector<std::uint8_t>& pixels) {
    std::string header = big_endian(width) + big_endian(height) + std::string("\x08\x02\0\0\0", 5);
    chunk("IHDR", header);
    chunk("IDAT", zlib_stored(rows(width, height, pixels)));
    chunk("IEND", "");
    return static_cast<bool>(out_.flush());
  }

 private:
  static std::string big_endian(std::uint32_t number) {
    return {static_cast<char>(number >> 24U), static_cast<char>(number >> 16U),
            static_cast<char>(number >> 8U), static_cast<char>(number)};
  }

  /// Every row of a PNG begins with the number of its filter; 0 is none.
  static std::string rows(std::uint32_t width, std::uint32_t height,
                          const std::vector<std::uint8_t>& pixels) {
    std::string all;
    std::size_t stride = std::size_t{width} * 3;
    for (std::size_t y = 0; y < height; ++y) {
      all.push_back('\0');
      all.append(reinterpret_cast<const char*>(pixels.data()) + y * stride, stride);
    }
    return all;
  }

  /// A zlib stream of stored blocks, at most 65,535 bytes each.
  static std::string zlib_stored(const std::string& data) {
    std::string stream("\x78\x01", 2);
    std::uint32_t a = 1;
    std::uint32_t b = 0;
    for (std::size_t at = 0; at < data.size();) {
      std::size_t length = std::min<std::size_t>(data.size() - at, 65'535);
      stream.push_back(at + length == data.size() ? '\x01' : '\0');
      for (std::size_t word : {length, ~length}) {
        stream.push_back(static_cast<char>(word));
        stream.push_back(static_cast<char>(word >> 8U));
      }
      stream.append(data, at, length);
      at += length;
    }
    for (unsigned char byte : data) {
      a = (a + byte) % 65'521;
      b = (b + a) % 65'521;
    }
    return stream + big_endian(b << 16U | a);
  }

  static std::uint32_t crc(const std::string& data) {
    static const auto table = [] {
      std::array<std::uint32_t, 256> entries{};
      for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t c = n;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
        entries[n] = c;
      }
      return entries;
    }();
    std::uint32_t c = 0xffffffffU;
    for (unsigned char byte : data) c = table[(c ^ byte) & 0xffU] ^ (c >> 8U);
    return ~c;
  }

  void chunk(const std::string& type, const std::string& data) {
    std::string body = type + data;
    out_ << big_endian(static_cast<std::uint32_t>(data.size())) << body << big_endian(crc(body));
  }

  std::ofstream out_;
};

}  // namespace example
