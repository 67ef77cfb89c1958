// SPDX-License-Identifier: Apache-2.0
#include "registry/gzip.h"

#include <zlib.h>

#include <vector>

#include "base/error.h"

namespace stack::registry {
namespace {

constexpr int level = 5;
constexpr int gzip_window = 15 + 16;
constexpr int memory = 8;

}  // namespace

struct Gzip::State {
  z_stream stream{};
  std::vector<unsigned char> out = std::vector<unsigned char>(1 << 17);
};

Gzip::Gzip(const image::TarSink& sink) : sink_(sink), state_(std::make_unique<State>()) {
  if (::deflateInit2(&state_->stream, level, Z_DEFLATED, gzip_window, memory, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    fail("gzip is not available");
}

Gzip::~Gzip() {
  ::deflateEnd(&state_->stream);
}

void Gzip::add(std::string_view bytes) {
  deflate(bytes, Z_NO_FLUSH);
}
void Gzip::finish() {
  deflate({}, Z_FINISH);
}

void Gzip::deflate(std::string_view bytes, int flush) {
  auto& stream = state_->stream;
  auto& out = state_->out;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  do {
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    if (::deflate(&stream, flush) == Z_STREAM_ERROR) fail("gzip failed");
    const std::size_t made = out.size() - stream.avail_out;
    if (made > 0) sink_({reinterpret_cast<const char*>(out.data()), made});
  } while (stream.avail_out == 0);
}

}  // namespace stack::registry
