// SPDX-License-Identifier: Apache-2.0
// Bytes into gzip, as registries have layers.
#pragma once

#include <memory>
#include <string_view>

#include "image/tar_writer.h"

namespace stack::registry {

/// The same bytes give the same gzip: no time and no name is in it.
class Gzip {
 public:
  explicit Gzip(const image::TarSink& sink);
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void add(std::string_view bytes);
  void finish();

 private:
  struct State;
  void deflate(std::string_view bytes, int flush);
  const image::TarSink& sink_;
  std::unique_ptr<State> state_;
};

}  // namespace stack::registry
