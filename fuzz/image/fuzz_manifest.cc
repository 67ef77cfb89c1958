// SPDX-License-Identifier: Apache-2.0
// Any bytes as a manifest or an index: refused, or what they say is within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "image/digest.h"
#include "image/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::image;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto either = parse_manifest(text);
    if (const auto* manifest = std::get_if<Manifest>(&either)) {
      if (manifest->layers.size() > 512) std::abort();
      for (const BlobRef& layer : manifest->layers)
        if (!is_digest(layer.digest)) std::abort();
    } else {
      const auto& item = choose_platform(std::get<ManifestIndex>(either), host_platform());
      if (!is_digest(item.manifest.digest)) std::abort();
    }
  } catch (const stack::Error&) {
  }
  try {
    check_config(std::string(text), {}, host_platform());
  } catch (const stack::Error&) {
  }
  return 0;
}
