// SPDX-License-Identifier: Apache-2.0
// Any bytes as an image's config: refused, or what was read stays the same when it is written out
// and read again. So nothing that a container inherits changes by being committed or built upon.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "image/digest.h"
#include "image/image_document.h"
#include "image/store_index.h"

namespace {

void expect_same(const stack::image::ConfigDocument& one,
                 const stack::image::ConfigDocument& other) {
  if (one.config != other.config || one.diff_ids != other.diff_ids || one.author != other.author ||
      one.history != other.history || one.created != other.created)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::image;
  ConfigDocument document;
  try {
    document = parse_config_document({reinterpret_cast<const char*>(data), size});
  } catch (const stack::Error&) {
    return 0;
  }
  for (const std::string& diff_id : document.diff_ids)
    if (!is_digest(diff_id)) std::abort();
  for (const std::string& chain : chain_ids(document.diff_ids))
    if (!is_digest(chain)) std::abort();
  // From here on it is ours: a refusal of what we wrote would be a finding.
  expect_same(document, parse_config_document(to_json(document)));
  return 0;
}
